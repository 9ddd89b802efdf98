r"""Restricted experts with one matrix a layer, and several networks side by side.

Of `method.RestrictedExperts` with H blocks a layer, each with a small matrix of its own, the matrices are
put into one: times a fixed mask, or, of a mask that is a diagonal of blocks, the blocks alone in one batched
product. Much faster where there are many blocks. Networks that differ in their weights alone (one a seed,
say) stand side by side in tensors with the network as first dimension. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from soundreasons.papers.interpretable_attribution import method
from soundreasons.papers.interpretable_attribution.method.experts import BlockLayer, expand_mask
from soundreasons.papers.interpretable_attribution.method.subsets import Groups


def _affine(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
    """Weight (..., n_out, n_in) times rows (..., n, n_in); features first in memory, so nothing is copied."""
    product = torch.baddbmm if x.ndim == 3 else torch.addmm
    return product(bias.unsqueeze(-1), weight, x.mT).mT


def _diagonal(weight: Tensor, base: Tensor, x: Tensor) -> Tensor:
    """Each block (H, n_out, n_in) times its own part of the rows, added to `base`: one batched product."""
    n_out, n_in = weight.shape[-2:]
    parts = x.mT.reshape(-1, n_in, x.shape[-2])
    said = torch.baddbmm(base.reshape(-1, n_out, base.shape[-1]), weight.reshape(-1, n_out, n_in), parts)
    return said.reshape(*x.shape[:-2], -1, x.shape[-2]).mT


class MaskedLayer(nn.Module):
    """One matrix times a fixed mask: what is forbidden is multiplied by zero, before and after learning.

    Parameters
    ----------
    weight, bias : Tensor, shapes (n_out, n_in) and (n_out,)
        First values.
    mask : Tensor of bool, shape (n_out, n_in)
        What is allowed.
    """

    mask: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, mask: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        self.register_buffer("mask", mask.to(weight.dtype), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., n, n_in) to (..., n, n_out)."""
        return _affine(self.weight * self.mask, self.bias, x)


