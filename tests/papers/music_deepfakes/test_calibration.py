"""Mixtures and reliability: scores that are shares, and scores that are not."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.experiments import calibration


def test_a_perfectly_calibrated_score_is_reliable():
    scores = {
        "real": np.repeat([[0.75], [0.25]], [75, 25], axis=0),
        "a": np.repeat([[0.75], [0.25]], [25, 75], axis=0),
    }
    table = calibration.reliability({"base": scores}, 10)
    assert_allclose(table["human"], table["score"])
    assert table["weight"].sum() == pytest.approx(1)


def test_a_score_that_is_a_share_has_no_distance_from_it():
    shares = np.linspace(0, 1, 10)
    exact = calibration.Mixture(shares, np.repeat(shares[:, None], 3, axis=1))
    assert_allclose(exact.distance, 0)
    assert_allclose(exact.half, 0.5)
    always = calibration.Mixture(shares, np.ones((10, 3)))
    assert_allclose(always.distance, 0.5)
    assert_allclose(always.half, 1)


def test_the_curve_of_an_oracle_is_the_diagonal(twins_of, oracle):
    # Human music sits on 0.5, its fake on -0.5: the mean of a mixture tells the share exactly.
    hiss = np.random.default_rng(0).normal(0, 0.01, (3, 40_000)).astype(np.float32)
    twins = twins_of({"real": hiss + np.float32(0.5), "a": hiss - np.float32(0.5)}, 3)
    found = calibration.mixture(oracle(lambda mono: mono.mean(dim=1) + 0.5), twins, 5)
    assert_allclose(found.shares, [0, 0.25, 0.5, 0.75, 1])
    assert_allclose(found.distance, 0, atol=1e-3)
    default = calibration.mixture(oracle(lambda mono: torch.ones(len(mono))), twins, 5)
    assert_allclose(default.half, 1, atol=1e-5)
    assert_allclose(default.distance, 0.5, atol=1e-5)
