"""Fine-tuning: losses by hand, a step on a device without numbers, learning what can be learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from soundreasons.learning import loop
from soundreasons.learning.cache import Cache
from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors.experiments import fine_tuning
from support.text_encoders import tiny_encoder

PAIRS = [
    ("a sad song", "sad"),
    ("a happy song", "happy"),
    ("song with piano", "piano"),
    ("a guitar", "guitar"),
    ("with drums", "drums"),
    ("voice", "voice"),
]
HARD = [fine_tuning.Example(*pair) for pair in PAIRS]
SOFT = [fine_tuning.Example(q, p, PAIRS[(n + 1) % len(PAIRS)][1], 0.5) for n, (q, p) in enumerate(PAIRS)]
ONE = loop.Loop(steps=1, clip_norm=1.0)
SHORT = fine_tuning.Settings(steps=40, batch=6, max_length=16, rate=5e-3)


@pytest.mark.parametrize("examples", [HARD, SOFT])
def test_a_training_step_stays_on_its_device(examples):
    student = fine_tuning.training_copy(tiny_encoder("meta"), SHORT)
    adam, schedule = fine_tuning.optimiser(student, SHORT)
    step = loop.Step(lambda one: fine_tuning.batch_loss(student, one, SHORT), adam, ONE, schedule=schedule)
    batch = fine_tuning.as_tensors(student, examples)
    with RefuseStrays():
        step(batch)


def test_a_stray_batch_is_refused():
    student = fine_tuning.training_copy(tiny_encoder("meta"), SHORT)
    adam, _ = fine_tuning.optimiser(student, SHORT)
    step = loop.Step(lambda one: fine_tuning.batch_loss(student, one, SHORT), adam, ONE)
    batch = fine_tuning.as_tensors(tiny_encoder("cpu"), HARD)
    with RefuseStrays(), pytest.raises(StrayTensorError):
        step(batch)


@pytest.mark.parametrize("examples", [HARD, SOFT])
def test_training_learns_six_pairs(examples):
    start = tiny_encoder()
    tuned = fine_tuning.fine_tune(start, examples, SHORT)
    queries, documents = zip(*PAIRS, strict=True)
    relevant = [{number} for number in range(len(PAIRS))]
    before, after = (
        100 * sd.retrieval_metrics(e.encode(queries), e.encode(documents), relevant)["recall@1"]
        for e in (start, tuned.encoder)
    )
    assert tuned.losses[-1] < tuned.losses[0] / 2
    assert after >= max(before, 80)


def test_the_start_and_what_is_frozen_stay_as_they_are():
    start = tiny_encoder()
    before = {name: value.clone() for name, value in start.body.state_dict().items()}
    tuned = fine_tuning.fine_tune(start, HARD, SHORT)
    for name, value in start.body.state_dict().items():
        assert torch.equal(value, before[name])
        frozen = name.startswith(fine_tuning.FROZEN)
        if name.endswith("weight"):
            assert torch.equal(value, tuned.encoder.body.state_dict()[name]) == frozen, name
    assert tuned.encoder.identity != start.identity


def test_a_seed_gives_the_same_weights_and_the_cache_gives_them_back(tmp_path):
    cache = Cache(tmp_path, modules=[fine_tuning.__name__])
    third = replace(SHORT, seed=3)
    runs = [fine_tuning.fine_tune(tiny_encoder(), HARD, third, c) for c in (None, cache, cache)]
    assert cache.computed == cache.found == ["weights-contrastive"]
    assert len({run.encoder.identity for run in runs}) == 1
    for run in runs[1:]:
        np.testing.assert_array_equal(run.losses, runs[0].losses)
    other = fine_tuning.fine_tune(tiny_encoder(), HARD, replace(SHORT, seed=4), cache)
    assert other.encoder.identity != runs[0].encoder.identity or len(HARD) == SHORT.batch


def test_each_example_comes_once_before_any_comes_again():
    settings = fine_tuning.Settings(steps=4, batch=3)
    batches = list(fine_tuning.shuffled_batches(HARD, settings))
    assert [len(batch) for batch in batches] == [3] * 4
    assert sorted(batches[0] + batches[1]) == sorted(batches[2] + batches[3]) == sorted(HARD)


def test_the_rate_rises_and_falls_to_zero():
    student = fine_tuning.training_copy(tiny_encoder(), fine_tuning.Settings(steps=10, rate=1.0))
    adam, schedule = fine_tuning.optimiser(student, fine_tuning.Settings(steps=10, rate=1.0))
    rates = []
    for _ in range(10):
        rates.append(adam.param_groups[0]["lr"])
        adam.step()
        schedule.step()
    # By hand: two rising steps of a half, then eighths.
    assert rates == pytest.approx([0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])


def test_too_few_or_mixed_examples_are_refused():
    with pytest.raises(ValueError, match="6 examples, but a batch takes 32"):
        fine_tuning.fine_tune(tiny_encoder(), HARD, fine_tuning.Settings())
    with pytest.raises(ValueError, match="some examples have a negative and some have none"):
        fine_tuning.fine_tune(tiny_encoder(), [HARD[0], SOFT[0]], SHORT)


def test_mined_negatives_are_never_the_positive(tiny):
    pool = [f"{word} {n}" for word in ("sad", "happy", "piano", "guitar") for n in range(20)]
    examples = [fine_tuning.Example("a sad song", pool[n]) for n in range(30)]
    mined = sd.learning.with_negatives(examples, pool, tiny)
    assert all(example.negative and example.negative != example.positive for example in mined)
    assert all(-1 <= example.margin <= 1 for example in mined)
    with pytest.raises(ValueError, match="a pool of 3 sets"):
        sd.learning.with_negatives(examples, pool[:3], tiny)


def test_the_best_rate_on_held_out_songs_is_taken():
    held = sd.data.Songs("held", [query for query, _ in PAIRS], [[tag] for _, tag in PAIRS])
    choice = sd.learning.choose_rate(tiny_encoder(), HARD, held, [1e-7, 5e-3], SHORT)
    assert choice.tried["rate"].tolist() == [0.0, 1e-7, 5e-3]
    best = choice.tried["recall"][1:].max()
    assert choice.tried.set_index("rate").loc[choice.settings.rate, "recall"] == best
