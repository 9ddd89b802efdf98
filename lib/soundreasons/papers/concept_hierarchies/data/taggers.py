"""The two VGG taggers of musicnn with their published weights (Pons and Serra, 2019; ISC licence)."""

from __future__ import annotations

import functools
from typing import Any

import torch

from soundreasons import data
from soundreasons.papers.concept_hierarchies.fast.network import QuickVgg
from soundreasons.papers.concept_hierarchies.method.network import POOLS, VggTagger

NETWORKS = ("MSD_vgg", "MTT_vgg")


def load_tagger(name: str = "MSD_vgg", device: str = "cpu") -> VggTagger:
    """Build a tagger with its published weights, ready for use (not for training).

    Chapter: concept_hierarchies.

    Parameters
    ----------
    name : {"MSD_vgg", "MTT_vgg"}
        The collection that it learned from: the paper's Million Song Dataset, or MagnaTagATune.
    device : str
        Where it lives.

    Returns
    -------
    VggTagger

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
    network = VggTagger()
    state = {ours: torch.tensor(_arranged(weights[theirs])) for ours, theirs in _names().items()}
    counters = {
        key: value for key, value in network.state_dict().items() if key.endswith("num_batches_tracked")
    }
    network.load_state_dict(counters | state)
    return network.to(device).eval().requires_grad_(False)


def load_quick_tagger(name: str = "MSD_vgg", device: str = "cpu") -> QuickVgg:
    """Build the quick form of a tagger; see `load_tagger`. Chapter: concept_hierarchies."""
    return QuickVgg(load_tagger(name)).to(device)


@functools.cache
def tags_of(name: str) -> tuple[str, ...]:
    """Return the 50 tags of a network, in the order of its outputs. Chapter: concept_hierarchies."""
    return tuple(data.open("musicnn_taggers").tags[name.partition("_")[0]])


def _arranged(tensor: Any) -> Any:
    """TensorFlow keeps (height, width, in, out) and (in, out), torch (out, in, ...)."""
    return tensor.transpose(3, 2, 0, 1).copy() if tensor.ndim == 4 else tensor.T.copy()


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


def _names() -> dict[str, str]:
    names = _norm_names("norm", "batch_normalization") | _layer_names("dense", "dense")
    for block in range(len(POOLS)):
        names |= _layer_names(f"convolutions.{block}", f"{block + 1}CNN")
        names |= _norm_names(f"norms.{block}", f"batch_normalization_{block + 1}")
    return names