class DiagonalLayer(nn.Module):
    """A masked layer whose mask lets each block feed itself only: of the matrix the diagonal is all there is.

    Parameters
    ----------
    weight, bias : Tensor, shapes (n_out, n_in) and (n_out,)
        First values; what is off the diagonal is left out.
    n_blocks : int
        H.
    """

    def __init__(self, weight: Tensor, bias: Tensor, n_blocks: int) -> None:
        super().__init__()
        whole = weight.reshape(n_blocks, len(bias) // n_blocks, n_blocks, -1)
        self.weight = nn.Parameter(whole.diagonal(dim1=0, dim2=2).permute(2, 0, 1).contiguous())
        self.bias = nn.Parameter(bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(..., n, n_in) to (..., n, n_out)."""
        return _diagonal(self.weight, self.bias.unsqueeze(-1), x)


class ReadingLayer(nn.Module):
    """A masked layer in which a block reads other blocks without changing them: their gradient is stopped.

    Two products: what comes from others, read off rows that are cut from the gradient, and the diagonal.

    Parameters
    ----------
    weight, bias, mask
        As for `MaskedLayer`.
    n_blocks : int
        H.
    """

    mask: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, mask: Tensor, n_blocks: int) -> None:
        super().__init__()
        own = expand_mask(np.eye(n_blocks, dtype=bool), mask.shape[1] // n_blocks, mask.shape[0] // n_blocks)
        self.register_buffer(
            "mask", (mask & ~torch.as_tensor(own, device=mask.device)).to(weight.dtype), persistent=False
        )
        self.weight, self.own = nn.Parameter(weight.clone()), DiagonalLayer(weight, bias, n_blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(..., n, n_in) to (..., n, n_out)."""
        read = _affine(self.weight * self.mask, self.own.bias, x.detach())
        return _diagonal(self.own.weight, read.mT, x)


class RestrictedExperts(method.RestrictedExperts):
    """H experts in one network, each restricted to its subset of the inputs: one matrix a layer.

    The same function as `method.RestrictedExperts`, and for the same generator the same first weights.
    Chapter: interpretable_attribution.

    Parameters
    ----------
    groups, subsets, hidden, sharing, generator
        As for `method.RestrictedExperts`.

    Raises
    ------
    ValueError
        As there.

    Examples
    --------
    >>> experts = RestrictedExperts([[0], [1]], [(0,), (1,), (0, 1)], [8, 8], sharing="none")
    >>> experts(torch.zeros(5, 2)).shape, experts.n_parameters
    (torch.Size([5, 3]), 299)
    """

    def __init__(
        self,
        groups: Groups,
        subsets: Any,
        hidden: Sequence[int],
        *,
        sharing: str = "stopped",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(groups, subsets, hidden, sharing=sharing, generator=generator)
        self.n_networks: int | None = None  # side by side; a single one has none
        self._join(self.layers)

    @classmethod
    def of(cls, experts: method.RestrictedExperts) -> RestrictedExperts:
        """Copy experts in blocks, with their weights, into this form.

        Raises
        ------
        ValueError
            If they are in this form already.
        """
        if isinstance(experts, cls):
            raise ValueError("these experts have one matrix a layer already; copy.deepcopy makes a twin")
        twin = cls(experts.groups, experts.subsets, experts.hidden, sharing=experts.sharing)
        twin._join(experts.layers)
        return twin

    def _join(self, blocks: nn.ModuleList) -> None:
        """Put the small matrices of the blocks into one a layer."""
        joined: list[nn.Module] = []
        for depth, (block, allowed) in enumerate(zip(blocks, self.masks(), strict=True)):
            weight, bias = _dense(block, allowed.shape[1])  # type: ignore[arg-type]
            mask = torch.as_tensor(allowed, device=weight.device)
            if depth > 0 and self.sharing == "none":
                joined.append(DiagonalLayer(weight, bias, len(self.subsets)))
            elif self.stops_at(depth):
                joined.append(ReadingLayer(weight, bias, mask, len(self.subsets)))
            else:
                joined.append(MaskedLayer(weight, bias, mask))
        self.layers = nn.ModuleList(joined)

    def logits(self, x: Tensor) -> Tensor:
        """What the experts say before it is squeezed, shape (n, H); tanh gives the outputs.

        Networks side by side (see `stack_experts`) take and give one more dimension in front.

        Raises
        ------
        ValueError
            If `x` has fewer columns than the groups name, or not one part a network.
        """
        if self.n_networks is None:
            return super().logits(x)
        if x.ndim != 3 or len(x) != self.n_networks or x.shape[-1] < self.n_columns:
            raise ValueError(
                f"x has shape {tuple(x.shape)}, expected ({self.n_networks}, n, {self.n_columns}): a batch "
                f"for each network, and the groups name columns up to {self.n_columns - 1}"
            )
        return self._through(x)


def _dense(layer: BlockLayer, n_units: int) -> tuple[Tensor, Tensor]:
    """Small matrices as one with zeros, and one bias."""
    rows = []
    for block, weight in enumerate(layer.weights):
        row = torch.zeros(weight.shape[0], n_units, device=weight.device)
        rows.append(row.index_copy(1, layer.get_buffer(f"units_{block}"), weight.detach()))
    return torch.cat(rows), torch.cat([bias.detach() for bias in layer.biases])


def stack_experts(networks: Sequence[RestrictedExperts]) -> RestrictedExperts:
    """Put networks side by side: inputs (S, n, n_columns) become outputs (S, n, H).

    Chapter: interpretable_attribution.

    Parameters
    ----------
    networks : sequence of RestrictedExperts
        S of one layout; their weights are copied.

    Returns
    -------
    RestrictedExperts
        With `n_networks` S.

    Raises
    ------
    ValueError
        If there is none, one is in blocks or is several, or two differ in more than their weights.

    Examples
    --------
    >>> one, two = (RestrictedExperts([[0], [1]], [(0,), (0, 1)], [4]) for _ in range(2))
    >>> stack_experts([one, two])(torch.zeros(2, 5, 2)).shape
    torch.Size([2, 5, 2])
    """
    if not networks:
        raise ValueError("there is no network, expected one or more to stand side by side")
    for number, network in enumerate(networks):
        if not isinstance(network, RestrictedExperts) or network.n_networks is not None:
            raise ValueError(
                f"network {number} is not a single one with one matrix a layer; take "
                "fast.RestrictedExperts.of first"
            )
        if _layout(network) != _layout(networks[0]) or not _have_equal_masks(network, networks[0]):
            raise ValueError(f"network {number} is laid out unlike network 0; only weights may differ")
    together = copy.deepcopy(networks[0])
    together.n_networks = len(networks)
    with torch.no_grad():
        for module, *others in zip(*(network.modules() for network in networks), strict=True):
            target = dict(zip(networks[0].modules(), together.modules(), strict=True))[module]
            for name, _ in module.named_parameters(recurse=False):
                parts = [getattr(part, name) for part in (module, *others)]
                setattr(target, name, nn.Parameter(torch.stack(parts)))
    return together


def _layout(network: RestrictedExperts) -> tuple[object, ...]:
    shapes = tuple((name, part.shape) for name, part in network.named_parameters())
    return network.groups, network.subsets.tobytes(), network.sharing, shapes


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
    if together.n_networks != len(like):
        raise ValueError(f"{together.n_networks} networks side by side, but {len(like)} to write them to")
    with torch.no_grad():
        parts = dict(together.named_parameters())
        for number, network in enumerate(like):
            for name, parameter in network.named_parameters():
                parameter.copy_(parts[name][number])
