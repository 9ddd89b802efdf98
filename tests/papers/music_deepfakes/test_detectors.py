"""The networks: counts of the paper, shapes by block, and what they refuse."""

import numpy as np
import pytest
import torch

from soundreasons.papers.music_deepfakes.method import detectors


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


def test_the_head_and_the_normalisation_are_the_papers():
    # Dropout 0.2, 128 units, swish, dropout 0.2; Keras' normalisation: 1e-3, and 0.99 of the old.
    model = detectors.SpectrogramDetector("amplitude")
    drop, dense, swish, again = model.hidden
    assert (drop.p, again.p, dense.out_features) == (0.2, 0.2, 128)
    assert float(swish(torch.tensor(2.0))) == pytest.approx(2 / (1 + np.exp(-2)))
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


def test_what_comes_out_of_the_blocks_is_averaged_over_time_and_frequency():
    # One bin alone, and the same bin beside its copies: the same average, so the same logits.
    torch.manual_seed(0)
    model = detectors.Detector("amplitude", [torch.nn.Identity()], 1, 3).eval()
    small, large = torch.full((2, 1, 1, 1), 0.7), torch.full((2, 1, 5, 9), 0.7)
    assert torch.equal(model.maps(large), large)
    torch.testing.assert_close(model(small).real, model(large).real)
    assert model(large).encoder.shape == (2, 3)


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
        (lambda: detectors.block(1, 16, dimensions=3), "dimensions are 3, expected 2"),
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
