r"""A transformer whose blocks see what they declare: attention for sessions, restricted like the perceptron.

Task: from the logged first half of a session and the tracks of its second half, tell each skip, once for
every subset of the inputs. Block j has layers of its own; it reads the features of block i where
subset i is contained in subset j, without changing them. Time is untouched. Sizes: S given places,
T asked places, H blocks of width D. Paper: skip prediction, the interpretable transformer. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.method.subsets import (
    inclusion_matrix,
    strict_children,
    subset_table,
    warn_if_incomplete,
)


class Attention(nn.Module):
    """Multi-head attention: scores are divided by the square root of a head's width.

    Parameters
    ----------
    n_query, n_memory : int
        Features of what asks and of what is asked.
    width, n_heads : int
        Of the result; heads share the width evenly.

    Raises
    ------
    ValueError
        If they do not.

    Examples
    --------
    >>> Attention(3, 5, 8, 2)(torch.zeros(1, 4, 3), torch.zeros(1, 6, 5)).shape
    torch.Size([1, 4, 8])
    """

    def __init__(self, n_query: int, n_memory: int, width: int, n_heads: int) -> None:
        super().__init__()
        if width % n_heads:
            raise ValueError(f"width {width} is not shared evenly by {n_heads} heads")
        self.n_heads = n_heads
        self.query = nn.Linear(n_query, width, bias=False)
        self.key = nn.Linear(n_memory, width, bias=False)
        self.value = nn.Linear(n_memory, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, valid: Tensor | None = None) -> Tensor:
        """(n, T, n_query) and (n, S, n_memory) to (n, T, width); `valid` (n, S) marks what is no padding."""
        query, key, value = (
            self._heads(part) for part in (self.query(x), self.key(memory), self.value(memory))
        )
        mask = None if valid is None else valid[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.n_heads, -1).transpose(1, 2)


class _Feed(nn.Module):
    """Two layers of equal width with a leaky ReLU between, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        fed = self.outer(functional.leaky_relu(self.inner(x)))
        return functional.layer_norm(x + fed, x.shape[-1:])  # without learned scale


class GivenLayer(nn.Module):
    """One layer on the given side: self-attention, beside a dense projection of the input.

    >>> GivenLayer(3, 8, 2)(torch.zeros(1, 4, 3)).shape
    torch.Size([1, 4, 8])
    """

    def __init__(self, n_in: int, width: int, n_heads: int) -> None:
        super().__init__()
        self.attend = Attention(n_in, n_in, width, n_heads)
        self.carry = nn.Linear(n_in, width)
        self.feed = _Feed(width)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """(n, S, n_in) to (n, S, width)."""
        mixed = self.carry(x) + self.attend(x, x, valid)
        return self.feed(functional.layer_norm(mixed, mixed.shape[-1:]))  # type: ignore[no-any-return]


class AskedLayer(nn.Module):
    """One layer on the asked side: self-attention, then attention to the given side.

    >>> AskedLayer(3, 8, 2)(torch.zeros(1, 4, 3), torch.zeros(1, 6, 8)).shape
    torch.Size([1, 4, 8])
    """

    def __init__(self, n_in: int, width: int, n_heads: int) -> None:
        super().__init__()
        self.attend = Attention(n_in, n_in, width, n_heads)
        self.carry = nn.Linear(n_in, width)
        self.recall = Attention(width, width, width, n_heads)
        self.feed = _Feed(width)

    def forward(
        self, x: Tensor, memory: Tensor, valid: Tensor | None = None, valid_given: Tensor | None = None
    ) -> Tensor:
        """(n, T, n_in) and (n, S, width) to (n, T, width)."""
        own = self.carry(x) + self.attend(x, x, valid)
        own = functional.layer_norm(own, own.shape[-1:])
        mixed = own + self.recall(own, memory, valid_given)
        return self.feed(functional.layer_norm(mixed, mixed.shape[-1:]))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class TransformerSize:
    """Size of every block: width D, heads, and layers on either side; the paper's unless told."""

    width: int = 64
    n_heads: int = 8
    n_layers: int = 3


