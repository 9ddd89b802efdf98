"""Rankings and how good they are: the best k, and recall, gain and precision of what was found.

A ranking is judged by its hits: `hits(ranked, relevant)` says for each place of each ranking whether what
stands there is wanted, shape (n_queries, k). All measures take that matrix and give one value a query, to be
averaged, compared query by query, or resampled.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


def top_k(scores: ArrayLike, k: int, *, numbers: ArrayLike | None = None) -> Integers:
    """Columns of the k largest scores of each row, best first; equal scores by lower column.

    The same as a stable sort of each row, without sorting all of it.

    Parameters
    ----------
    scores : array-like, shape (n_queries, n_items)
        Larger is better; minus infinity for what must not be found, no NaN.
    k : int, from 1
        At most the number of items is returned.
    numbers : array-like of int, shape (n_queries, n_items), optional
        What decides between equal scores in place of the column: the lower comes first.

    Returns
    -------
    ndarray of int, shape (n_queries, min(k, n_items))

    Raises
    ------
    ValueError
        If `scores` is no table of one item or more, a score is NaN, or k is below 1.

    Examples
    --------
    >>> top_k([[1.0, 3.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]], 2).tolist()
    [[1, 2], [0, 1]]
    >>> top_k([[3.0, 3.0]], 1, numbers=[[9, 4]]).tolist()
    [[1]]
    """
    _check_k(k)
    table = np.asarray(scores)
    if table.dtype.kind not in "fi":  # minus a flag or an unsigned number is no number to sort by
        table = table.astype(np.float64)
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(
            f"scores have shape {table.shape}, expected (n_queries, n_items) with an item or more; "
            "for a single query pass scores[np.newaxis]"
        )
    if np.isnan(table).any():
        raise ValueError(f"{np.isnan(table).sum()} scores are NaN, which has no place in a ranking")
    k = min(k, table.shape[1])
    if numbers is not None:
        return np.lexsort((np.asarray(numbers), -table), axis=1)[:, :k]
    found = np.sort(np.argpartition(-table, k - 1, axis=1)[:, :k], axis=1)
    last = np.take_along_axis(table, found, axis=1).min(axis=1, keepdims=True)
    tied = (table >= last).sum(axis=1) > k  # which of the equals were taken is chance there
    found[tied] = np.argsort(-table[tied], axis=1, kind="stable")[:, :k]
    order = np.argsort(-np.take_along_axis(table, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1)


def hits(ranked: Sequence[ArrayLike] | Integers, relevant: Sequence[Collection[int] | Integers]) -> Flags:
    """Say for each place of each ranking whether what stands there is wanted.

    Parameters
    ----------
    ranked : sequence of array-like of int, length n_queries
        Items, best first; a ranking shorter than the longest ends in misses.
    relevant : sequence of set (or array) of int, length n_queries
        What should be found for each query, at least one.

    Returns
    -------
    ndarray of bool, shape (n_queries, length of the longest ranking)

    Raises
    ------
    ValueError
        If the two have different lengths, or a query has nothing relevant.

    Examples
    --------
    >>> hits([[7, 8], [1]], [{8}, {1, 2}]).tolist()
    [[False, True], [True, False]]
    """
    if len(relevant) != len(ranked):
        raise ValueError(f"{len(ranked)} rankings for {len(relevant)} queries; give one for each")
    empty = [number for number, wanted in enumerate(relevant) if not len(wanted)]
    if empty:
        raise ValueError(
            f"query {empty[0]} has no relevant item ({len(empty)} such queries), so no ranking is better "
            "than another; leave them out"
        )
    rows = [
        np.isin(np.asarray(own), np.asarray(list(wanted)))
        for own, wanted in zip(ranked, relevant, strict=True)
    ]
    found = np.zeros((len(rows), max((len(row) for row in rows), default=0)), dtype=np.bool_)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found


def ranks_of_first(scores: ArrayLike) -> Integers:
    """Rank of the item in column 0, from 1; items with the same score stand before it.

    Parameters
    ----------
    scores : array-like, shape (n, 1 + n_others), finite
        Larger is better; the right item in column 0.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    ValueError
        If there is nothing to rank against, or a score is not finite.

    Examples
    --------
    >>> ranks_of_first([[0.9, 0.1, 0.5], [0.5, 0.5, 0.4]]).tolist()
    [1, 2]
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"scores have shape {table.shape}, expected (n, 1 + n_others) with an other item or more"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"scores hold {np.sum(~np.isfinite(table))} values that are not finite")
    return np.asarray(1 + (table[:, 1:] >= table[:, :1]).sum(axis=1), dtype=np.int64)


def hits_of_ranks(ranks: ArrayLike, k: int) -> Flags:
    """Hits of rankings of which only the place of the one right item is known.

    Parameters
    ----------
    ranks : array-like of int, shape (n_queries,), each from 1
        As `ranks_of_first` gives.
    k : int, from 1
        Places to look at.

    Returns
    -------
    ndarray of bool, shape (n_queries, k)

    Raises
    ------
    ValueError
        If there is no rank, one is below 1, or k is.

    Examples
    --------
    >>> hits_of_ranks([2, 9], k=3).tolist()
    [[False, True, False], [False, False, False]]
    """
    _check_k(k)
    found = np.asarray(ranks, dtype=np.int64)
    if found.ndim != 1 or not len(found) or found.min() < 1:
        raise ValueError(f"ranks are {ranks!r}, expected a list of one or more integers from 1")
    return np.asarray(found[:, np.newaxis] == np.arange(1, k + 1))


