"""Do an item's neighbours stay the same when data is added?

Two embeddings of the same items are compared; overlaps are shares, 0 to 1, one number a query.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Similarity = Literal["dot", "cosine"]


def neighbour_overlap(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    queries: NDArray[np.integer],
    k: int,
    similarity: Similarity = "dot",
    *,
    include_query: bool = True,
) -> NDArray[np.float64]:
    r"""Measure the share of its k nearest neighbours that each query keeps.

    As in the use case of Afchar et al. (2023): candidates are all rows, the query itself among
    them; both lists have k items and the score is their intersection over k, :math:`|T \cap T'| / k`, which
    is not the Jaccard index. Of equally near items the lower row comes first. Rotations of an embedding
    change nothing, so the two need no alignment. Chapter: spiky_svd.

    Parameters
    ----------
    before, after : ndarray, shape (n_items, n_dims_before) and (n_items, n_dims_after)
        Vectors of the same items, in the same order.
    queries : ndarray of int, shape (n_queries,)
        Row numbers.
    k : int, from 1 to the number of candidates
        Cut-off.
    similarity : {"dot", "cosine"}
        How candidates are ranked. With "cosine" a query is always in its own list.
    include_query : bool
        False takes the query out of the candidates.

    Returns
    -------
    ndarray, shape (n_queries,)
        0 (no neighbour kept) to 1 (all kept).

    Raises
    ------
    ValueError
        If the two do not hold the same items, values are not finite, a row is zero under "cosine", a
        query does not exist, or `k` exceeds the candidates.

    Examples
    --------
    The longest vector is everyone's neighbour by dot product, until another becomes longer.

    >>> march = np.array([[1.0, 0], [3, 0], [2, 0]])
    >>> april = np.array([[1.0, 0], [3, 0], [9, 0]])
    >>> neighbour_overlap(march, april, np.array([0]), k=1)
    array([0.])
    >>> neighbour_overlap(march, april, np.array([0]), k=2)
    array([1.])
    """
    vectors = checked_candidates(before, similarity, "before"), checked_candidates(after, similarity, "after")
    check_question(vectors, queries, k, include_query=include_query)
    first, second = (nearest(rows, queries, k, include_query=include_query) for rows in vectors)
    n_kept = [len(set(mine) & set(later)) for mine, later in zip(first, second, strict=True)]
    return np.array(n_kept) / k


def nearest(
    embedding: NDArray[np.floating],
    queries: NDArray[np.integer],
    k: int,
    similarity: Similarity = "dot",
    *,
    include_query: bool = True,
) -> NDArray[np.int64]:
    """List the k nearest neighbours of each query, nearest first; of equally near ones the lower row first.

    Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Candidates.
    queries, k, similarity, include_query
        As for `neighbour_overlap`.

    Returns
    -------
    ndarray of int, shape (n_queries, k)
        Row numbers.

    Raises
    ------
    ValueError
        As for `neighbour_overlap`.

    Examples
    --------
    >>> nearest(np.array([[1.0, 0], [3, 0], [2, 0]]), np.array([0]), k=2)
    array([[1, 2]])
    """
    vectors = checked_candidates(embedding, similarity)
    check_question((vectors, vectors), queries, k, include_query=include_query)
    lists = []
    for query in queries:
        scores = vectors @ vectors[query]
        if not include_query:
            scores[query] = -np.inf
        lists.append(np.argsort(-scores, kind="stable")[:k])
    return np.array(lists)


def norm_groups(embedding: NDArray[np.floating], n_groups: int = 5) -> NDArray[np.int64]:
    """Cut items into equal parts by norm (quintiles unless told); 0 holds the shortest.

    The fifths of the use case of Afchar et al. (2023). Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        At least `n_groups` items.
    n_groups : int, from 1
        Parts; their sizes differ by at most one. Equal norms: lower row first.

    Returns
    -------
    ndarray of int, shape (n_items,)

    Raises
    ------
    ValueError
        If there are fewer items than groups, or values are not finite.

    Examples
    --------
    >>> norm_groups(np.array([[3.0], [1.0], [2.0], [4.0]]), n_groups=2)
    array([1, 0, 0, 1])
    """
    if not 1 <= n_groups <= len(embedding):
        raise ValueError(f"n_groups is {n_groups}, allowed are 1 to {len(embedding)}, the number of items")
    norms = np.linalg.norm(embedding, axis=1)
    if not np.isfinite(norms).all():
        raise ValueError(f"embedding has {np.count_nonzero(~np.isfinite(norms))} row(s) that are not finite")
    order = np.argsort(norms, kind="stable")
    groups = np.empty(len(embedding), dtype=np.int64)
    groups[order] = np.arange(len(embedding)) * n_groups // len(embedding)
    return groups


def checked_candidates(
    embedding: NDArray[np.floating], similarity: Similarity, name: str = "embedding"
) -> NDArray[np.floating]:
    """Check vectors among which neighbours are sought; scale them to length 1 for the cosine.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Finite; no zero row under "cosine".
    similarity : {"dot", "cosine"}
        How candidates are ranked.
    name : str
        What an error calls the embedding.

    Returns
    -------
    ndarray, shape (n_items, n_dims)
        Vectors whose dot products are the similarities.

    Raises
    ------
    ValueError
        As for `neighbour_overlap`.

    Examples
    --------
    >>> checked_candidates(np.array([[3.0, 4.0]]), "cosine")
    array([[0.6, 0.8]])
    """
    if similarity not in ("dot", "cosine"):
        raise ValueError(f"similarity is {similarity!r}, expected 'dot' or 'cosine'")
    vectors = np.asarray(embedding)
    if vectors.dtype.kind in "iub":  # the query's own score is set to minus infinity
        vectors = vectors.astype(np.float64)
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError(f"{name} has shape {vectors.shape}, expected finite values (n_items, n_dims)")
    if similarity == "dot":
        return vectors
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError(
            f"{name} has {np.count_nonzero(norms == 0)} zero row(s), which have no cosine; drop these items"
        )
    scaled: NDArray[np.floating] = vectors / norms
    return scaled


def check_question(
    candidates: tuple[NDArray[np.floating], NDArray[np.floating]],
    queries: NDArray[np.integer],
    k: int,
    *,
    include_query: bool,
) -> None:
    """Refuse a question about neighbours that has no answer.

    Parameters
    ----------
    candidates : two ndarray, shape (n_items, any)
        Before and after.
    queries : ndarray of int, shape (n_queries,)
        Row numbers.
    k : int
        Cut-off.
    include_query : bool
        Whether a query is a candidate itself.

    Raises
    ------
    ValueError
        As for `neighbour_overlap`.

    Examples
    --------
    >>> check_question((np.eye(3), np.eye(3)), np.array([0, 2]), 3, include_query=True)
    """
    n_before, n_after = (len(vectors) for vectors in candidates)
    if n_before != n_after:
        raise ValueError(
            f"before has {n_before} items and after {n_after}, expected the same items in the same order"
        )
    limit = n_before if include_query else n_before - 1
    if not 1 <= k <= limit:
        raise ValueError(f"k is {k}, allowed are 1 to {limit}, the number of candidates")
    positions = np.asarray(queries)
    if positions.dtype.kind not in "iu":
        raise ValueError(
            f"queries have dtype {positions.dtype}, expected row numbers; "
            "for a mask pass np.flatnonzero(mask)"
        )
    if positions.ndim != 1 or len(positions) == 0 or positions.min() < 0 or positions.max() >= n_before:
        raise ValueError(f"queries must be a list of row numbers, 0 to {n_before - 1}, at least one")
