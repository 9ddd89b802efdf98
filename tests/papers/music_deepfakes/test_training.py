"""Sampler, losses, statistics, scores: what goes in and what must come out."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes import detectors, experiments, front_ends, training
from soundreasons.papers.music_deepfakes.training import Training

SHORT = Training(epochs=1, steps=24, batch_size=12, per_file=2, buffer=24, validation_steps=0)


def first(iterator, n):
    return [item for _, item in zip(range(n), iterator, strict=False)]


@given(n_clips=st.integers(1, 20), n_encoders=st.integers(2, 10), seed=st.integers(0, 50))
def test_labels_alternate_and_consecutive_files_are_different_songs(n_clips, n_encoders, seed):
    files = first(training.alternating_files(n_clips, n_encoders, np.random.default_rng(seed)), 6 * n_clips)
    assert [encoder > 0 for _, encoder in files] == [True, False] * (3 * n_clips)
    assert max(encoder for _, encoder in files) < n_encoders
    # Every round through the clips has each once.
    for start in range(0, len(files), n_clips):
        assert sorted(clip for clip, _ in files[start : start + n_clips]) == list(range(n_clips))


def test_decoders_are_drawn_evenly():
    files = first(training.alternating_files(5, 4, np.random.default_rng(0)), 6_000)
    counts = Counter(encoder for _, encoder in files)
    assert counts[0] == 3_000
    # Binomial with mean 1,000 and standard deviation 26: five of them.
    assert all(abs(counts[encoder] - 1_000) < 130 for encoder in (1, 2, 3))


def test_snippets_come_from_the_rows_given_and_know_their_encoder():
    n = front_ends.SNIPPET + 100
    versions = [
        np.full((4, n), 10 * encoder, np.float32) + np.arange(4, dtype=np.float32)[:, None]
        for encoder in range(3)
    ]
    drawn = first(training.snippets(versions, np.array([1, 3]), SHORT, np.random.default_rng(0)), 200)
    assert {sound.shape for sound, _ in drawn} == {(front_ends.SNIPPET,)}
    for sound, encoder in drawn:
        assert sound[0] in (10 * encoder + 1, 10 * encoder + 3)


def test_the_loss_by_hand():
    # Logits of 0: log 2 for the first head, log 3 for three encoders.
    outputs = detectors.Outputs(torch.zeros(4), torch.zeros(4, 3))
    batch = training.Batch(torch.zeros(4, 1), torch.tensor([0, 1, 2, 0]))
    assert batch.real.tolist() == [1, 0, 0, 1]
    assert float(training.detector_loss(outputs, batch, 0.2)) == pytest.approx(
        np.log(2) + 0.2 * np.log(3), abs=1e-6
    )
    alone = detectors.Outputs(torch.zeros(4), None)
    assert float(training.detector_loss(alone, batch, 0.2)) == pytest.approx(np.log(2), abs=1e-6)


def test_a_short_training_learns_a_low_pass_and_gives_statistics_that_fit(tiny):
    model = experiments.train(tiny, "amplitude", SHORT, 0, width=0.125)
    assert not model.training
    scores = experiments.side_scores(model, tiny)
    tracks = tiny.track_rows("test")
    assert experiments.accuracy(scores, tracks, tiny.labels[1:]).mean() > 90


def test_recomputed_statistics_are_those_of_the_batches():
    torch.manual_seed(0)
    model = detectors.SpectrogramDetector("amplitude", 0, 0.125)
    batch = training.Batch(0.1 * torch.randn(3, front_ends.SNIPPET), torch.zeros(3, dtype=torch.long))
    training.recompute_statistics(model, iter([batch] * 6))
    first_block = model.blocks[0]
    with torch.no_grad():
        before = torch.nn.Sequential(*list(first_block)[:3])(front_ends.features(batch.mono, "amplitude"))
    assert_allclose(first_block[3].running_mean, before.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert first_block[3].momentum == detectors.NORM_MOMENTUM


def test_validation_keeps_the_best_epoch_and_stops():
    torch.manual_seed(0)
    model = detectors.SpectrogramDetector("amplitude", 0, 0.0625)
    rng = np.random.default_rng(0)
    # Labels without any meaning: validation cannot get better for long.
    versions = [rng.normal(0, 0.1, (4, front_ends.SNIPPET)).astype(np.float32) for _ in range(2)]
    settings = Training(
        epochs=6, steps=1, batch_size=4, per_file=1, buffer=8, validation_steps=1, stop_patience=1, patience=0
    )
    drawn = training.batches(versions, np.arange(4), settings, rng)
    losses = training.fit_detector(
        model, drawn, settings, training.batches(versions, np.arange(4), settings, rng)
    )
    assert 1 <= len(losses) <= 6
    assert len(losses) == 6 or np.argmin(losses) <= len(losses) - 2
    with pytest.raises(ValueError, match="no validation batches are given"):
        training.fit_detector(model, drawn, settings)


@pytest.mark.parametrize("kind", front_ends.KINDS)
@pytest.mark.parametrize("constant", [0.0, 0.01, -0.5, 1.0])
def test_silence_is_not_scored_whatever_constant_it_sits_on(kind, constant):
    model = detectors.detector(kind, 0, 0.0625).eval()
    rng = np.random.default_rng(0)
    dither = rng.uniform(-(2**-15), 2**-15, front_ends.SNIPPET)  # of 16 bits: inaudible
    sounds = np.stack([np.zeros(front_ends.SNIPPET), dither, rng.normal(0, 0.1, front_ends.SNIPPET)])
    scores = training.scores(model, (sounds + constant).astype(np.float32))
    assert np.isnan(scores[:2]).all()
    assert 0 <= scores[2] <= 1


def test_placed_snippets_span_the_clip():
    clips = np.arange(2 * (front_ends.SNIPPET + 10), dtype=np.float32).reshape(2, -1)
    found = training.placed_snippets(clips, 3)
    assert found.shape == (6, front_ends.SNIPPET)
    assert found[0, 0] == 0
    assert found[2, -1] == clips[0, -1]
    assert found[3, 0] == clips[1, 0]
