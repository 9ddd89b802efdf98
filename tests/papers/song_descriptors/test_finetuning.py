"""Fine-tuning: losses by hand, a step on a device without numbers, learning what can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.learning.cache import Cache
from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors import finetuning
from support.text_encoders import tiny_encoder

PAIRS = [
    ("a sad song", "sad"),
    ("a happy song", "happy"),
    ("song with piano", "piano"),
    ("a guitar", "guitar"),
    ("with drums", "drums"),
    ("voice", "voice"),
]
HARD = [sd.Example(*pair) for pair in PAIRS]
SOFT = [sd.Example(q, p, PAIRS[(n + 1) % len(PAIRS)][1], 0.5) for n, (q, p) in enumerate(PAIRS)]
SHORT = sd.Settings(steps=40, batch=6, max_length=16, rate=5e-3)


def test_contrast_of_two_pairs_is_that_of_the_definition():
    # By hand: cosines 1 on the diagonal, 0 beside it, temperature 1/2: -log(e^2 / (e^2 + 1)).
    unit = torch.eye(2)
    loss = sd.contrastive_loss(unit, unit, torch.eye(2, dtype=torch.bool), 0.5)
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-2.0)))


def test_an_equal_document_is_no_negative():
    unit = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    alone = sd.contrastive_loss(unit, unit, torch.ones(2, 2, dtype=torch.bool), 0.5)
    assert alone.item() == pytest.approx(0, abs=1e-6)
    assert sd.contrastive_loss(unit, unit, torch.eye(2, dtype=torch.bool), 0.5).item() == pytest.approx(
        np.log(2)
    )


def test_the_margin_loss_is_zero_where_the_student_agrees():
    query = torch.tensor([[1.0, 0.0]])
    positive, negative = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.0, 1.0]])
    assert sd.margin_loss(query, positive, negative, torch.tensor([0.6])).item() == pytest.approx(
        0, abs=1e-12
    )
    assert sd.margin_loss(query, positive, negative, torch.tensor([1.6])).item() == pytest.approx(1)


@pytest.mark.parametrize("examples", [HARD, SOFT])
def test_a_training_step_stays_on_its_device(examples):
    student = sd.training_copy(tiny_encoder("meta"), SHORT)
    adam, move_on = sd.optimiser(student, SHORT)
    batch = sd.as_tensors(student, examples)
    with RefuseStrays():
        sd.training_step(student, batch, adam, SHORT)
        move_on()


def test_a_stray_batch_is_refused():
    student = sd.training_copy(tiny_encoder("meta"), SHORT)
    adam, _ = sd.optimiser(student, SHORT)
    batch = sd.as_tensors(tiny_encoder("cpu"), HARD)
    with RefuseStrays(), pytest.raises(StrayTensorError):
        sd.training_step(student, batch, adam, SHORT)


@pytest.mark.parametrize("examples", [HARD, SOFT])
def test_training_learns_six_pairs(examples):
    start = tiny_encoder()
    tuned = sd.fine_tune(start, examples, SHORT, name="tuned")
    queries, documents = zip(*PAIRS, strict=True)
    relevant = [{number} for number in range(len(PAIRS))]
    before, after = (
        sd.per_query_recall(e.encode(queries), e.encode(documents), relevant, 1).mean()
        for e in (start, tuned.encoder)
    )
    assert tuned.losses[-1] < tuned.losses[0] / 2
    assert after >= max(before, 80)


def test_the_start_and_what_is_frozen_stay_as_they_are():
    start = tiny_encoder()
    before = {name: value.clone() for name, value in start.body.state_dict().items()}
    tuned = sd.fine_tune(start, HARD, SHORT, name="tuned")
    for name, value in start.body.state_dict().items():
        assert torch.equal(value, before[name])
        frozen = name.startswith(finetuning.FROZEN)
        if name.endswith("weight"):
            assert torch.equal(value, tuned.encoder.body.state_dict()[name]) == frozen, name
    assert tuned.encoder.identity != start.identity


def test_a_seed_gives_the_same_weights_and_the_cache_gives_them_back(tmp_path):
    cache = Cache(tmp_path, modules=[finetuning.__name__])
    runs = [sd.fine_tune(tiny_encoder(), HARD, SHORT, 3, name="t", cache=c) for c in (None, cache, cache)]
    assert cache.computed == cache.found == ["weights-t"]
    assert len({run.encoder.identity for run in runs}) == 1
    for run in runs[1:]:
        np.testing.assert_array_equal(run.losses, runs[0].losses)
    other = sd.fine_tune(tiny_encoder(), HARD, SHORT, 4, name="t", cache=cache)
    assert other.encoder.identity != runs[0].encoder.identity or len(HARD) == SHORT.batch


def test_each_example_comes_once_before_any_comes_again():
    settings = sd.Settings(steps=4, batch=3)
    batches = list(sd.shuffled_batches(HARD, settings, 0))
    assert [len(batch) for batch in batches] == [3] * 4
    assert sorted(batches[0] + batches[1]) == sorted(batches[2] + batches[3]) == sorted(HARD)


def test_the_rate_rises_and_falls_to_zero():
    student = sd.training_copy(tiny_encoder(), sd.Settings(steps=10, rate=1.0))
    adam, move_on = sd.optimiser(student, sd.Settings(steps=10, rate=1.0))
    rates = []
    for _ in range(10):
        rates.append(adam.param_groups[0]["lr"])
        adam.step()
        move_on()
    # By hand: two rising steps of a half, then eighths.
    assert rates == pytest.approx([0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])


def test_too_few_or_mixed_examples_are_refused():
    with pytest.raises(ValueError, match="6 examples, but a batch takes 32"):
        sd.fine_tune(tiny_encoder(), HARD, sd.Settings(), name="t")
    with pytest.raises(ValueError, match="some examples have a negative and some have none"):
        sd.fine_tune(tiny_encoder(), [HARD[0], SOFT[0]], SHORT, name="t")


def test_a_teacher_prefers_the_set_that_the_text_names():
    rarity = sd.descriptor_rarity(["sad, piano", "sad", "drums"])
    scores = sd.teacher_scores(
        ["a sad piano", "a sad piano"], ["sad, piano", "sad, drums"], np.zeros(2), rarity
    )
    # By hand: half of the whole weight; half of log(3/2) over log(3/2) + log(3).
    assert scores == pytest.approx([0.5, 0.5 * np.log(1.5) / (np.log(1.5) + np.log(3))], abs=1e-6)


def test_mined_negatives_are_never_the_positive(tiny):
    pool = [f"{word} {n}" for word in ("sad", "happy", "piano", "guitar") for n in range(20)]
    examples = [sd.Example("a sad song", pool[n]) for n in range(30)]
    mined = sd.with_negatives(examples, pool, tiny)
    assert all(example.negative and example.negative != example.positive for example in mined)
    assert all(-1 <= example.margin <= 1 for example in mined)
    with pytest.raises(ValueError, match="a pool of 3 sets"):
        sd.with_negatives(examples, pool[:3], tiny)


def test_the_best_rate_on_held_out_songs_is_taken():
    held = sd.Songs("held", [query for query, _ in PAIRS], [[tag] for _, tag in PAIRS])
    choice = sd.choose_rate(tiny_encoder(), HARD, held, [1e-7, 5e-3], SHORT, None, name="t")
    assert choice.tried["rate"].tolist() == [0.0, 1e-7, 5e-3]
    best = choice.tried["recall"][1:].max()
    assert choice.tried.set_index("rate").loc[choice.settings.rate, "recall"] == best
