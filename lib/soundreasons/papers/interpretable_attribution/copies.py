"""Several networks side by side: the same experts with other weights, trained in one go.

Task: put networks that differ in their weights alone (one a seed, say) into one whose tensors have the
network as first dimension, so that a step of all is one batched product a layer; and take them apart
again. No number goes from one network to another: it is the same training, up to rounding. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn

from soundreasons.papers.interpretable_attribution.experts import RestrictedExperts


def stack_experts(networks: Sequence[RestrictedExperts]) -> RestrictedExperts:
    """Put networks side by side: inputs (S, n, n_columns) become outputs (S, n, H).

    Chapter: interpretable_attribution.

    Parameters
    ----------
    networks : sequence of RestrictedExperts
        S of one layout, in the masked form; their weights are copied.

    Returns
    -------
    RestrictedExperts
        With `n_copies` S.

    Raises
    ------
    ValueError
        If there is none, one is in the block form, or two differ in more than their weights.

    Examples
    --------
    >>> one, two = (RestrictedExperts([[0], [1]], [(0,), (0, 1)], [4], form="masked") for _ in range(2))
    >>> stack_experts([one, two])(torch.zeros(2, 5, 2)).shape
    torch.Size([2, 5, 2])
    """
    if not networks:
        raise ValueError("there is no network, expected one or more to stand side by side")
    for number, network in enumerate(networks):
        if network.form != "masked" or network.n_copies is not None:
            raise ValueError(f"network {number} is not a single one in the masked form; take .masked() first")
        if _layout(network) != _layout(networks[0]) or not _have_equal_masks(network, networks[0]):
            raise ValueError(f"network {number} is laid out unlike network 0; only weights may differ")
    together = copy.deepcopy(networks[0])
    together.n_copies = len(networks)
    with torch.no_grad():
        for module, *others in zip(*(network.modules() for network in networks), strict=True):
            target = dict(zip(networks[0].modules(), together.modules(), strict=True))[module]
            for name, _ in module.named_parameters(recurse=False):
                parts = [getattr(part, name) for part in (module, *others)]
                setattr(target, name, nn.Parameter(torch.stack(parts)))
    return together


def _layout(network: RestrictedExperts) -> tuple[object, ...]:
    shapes = tuple((name, part.shape) for name, part in network.named_parameters())
    return network.groups, network.subsets.tobytes(), network.activation, shapes


def _have_equal_masks(first: RestrictedExperts, second: RestrictedExperts) -> bool:
    pairs = zip(first.buffers(), second.buffers(), strict=True)
    return all(one.is_meta or torch.equal(one, other) for one, other in pairs)  # meta holds no numbers


def unstack_experts(together: RestrictedExperts, like: Sequence[RestrictedExperts]) -> None:
    """Write the weights of networks side by side back into the single ones, in place.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    together : RestrictedExperts
        From `stack_experts`.
    like : sequence of RestrictedExperts
        The networks that it was made of, in the same order.

    Raises
    ------
    ValueError
        If their number differs.
    """
    if together.n_copies != len(like):
        raise ValueError(f"{together.n_copies} networks side by side, but {len(like)} to write them to")
    with torch.no_grad():
        parts = dict(together.named_parameters())
        for number, network in enumerate(like):
            for name, parameter in network.named_parameters():
                parameter.copy_(parts[name][number])
