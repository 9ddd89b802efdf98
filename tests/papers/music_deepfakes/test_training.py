"""How detectors are trained: snippets, statistics, the best epoch, one device."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers.music_deepfakes.experiments import scoring, training
from soundreasons.papers.music_deepfakes.experiments.training import Training
from soundreasons.papers.music_deepfakes.method import detectors, front_ends

SHORT = Training(epochs=1, steps=24, batch_size=12, per_file=2, buffer=24, validation_steps=0, width=0.125)


def first(iterator, n):
    return [item for _, item in zip(range(n), iterator, strict=False)]


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


def test_a_short_training_learns_a_low_pass_and_gives_statistics_that_fit(tiny):
    model = training.train(tiny, "amplitude", SHORT, 0)
    assert not model.training
    scores = scoring.side_scores(model, tiny)
    tracks = tiny.track_rows("test")
    assert scoring.accuracy(scores, tracks, tiny.labels[1:]).mean() > 90


def test_renewed_statistics_are_the_plain_average_of_the_batches_and_forget_what_was_before():
    torch.manual_seed(0)
    model = training.new_detector("amplitude", 0, 0.125)
    optimiser = torch.optim.Adam(model.parameters())
    loud = training.Batch(torch.randn(3, front_ends.SNIPPET), torch.zeros(3, dtype=torch.long))
    for _ in range(2):  # running averages that remember loud sound
        training.training_step(model, optimiser)(loud)
    views = [
        front_ends.features(level * torch.randn(3, front_ends.SNIPPET), "amplitude") for level in (0.01, 0.1)
    ]
    training.renew_statistics(model, views)
    first_block = model.blocks[0]
    with torch.no_grad():
        before = [torch.nn.Sequential(*list(first_block)[:3])(view).mean(dim=(0, 2, 3)) for view in views]
    assert_allclose(first_block[3].running_mean, (before[0] + before[1]) / 2, rtol=1e-4, atol=1e-5)
    assert first_block[3].num_batches_tracked == 2
    assert first_block[3].momentum == detectors.NORM_MOMENTUM
    assert not model.training


def test_batches_mix_what_was_asked_for_and_scale_it():
    # Constant sound: the encoder's number is the level, and the gain lies between one half and one.
    versions = [np.full((3, front_ends.SNIPPET), level, np.float32) for level in (1.0, 2.0)]
    batch = next(
        training.batches(versions, np.arange(3), SHORT, np.random.default_rng(0), change=lambda x: 10 * x)
    )
    assert batch.mono.shape == (12, front_ends.SNIPPET)
    gains = batch.mono[:, 0] / (10 * (batch.encoder + 1))
    assert 0.5 <= float(gains.min()) < float(gains.max()) <= 1
    assert set(batch.encoder.tolist()) == {0, 1}


def test_the_validation_loss_is_the_mean_over_its_batches():
    # A detector whose logits are 0 whatever it hears: log 2.
    model = training.new_detector("amplitude", 0, 0.0625)
    torch.nn.init.zeros_(model.deepfake.weight)
    batch = training.Batch(0.1 * torch.randn(2, front_ends.SNIPPET), torch.tensor([0, 1]))
    settings = replace(SHORT, validation_steps=3)
    assert training.validation_loss(model, iter([batch] * 3), settings) == pytest.approx(np.log(2), abs=1e-6)


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
    model = training.new_detector(kind, 0, 0.0625).eval()
    rng = np.random.default_rng(0)
    dither = rng.uniform(-(2**-15), 2**-15, front_ends.SNIPPET)  # of 16 bits: inaudible
    sounds = np.stack([np.zeros(front_ends.SNIPPET), dither, rng.normal(0, 0.1, front_ends.SNIPPET)])
    scores = scoring.snippet_scores(model, (sounds + constant).astype(np.float32))
    assert np.isnan(scores[:2]).all()
    assert 0 <= scores[2] <= 1


def test_placed_snippets_span_the_clip():
    clips = np.arange(2 * (front_ends.SNIPPET + 10), dtype=np.float32).reshape(2, -1)
    found = scoring.placed_snippets(clips, 3)
    assert found.shape == (6, front_ends.SNIPPET)
    assert found[0, 0] == 0
    assert found[2, -1] == clips[0, -1]
    assert found[3, 0] == clips[1, 0]


def test_one_decoder_alone_leaves_the_second_head_out(tiny):
    quick = Training(epochs=1, steps=1, batch_size=4, per_file=1, buffer=8, validation_steps=0, width=0.0625)
    assert training.train(tiny, "amplitude", quick, 0, decoders=["codec_low"]).encoder is None
    assert training.train(tiny, "raw", replace(quick, width=0.5), 0).n_encoders == 3


def test_the_same_seed_trains_the_same_detector(tiny):
    trained = training.train(tiny, "amplitude", SHORT, 0)
    again = training.train(tiny, "amplitude", SHORT, 0)
    ours, theirs = (scoring.side_scores(model, tiny)["codec_low"] for model in (trained, again))
    assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("kind", front_ends.KINDS)
@pytest.mark.parametrize("n_encoders", [0, 10])
def test_a_training_step_needs_nothing_off_its_device(kind, n_encoders):
    model = training.new_detector(kind, n_encoders, 0.0625, device="meta")
    optimiser = torch.optim.Adam(model.parameters())
    with RefuseStrays():
        batch = training.Batch(
            torch.zeros(2, front_ends.SNIPPET, device="meta"), torch.zeros(2, dtype=torch.long, device="meta")
        )
        loss = training.training_step(model, optimiser)(batch)
    assert loss.device.type == "meta"


def test_a_stray_batch_is_refused():
    model = training.new_detector("amplitude", 0, 0.0625, device="meta")
    batch = training.Batch(torch.zeros(2, front_ends.SNIPPET), torch.zeros(2, dtype=torch.long))
    optimiser = torch.optim.Adam(model.parameters())
    with RefuseStrays(), pytest.raises(StrayTensorError, match="expected all on meta"):
        training.training_step(model, optimiser)(batch)


def test_the_waveform_network_takes_an_eighth_of_a_width_below_one():
    assert training.new_detector("raw", 0, 0.5).blocks[0][0].out_channels == 16
    assert training.new_detector("raw", 0, 1.0).blocks[0][0].out_channels == 256
