"""From items and their contexts to a graph of associations: positive pointwise mutual information (PPMI).

Values are in nats (natural logarithm); counts are numbers of contexts.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def ppmi(
    incidence: Any, *, min_count: int = 2, max_neighbours: int = 2000
) -> tuple[sp.csr_matrix, NDArray[np.int64]]:
    r"""Associate items that share more contexts than chance would give them.

    For items i < j, with :math:`c_i` contexts each and :math:`c_{ij}` in common among :math:`m`
    contexts in all, the value is :math:`\log(m c_{ij} / (c_i c_j))`, kept where positive (eq-ppmi). Three
    filters act before, as in the query that Afchar et al. (2023) published: pairs seen fewer than `min_count`
    times go; each first element i keeps its pairs of rank below `max_neighbours`, by decreasing count; so
    does each second element j. Ranks are taken on all pairs, on both sides alike; among equal counts the
    lower item number comes first (the original leaves ties to the database). "First" and "second" follow
    the item numbers, so an item's cap is per side. Holds n_items squared numbers. Chapter: spiky_svd.

    Parameters
    ----------
    incidence : sparse matrix or ndarray, shape (n_items, n_contexts)
        1 where the item occurs in the context, else 0; no empty row. Popularity is counted here,
        before any filter; contexts without items do not count in m.
    min_count : int, from 1
        Fewest shared contexts of a kept pair.
    max_neighbours : int, from 2
        Ranks run from 1 and stay below this: at most `max_neighbours - 1` pairs a side.

    Returns
    -------
    csr_matrix, shape (n_kept, n_kept)
        Symmetric, zero diagonal, positive values in nats.
    ndarray of int, shape (n_kept,)
        Row numbers in `incidence` of the items that keep at least one pair, increasing.

    Raises
    ------
    ValueError
        If `incidence` is not a binary matrix, has an empty row, or no pair survives.

    Examples
    --------
    Two bands with the same two listeners out of four, log(4 * 2 / (2 * 2)); the third shares nobody.

    >>> listens = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    >>> matrix, kept = ppmi(listens)
    >>> matrix.toarray().round(3), kept
    (array([[0.   , 0.693],
           [0.693, 0.   ]]), array([0, 1]))
    """
    occurs = checked_incidence(incidence, min_count, max_neighbours)
    shared = (occurs @ occurs.T).toarray().astype(np.int64)  # c_ij, and c_i on the diagonal
    by_chance = np.outer(shared.diagonal(), shared.diagonal())  # c_i c_j
    n_contexts = np.count_nonzero(occurs.sum(axis=0))  # m
    pairs = np.triu(shared, k=1)
    is_kept = (pairs >= min_count) & (n_contexts * shared > by_chance)
    is_kept &= (_rank_in_row(pairs) < max_neighbours) & (max_neighbours > _rank_in_row(pairs.T).T)
    is_kept |= is_kept.T
    values = np.log(n_contexts * shared / by_chance, out=np.zeros(shared.shape), where=is_kept)
    kept = np.flatnonzero(is_kept.any(axis=1))
    require_pairs(kept, len(shared), min_count)
    return sp.csr_matrix(values[np.ix_(kept, kept)]), kept


def _rank_in_row(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank the entries of each row from 1, the largest first, equal ones by their column."""
    order = np.argsort(-counts, axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable") + 1


def require_pairs(kept: NDArray[np.int64], n_items: int, min_count: int) -> None:
    """Refuse a matrix of associations that is empty.

    Parameters
    ----------
    kept : ndarray of int, shape (n_kept,)
        Items that keep a pair.
    n_items : int
        Items that were given.
    min_count : int
        Fewest contexts that a pair had to share.

    Raises
    ------
    ValueError
        If no item is kept.

    Examples
    --------
    >>> require_pairs(np.array([0, 1]), 3, 2)
    """
    if len(kept) == 0:
        raise ValueError(
            f"no pair of the {n_items} items is kept: none shares {min_count} contexts more often "
            "than chance; give more data, or a lower min_count (from 1)"
        )


def checked_incidence(incidence: Any, min_count: int, max_neighbours: int) -> sp.csr_matrix:
    """Check what `ppmi` is given; return the matrix in compressed rows.

    Parameters
    ----------
    incidence : sparse matrix or ndarray, shape (n_items, n_contexts)
        Zeros and ones, of any type.
    min_count, max_neighbours : int
        The filters.

    Returns
    -------
    csr_matrix of int, shape (n_items, n_contexts)
        A copy, without stored zeros.

    Raises
    ------
    ValueError
        If the matrix holds other numbers, a row is empty, or a filter is no whole number or too small.

    Examples
    --------
    >>> checked_incidence(np.eye(2, dtype=bool), 2, 2000).toarray().tolist()
    [[1, 0], [0, 1]]
    """
    for name, value, least in (("min_count", min_count, 1), ("max_neighbours", max_neighbours, 2)):
        if not isinstance(value, int | np.integer):
            raise ValueError(f"{name} is {value!r}, expected a whole number from {least}")
        if value < least:
            raise ValueError(f"{name} is {value}, allowed are integers from {least}")
    if not sp.issparse(incidence) and np.ndim(incidence) != 2:
        raise ValueError(
            f"incidence has {np.ndim(incidence)} dimension(s), expected a matrix (n_items, n_contexts)"
        )
    matrix = sp.csr_matrix(incidence, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if 0 in matrix.shape:
        raise ValueError(f"incidence has shape {matrix.shape}, expected at least one item and one context")
    odd = matrix.data[matrix.data != 1]
    if len(odd):
        raise ValueError(
            f"incidence holds the value {odd[0]}, allowed are 0 and 1 only; for ratings or play counts "
            "pass `matrix > 0` (every pair counts, whatever its rating), and drop missing values first"
        )
    empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if len(empty):
        raise ValueError(
            f"incidence has {len(empty)} empty row(s), the first is row {empty[0]}; every item needs at "
            "least one context: drop these rows and remember which"
        )
    return matrix.astype(np.int32)