def recall_at_k(is_hit: ArrayLike, n_relevant: ArrayLike, k: int, *, of_possible: bool = False) -> Floats:
    """Share of what is relevant that stands among the first k.

    Parameters
    ----------
    is_hit : array-like of bool, shape (n_queries, n_places)
        From `hits` or `hits_of_ranks`.
    n_relevant : int, or array-like of int, shape (n_queries,)
        How many items are relevant for each query, from 1.
    k : int, from 1
        Cut-off.
    of_possible : bool
        Divide by min(k, n_relevant), the most that k places can hold, as recommenders are often judged.

    Returns
    -------
    ndarray of float in [0, 1], shape (n_queries,)

    Raises
    ------
    ValueError
        If `is_hit` is no table, counts do not fit the queries or are below 1, or k is below 1.

    Examples
    --------
    >>> recall_at_k([[True, False, True]], 3, k=2).round(3).tolist()
    [0.333]
    >>> recall_at_k([[True, False, True]], 3, k=2, of_possible=True).tolist()
    [0.5]
    """
    table, sizes = _checked(is_hit, n_relevant, k)
    return np.asarray(table[:, :k].sum(axis=1) / (np.minimum(sizes, k) if of_possible else sizes))


def ndcg_at_k(is_hit: ArrayLike, n_relevant: ArrayLike, k: int) -> Floats:
    r"""Normalised discounted cumulative gain, with gain 1 and discount $\log_2(\mathrm{rank} + 1)$.

    Parameters
    ----------
    is_hit : array-like of bool, shape (n_queries, n_places)
        From `hits` or `hits_of_ranks`.
    n_relevant : int, or array-like of int, shape (n_queries,)
        How many items are relevant for each query, from 1.
    k : int, from 1
        Cut-off.

    Returns
    -------
    ndarray of float in [0, 1], shape (n_queries,)
        Gain over that of the ideal ranking, whose first min(k, n_relevant) places are hits.

    Raises
    ------
    ValueError
        If `is_hit` is no table, counts do not fit the queries or are below 1, or k is below 1.

    Examples
    --------
    By hand: the one relevant item stands third, 1 / log2(4).

    >>> ndcg_at_k([[False, False, True]], 1, k=10).tolist()
    [0.5]
    """
    table, sizes = _checked(is_hit, n_relevant, k)
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.array([discounts[: n + 1].sum() for n in range(k)])[np.minimum(sizes, k) - 1]
    # The hits alone are summed, as in the ideal: a perfect ranking then scores 1, not 1 but for rounding.
    gains = np.array([discounts[: len(row)][row].sum() for row in table[:, :k]])
    return np.asarray(gains / ideal)


def reciprocal_rank(is_hit: ArrayLike, k: int) -> Floats:
    """One over the rank of the first hit; 0 without a hit among the first k.

    Parameters
    ----------
    is_hit : array-like of bool, shape (n_queries, n_places)
        From `hits` or `hits_of_ranks`.
    k : int, from 1
        Cut-off.

    Returns
    -------
    ndarray of float in [0, 1], shape (n_queries,)

    Raises
    ------
    ValueError
        If `is_hit` is no table, or k is below 1.

    Examples
    --------
    >>> reciprocal_rank([[False, True, True], [False, False, False]], k=3).tolist()
    [0.5, 0.0]
    """
    table, _ = _checked(is_hit, 1, k)
    early = table[:, :k]
    return np.where(early.any(axis=1), 1 / (early.argmax(axis=1) + 1), 0.0)


def average_precision(is_hit: ArrayLike, n_relevant: ArrayLike, k: int) -> Floats:
    """Mean of the precision at each hit among the first k, over min(k, n_relevant).

    Parameters
    ----------
    is_hit : array-like of bool, shape (n_queries, n_places)
        From `hits` or `hits_of_ranks`.
    n_relevant : int, or array-like of int, shape (n_queries,)
        How many items are relevant for each query, from 1.
    k : int, from 1
        Cut-off.

    Returns
    -------
    ndarray of float in [0, 1], shape (n_queries,)

    Raises
    ------
    ValueError
        If `is_hit` is no table, counts do not fit the queries or are below 1, or k is below 1.

    Examples
    --------
    By hand: hits at ranks 1 and 3 of two relevant, (1/1 + 2/3) / 2.

    >>> average_precision([[True, False, True]], 2, k=10).round(3).tolist()
    [0.833]
    """
    table, sizes = _checked(is_hit, n_relevant, k)
    early = table[:, :k]
    precision = np.cumsum(early, axis=1) / np.arange(1, early.shape[1] + 1)
    return np.asarray((precision * early).sum(axis=1) / np.minimum(sizes, k))


def _check_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")


def _checked(is_hit: ArrayLike, n_relevant: Any, k: int) -> tuple[Flags, Integers]:
    """Hits as a table of flags, and how many items are relevant for each query."""
    _check_k(k)
    table = np.asarray(is_hit, dtype=np.bool_)
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(
            f"hits have shape {table.shape}, expected (n_queries, n_places) with a place or more"
        )
    sizes = np.asarray(n_relevant, dtype=np.int64)
    if sizes.ndim and sizes.shape != (len(table),):
        raise ValueError(f"n_relevant has shape {sizes.shape}, expected one count for {len(table)} queries")
    sizes = np.broadcast_to(sizes, len(table))
    if (sizes < 1).any():
        raise ValueError(f"n_relevant is {sizes.min()} for a query, expected 1 or more; leave such out")
    return table, sizes
