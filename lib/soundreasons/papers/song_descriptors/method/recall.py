"""How good a retrieval is: recall@k, which the paper reports, and the measures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning import ranking
from soundreasons.papers.song_descriptors.method.scores import Hits, Vectors, top_documents

POOL = 100  # documents ranked for each query
CUTOFFS = (1, 3, 5, 10)


def recall_at_k(ranked: Sequence[int], relevant: AbstractSet[int], k: int = 10) -> float:
    """Share of what should be found that is among the first k.

    With one relevant document it says whether that is among the k. Epure et al. (2024), the measure they
    report; eq-recall. Chapter: song_descriptors.

    Parameters
    ----------
    ranked : sequence of int
        Document numbers, best first.
    relevant : set of int
        $W_r$, those that should be found.
    k : int, from 1
        Places that are looked at.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If nothing is relevant, or k is below 1.

    Examples
    --------
    >>> recall_at_k([4, 7, 5], relevant={5, 7}, k=2)
    0.5
    """
    if not relevant or k < 1:
        raise ValueError(f"{len(relevant)} documents are relevant and k is {k}, expected 1 or more of both")
    return len(relevant & set(ranked[:k])) / len(relevant)


def metrics_per_query(
    hits: Hits, relevant: Sequence[AbstractSet[int]], at: Sequence[int] = CUTOFFS
) -> dict[str, NDArray[np.float64]]:
    """Score the ranking of each query by itself; see `retrieval_metrics`.

    Chapter: song_descriptors.

    Parameters
    ----------
    hits : Hits
        Rankings, best first.
    relevant : sequence of set of int, length n_queries
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
    is_hit = ranking.hits(hits.documents, relevant)
    sizes = np.array([len(wanted) for wanted in relevant])
    measured: dict[str, NDArray[np.float64]] = {}
    for k in at:
        measured[f"accuracy@{k}"] = np.asarray(is_hit[:, :k].any(axis=1), dtype=np.float64)
        measured[f"precision@{k}"] = np.asarray(is_hit[:, :k].sum(axis=1) / k)
        measured[f"recall@{k}"] = ranking.recall_at_k(is_hit, sizes, k)
    measured["mrr@10"] = ranking.reciprocal_rank(is_hit, 10)
    measured["ndcg@10"] = ranking.ndcg_at_k(is_hit, sizes, 10)
    measured["map@100"] = ranking.average_precision(is_hit, sizes, 100)
    return measured


def retrieval_metrics(
    query_vectors: Vectors,
    document_vectors: Vectors,
    relevant: Sequence[AbstractSet[int]],
    at: Sequence[int] = CUTOFFS,
) -> dict[str, float]:
    """Score a retrieval by inner product, as sentence-transformers' evaluator does.

    Epure et al. (2024), evaluation; they report `recall@10`. For cosines give rows of length one.
    `fast.retrieval_metrics`, which the package offers, gives the same in little memory. Chapter:
    song_descriptors.

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
        If the shapes do not fit, or a query has nothing relevant.

    Examples
    --------
    >>> songs = np.eye(3)
    >>> found = retrieval_metrics(songs[[0, 1]], songs, [{0}, {2}], at=(1,))
    >>> found["recall@1"], round(found["mrr@10"], 3)
    (0.5, 0.667)
    """
    hits = top_documents(query_vectors, document_vectors, max(POOL, *at))
    return {name: float(each.mean()) for name, each in metrics_per_query(hits, relevant, at).items()}
