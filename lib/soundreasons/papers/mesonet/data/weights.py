"""The weights that the authors released, read from Keras' HDF5 without Keras.

Chapter: mesonet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from soundreasons import data
from soundreasons.papers.mesonet.method.networks import NETWORKS, FaceNetwork, Meso4, MesoInception4

RELEASED = {
    ("meso4", "deepfake"): "Meso4_DF",
    ("meso4", "face2face"): "Meso4_F2F",
    ("mesoinception4", "deepfake"): "MesoInception_DF",
    ("mesoinception4", "face2face"): "MesoInception_F2F",
}
_KINDS: dict[str, type[nn.Module]] = {
    "conv2d": nn.Conv2d, "batch_normalization": nn.BatchNorm2d, "dense": nn.Linear,
}  # fmt: skip
_SLOTS = {
    "kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
}  # fmt: skip
_Network = TypeVar("_Network", bound=FaceNetwork)


def load_released_weights(model: _Network, path: str | Path) -> _Network:
    """Copy the weights of a Keras file into a network; both must have the same layers.

    Layers of one kind are matched in the order of their numbers, which is the order in which the
    authors made them. Chapter: mesonet.

    Parameters
    ----------
    model : Meso4, MesoInception4
        Changed in place; on any device. The released files are for 256 pixels.
    path : path
        A `.h5` file of Keras 2.

    Returns
    -------
    Meso4, MesoInception4
        The same network, set to evaluation.

    Raises
    ------
    ValueError
        If the file is missing, no Keras weights, or made for another network or size: says which
        tensor has which shape, and which was expected. The network is then as it was.

    Examples
    --------
    ::

        network = load_released_weights(Meso4(), "Meso4_DF.h5")
        network(faces)  # (B, 3, 256, 256) in [0, 1] to (B,)
    """
    path = Path(path)
    found = _read(path)
    arrays = {}
    for kind, module_type in _KINDS.items():
        modules = [(name, m) for name, m in model.named_modules() if isinstance(m, module_type)]
        layers = sorted((layer for layer in found if layer[0] == kind), key=lambda layer: layer[1])
        if len(layers) != len(modules):
            raise ValueError(
                f"{path.name} has {len(layers)} layers of kind {kind}, {type(model).__name__} has "
                f"{len(modules)}; load it into the network that it was made for"
            )
        for layer, (name, _) in zip(layers, modules, strict=True):
            for slot, array in found[layer].items():
                arrays[f"{name}.{_SLOTS[slot]}"] = (f"{kind}_{layer[1]}/{slot}", array)
    _assign(model, arrays, path.name)
    return model.eval()


def _assign(model: nn.Module, arrays: dict[str, tuple[str, NDArray[Any]]], file: str) -> None:
    own = {name: t for name, t in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    for name, tensor in own.items():
        if name not in arrays:
            raise ValueError(f"{file} has no values for {name}, shape {tuple(tensor.shape)}")
        keras_name, array = arrays[name]
        if array.shape != tuple(tensor.shape):
            raise ValueError(
                f"{file}: {keras_name} has shape {array.shape} in torch's order, "
                f"{type(model).__name__} expects {tuple(tensor.shape)} for {name}"
            )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(arrays[name][1])))


def _read(path: Path) -> dict[tuple[str, int], dict[str, NDArray[Any]]]:
    """Arrays by kind and number of the layer, then by slot, in torch's axis order."""
    import h5py

    if not path.is_file():
        raise ValueError(f"{path} is no file; give a .h5 file of weights")
    try:
        with h5py.File(path, "r") as file:
            names = [_text(name) for name in file.attrs["layer_names"]]
            arrays = dict(_arrays(file, names))
    except (OSError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path.name} holds no weights of a Keras network ({error}); expected HDF5 with `layer_names`"
        ) from None
    return arrays


def _arrays(file: Any, names: list[str]) -> Iterator[tuple[tuple[str, int], dict[str, NDArray[Any]]]]:
    for name in names:
        kind, number = re.fullmatch(r"(.+?)(?:_(\d+))?", name).groups()  # type: ignore[union-attr]
        if kind not in _KINDS:
            continue  # layers without numbers: pools, dropout
        slots = {}
        for entry in map(_text, file[name].attrs["weight_names"]):
            slot = entry.rpartition("/")[2].partition(":")[0]
            array = np.asarray(file[name][entry], dtype=np.float32)
            slots[slot] = array.transpose(_TO_TORCH[array.ndim])
        yield (kind, int(number or 0)), slots


def _text(name: bytes | str) -> str:
    return name if isinstance(name, str) else name.decode()


# Keras keeps a convolution as (rows, columns, in, out) and a dense layer as (in, out).
_TO_TORCH = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}


def released(network: str, forgery: str, *, device: str = "cpu") -> Meso4 | MesoInception4:
    """Return a network with the weights that the authors released for a kind of forgery.

    Chapter: mesonet.

    Parameters
    ----------
    network : {"meso4", "mesoinception4"}
        Which network.
    forgery : {"deepfake", "face2face"}
        Which forgery it was trained on.
    device : str
        Where it shall live.

    Raises
    ------
    ValueError
        If there are no such weights, or (`DataUnavailable`) they are not on this machine.

    Examples
    --------
    ::

        released("meso4", "deepfake")
    """
    if (network, forgery) not in RELEASED:
        raise ValueError(
            f"no weights were released for {network!r} and {forgery!r}; there are {list(RELEASED)}"
        )
    folder = data.open("mesonet_released").folder
    model = load_released_weights(NETWORKS[network](256), folder / f"weights/{RELEASED[network, forgery]}.h5")
    return model.to(device)
