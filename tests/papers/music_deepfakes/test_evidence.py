"""Where the evidence is: patches whose rule is known, and patches that were learned."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from soundreasons.learning.strays import RefuseStrays
from soundreasons.papers.music_deepfakes.experiments import evidence
from soundreasons.papers.music_deepfakes.experiments.training import Training
from soundreasons.papers.music_deepfakes.fast import SpectrogramDetector
from soundreasons.papers.music_deepfakes.method.detectors import Outputs


class LoudIsSynthetic(torch.nn.Module):
    """A patch detector whose rule is known: synthetic if any value of the patch is high."""

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, patches):
        return Outputs(20 * (1.5 - patches.amax(dim=(1, 2, 3))), None)


def tone(frequency, n=44_100):
    hiss = np.random.default_rng(0).normal(0, 1e-3, n)
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(n) / 44_100) + hiss).astype(np.float32)


@pytest.mark.parametrize("frequency", [3_000, 9_000])
def test_a_map_is_bright_where_its_patches_hold_the_tone(frequency):
    found = evidence.evidence_map(LoudIsSynthetic(), tone(frequency))
    # By hand: 1 + (44,100 - 2,048) // 512 = 83 frames, so 1 + (83 - 64) // 16 patches; 1 + (743 - 64) // 32.
    assert found.synthetic.shape == (2, 22)
    assert_allclose(found.times, (np.array([0, 16]) + 32) * 512 / 44_100)
    half = 32 * 44_100 / 2048  # half a patch, in Hz
    holds = np.abs(found.frequencies - frequency) < half - 50
    far = np.abs(found.frequencies - frequency) > half + 50
    assert found.synthetic[:, holds].min() > 0.9
    assert found.synthetic[:, far].max() < 0.1
    low, high = evidence.strongest_band(found)
    assert low < frequency < high


def test_the_evidence_of_several_clips_is_the_mean_of_their_maps():
    model, clips = LoudIsSynthetic(), np.stack([tone(3_000), tone(9_000)])
    single = [evidence.evidence_map(model, clip).synthetic for clip in clips]
    assert_allclose(evidence.band_evidence(model, clips).synthetic, (single[0] + single[1]) / 2)


def test_patches_find_the_band_where_the_highs_are_missing(tiny):
    model = evidence.train_patches(tiny, Training(epochs=1, steps=40, batch_size=48, width=0.25), 0)
    found = evidence.band_evidence(model, tiny.part("test", "codec_high")[:2])
    high, low = found.frequencies > 11_000, found.frequencies < 7_000
    assert found.synthetic[:, high].mean() > found.synthetic[:, low].mean() + 0.2


def test_a_patch_step_needs_nothing_off_its_device():
    model = SpectrogramDetector("amplitude", 0, 0.0625, device="meta")
    with RefuseStrays():
        patches = torch.zeros(2, 1, 64, 64, device="meta")
        encoder = torch.zeros(2, dtype=torch.long, device="meta")
        loss = evidence.patch_step(model, torch.optim.Adam(model.parameters()))((patches, encoder))
    assert loss.device.type == "meta"


def test_a_band_pass_keeps_its_band_alone():
    time = np.arange(44_100) / 44_100
    sound = (np.sin(2 * np.pi * 1_000 * time) + np.sin(2 * np.pi * 9_000 * time)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(evidence.band_pass(sound, (8_000, 10_000))))
    assert spectrum[1_000] < 1e-3 * spectrum[9_000]
    with pytest.raises(ValueError, match="expected a lower and a higher"):
        evidence.band_pass(sound, (9_000, 8_000))


def test_a_patch_detector_leaves_training_with_statistics_made_anew(tiny):
    # Four batches after the last step, and no memory of those before: counted by the layers themselves.
    model = evidence.train_patches(tiny, Training(epochs=1, steps=3, batch_size=8, width=0.0625), 0)
    layers = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert len(layers) == 6
    assert {int(layer.num_batches_tracked) for layer in layers} == {4}
    assert not model.training
