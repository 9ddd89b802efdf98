"""The networks, layer by layer, and the weights that the authors released."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import mesonet

PICTURES = ("df/df00204.jpg", "df/df01254.jpg", "real/real00240.jpg", "real/real00772.jpg")
# Scores of the authors' weights on their pictures (Pillow's NEAREST to 256), from another program.
KNOWN_SCORES = {
    ("meso4", "deepfake"): (0.0414, 0.0487, 0.9897, 0.9977),
    ("mesoinception4", "deepfake"): (0.0262, 0.00095, 1.0, 1.0),
    ("meso4", "face2face"): (0.8312, 0.6411, 0.8810, 0.9524),
    ("mesoinception4", "face2face"): (0.9987, 1.0, 1.0, 0.9908),
}
ALL = [mesonet.Meso4, mesonet.MesoInception4]


def n_parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameter_counts_are_the_papers():
    assert n_parameters(mesonet.Meso4()) == 27_977
    assert n_parameters(mesonet.MesoInception4()) == 28_615


def test_running_statistics_are_counted_beside_them():
    # The released files hold 28,073 and 28,725 numbers in all.
    for network, in_all in ((mesonet.Meso4(), 28_073), (mesonet.MesoInception4(), 28_725)):
        buffers = [b for name, b in network.named_buffers() if name.endswith(("mean", "var"))]
        assert n_parameters(network) + sum(b.numel() for b in buffers) == in_all


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (mesonet.Meso4(), [(8, 128, 224, 16), (8, 64, 1608, 16), (16, 32, 3216, 32), (16, 8, 6416, 32)]),
        (
            mesonet.MesoInception4(),
            [(11, 128, 378, 22), (12, 64, 478, 24), (16, 32, 4816, 32), (16, 8, 6416, 32)],
        ),
    ],
    ids=["meso4", "mesoinception4"],
)
def test_every_block_has_the_shape_and_numbers_of_the_table(network, expected):
    x = torch.zeros(1, 3, 256, 256)
    for block, (channels, side, in_convolutions, in_norm) in zip(network.blocks, expected, strict=True):
        x = block(x)
        assert tuple(x.shape) == (1, channels, side, side)
        norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
        assert sum(map(n_parameters, norms)) == in_norm
        assert n_parameters(block) - in_norm == in_convolutions
    assert n_parameters(network.head) == 16_400 + 17


@pytest.mark.parametrize("network", [mesonet.Meso4(), mesonet.MesoInception4()], ids=["meso4", "inception"])
def test_the_norm_comes_after_the_activation_with_keras_constants(network):
    for block in network.blocks:
        kinds = [type(layer) for layer in block]
        if isinstance(block[0], mesonet.DilatedInception):
            assert kinds[1:] == [nn.BatchNorm2d, nn.MaxPool2d]
            assert all(isinstance(branch[-1], nn.ReLU) for branch in block[0].branches)
        else:
            assert kinds == [nn.Conv2d, nn.ReLU, nn.BatchNorm2d, nn.MaxPool2d]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}
    assert all(m.bias is not None for m in network.modules() if isinstance(m, nn.Conv2d))
    assert [type(layer) for layer in network.head] == [
        nn.Dropout,
        nn.Linear,
        nn.LeakyReLU,
        nn.Dropout,
        nn.Linear,
    ]
    assert network.head[2].negative_slope == 0.1


def test_the_inception_branches_look_ever_further():
    # By hand: a single bright pixel reaches 1x1, 3x3, and with gaps of 2 and 3 pixels, 5x5 and 7x7.
    module = mesonet.DilatedInception(1, (1, 1, 1, 1))
    for parameter in module.parameters():
        nn.init.constant_(parameter, 1.0 if parameter.ndim > 1 else 0.0)
    x = torch.zeros(1, 1, 15, 15)
    x[..., 7, 7] = 1
    reach = [int(found.any(0).sum()) for found in module(x)[0] > 0]
    spans = [int(torch.where(found.any(0))[0].max() - 6) for found in module(x)[0] > 0]
    assert reach == [1, 3, 3, 3]
    assert spans == [1, 2, 3, 4]


def test_the_hidden_layer_sees_rows_columns_then_channels():
    # Keras flattens channels last: row r, column c, channel k is number (r * 8 + c) * 16 + k.
    network = mesonet.Meso4().eval()
    x = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    maps = network.blocks(x)[0]
    flat = network.flat(x)[0]
    assert flat[(3 * 8 + 5) * 16 + 7] == maps[7, 3, 5]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("size", [32, 96, 256])
def test_any_multiple_of_32_gives_one_probability_a_face(kind, size):
    found = kind(size).eval()(torch.rand(2, 3, size, size))
    assert found.shape == (2,)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("kind", ALL)
def test_memory_layout_changes_speed_and_nothing_else(kind):
    network, x = kind(64).eval(), torch.rand(3, 3, 64, 64)
    plain = network(x)
    network.to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(x.contiguous(memory_format=torch.channels_last)), plain)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("size", [32, 96])
@pytest.mark.parametrize("n", [1, 5])
def test_arranged_for_scoring_a_network_gives_the_same(kind, size, n):
    torch.manual_seed(size + n)
    network = kind(size)
    for norm in [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]:
        nn.init.normal_(norm.weight)  # scales of either sign: the maximum must become a minimum
        nn.init.normal_(norm.bias)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.1, 2)
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    faces = torch.rand(n, 3, size, size)
    folded = mesonet.fast.for_scoring(network)
    with torch.inference_mode():
        expected = network.logits(faces)
        for layout in (torch.contiguous_format, torch.channels_last):
            found = folded.to(memory_format=layout).logits(faces.contiguous(memory_format=layout))
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_in_training_is_not_arranged_for_scoring():
    with pytest.raises(ValueError, match=r"in training, expected evaluation; call network\.eval\(\)"):
        mesonet.score(mesonet.Meso4(32), np.zeros((1, 32, 32, 3), np.uint8))


@pytest.mark.parametrize("kind", [mesonet.Meso4, mesonet.MesoInception4])
def test_scoring_stays_on_one_device(kind):
    folded = mesonet.fast.for_scoring(kind(64).eval().to("meta"))
    with RefuseStrays():
        assert folded(torch.empty(3, 3, 64, 64, device="meta")).device.type == "meta"


@pytest.mark.parametrize("kind", [mesonet.Meso4, mesonet.MesoInception4])
@pytest.mark.parametrize("size", [0, 31, 100])
def test_a_size_that_the_pools_cannot_divide_is_refused(kind, size):
    with pytest.raises(ValueError, match=f"size is {size} px, expected a multiple of 32"):
        kind(size)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 3, 64, 32), (1, 64, 64, 3)])
def test_faces_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(n, 3, 64, 64\)"):
        mesonet.Meso4(64)(torch.zeros(shape))


@pytest.mark.parametrize("kind", ALL)
def test_a_training_step_stays_on_one_device(kind):
    network = kind(64).to("meta")
    optimiser = torch.optim.Adam(network.parameters())
    faces, labels = torch.empty(4, 3, 64, 64, device="meta"), torch.empty(4, device="meta")
    with RefuseStrays():
        torch.nn.functional.mse_loss(network(faces), labels).backward()
        optimiser.step()


def test_stray_labels_are_refused():
    network = mesonet.Meso4(64).to("meta")
    with pytest.raises(StrayTensorError, match=r"shape \(4,\)"), RefuseStrays():
        torch.nn.functional.mse_loss(network(torch.empty(4, 3, 64, 64, device="meta")), torch.zeros(4))


# -- released weights ------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "expected"), KNOWN_SCORES.items(), ids=map("-".join, KNOWN_SCORES))
def test_released_weights_score_the_published_pictures_as_known(real, which, expected):
    folder = real("mesonet_released").folder / "test_images"
    pictures = [Image.open(folder / name).resize((256, 256), Image.Resampling.NEAREST) for name in PICTURES]
    faces = torch.from_numpy(np.stack([np.asarray(p) for p in pictures])).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        found = mesonet.released(*which)(faces)
    assert found.tolist() == pytest.approx(expected, abs=1e-3)


@pytest.fixture
def keras_file(tmp_path):
    """A Keras file for Meso-4 at any size, with known values."""

    def write(size=64, drop=None):
        path = tmp_path / "weights.h5"
        shapes = [(3, 3, 3, 8), (5, 5, 8, 8), (5, 5, 8, 16), (5, 5, 16, 16)]
        layers = {}
        for n, shape in enumerate(shapes, start=9):  # 10 sorts after 9 by number, before it by letter
            layers[f"conv2d_{n}"] = {"kernel": shape, "bias": shape[-1:]}
            slots = ("gamma", "beta", "moving_mean", "moving_variance")
            layers[f"batch_normalization_{n}"] = dict.fromkeys(slots, shape[-1:])
        layers["flatten_1"] = {}
        layers["dense_1"] = {"kernel": (16 * (size // 32) ** 2, 16), "bias": (16,)}
        layers["dense_2"] = {"kernel": (16, 1), "bias": (1,)}
        layers.pop(drop, None)
        rng = np.random.default_rng(0)
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [name.encode() for name in layers]
            for name, slots in layers.items():
                group = file.create_group(name)
                group.attrs["weight_names"] = [f"{name}/{slot}:0".encode() for slot in slots]
                for slot, shape in slots.items():
                    group[f"{name}/{slot}:0"] = rng.uniform(0.5, 1, shape).astype("f4")
        return path

    return write


def test_layers_are_matched_by_number_not_by_letter(keras_file):
    path = keras_file()
    network = mesonet.load_released_weights(mesonet.Meso4(64), path)
    with h5py.File(path) as file:
        second = file["conv2d_10/conv2d_10/kernel:0"][...]
        hidden = file["dense_1/dense_1/kernel:0"][...]
    assert not network.training
    # Keras' (row, column, in, out) at torch's (out, in, row, column).
    assert network.blocks[1][0].weight[3, 2, 1, 0] == second[1, 0, 2, 3]
    assert network.head[1].weight[5, 60] == hidden[60, 5]


@pytest.mark.parametrize(
    ("model", "size", "drop", "told"),
    [
        (mesonet.Meso4(64), 128, None, r"dense_1/kernel has shape \(16, 256\).*expects \(16, 64\)"),
        (mesonet.MesoInception4(64), 64, None, r"has 4 layers of kind conv2d, MesoInception4 has 16"),
        (mesonet.Meso4(64), 64, "dense_2", r"has 1 layers of kind dense, Meso4 has 2"),
    ],
)
def test_a_file_for_another_network_is_refused_and_changes_nothing(keras_file, model, size, drop, told):
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(ValueError, match=told):
        mesonet.load_released_weights(model, keras_file(size, drop))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_what_is_no_keras_file_is_refused_by_name(tmp_path):
    (tmp_path / "x.h5").write_bytes(b"no HDF5 at all")
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["x"] = 1.0
    for name in ("x.h5", "y.h5"):
        with pytest.raises(ValueError, match=rf"{name} holds no weights"):
            mesonet.load_released_weights(mesonet.Meso4(), tmp_path / name)
    with pytest.raises(ValueError, match="is no file"):
        mesonet.load_released_weights(mesonet.Meso4(), tmp_path / "z.h5")


def test_weights_that_were_never_released_are_refused():
    with pytest.raises(ValueError, match="no weights were released for 'meso4' and 'blur'"):
        mesonet.released("meso4", "blur")
