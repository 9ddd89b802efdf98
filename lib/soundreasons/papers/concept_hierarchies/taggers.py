"""The four taggers of musicnn in torch, with the published weights (Pons and Serra, 2019; ISC licence).

`MSD_vgg` is the paper's backbone: five blocks of convolution, rectifier, normalisation and pooling, then
one dense layer of 50 tags. The two `musicnn` networks look for timbres with tall filters and for rhythms
with long ones. Spectrograms come as (n, frames, bands).
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import nn

from soundreasons import data

NETWORKS = ("MSD_vgg", "MTT_vgg", "MSD_musicnn", "MTT_musicnn")
LAYERS = ("pool3", "pool4", "pool5", "tags")
_EPSILON = 1e-3
_FILTERS = 128
_POOLS = (((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4)))


class VggTagger(nn.Module):
    """Five blocks of 3 x 3 convolutions, and one dense layer.

    Chapter: concept_hierarchies. A patch of 187 x 96 becomes 92 x 48, 46 x 24, 23 x 12, 11 x 6 and 2 x 1,
    each with 128 channels. Longer spectrograms give more positions in time.

    Examples
    --------
    >>> network = VggTagger().eval()
    >>> [tuple(layer.shape) for layer in network.pools(torch.zeros(1, 187, 96))[2:]]
    [(1, 128, 23, 12), (1, 128, 11, 6), (1, 128, 2, 1)]
    """

    def __init__(self, n_tags: int = 50) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, eps=_EPSILON)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(_FILTERS if block else 1, _FILTERS, 3, padding=1) for block in range(len(_POOLS))
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(_FILTERS, eps=_EPSILON) for _ in _POOLS)
        self.dropout, self.last_dropout = nn.Dropout(0.25), nn.Dropout(0.5)
        self.dense = nn.Linear(2 * _FILTERS, n_tags)

    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]:
        """Return the five pooled layers, each of shape (n, 128, frames, bands)."""
        signal = self.norm(spectrograms.unsqueeze(1))
        layers = []
        for block, (kernel, stride) in enumerate(_POOLS):
            signal = self.norms[block](torch.relu(self.convolutions[block](signal)))
            signal = nn.functional.max_pool2d(signal, kernel, stride)
            layers.append(signal)
            signal = self.dropout(signal)
        return layers

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Return the scores of the tags, shape (n, 50), for a fifth layer of two positions."""
        # The checkpoint flattens (time, channel), torch keeps (channel, time).
        flat = last.squeeze(3).transpose(1, 2).reshape(len(last), -1)
        return self.dense(self.last_dropout(flat))  # type: ignore[no-any-return]

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """Return the scores of the tags before the sigmoid, shape (n, 50), for patches of 187 frames."""
        return self.logits(self.pools(spectrograms)[-1])


class FastVgg(nn.Module):
    """The same function as a `VggTagger` in use (not in training), arranged to be quick on a processor.

    A rectifier and a normalisation keep the order of values, up to the sign of the slope, so pooling may
    come first: the filters of channels with a falling normalisation are negated, the largest value is
    taken, and what is left, a quarter as many numbers, is rectified and normalised. Layers lie with
    channels last. Chapter: concept_hierarchies.
    """

    def __init__(self, network: VggTagger) -> None:
        super().__init__()
        self.norm, self.dense = network.norm, network.dense
        self.convolutions = nn.ModuleList()
        for block, norm in enumerate(network.norms):
            original: Any = network.convolutions[block]
            slope, shift, sign = _affine(norm)
            copy = nn.Conv2d(original.in_channels, _FILTERS, 3, padding=1, device=original.weight.device)
            copy.weight.data = (original.weight * sign.reshape(-1, 1, 1, 1)).to(
                memory_format=torch.channels_last
            )
            copy.bias = nn.Parameter(original.bias * sign)
            self.convolutions.append(copy)
            self.register_buffer(f"slope{block}", slope.reshape(-1, 1, 1))
            self.register_buffer(f"shift{block}", shift.reshape(-1, 1, 1))
            lowest = torch.where(sign > 0, 0.0, -torch.inf).reshape(-1, 1, 1)
            self.register_buffer(f"lowest{block}", lowest)
            self.register_buffer(f"highest{block}", torch.where(lowest == 0, torch.inf, 0.0))
        self.eval().requires_grad_(False)

    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]:
        """As `VggTagger.pools`."""
        signal = self.norm(spectrograms.unsqueeze(1)).to(memory_format=torch.channels_last)
        layers = []
        for block, (kernel, stride) in enumerate(_POOLS):
            signal = nn.functional.max_pool2d(self.convolutions[block](signal), kernel, stride)
            lowest, highest, slope, shift = (
                getattr(self, f"{name}{block}") for name in ("lowest", "highest", "slope", "shift")
            )
            signal = torch.clamp(signal, lowest, highest) * slope + shift
            layers.append(signal)
        return layers

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """As `VggTagger.logits`."""
        return self.dense(last.squeeze(3).transpose(1, 2).reshape(len(last), -1))  # type: ignore[no-any-return]

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """As `VggTagger.forward`."""
        return self.logits(self.pools(spectrograms)[-1])


