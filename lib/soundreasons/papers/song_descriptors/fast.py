"""The same as `method`, for many texts and many songs: sparse words, and exact search in little memory."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from soundreasons.learning.ranking import top_k
from soundreasons.papers.song_descriptors.method.recall import CUTOFFS, POOL, metrics_per_query
from soundreasons.papers.song_descriptors.method.scores import Hits, Vectors, check_vectors

Pair = tuple[sp.csr_matrix, sp.csr_matrix]
# Documents scored at once: a block of scores of a thousand queries then fits in a processor's cache.
BLOCK = 4096


def tfidf(queries: Sequence[str], documents: Sequence[str]) -> Pair:
    """Weigh words by frequency and rarity, by scikit-learn; see `method.tfidf`.

    Chapter: song_descriptors.

    Returns
    -------
    (CSR matrix of queries, CSR matrix of documents), shapes (n_texts, n_words)

    Raises
    ------
    ValueError
        If no document has a word.

    Examples
    --------
    >>> asked, songs = tfidf(["a sad song"], ["sad, piano", "happy, guitar"])
    >>> (asked @ songs.T).toarray().round(2).tolist()
    [[0.71, 0.0]]
    """
    vectorizer = TfidfVectorizer()
    try:
        songs = vectorizer.fit_transform(documents)
    except ValueError as error:
        raise ValueError(f"none of {len(documents)} documents has a word to index ({error})") from None
    return sp.csr_matrix(vectorizer.transform(queries)), sp.csr_matrix(songs)


def bm25(queries: Sequence[str], documents: Sequence[str], k1: float = 1.5, b: float = 0.75) -> Pair:
    """Weigh words as BM25 does, by the library bm25s (Lù, 2024); see `method.bm25`.

    Chapter: song_descriptors.

    Returns
    -------
    (CSR matrix of queries, CSR matrix of documents), shapes (n_texts, n_words)

    Raises
    ------
    ValueError
        If no document has a word.

    Examples
    --------
    >>> asked, songs = bm25(["a sad song"], ["sad, piano", "happy, guitar"])
    >>> (asked @ songs.T).toarray().astype(float).round(2).tolist()
    [[0.28, 0.0]]
    """
    import bm25s  # type: ignore[import-untyped]

    tokens = bm25s.tokenize(list(documents), stopwords=None, show_progress=False)
    if not any(tokens.ids):
        raise ValueError(f"none of {len(documents)} documents has a word to index")
    index = bm25s.BM25(k1=k1, b=b)
    index.index(tokens, show_progress=False)
    parts = index.scores
    shape = (len(documents), len(parts["indptr"]) - 1)
    songs = sp.csc_matrix((parts["data"], parts["indices"], parts["indptr"]), shape=shape).tocsr()
    counter = CountVectorizer(
        vocabulary={word: n for word, n in tokens.vocab.items() if word and n < shape[1]}
    )
    asked = sp.csr_matrix(counter.transform(queries), dtype=np.float32)
    asked.resize(len(queries), shape[1])
    return asked, songs


def top_documents(query_vectors: Vectors, document_vectors: Vectors, k: int) -> Hits:
    """Find the k documents of largest inner product with each query; see `method.top_documents`.

    Scores are computed a block of documents at a time; documents that are below the k-th best of every
    query so far are dropped at once, so that memory grows with k and not with the number of documents.
    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        See `method.check_vectors`.

    Examples
    --------
    >>> songs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> top_documents(np.array([[2.0, 1.0]]), songs, k=2).documents.tolist()
    [[0, 2]]
    """
    check_vectors(query_vectors, document_vectors, k)
    n_queries, n_documents = query_vectors.shape[0], document_vectors.shape[0]
    best = np.zeros((n_queries, 0), dtype=np.result_type(query_vectors.dtype, document_vectors.dtype))
    numbers = np.zeros((n_queries, 0), dtype=np.int64)
    for start in range(0, n_documents, BLOCK):
        block = query_vectors @ document_vectors[start : start + BLOCK].T
        scores = block.toarray() if sp.issparse(block) else block
        columns = np.arange(scores.shape[1])
        if best.shape[1] == k:
            columns = np.flatnonzero((scores > best[:, -1:]).any(axis=0))
        # The best stand first and documents come in order of their number, so that of equal scores the lower
        # number has the lower column.
        pool = np.hstack([best, scores[:, columns]])
        in_pool = np.hstack([numbers, np.broadcast_to(start + columns, (n_queries, len(columns)))])
        chosen = top_k(pool, k)
        best, numbers = (np.take_along_axis(each, chosen, axis=1) for each in (pool, in_pool))
    return Hits(numbers, best)


def retrieval_metrics(
    query_vectors: Vectors,
    document_vectors: Vectors,
    relevant: Sequence[AbstractSet[int]],
    at: Sequence[int] = CUTOFFS,
) -> dict[str, float]:
    """Score a retrieval by inner product; see `method.retrieval_metrics`.

    Chapter: song_descriptors.

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
