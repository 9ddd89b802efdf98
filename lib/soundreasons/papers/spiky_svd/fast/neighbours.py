"""Neighbours of many queries: scores by blocks, and only the k nearest are sorted."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.method.neighbours import Similarity, check_question, checked_candidates

_BLOCK = 512  # queries compared with all items at once


def neighbour_overlap(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    queries: NDArray[np.integer],
    k: int,
    similarity: Similarity = "dot",
    *,
    include_query: bool = True,
) -> NDArray[np.float64]:
    """Measure the share of its k nearest neighbours that each query keeps; as `method.neighbour_overlap`.

    Equal to it, but for the order of equally near items, which is left open. Chapter: spiky_svd.

    Parameters
    ----------
    before, after : ndarray, shape (n_items, n_dims_before) and (n_items, n_dims_after)
        Vectors of the same items, in the same order.
    queries, k, similarity, include_query
        As for `method.neighbour_overlap`.

    Returns
    -------
    ndarray, shape (n_queries,)
        0 (no neighbour kept) to 1 (all kept).

    Raises
    ------
    ValueError
        As `method.neighbour_overlap`.

    Examples
    --------
    >>> march, april = np.array([[1.0], [3.0], [2.0]]), np.array([[1.0], [3.0], [9.0]])
    >>> [neighbour_overlap(march, april, np.array([0]), k=k).item() for k in (1, 2)]
    [0.0, 1.0]
    """
    candidates = (
        checked_candidates(before, similarity, "before"),
        checked_candidates(after, similarity, "after"),
    )
    check_question(candidates, queries, k, include_query=include_query)
    first, second = (nearest(vectors, queries, k, include_query=include_query) for vectors in candidates)
    return shared_part(first, second, k)


def nearest(
    embedding: NDArray[np.floating],
    queries: NDArray[np.integer],
    k: int,
    similarity: Similarity = "dot",
    *,
    include_query: bool = True,
) -> NDArray[np.int64]:
    """List the k nearest neighbours of each query, nearest first; as `method.nearest`.

    Equal to it, but for the order of equally near items, which is left open. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Candidates.
    queries, k, similarity, include_query
        As for `method.nearest`.

    Returns
    -------
    ndarray of int, shape (n_queries, k)
        Row numbers.

    Raises
    ------
    ValueError
        As `method.nearest`.

    Examples
    --------
    >>> nearest(np.array([[1.0, 0], [3, 0], [2, 0]]), np.array([0]), k=2)
    array([[1, 2]])
    """
    vectors = checked_candidates(embedding, similarity)
    check_question((vectors, vectors), queries, k, include_query=include_query)
    lists = np.empty((len(queries), k), dtype=np.int64)
    for low in range(0, len(queries), _BLOCK):
        block = queries[low : low + _BLOCK]
        scores = vectors[block] @ vectors.T
        if not include_query:
            scores[np.arange(len(block)), block] = -np.inf
        best = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        lists[low : low + _BLOCK] = np.take_along_axis(best, order, axis=1)
    return lists


def shared_part(first: NDArray[np.int64], second: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Measure what the first k entries of two lists share, row by row, as a share of k.

    Chapter: spiky_svd.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_queries, at least k)
        From `nearest`.
    k : int, from 1
        Cut-off.

    Returns
    -------
    ndarray, shape (n_queries,)
        0 (nothing shared) to 1.

    Examples
    --------
    >>> shared_part(np.array([[7, 5, 3]]), np.array([[5, 9, 7]]), k=2)
    array([0.5])
    """
    n_names = int(max(first.max(), second.max())) + 1
    offsets = n_names * np.arange(len(first))[:, np.newaxis]  # so that rows do not meet
    is_shared = np.isin(first[:, :k] + offsets, second[:, :k] + offsets)
    share: NDArray[np.float64] = is_shared.sum(axis=1) / k
    return share
