"""Exact search by inner product: the best documents of each query, equal scores by document number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

# An ndarray or a CSR matrix; scipy has no types to say so.
Vectors: TypeAlias = Any
# Documents scored at once: a block of scores of a thousand queries then fits in a processor's cache.
BLOCK = 4096
CANDIDATES = 64  # room for new candidates of a query, before they are merged with its best


@dataclass(frozen=True)
class Hits:
    """The best documents of each query.

    Attributes
    ----------
    documents : ndarray of int, shape (n_queries, k)
        Document numbers, best first; equal scores by number.
    scores : ndarray of float, shape (n_queries, k)
    """

    documents: NDArray[np.int64]
    scores: NDArray[np.floating]


def top_documents(query_vectors: Vectors, document_vectors: Vectors, k: int) -> Hits:
    """Find the k documents of largest inner product with each query, exactly.

    For cosines, give rows of length one. Chapter: song_descriptors.

    Scores are computed a block of documents at a time; what is below a query's k-th best so far is
    dropped at once, so that memory grows with k and not with the number of documents.

    Parameters
    ----------
    query_vectors : ndarray or CSR matrix, shape (n_queries, n_dims)
        What asks.
    document_vectors : ndarray or CSR matrix, shape (n_documents, n_dims)
        What may be found; of the same kind as the queries.
    k : int, from 1
        At most the number of documents is returned.

    Returns
    -------
    Hits

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no document, a value is not finite, or k is below 1.

    Examples
    --------
    >>> songs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> top_documents(np.array([[2.0, 1.0]]), songs, k=2).documents.tolist()
    [[0, 2]]
    """
    _check(query_vectors, document_vectors, k)
    k = min(k, document_vectors.shape[0])
    best: _Best | None = None
    for start, scores in _score_blocks(query_vectors, document_vectors):
        if best is None:
            best = _Best(scores.shape[0], k, scores.dtype)
        best.offer(start, scores)
    assert best is not None  # there is at least one document
    return best.hits()


def _check(queries: Vectors, documents: Vectors, k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise ValueError(
            f"queries have shape {queries.shape} and documents {documents.shape}, expected "
            "(n_queries, n_dims) and (n_documents, n_dims)"
        )
    if not documents.shape[0]:
        raise ValueError("there is no document to be found: the catalogue is empty")
    for name, vectors in (("query", queries), ("document", documents)):
        values = vectors.data if sp.issparse(vectors) else vectors
        # A sum is finite only if every term is: no array of flags as large as the vectors.
        with np.errstate(over="ignore", invalid="ignore"):
            if not np.isfinite(values.sum(dtype=np.float64)):
                raise ValueError(f"the {name} vectors hold values that are not finite")


def _score_blocks(queries: Vectors, documents: Vectors) -> Iterator[tuple[int, NDArray[np.floating]]]:
    is_sparse = sp.issparse(documents)
    n_queries = queries.shape[0]
    dtype = np.result_type(queries.dtype, documents.dtype)
    buffer = None if is_sparse else np.empty((n_queries, BLOCK), dtype=dtype)
    transposed = documents.T.tocsc() if is_sparse else documents.T
    for start in range(0, documents.shape[0], BLOCK):
        block = transposed[:, start : start + BLOCK]
        if buffer is None:
            yield start, (queries @ block).toarray()
        elif block.shape[1] == BLOCK:
            yield start, np.matmul(queries, block, out=buffer)
        else:
            yield start, queries @ block


class _Best:
    """The k best of each query so far, and candidates above the k-th best, merged now and then."""

    def __init__(self, n_queries: int, k: int, dtype: np.dtype[np.floating]) -> None:
        self._k = k
        room = k + max(CANDIDATES, k)
        self._scores = np.full((n_queries, room), -np.inf, dtype=dtype)
        self._documents = np.full((n_queries, room), np.iinfo(np.int64).max, dtype=np.int64)
        self._filled = np.full(n_queries, k)  # the first k places hold the best, at first nothing
        self._bar = np.full((n_queries, 1), -np.inf, dtype=dtype)

    def offer(self, start: int, scores: NDArray[np.floating]) -> None:
        if not np.isfinite(self._bar).all():
            self._merge_rows(np.arange(len(scores)), start, scores)
            return
        # Documents come in order of their number, so an equal score never displaces an earlier one.
        rows, columns = np.nonzero(scores > self._bar)
        counts = np.bincount(rows, minlength=len(scores))
        crowded = np.flatnonzero(self._filled + counts > self._scores.shape[1])
        if len(crowded):
            self._merge_rows(crowded, start, scores[crowded])
            keep = ~np.isin(rows, crowded)
            rows, columns = rows[keep], columns[keep]
        if len(rows):
            counts = np.bincount(rows, minlength=len(scores))
            first = np.concatenate([[0], np.cumsum(counts)[:-1]])
            places = self._filled[rows] + np.arange(len(rows)) - first[rows]
            self._scores[rows, places] = scores[rows, columns]
            self._documents[rows, places] = start + columns
            self._filled += counts

    def _merge_rows(self, rows: NDArray[np.int64], start: int, scores: NDArray[np.floating]) -> None:
        for place in range(0, len(rows), 64):
            part = rows[place : place + 64]
            block = scores[place : place + 64]
            numbers = np.broadcast_to(start + np.arange(block.shape[1]), block.shape)
            self._settle(
                part,
                np.concatenate([self._scores[part], block], axis=1),
                np.concatenate([self._documents[part], numbers], axis=1),
            )

    def _settle(
        self, rows: NDArray[np.int64], scores: NDArray[np.floating], documents: NDArray[np.int64]
    ) -> None:
        chosen_scores, chosen = _sorted_best(scores, documents, self._k)
        self._scores[rows] = -np.inf
        self._documents[rows] = np.iinfo(np.int64).max
        self._scores[rows, : self._k] = chosen_scores
        self._documents[rows, : self._k] = chosen
        self._filled[rows] = self._k
        self._bar[rows, 0] = chosen_scores[:, -1]

    def hits(self) -> Hits:
        scores, documents = _sorted_best(self._scores, self._documents, self._k)
        return Hits(documents, scores)


def _sorted_best(
    scores: NDArray[np.floating], documents: NDArray[np.int64], k: int
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    order = np.lexsort((documents, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(documents, order, axis=1)
