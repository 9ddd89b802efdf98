r"""Experts that can only see what they declare: one network, H outputs, two equivalent forms.

Task: for groups of input columns and subsets of groups, build a perceptron whose output h depends on
the columns of subset h and on nothing else. Every layer is a row of H blocks; block i feeds block j
only where subset i is contained in subset j. The *block* form keeps a small matrix a block; the *masked*
form keeps one matrix a layer times a fixed mask (of a mask that is a diagonal of blocks, the blocks), and
is much faster when there are many blocks. In both, the gradient can be stopped between blocks, so that a
larger expert never changes a smaller one.
Source: section 3.3. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.subsets import (
    Groups,
    check_groups,
    column_mask,
    inclusion_matrix,
    subset_table,
)

FORMS = ("blocks", "masked")
Activation = Callable[[Tensor], Tensor]


def expand_mask(feeds: NDArray[np.bool_], n_in: int, n_out: int) -> NDArray[np.bool_]:
    """Blow up a table of blocks into a mask of weights: each entry becomes a rectangle.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    feeds : bool array, shape (n_from, n_to)
        Entry (i, j): block i may feed block j.
    n_in, n_out : int
        Units of a block before and after.

    Returns
    -------
    bool ndarray, shape (n_to * n_out, n_from * n_in)
        Laid out as the weight of a torch layer, outputs first.

    Examples
    --------
    >>> expand_mask(np.array([[True, True], [False, True]]), 1, 2).astype(int).tolist()
    [[1, 0], [1, 0], [1, 1], [1, 1]]
    """
    return np.asarray(np.kron(feeds.T, np.ones((n_out, n_in), dtype=bool)), dtype=bool)


class BlockLayer(nn.Module):
    """A row of blocks, each with a small matrix of its own.

    Parameters
    ----------
    sources : list of lists of int
        Units of the layer before that each block sees.
    own : list of lists of int
        Those among them that may learn from this block; all unless the gradient is stopped.
    n_out : int
        Units of each block.
    n_units : int
        Units of the layer before.
    """

    def __init__(
        self,
        sources: Sequence[Sequence[int]],
        own: Sequence[Sequence[int]] | None,
        n_out: int,
        *,
        generator: torch.Generator | None,
        device: str,
    ) -> None:
        super().__init__()
        self.n_blocks, self.stops_gradient = len(sources), own is not None
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for block, units in enumerate(sources):
            bound = math.sqrt(6 / (len(units) + n_out))  # uniform, after Glorot
            weight = torch.empty(n_out, len(units), device=device).uniform_(
                -bound, bound, generator=generator
            )
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(torch.zeros(n_out, device=device)))
            self.register_buffer(f"units_{block}", torch.tensor(units, device=device), persistent=False)
            if own is not None:
                kept = torch.tensor(np.isin(units, own[block]), device=device)
                self.register_buffer(f"own_{block}", kept, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, units before) to (n, H * n_out)."""
        fixed = x.detach() if self.stops_gradient else x
        parts = []
        for block, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            units = self.get_buffer(f"units_{block}")
            seen = x.index_select(-1, units)
            if self.stops_gradient:
                seen = torch.where(self.get_buffer(f"own_{block}"), seen, fixed.index_select(-1, units))
            parts.append(functional.linear(seen, weight, bias))
        return torch.cat(parts, dim=-1)

    def dense(self, n_units: int) -> tuple[Tensor, Tensor]:
        """The same layer as one matrix with zeros, and one bias."""
        rows = []
        for block, weight in enumerate(self.weights):
            row = torch.zeros(weight.shape[0], n_units, device=weight.device)
            rows.append(row.index_copy(1, self.get_buffer(f"units_{block}"), weight.detach()))
        return torch.cat(rows), torch.cat([bias.detach() for bias in self.biases])


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

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned."""
        return int(self.mask.sum()) + self.bias.shape[-1]

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

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned."""
        return math.prod(self.weight.shape[-3:]) + self.bias.shape[-1]

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
        self.register_buffer("mask", (mask & ~_on(mask, own)).to(weight.dtype), persistent=False)
        self.weight, self.own = nn.Parameter(weight.clone()), DiagonalLayer(weight, bias, n_blocks)

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned."""
        return int(self.mask.sum()) + self.own.n_parameters

    def forward(self, x: Tensor) -> Tensor:
        """(..., n, n_in) to (..., n, n_out)."""
        read = _affine(self.weight * self.mask, self.own.bias, x.detach())
        return _diagonal(self.own.weight, read.mT, x)


class RestrictedExperts(nn.Module):
    """H experts in one network, each restricted to its subset of the inputs.

    Source: section 3.3. Chapter: interpretable_attribution.

    Parameters
    ----------
    groups : list of lists of int
        Columns of each of the N groups; no column twice. Columns in no group are never seen.
    subsets : bool array (H, N) or list of tuples of int
        Groups that each expert sees. Should hold the full set (a warning says so).
    hidden : sequence of int
        Units of a block in each hidden layer.
    form : {"blocks", "masked"}
        How the layers are computed. Equal outputs for equal weights.
    is_connected : bool
        Let an expert use the hidden units of those that see less; otherwise experts share nothing.
    stops_gradient : bool
        A larger expert reads the units of a smaller one without changing them. (The paper stops it in
        the block form and lets it flow in the masked form; here either form can do either.)
    activation : callable
        After each hidden layer.
    generator : torch.Generator, optional
        Draws the first weights (uniform after Glorot, biases zero).
    device : str
        Where the weights live.

    Raises
    ------
    ValueError
        If groups overlap, a subset names no group, there is no subset, or a layer has no unit; the
        entry is named.

    Examples
    --------
    Three experts on two columns; the first sees column 0 alone:

    >>> experts = RestrictedExperts([[0], [1]], [(0,), (1,), (0, 1)], [8, 8], is_connected=False)
    >>> experts(torch.zeros(5, 2)).shape, experts.n_parameters
    (torch.Size([5, 3]), 299)
    """

    def __init__(
        self,
        groups: Groups,
        subsets: Any,
        hidden: Sequence[int],
        *,
        form: str = "blocks",
        is_connected: bool = True,
        stops_gradient: bool = True,
        activation: Activation = torch.relu,
        generator: torch.Generator | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form is {form!r}, expected one of {', '.join(FORMS)}")
        if any(width < 1 for width in hidden):
            raise ValueError(f"hidden is {list(hidden)}, expected one unit or more in each layer")
        self.groups = check_groups(groups)
        self.subsets = subset_table(subsets, len(self.groups))
        self.hidden, self.form, self.activation = tuple(hidden), form, activation
        self.is_connected, self.stops_gradient = is_connected, stops_gradient
        self.n_copies: int | None = None  # of networks side by side; one network has none
        self.n_columns = 1 + max(column for group in self.groups for column in group)
        blocks = self._blocks(generator, device)
        self.layers = nn.ModuleList(blocks if form == "blocks" else self._masked_layers(blocks))

    def _feeds(self) -> NDArray[np.bool_]:
        n_experts = len(self.subsets)
        return inclusion_matrix(self.subsets) if self.is_connected else np.eye(n_experts, dtype=bool)

    def _masks(self) -> list[NDArray[np.bool_]]:
        """What each layer is allowed, as masks of weights."""
        feeds, seen = self._feeds(), column_mask(self.groups, self.subsets, self.n_columns)
        widths = [*self.hidden, 1]
        masks = [np.repeat(seen, widths[0], axis=0)]
        return masks + [expand_mask(feeds, a, b) for a, b in itertools.pairwise(widths)]

    def _blocks(self, generator: torch.Generator | None, device: str) -> list[BlockLayer]:
        """Block layers; the matrix of block j holds the allowed columns of its rows of the mask."""
        n_experts, layers = len(self.subsets), []
        for depth, (mask, width) in enumerate(zip(self._masks(), [*self.hidden, 1], strict=True)):
            sources = [np.flatnonzero(mask[block * width]).tolist() for block in range(n_experts)]
            own = None
            if self._is_stopped(depth):
                before = self.hidden[depth - 1]
                own = [list(range(j * before, (j + 1) * before)) for j in range(n_experts)]
            layers.append(BlockLayer(sources, own, width, generator=generator, device=device))
        return layers

    def _is_stopped(self, depth: int) -> bool:
        return depth > 0 and self.stops_gradient and self.is_connected

    def _masked_layers(self, blocks: Iterable[nn.Module]) -> list[MaskedLayer | DiagonalLayer | ReadingLayer]:
        layers: list[MaskedLayer | DiagonalLayer | ReadingLayer] = []
        for depth, (block, mask) in enumerate(zip(blocks, self._masks(), strict=True)):
            assert isinstance(block, BlockLayer)
            weight, bias = block.dense(mask.shape[1])
            if depth > 0 and not self.is_connected:
                layers.append(DiagonalLayer(weight, bias, len(self.subsets)))
            elif self._is_stopped(depth):
                layers.append(ReadingLayer(weight, bias, _on(weight, mask), len(self.subsets)))
            else:
                layers.append(MaskedLayer(weight, bias, _on(weight, mask)))
        return layers

    def masked(self) -> RestrictedExperts:
        """Copy this network, with its weights, into the masked form.

        Raises
        ------
        ValueError
            If it is in the masked form already.
        """
        if self.form == "masked":
            raise ValueError("these experts are in the masked form already; copy.deepcopy makes a twin")
        twin = copy.deepcopy(self)
        twin.form = "masked"
        twin.layers = nn.ModuleList(twin._masked_layers(twin.layers))
        return twin

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned, of one network; what a mask forbids is not counted."""
        if self.form == "blocks":
            return sum(parameter.numel() for parameter in self.parameters())
        return sum(layer.n_parameters for layer in self.layers)  # type: ignore[misc]

    def logits(self, x: Tensor) -> Tensor:
        """What the experts say before it is squeezed, shape (n, H); tanh gives the outputs.

        Networks side by side (see `stack_experts`) take and give one more dimension in front.

        Raises
        ------
        ValueError
            If `x` has fewer columns than the groups name, or not one part a network.
        """
        lead = () if self.n_copies is None else (self.n_copies,)
        if x.ndim != 2 + len(lead) or x.shape[-1] < self.n_columns or x.shape[:-2] != lead:
            expected = ", ".join(str(size) for size in (*lead, "n", self.n_columns))
            raise ValueError(
                f"x has shape {tuple(x.shape)}, expected ({expected}): the groups name "
                f"columns up to {self.n_columns - 1}"
            )
        *inner, last = self.layers
        x = x[..., : self.n_columns]
        for layer in inner:
            x = self.activation(layer(x))
        return last(x)  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Expert outputs in [-1, 1], shape (n, H)."""
        return torch.tanh(self.logits(x))


def _on(like: Tensor, mask: NDArray[np.bool_]) -> Tensor:
    return torch.as_tensor(mask, device=like.device)