def _affine(norm: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Absolute slope, shift and sign of the slope of a normalisation in use."""
    slope = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    sign = torch.where(slope < 0, -1.0, 1.0)
    return slope.abs(), norm.bias - norm.running_mean * slope, sign


class MusicnnTagger(nn.Module):
    """Filters in the shape of timbres and rhythms, dense layers in time, and pooling over the patch.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> MusicnnTagger().eval()(torch.zeros(2, 187, 96)).shape
    torch.Size([2, 50])
    """

    def __init__(self, n_tags: int = 50, n_bands: int = 96) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, eps=_EPSILON)
        shapes = [(7, int(0.4 * n_bands), 204), (7, int(0.7 * n_bands), 204)]
        shapes += [(length, 1, 51) for length in (128, 64, 32)]
        self.front = nn.ModuleList(nn.Conv2d(1, filters, (time, band)) for time, band, filters in shapes)
        self.front_norms = nn.ModuleList(nn.BatchNorm2d(filters, eps=_EPSILON) for *_, filters in shapes)
        self.middle = nn.ModuleList(nn.Conv1d(width, 64, 7, padding=3) for width in (561, 64, 64))
        self.middle_norms = nn.ModuleList(nn.BatchNorm1d(64, eps=_EPSILON) for _ in range(3))
        self.pool_norm, self.dropout = nn.BatchNorm1d(1506, eps=_EPSILON), nn.Dropout(0.5)
        self.penultimate = nn.Linear(1506, 200)
        self.penultimate_norm = nn.BatchNorm1d(200, eps=_EPSILON)
        self.dense = nn.Linear(200, n_tags)

    def layers(self, spectrograms: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return `front` (n, 561, frames), `cnn1` to `cnn3` (n, 64, frames), `penultimate` (n, 200)."""
        signal = self.norm(spectrograms.unsqueeze(1))
        found = {"front": torch.cat([self._branch(signal, k) for k in range(len(self.front))], dim=1)}
        previous = found["front"]
        for k in range(3):
            current = self.middle_norms[k](torch.relu(self.middle[k](previous)))
            previous = current if k == 0 else current + previous
            found[f"cnn{k + 1}"] = previous
        both = torch.cat([found[name] for name in ("front", "cnn1", "cnn2", "cnn3")], dim=1)
        # The checkpoint has largest and mean value of a channel side by side.
        pooled = torch.stack([both.amax(dim=2), both.mean(dim=2)], dim=2).flatten(1)
        dense = torch.relu(self.penultimate(self.dropout(self.pool_norm(pooled))))
        found["penultimate"] = self.penultimate_norm(dense)
        return found

    def _branch(self, signal: torch.Tensor, k: int) -> torch.Tensor:
        convolution: Any = self.front[k]
        length = convolution.kernel_size[0]
        before = (length - 1) // 2  # as TensorFlow: of an odd number of zeros one more goes behind
        padded = nn.functional.pad(signal, (0, 0, before, length - 1 - before))
        return self.front_norms[k](torch.relu(convolution(padded))).amax(dim=3)  # type: ignore[no-any-return]

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """Return the scores of the tags before the sigmoid, shape (n, 50)."""
        return self.dense(self.dropout(self.layers(spectrograms)["penultimate"]))  # type: ignore[no-any-return]


def load_tagger(name: str = "MSD_vgg", device: str = "cpu") -> VggTagger | MusicnnTagger:
    """Build a tagger with its published weights, ready for use (not for training).

    Chapter: concept_hierarchies.

    Parameters
    ----------
    name : {"MSD_vgg", "MTT_vgg", "MSD_musicnn", "MTT_musicnn"}
        Kind of network, and the collection that it learned from.
    device : str
        Where it lives.

    Returns
    -------
    VggTagger or MusicnnTagger

    Raises
    ------
    ValueError
        If the name is unknown.
    soundreasons.data.DataError
        If the weights are not on this machine, or not what they should be.
    """
    if name not in NETWORKS:
        raise ValueError(f"tagger is {name!r}, expected one of {', '.join(NETWORKS)}")
    weights = data.open("musicnn_taggers").weights[name]
    network = VggTagger() if name.endswith("vgg") else MusicnnTagger()
    names = _vgg_names() if name.endswith("vgg") else _musicnn_names()
    state = {ours: torch.tensor(_arranged(weights[theirs])) for ours, theirs in names.items()}
    counters = {
        key: value for key, value in network.state_dict().items() if key.endswith("num_batches_tracked")
    }
    network.load_state_dict({**counters, **{key: _fitting(key, state[key], network) for key in state}})
    return network.to(device).eval().requires_grad_(False)


def load_fast_vgg(name: str = "MSD_vgg", device: str = "cpu") -> FastVgg:
    """Build the quick form of a VGG tagger; see `load_tagger`. Chapter: concept_hierarchies."""
    network = load_tagger(name)
    if not isinstance(network, VggTagger):
        raise ValueError(f"{name} has no quick form, expected MSD_vgg or MTT_vgg")
    return FastVgg(network).to(device)


@functools.cache
def tags_of(name: str) -> tuple[str, ...]:
    """Return the 50 tags of a network, in the order of its outputs. Chapter: concept_hierarchies."""
    return tuple(data.open("musicnn_taggers").tags[name.partition("_")[0]])


def _arranged(tensor: Any) -> Any:
    """TensorFlow keeps (height, width, in, out) and (in, out), torch (out, in, ...)."""
    return tensor.transpose(3, 2, 0, 1).copy() if tensor.ndim == 4 else tensor.T.copy()


def _fitting(key: str, tensor: torch.Tensor, network: nn.Module) -> torch.Tensor:
    """A convolution over time alone has lost its axis of bands, which spans the channels before it."""
    wanted = network.state_dict()[key].shape
    return tensor if tensor.shape == wanted else tensor.squeeze(1).transpose(1, 2).reshape(wanted)


def _norm_names(ours: str, theirs: str) -> dict[str, str]:
    pairs = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    return {f"{ours}.{mine}": f"{theirs}/{other}" for mine, other in pairs.items()}


def _layer_names(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.weight": f"{theirs}/kernel", f"{ours}.bias": f"{theirs}/bias"}


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _vgg_names() -> dict[str, str]:
    names = _norm_names("norm", "batch_normalization") | _layer_names("dense", "dense")
    for block in range(len(_POOLS)):
        names |= _layer_names(f"convolutions.{block}", f"{block + 1}CNN")
        names |= _norm_names(f"norms.{block}", f"batch_normalization_{block + 1}")
    return names


def _musicnn_names() -> dict[str, str]:
    names = _norm_names("norm", "batch_normalization")
    parts = [("front", 5), ("middle", 3)]
    places = [(part, k) for part, count in parts for k in range(count)]
    for number, (part, k) in enumerate(places):
        names |= _layer_names(f"{part}.{k}", _numbered("conv2d", number))
        names |= _norm_names(f"{part}_norms.{k}", f"batch_normalization_{number + 1}")
    names |= _norm_names("pool_norm", "batch_normalization_9") | _layer_names("penultimate", "dense")
    return (
        names | _norm_names("penultimate_norm", "batch_normalization_10") | _layer_names("dense", "dense_1")
    )
