"""What people do to sound, asked of detectors whose rule is known."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.experiments import processing
from soundreasons.papers.music_deepfakes.testbed.manipulations import MANIPULATIONS


def test_noise_hides_a_fake_from_one_who_looks_for_missing_highs(tiny, oracle):
    # The fakes have nothing at the top; white noise puts something there, in human music as in fakes.
    bright = oracle(lambda mono: (torch.fft.rfft(mono).abs()[:, -3_000:].mean(dim=1) > 0.5).float())
    never = oracle(lambda mono: torch.ones(len(mono)))
    found = processing.changed_scores({"bright": bright, "never": never}, tiny, 0, ["none", "noise"])
    assert found["bright"]["none"]["codec_low"].shape == (8, 1)
    tracks = tiny.track_rows("test")
    lost, alarms = processing.losses(found["bright"], tracks, ["codec_low"])["noise"]
    assert_allclose(lost, 100)
    assert_allclose(alarms, 0)
    lost, _ = processing.losses(found["never"], tracks, ["codec_low"])["noise"]
    assert_allclose(lost, 0)  # what was never found cannot be lost


def test_human_and_synthetic_versions_are_changed_alike(twins_of, oracle):
    # The same sound under two names: whatever is drawn, both must come out the same.
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 40_000)).astype(np.float32)
    level = oracle(lambda mono: mono.std(dim=1))
    twins = twins_of({"real": sound, "same": sound.copy()}, 2)
    found = processing.changed_scores({"level": level}, twins, 3)["level"]
    assert list(found) == ["none", *(m.name for m in MANIPULATIONS), "heavy"]
    for change in found:
        assert_allclose(found[change]["same"], found[change]["real"])
    assert not np.allclose(found["heavy"]["real"], found["none"]["real"])
