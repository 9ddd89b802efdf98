"""The networks: counts of the paper, shapes by block, and one training step on a device without numbers."""

import numpy as np
import pytest
import torch

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers.music_deepfakes import detectors, front_ends, training


def trainable(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ("kind", "expected"),
    # 144 weights more for each channel beyond the first: 9 positions, 16 filters.
    [("amplitude", 1_641_579), ("complex", 1_641_723), ("phase", 1_641_723), ("polar", 1_641_867)],
)
def test_the_spectrogram_network_has_the_papers_number_of_parameters(kind, expected):
    assert trainable(detectors.SpectrogramDetector(kind)) == expected


def test_the_other_counts_of_the_paper():
    amplitude = detectors.SpectrogramDetector("amplitude")
    running = sum(b.numel() for name, b in amplitude.named_buffers() if "running" in name)
    assert trainable(amplitude) + running == 1_643_595
    assert trainable(detectors.SpectrogramDetector("amplitude", 0)) == 1_640_289
    assert trainable(detectors.WaveformDetector()) == 6_238_987


def test_each_block_gives_the_shape_of_the_papers_table():
    expected = [(16, 32, 371), (32, 16, 185), (64, 8, 92), (128, 4, 46), (256, 2, 23), (512, 1, 11)]
    x = torch.zeros(1, 1, 64, 743)
    model = detectors.SpectrogramDetector("amplitude").eval()
    for block, shape in zip(model.blocks, expected, strict=True):
        x = block(x)
        assert tuple(x.shape[1:]) == shape


def test_a_block_pools_before_it_normalises():
    names = [type(layer).__name__ for layer in detectors.SpectrogramDetector("amplitude").blocks[0]]
    assert names == ["Conv2d", "ReLU", "MaxPool2d", "BatchNorm2d"]


@pytest.mark.parametrize(("kind", "shape"), [("amplitude", (2, 1, 32, 48)), ("raw", (2, 1, 900))])
def test_a_block_gives_what_its_layers_give_one_after_the_other(kind, shape):
    # Pooling before the cut at zero is faster; values and gradients must not know.
    torch.manual_seed(0)
    block = detectors.detector(kind, 0, 0.5).blocks[0]
    found = []
    for way in (block, lambda x: block[3](block[2](block[1](block[0](x))))):
        block.zero_grad()
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0), requires_grad=True)
        y = way(x)
        (y**3).sum().backward()
        found.append((y.detach(), x.grad, block[0].weight.grad.clone()))
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain)


@pytest.mark.parametrize("kind", front_ends.KINDS)
@pytest.mark.parametrize("n_encoders", [0, 10])
def test_a_training_step_needs_nothing_off_its_device(kind, n_encoders):
    model = detectors.detector(kind, n_encoders, 0.0625, device="meta")
    optimiser = torch.optim.Adam(model.parameters())
    with RefuseStrays():
        batch = training.Batch(
            torch.zeros(2, front_ends.SNIPPET, device="meta"), torch.zeros(2, dtype=torch.long, device="meta")
        )
        loss = training.training_step(model, optimiser, batch, 0.2)
    assert loss.device.type == "meta"


def test_a_stray_batch_is_refused():
    model = detectors.detector("amplitude", 0, 0.0625, device="meta")
    batch = training.Batch(torch.zeros(2, front_ends.SNIPPET), torch.zeros(2, dtype=torch.long))
    optimiser = torch.optim.Adam(model.parameters())
    with RefuseStrays(), pytest.raises(StrayTensorError, match="expected all on meta"):
        training.training_step(model, optimiser, batch, 0.2)


def test_the_waveform_network_takes_an_eighth_of_a_width_below_one():
    assert detectors.detector("raw", 0, 0.5).blocks[0][0].out_channels == 16
    assert detectors.detector("raw", 0, 1.0).blocks[0][0].out_channels == 256


def test_a_patch_of_a_spectrogram_is_scored_too():
    model = detectors.SpectrogramDetector("amplitude", 0, 0.0625).eval()
    assert model(torch.zeros(3, 1, 64, 64)).real.shape == (3,)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: detectors.SpectrogramDetector("raw"), "take WaveformDetector"),
        (lambda: detectors.SpectrogramDetector("mel"), "kind is 'mel'"),
        (lambda: detectors.SpectrogramDetector("amplitude", 1), "n_encoders is 1"),
        (lambda: detectors.SpectrogramDetector("amplitude", width=0.01), "width is 0.01"),
    ],
)
def test_impossible_networks_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_weights_start_as_keras_draws_them():
    # Glorot: uniform within sqrt(6 / (fan in + fan out)); biases zero.
    layer = detectors.SpectrogramDetector("amplitude").blocks[1][0]
    bound = np.sqrt(6 / (9 * 16 + 9 * 32))
    assert 0.95 * bound < float(layer.weight.detach().abs().max()) <= bound * (1 + 1e-6)
    assert not layer.bias.detach().any()
