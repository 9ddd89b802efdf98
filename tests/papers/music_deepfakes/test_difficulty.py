"""A decoder's error, made smaller and smaller."""

import numpy as np
import pytest
import torch

from soundreasons.papers.music_deepfakes.experiments import difficulty

RATE = 44_100


def test_a_tone_is_found_until_it_is_too_faint(twins_of, oracle):
    # By hand: noise of power 0.01; a tone of amplitude 0.2 has power 0.02, so -3.0 dB; 20 more at a tenth.
    time = np.arange(40_000) / RATE
    noise = np.random.default_rng(0).normal(0, 0.1, (3, 40_000))
    tone = 0.2 * np.sin(2 * np.pi * 5_000 * time)
    twins = twins_of({"real": noise.astype(np.float32), "a": (noise + tone).astype(np.float32)}, 3)

    def rule(mono):
        wave = torch.exp(-2j * np.pi * 5_000 * torch.arange(mono.shape[1]) / RATE)
        return ((mono * wave).mean(dim=1).abs() < 0.025).float()

    table = difficulty.residual_table(oracle(rule), twins, [1.0, 0.5, 0.1])
    assert table["decoder"].tolist() == ["a", "a", "a"]
    assert table["snr"].tolist() == pytest.approx([-3.0, 3.0, 17.0], abs=0.1)
    assert table["detected"].tolist() == [100, 100, 0]
