r"""Experts that can only see what they declare: one network with H outputs, a row of H blocks a layer.

Block i feeds block j only where subset i is contained in subset j; the first layer feeds block j the columns
of subset j. So output j depends on the columns of subset j and on nothing else, whatever the weights.
Proposition prop-leak of the page. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.method.subsets import (
    Groups,
    check_groups,
    column_mask,
    inclusion_matrix,
    subset_table,
    warn_if_incomplete,
)

SHARING = ("none", "stopped", "flowing")


def expand_mask(feeds: NDArray[np.bool_], n_in: int, n_out: int) -> NDArray[np.bool_]:
    r"""Blow up a table of blocks into a mask of weights: :math:`M = T \otimes 1_{a \times b}`.

    Paper: one network instead of H, masked weights. Chapter: interpretable_attribution.

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

    Raises
    ------
    ValueError
        If a block has no unit.

    Examples
    --------
    >>> expand_mask(np.array([[True, True], [False, True]]), 1, 2).astype(int).tolist()
    [[1, 0], [1, 0], [1, 1], [1, 1]]
    """
    if min(n_in, n_out) < 1:
        raise ValueError(f"blocks have {n_in} units before and {n_out} after, expected one or more of each")
    return np.asarray(np.kron(feeds.T, np.ones((n_out, n_in), dtype=bool)), dtype=bool)


class BlockLayer(nn.Module):
    """A row of blocks, each with a small matrix over the units that it may read.

    Paper: one network instead of H, list of blocks. Chapter: interpretable_attribution.

    Parameters
    ----------
    mask : bool array, shape (n_blocks * n_out, n_units)
        Units of the layer before that each unit may read; the same for all units of a block.
    n_blocks : int
        H.
    stops_gradient : bool
        A block reads the units of other blocks without changing them; units come in blocks of equal size.
    generator : torch.Generator, optional
        Draws the first weights, uniform after Glorot; biases are zero.

    Examples
    --------
    >>> BlockLayer(np.ones((6, 2), dtype=bool), n_blocks=3)(torch.zeros(5, 2)).shape
    torch.Size([5, 6])
    """

    def __init__(
        self,
        mask: NDArray[np.bool_],
        n_blocks: int,
        *,
        stops_gradient: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_blocks, self.stops_gradient = n_blocks, stops_gradient
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        device = None if generator is None else generator.device
        n_out, n_units = len(mask) // n_blocks, mask.shape[1]
        for block in range(n_blocks):
            units = np.flatnonzero(mask[block * n_out])
            bound = math.sqrt(6 / (len(units) + n_out))
            weight = torch.empty(n_out, len(units), device=device)
            self.weights.append(nn.Parameter(weight.uniform_(-bound, bound, generator=generator)))
            self.biases.append(nn.Parameter(torch.zeros(n_out, device=device)))
            is_own = units // (n_units // n_blocks) == block if stops_gradient else np.ones_like(units)
            for name, column in (("units", units), ("own", is_own.astype(bool))):
                self.register_buffer(f"{name}_{block}", torch.tensor(column, device=device), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_units) to (n, n_blocks * n_out)."""
        fixed, parts = x.detach(), []
        for block, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            units = self.get_buffer(f"units_{block}")
            seen = x.index_select(-1, units)
            if self.stops_gradient:
                seen = torch.where(self.get_buffer(f"own_{block}"), seen, fixed.index_select(-1, units))
            parts.append(functional.linear(seen, weight, bias))
        return torch.cat(parts, dim=-1)


