"""How well were the right documents found: the measures of an information-retrieval evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning.statistics import Interval, bootstrap_interval, paired_differences
from soundreasons.papers.song_descriptors.search import Hits, Vectors, top_documents

POOL = 100  # documents ranked for each query


def retrieval_metrics(
    query_vectors: Vectors,
    document_vectors: Vectors,
    relevant: Sequence[AbstractSet[int]],
    at: Sequence[int] = (1, 3, 5, 10),
) -> dict[str, float]:
    """Score a retrieval by inner product, as sentence-transformers' evaluator does.

    Epure et al. (2024), evaluation; they report `recall@10`. For cosines give rows of length one.
    Chapter: song_descriptors.

    Parameters
    ----------
    query_vectors : ndarray or CSR matrix, shape (n_queries, n_dims)
        What asks.
    document_vectors : ndarray or CSR matrix, shape (n_documents, n_dims)
        What may be found.
    relevant : sequence of set of int, length n_queries
        Numbers of the documents that should be found for each query, at least one.
    at : sequence of int
        Cut-offs of accuracy, precision and recall. Reciprocal rank and gain are cut at 10, average
        precision at 100.

    Returns
    -------
    dict of str to float
        Means over the queries, shares from 0 to 1: `accuracy@k`, `precision@k`, `recall@k`, `mrr@10`,
        `ndcg@10`, `map@100`.

    Raises
    ------
    ValueError
        If the shapes do not fit, a query has nothing relevant, or a number is no document's.

    Examples
    --------
    >>> songs = np.eye(3)
    >>> found = retrieval_metrics(songs[[0, 1]], songs, [{0}, {2}], at=(1,))
    >>> found["recall@1"], round(found["mrr@10"], 3)
    (0.5, 0.667)
    """
    hits = top_documents(query_vectors, document_vectors, max(POOL, *at))
    return {name: float(values.mean()) for name, values in metrics_per_query(hits, relevant, at).items()}


def metrics_per_query(
    hits: Hits, relevant: Sequence[AbstractSet[int]], at: Sequence[int] = (1, 3, 5, 10)
) -> dict[str, NDArray[np.float64]]:
    """Score the ranking of each query by itself; see `retrieval_metrics`.

    Chapter: song_descriptors.

    Parameters
    ----------
    hits : Hits
        Rankings, best first.
    relevant : sequence of set of int
        What should be found for each query.
    at : sequence of int
        Cut-offs.

    Returns
    -------
    dict of str to ndarray of float, shape (n_queries,)

    Raises
    ------
    ValueError
        If the two have different lengths, or a query has nothing relevant.

    Examples
    --------
    >>> found = Hits(np.array([[4, 7]]), np.array([[0.9, 0.8]]))
    >>> metrics_per_query(found, [{7, 5}], at=(2,))["recall@2"].tolist()
    [0.5]
    """
    if len(relevant) != len(hits.documents):
        raise ValueError(f"{len(hits.documents)} rankings for {len(relevant)} queries")
    empty = [number for number, wanted in enumerate(relevant) if not wanted]
    if empty:
        raise ValueError(f"query {empty[0]} has no relevant document ({len(empty)} such queries)")
    rows = [np.isin(found, list(wanted)) for found, wanted in zip(hits.documents, relevant, strict=True)]
    is_hit = np.array(rows, dtype=bool)
    sizes = np.array([len(wanted) for wanted in relevant])
    measured: dict[str, NDArray[np.float64]] = {}
    for k in at:
        found = is_hit[:, :k].sum(axis=1)
        measured[f"accuracy@{k}"] = (found > 0).astype(np.float64)
        measured[f"precision@{k}"] = found / k
        measured[f"recall@{k}"] = found / sizes
    measured["mrr@10"] = _reciprocal_rank(is_hit[:, :10])
    measured["ndcg@10"] = _gain(is_hit[:, :10], sizes)
    measured["map@100"] = _average_precision(is_hit[:, :100], sizes)
    return measured


def _reciprocal_rank(is_hit: NDArray[np.bool_]) -> NDArray[np.float64]:
    first = is_hit.argmax(axis=1)
    return np.where(is_hit.any(axis=1), 1 / (first + 1), 0.0)


def _gain(is_hit: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    discounts = 1 / np.log2(np.arange(10) + 2)
    ideal = np.cumsum(discounts)[np.minimum(sizes, 10) - 1]
    return (is_hit * discounts[: is_hit.shape[1]]).sum(axis=1) / ideal  # type: ignore[no-any-return]


def _average_precision(is_hit: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    precision = np.cumsum(is_hit, axis=1) / np.arange(1, is_hit.shape[1] + 1)
    return (precision * is_hit).sum(axis=1) / np.minimum(sizes, 100)  # type: ignore[no-any-return]


def paired_gain(
    before: NDArray[np.float64], after: NDArray[np.float64], rng: np.random.Generator
) -> Interval:
    """Mean difference after - before over the same queries, with its bootstrap interval.

    Chapter: song_descriptors.

    Parameters
    ----------
    before, after : ndarray of float, shape (n_queries,)
        A measure of each query under two systems.
    rng : numpy.random.Generator
        Draws the resamples of queries.

    Returns
    -------
    Interval
        In the unit of the measure; 95 %.

    Examples
    --------
    >>> paired_gain(np.zeros(4), np.ones(4), np.random.default_rng(0)).low
    1.0
    """
    return bootstrap_interval(paired_differences(before.tolist(), after.tolist()), rng)


def per_query_recall(
    query_vectors: Vectors, document_vectors: Vectors, relevant: Sequence[AbstractSet[int]], k: int = 10
) -> NDArray[np.float64]:
    """Recall@k of each query, in per cent.

    Chapter: song_descriptors.

    >>> per_query_recall(np.eye(2), np.eye(2), [{0}, {0}], k=1).tolist()
    [100.0, 0.0]
    """
    hits = top_documents(query_vectors, document_vectors, k)
    return 100 * metrics_per_query(hits, relevant, (k,))[f"recall@{k}"]