class RestrictedTransformer(nn.Module):
    """H restricted experts on sessions, one output an expert and asked place.

    With a single subset that holds everything it is the plain transformer. Paper: skip prediction, the
    interpretable transformer. Chapter: interpretable_attribution.

    Parameters
    ----------
    given_groups, asked_groups : list of lists of int
        Columns of each group on either side; a group may have no column on the asked side.
    subsets : bool array (H, N) or list of tuples of int
        Groups that each expert sees on the given side.
    asked_subsets : same, optional
        Groups that accompany them on the asked side (a hand-written table in the paper); the same
        groups unless told. These may repeat.
    size : TransformerSize
        Width, heads and layers.

    Raises
    ------
    ValueError
        If the numbers of groups or of subsets disagree, or an expert sees no column on one side.

    Examples
    --------
    >>> size = TransformerSize(width=8, n_heads=2, n_layers=1)
    >>> model = RestrictedTransformer([[0], [1]], [[0], []], [(0,), (0, 1)], size=size)
    >>> model(torch.zeros(3, 10, 2), torch.zeros(3, 4, 1)).shape
    torch.Size([3, 4, 2])
    """

    def __init__(
        self,
        given_groups: Sequence[Sequence[int]],
        asked_groups: Sequence[Sequence[int]],
        subsets: Any,
        asked_subsets: Any = None,
        *,
        size: TransformerSize = TransformerSize(),
    ) -> None:
        super().__init__()
        self.subsets = subset_table(subsets, len(given_groups))
        warn_if_incomplete(self.subsets)
        asked = self.subsets if asked_subsets is None else _table(asked_subsets, len(asked_groups))
        if len(asked) != len(self.subsets):
            raise ValueError(f"{len(self.subsets)} subsets on the given side, {len(asked)} on the asked side")
        self.feeds = inclusion_matrix(self.subsets)
        self.asked_first = strict_children(self.subsets)  # once, not at every step
        self._register("given", _columns(given_groups, self.subsets, "given"))
        self._register("asked", _columns(asked_groups, asked, "asked"))
        n_blocks, width = len(self.subsets), size.width
        inputs = [width * int(self.feeds[:, block].sum()) for block in range(n_blocks)]
        sides = {"given": GivenLayer, "asked": AskedLayer}
        for side, layer in sides.items():
            first = [len(self.get_buffer(f"{side}_{block}")) for block in range(n_blocks)]
            depths = [first] + [inputs] * (size.n_layers - 1)
            layers = [[layer(n, width, size.n_heads) for n in widths] for widths in depths]
            setattr(self, f"{side}_layers", nn.ModuleList(map(nn.ModuleList, layers)))
        self.out = nn.ModuleList(nn.Linear(n, 1) for n in inputs)

    def _register(self, side: str, columns: list[list[int]]) -> None:
        for block, listed in enumerate(columns):
            index = torch.tensor(listed)
            self.register_buffer(f"{side}_{block}", index, persistent=False)

    def _read(self, blocks: list[Tensor]) -> list[Tensor]:
        """What each block reads of the layer before: its own features, those of smaller ones unchanged."""
        return [
            torch.cat([blocks[i] if i == j else blocks[i].detach() for i in readable], dim=-1)
            for j, readable in enumerate(np.flatnonzero(column) for column in self.feeds.T)
        ]

    def logits(
        self, given: Tensor, asked: Tensor, valid_given: Tensor | None = None, valid: Tensor | None = None
    ) -> Tensor:
        """What the experts say before it is squeezed, shape (n, T, H).

        Parameters
        ----------
        given : Tensor, shape (n, S, n_given)
            The logged part.
        asked : Tensor, shape (n, T, n_asked)
            The part to be told.
        valid_given, valid : bool Tensor, shapes (n, S) and (n, T), optional
            False where a session is padded; every session has one valid place or more on both sides.
        """
        n_blocks = len(self.subsets)
        left = [given.index_select(-1, self.get_buffer(f"given_{block}")) for block in range(n_blocks)]
        right = [asked.index_select(-1, self.get_buffer(f"asked_{block}")) for block in range(n_blocks)]
        given_layers: Any = self.given_layers
        asked_layers: Any = self.asked_layers
        for depth, layers in enumerate(given_layers):
            left = self._read(left) if depth else left
            left = [layer(x, valid_given) for layer, x in zip(layers, left, strict=True)]
        for depth, layers in enumerate(asked_layers):
            right = self._read(right) if depth else right
            right = [
                layer(x, memory, valid, valid_given)
                for layer, x, memory in zip(layers, right, left, strict=True)
            ]
        said = [out(x) for out, x in zip(self.out, self._read(right), strict=True)]
        return torch.cat(said, dim=-1)

    def forward(self, given: Tensor, asked: Tensor, **valid: Tensor | None) -> Tensor:
        """Expert outputs in [-1, 1], shape (n, T, H)."""
        return torch.tanh(self.logits(given, asked, **valid))

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned."""
        return sum(parameter.numel() for parameter in self.parameters())


def _table(subsets: Any, n_groups: int) -> NDArray[np.bool_]:
    """Subsets of the asked side as a table; unlike those of the given side they may repeat."""
    table = np.zeros((len(subsets), n_groups), dtype=bool)
    for row, subset in enumerate(subsets):
        table[row, list(subset)] = True
    return table


def _columns(groups: Sequence[Sequence[int]], subsets: NDArray[np.bool_], side: str) -> list[list[int]]:
    if len(groups) != subsets.shape[1]:
        raise ValueError(f"{len(groups)} groups on the {side} side, but subsets speak of {subsets.shape[1]}")
    columns = [[column for g in np.flatnonzero(row).tolist() for column in groups[g]] for row in subsets]
    empty = [number for number, listed in enumerate(columns) if not listed]
    if empty:
        raise ValueError(
            f"subset {empty[0]} sees no column on the {side} side; give it one, such as the place"
        )
    return columns
