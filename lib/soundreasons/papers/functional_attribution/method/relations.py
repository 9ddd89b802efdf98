"""Functional dependence on finite data: when do some columns decide the output?

The objects of the formal part, computed from a table of observations. Values are compared for equality
only, so columns may hold anything. Chapter: functional_attribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundreasons.papers.functional_attribution.method import subsets

_MOST_CELLS = 100_000_000  # rows times subsets, a byte each


@dataclass(frozen=True, eq=False)
class Relation:
    """A finite relation between inputs and outputs.

    Section 3 of Afchar et al. (2021). Chapter: functional_attribution.

    Attributes
    ----------
    inputs : ndarray of int, shape (n_rows, n_features)
        Value of each feature, as its rank among the values seen.
    outputs : ndarray of int, shape (n_rows,)
        Rank of the output among the outputs seen.
    """

    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64]

    @property
    def n_features(self) -> int:
        """Number of features, n."""
        return int(self.inputs.shape[1])

    def project(self, subset: Iterable[int]) -> set[tuple[tuple[int, ...], int]]:
        """The projected relation: pairs of the values on `subset` and the output."""
        chosen = subsets.check_features(subset, self.n_features)
        return {
            (tuple(row), out)
            for row, out in zip(self.inputs[:, chosen].tolist(), self.outputs.tolist(), strict=True)
        }

    def functionality_domain(self, subset: Iterable[int]) -> NDArray[np.bool_]:
        """Rows where the values on `subset` decide the output, shape (n_rows,) (definition 2).

        Each row is laid beside each other one; `domains` does it for all subsets by fibres.
        """
        chosen = subsets.check_features(subset, self.n_features)
        look_alike = (self.inputs[:, np.newaxis, chosen] == self.inputs[:, chosen]).all(axis=2)
        same_output = self.outputs[:, np.newaxis] == self.outputs
        return np.asarray((same_output | ~look_alike).all(axis=1))

    def is_selection(self, subset: Iterable[int]) -> bool:
        """Whether the output depends on `subset` alone, everywhere (definition 1)."""
        return bool(self.functionality_domain(subset).all())

    def domains(self) -> NDArray[np.bool_]:
        """All functionality domains, shape (n_rows, 2**n_features), by bit code of the subset.

        Raises
        ------
        ValueError
            If rows times subsets exceed a hundred million.
        """
        cells = len(self.inputs) << self.n_features
        if cells > _MOST_CELLS:
            raise ValueError(
                f"{len(self.inputs):,} rows times 2**{self.n_features} subsets are {cells:,} cells, "
                f"{_MOST_CELLS:,} are allowed; give fewer rows, or leave columns out"
            )
        table = np.empty((len(self.inputs), 1 << self.n_features), dtype=bool)
        self._fill(table, np.zeros(len(self.inputs), dtype=np.int64), 0, 0)
        return table

    def _fill(self, table: NDArray[np.bool_], group: NDArray[np.int64], code: int, start: int) -> None:
        """Fill the column of a subset, given its fibres, and those of the subsets that it begins."""
        table[:, code] = self._decided(group)
        for feature in range(start, self.n_features):
            finer = group * (self.inputs[:, feature].max() + 1) + self.inputs[:, feature]
            finer = np.unique(finer, return_inverse=True)[1].reshape(-1)
            self._fill(table, finer, code | 1 << feature, feature + 1)

    def selections(self) -> list[frozenset[int]]:
        """Global selections that contain no smaller one, by size; none if the data contradicts itself."""
        whole = self.domains().all(axis=0)
        chosen = [frozenset(np.flatnonzero(row).tolist()) for row in subsets.members(self.n_features)[whole]]
        minimal = [subset for subset in chosen if not any(other < subset for other in chosen)]
        return sorted(minimal, key=lambda subset: (len(subset), sorted(subset)))

    def solutions(self) -> list[set[frozenset[int]]]:
        """Smallest sufficient subsets of each row (definition 3); empty where the data contradicts itself."""
        domains = self.domains()
        size = np.where(domains, subsets.sizes(self.n_features), self.n_features + 1)
        least = size.min(axis=1, keepdims=True)
        return subsets.as_sets(domains & (size == least))

    def _decided(self, group: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Rows whose fibre holds one output only."""
        low = np.full(group.max() + 1, np.iinfo(np.int64).max)
        high = np.full(group.max() + 1, -1)
        np.minimum.at(low, group, self.outputs)
        np.maximum.at(high, group, self.outputs)
        return np.asarray((low == high)[group])


def relation(inputs: Sequence[Sequence[object]] | ArrayLike, outputs: Sequence[object]) -> Relation:
    """Make a relation from a table.

    Chapter: functional_attribution.

    Parameters
    ----------
    inputs : sequence of rows, shape (n_rows, n_features)
        Anything that can be compared and sorted within a column.
    outputs : sequence, shape (n_rows,)
        One output a row.

    Returns
    -------
    Relation

    Raises
    ------
    ValueError
        If there is no row or no feature, the rows have different lengths, or there is not one output a
        row.

    Examples
    --------
    >>> xor = relation([[0, 0], [0, 1], [1, 0], [1, 1]], ["blue", "red", "red", "blue"])
    >>> xor.selections()
    [frozenset({0, 1})]
    """
    rows = [list(row) for row in inputs]  # type: ignore[union-attr,arg-type]
    widths = {len(row) for row in rows}
    if len(widths) != 1 or 0 in widths:
        raise ValueError(
            f"rows have {sorted(widths)} columns, expected the same number, at least one, in each"
        )
    if len(outputs) != len(rows):
        raise ValueError(f"{len(outputs)} outputs for {len(rows)} rows, expected one a row")
    columns = [_ranks(column) for column in zip(*rows, strict=True)]
    return Relation(np.column_stack(columns), _ranks(list(outputs)))


def _ranks(values: Sequence[object]) -> NDArray[np.int64]:
    order = {value: rank for rank, value in enumerate(sorted(set(values), key=_sortable))}
    return np.array([order[value] for value in values], dtype=np.int64)


def _sortable(value: object) -> tuple[bool, float, str]:
    is_number = isinstance(value, int | float | np.number)
    return (not is_number, float(value) if is_number else 0.0, str(value))  # type: ignore[arg-type]


def figure_relation() -> Relation:
    """The example of the chapter: three values, two values, two colours, as in the paper's Figure 2.

    The paper's own colours are not known to us; these are chosen so that every kind of answer occurs: the
    first feature, the second, either of them, both. Chapter: functional_attribution.

    Returns
    -------
    Relation
        Of six rows and two features.

    Raises
    ------
    ValueError
        As for `relation`.

    Examples
    --------
    >>> [sorted(map(sorted, answers)) for answers in figure_relation().solutions()]
    [[[0, 1]], [[1]], [[0]], [[0], [1]], [[0, 1]], [[1]]]
    """
    inputs = [[first, second] for first in range(3) for second in range(2)]
    return relation(inputs, ["blue", "red", "red", "red", "blue", "red"])