class RestrictedExperts(nn.Module):
    """H experts in one network, each restricted to its subset of the inputs.

    Paper: one network instead of H. `fast.RestrictedExperts` is the same function with one matrix a layer.
    Chapter: interpretable_attribution.

    Parameters
    ----------
    groups : list of lists of int
        Columns of each of the N groups; no column twice. Columns in no group are never seen.
    subsets : bool array (H, N) or list of tuples of int
        Groups that each expert sees. Should hold the full set (a warning says so).
    hidden : sequence of int
        Units of a block in each hidden layer, rectified.
    sharing : {"none", "stopped", "flowing"}
        Whether an expert reads the hidden units of those that see less, and whether it changes them: it
        does not; it reads them with the gradient stopped; it reads and changes them.
    generator : torch.Generator, optional
        Draws the first weights (uniform after Glorot, biases zero); they live on its device.

    Raises
    ------
    ValueError
        If groups overlap, a subset names no group, there is no subset, a layer has no unit, or sharing is
        unknown; the entry is named.

    Examples
    --------
    Three experts on two columns; the first sees column 0 alone:

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
        super().__init__()
        if sharing not in SHARING:
            raise ValueError(f"sharing is {sharing!r}, expected one of {', '.join(SHARING)}")
        if any(width < 1 for width in hidden):
            raise ValueError(f"hidden is {list(hidden)}, expected one unit or more in each layer")
        self.groups = check_groups(groups)
        self.subsets = subset_table(subsets, len(self.groups))
        warn_if_incomplete(self.subsets)
        self.hidden, self.sharing = tuple(hidden), sharing
        self.n_columns = 1 + max(column for group in self.groups for column in group)
        self.layers = nn.ModuleList(
            BlockLayer(mask, len(self.subsets), stops_gradient=self.stops_at(depth), generator=generator)
            for depth, mask in enumerate(self.masks())
        )

    def masks(self) -> list[NDArray[np.bool_]]:
        """What each layer is allowed, as masks of weights, outputs first."""
        is_alone = np.eye(len(self.subsets), dtype=bool)
        feeds = is_alone if self.sharing == "none" else inclusion_matrix(self.subsets)
        seen = column_mask(self.groups, self.subsets, self.n_columns)
        widths = [*self.hidden, 1]
        between = [expand_mask(feeds, n_in, n_out) for n_in, n_out in itertools.pairwise(widths)]
        return [np.repeat(seen, widths[0], axis=0), *between]

    def stops_at(self, depth: int) -> bool:
        """Whether a layer stops the gradient between the blocks that it reads; the first reads columns."""
        return depth > 0 and self.sharing == "stopped"

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned; what a mask forbids is not counted."""
        return sum(int(mask.sum()) + len(mask) for mask in self.masks())

    def logits(self, x: Tensor) -> Tensor:
        """What the experts say before it is squeezed, shape (n, H); tanh gives the outputs.

        Raises
        ------
        ValueError
            If `x` is no (n, n_columns), or has fewer columns than the groups name.
        """
        if x.ndim != 2 or x.shape[-1] < self.n_columns:
            raise ValueError(
                f"x has shape {tuple(x.shape)}, expected (n, {self.n_columns}): the groups name columns up "
                f"to {self.n_columns - 1}"
            )
        return self._through(x)

    def _through(self, x: Tensor) -> Tensor:
        *inner, last = self.layers
        x = x[..., : self.n_columns]
        for layer in inner:
            x = torch.relu(layer(x))
        return last(x)  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Expert outputs in [-1, 1], shape (n, H)."""
        return torch.tanh(self.logits(x))


def leaks(experts: RestrictedExperts, x: Tensor) -> float:
    r"""Find the largest :math:`|\partial F_j / \partial x_c|` with column c in no group of subset j.

    Zero, exactly, is what the restriction promises. Paper: one network instead of H; proposition prop-leak of
    the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    experts : RestrictedExperts
        Trained or not.
    x : Tensor, shape (n, n_columns)
        Points to differentiate at.

    Returns
    -------
    float
        Largest absolute value over experts, points and forbidden columns.

    Raises
    ------
    ValueError
        As for `RestrictedExperts.logits`.

    Examples
    --------
    >>> leaks(RestrictedExperts([[0], [1]], [(0,), (0, 1)], [4]), torch.ones(3, 2))
    0.0
    """
    seen = column_mask(experts.groups, experts.subsets, x.shape[1])
    given = x.clone().requires_grad_()
    largest = 0.0
    for expert, output in enumerate(experts(given).unbind(dim=1)):
        (gradient,) = torch.autograd.grad(output.sum(), given, retain_graph=True)
        forbidden = gradient[:, torch.as_tensor(~seen[expert], device=x.device)]
        largest = max(largest, float(forbidden.abs().max()) if forbidden.numel() else 0.0)
    return largest
