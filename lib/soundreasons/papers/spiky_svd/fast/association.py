"""Associations of large data: co-occurrences are counted for a block of items at a time, and stay sparse."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.method import association

# Co-occurrence counts held at once: a block of items is cut so that its rows stay below this.
_BLOCK_ENTRIES = 8_000_000


class KeptPairs(NamedTuple):
    """How many pairs, and items with a pair, the filters keep: in every order of ties, and in some."""

    certain: int
    possible: int
    certain_items: int
    possible_items: int


def ppmi(
    incidence: Any, *, min_count: int = 2, max_neighbours: int = 2000
) -> tuple[sp.csr_matrix, NDArray[np.int64]]:
    """Associate items that share more contexts than chance; as `method.ppmi`, and equal to it.

    Chapter: spiky_svd.

    Parameters
    ----------
    incidence : sparse matrix or ndarray, shape (n_items, n_contexts)
        1 where the item occurs in the context, else 0; no empty row.
    min_count, max_neighbours
        As for `method.ppmi`.

    Returns
    -------
    csr_matrix, shape (n_kept, n_kept)
        Symmetric, zero diagonal, positive values in nats.
    ndarray of int, shape (n_kept,)
        Row numbers in `incidence` of the items that keep at least one pair, increasing.

    Raises
    ------
    ValueError
        As `method.ppmi`.

    Examples
    --------
    >>> matrix, kept = ppmi(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> matrix.toarray().round(3), kept
    (array([[0.   , 0.693],
           [0.693, 0.   ]]), array([0, 1]))
    """
    matrix = association.checked_incidence(incidence, min_count, max_neighbours)
    first, second = [], []
    for block in _blocks_of_pairs(matrix, min_count):
        positive = block.is_positive & block.within_cap(max_neighbours)
        first.append(block.pairs(positive & (block.j > block.i)))
        second.append(block.pairs(positive & (block.j < block.i)))
    above = _stack(first, matrix.shape[0])
    below = _stack(second, matrix.shape[0])
    below.data[:] = 1.0
    upper = above.multiply(below.T).tocsr()
    symmetric = (upper + upper.T).tocsr()
    kept = np.flatnonzero(np.diff(symmetric.indptr)).astype(np.int64)
    association.require_pairs(kept, matrix.shape[0], min_count)
    return symmetric[kept][:, kept], kept


def kept_pairs(incidence: Any, *, min_count: int = 2, max_neighbours: int = 2000) -> KeptPairs:
    """Count the pairs that `ppmi` keeps under every order of ties at the cap, and under some order.

    A database that breaks ties as it likes keeps a number of pairs between the two. They are equal
    where no item reaches the cap. Chapter: spiky_svd.

    Parameters
    ----------
    incidence, min_count, max_neighbours
        As for `ppmi`.

    Returns
    -------
    KeptPairs
        `certain` (kept however ties fall) and `possible` (kept if ties fall well for the pair), and
        the items that keep a pair then.

    Raises
    ------
    ValueError
        As `ppmi`, except that no pair may be kept.

    Examples
    --------
    Item 0 may keep one partner only; items 1 and 2 are equally good, so one of the two is kept.

    >>> listens = np.array([[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    >>> kept_pairs(listens, min_count=1, max_neighbours=2)
    KeptPairs(certain=0, possible=2, certain_items=0, possible_items=3)
    """
    matrix = association.checked_incidence(incidence, min_count, max_neighbours)
    kept = []
    for luck in (False, True):
        sides: dict[bool, list[tuple[NDArray[Any], ...]]] = {True: [], False: []}
        for block in _blocks_of_pairs(matrix, min_count):
            inside = block.is_positive & block.within_cap_whatever_ties(max_neighbours, lucky=luck)
            for is_first in sides:
                sides[is_first].append(block.pairs(inside & ((block.j > block.i) == is_first)))
        above, below = (_stack(sides[is_first], matrix.shape[0]) for is_first in (True, False))
        kept.append(above.multiply(below.T).tocoo())
    n_items = [len(np.union1d(pairs.row, pairs.col)) for pairs in kept]
    return KeptPairs(kept[0].nnz, kept[1].nnz, n_items[0], n_items[1])


class _Block(NamedTuple):
    """Pairs (i, j) of a run of items i with all partners j, sorted by i, and the contexts they share."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    shared: NDArray[np.int64]
    popularity: NDArray[np.int64]
    n_contexts: int

    @property
    def is_positive(self) -> NDArray[np.bool_]:
        # In integers: a pair exactly at chance must not survive by rounding.
        chance: NDArray[np.int64] = self.popularity[self.i] * self.popularity[self.j]
        return self.n_contexts * self.shared > chance

    def pairs(self, mask: NDArray[np.bool_]) -> tuple[NDArray[Any], ...]:
        i, j, shared = self.i[mask], self.j[mask], self.shared[mask]
        chance = self.popularity[i].astype(np.float64) * self.popularity[j]
        return i, j, np.log(self.n_contexts * shared / chance)

    def within_cap(self, max_neighbours: int) -> NDArray[np.bool_]:
        """Mark pairs of rank below the cap on the side of i; equal counts by lower partner."""
        inside = np.ones(len(self.i), dtype=bool)
        for rows in self._full_sides(max_neighbours):
            order = rows[np.lexsort((self.j[rows], -self.shared[rows]))]
            inside[order[max_neighbours - 1 :]] = False
        return inside

    def within_cap_whatever_ties(self, max_neighbours: int, *, lucky: bool) -> NDArray[np.bool_]:
        """Mark pairs within the cap in the best (lucky) or the worst order of ties."""
        inside = np.ones(len(self.i), dtype=bool)
        for rows in self._full_sides(max_neighbours):
            counts = np.sort(self.shared[rows])
            # Pairs that come before this one: those with larger counts, and in bad luck all equal ones.
            ahead = len(rows) - np.searchsorted(counts, self.shared[rows], side="right" if lucky else "left")
            inside[rows[ahead + int(lucky) >= max_neighbours]] = False
        return inside

    def _full_sides(self, max_neighbours: int) -> Iterator[NDArray[np.int64]]:
        """Yield, for each item and side with too many pairs, the positions of these pairs."""
        for is_first in (True, False):
            positions = np.flatnonzero((self.j > self.i) == is_first)
            _, starts, sizes = np.unique(self.i[positions], return_index=True, return_counts=True)
            for k in np.flatnonzero(sizes >= max_neighbours):
                yield positions[starts[k] : starts[k] + sizes[k]]


def _blocks_of_pairs(matrix: sp.csr_matrix, min_count: int) -> Iterator[_Block]:
    transposed = matrix.T.tocsr()
    popularity = np.diff(matrix.indptr).astype(np.int64)
    n_contexts = int(np.count_nonzero(np.diff(transposed.indptr)))
    for low, high in _block_bounds(matrix, transposed):
        counts = (matrix[low:high] @ transposed).tocoo()
        mask = (counts.data >= min_count) & (counts.row + low != counts.col)
        i = counts.row[mask].astype(np.int64) + low
        yield _Block(
            i, counts.col[mask].astype(np.int64), counts.data[mask].astype(np.int64), popularity, n_contexts
        )


def _block_bounds(matrix: sp.csr_matrix, transposed: sp.csr_matrix) -> Iterator[tuple[int, int]]:
    """Cut the items into runs whose rows of co-occurrences fit in memory."""
    context_sizes = np.diff(transposed.indptr).astype(np.float64)
    row_sizes = np.minimum(matrix.astype(np.float64) @ context_sizes, matrix.shape[0])
    run = np.floor(np.cumsum(row_sizes) / _BLOCK_ENTRIES)
    starts = np.flatnonzero(np.diff(run, prepend=-1.0))
    yield from zip(starts, [*starts[1:], matrix.shape[0]], strict=True)


def _stack(pieces: list[tuple[NDArray[Any], ...]], n_items: int) -> sp.csr_matrix:
    i, j, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return sp.csr_matrix((values, (i, j)), shape=(n_items, n_items))
