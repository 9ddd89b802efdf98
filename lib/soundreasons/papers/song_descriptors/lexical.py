"""Search by shared words: tf-idf and BM25, fitted on the descriptor sets alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

Pair = tuple[sp.csr_matrix, sp.csr_matrix]


def tfidf_vectors(queries: Sequence[str], documents: Sequence[str]) -> Pair:
    """Weigh words by frequency and rarity; scikit-learn's defaults, fitted on the documents.

    Rows have length one, or are zero where a text has no known word. Epure et al. (2024), baseline.
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
    >>> asked, songs = tfidf_vectors(["a sad song"], ["sad, piano", "happy, guitar"])
    >>> (asked @ songs.T).toarray().round(2).tolist()
    [[0.71, 0.0]]
    """
    vectorizer = TfidfVectorizer()
    try:
        songs = vectorizer.fit_transform(documents)
    except ValueError as error:
        raise ValueError(f"none of {len(documents)} documents has a word to index ({error})") from None
    return sp.csr_matrix(vectorizer.transform(queries)), sp.csr_matrix(songs)


def bm25_vectors(queries: Sequence[str], documents: Sequence[str], k1: float = 1.5, b: float = 0.75) -> Pair:
    r"""Weigh words as BM25 does (Robertson and Zaragoza, 2009), so that inner products are its scores.

    The weight of word $w$, $f$ times in document $d$, is $idf(w)\, f / (f + k_1 (1 - b + b |d| / avg))$ with
    $idf(w) = \ln(1 + (N - n_w + 1/2) / (n_w + 1/2))$, computed by the library bm25s (Lù, 2024); a query
    counts its words. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : sequence of str
        What asks, and what is indexed.
    k1, b : float
        Saturation of repeated words, and how much length counts.

    Returns
    -------
    (CSR matrix of queries, CSR matrix of documents), shapes (n_texts, n_words)

    Raises
    ------
    ValueError
        If no document has a word.

    Examples
    --------
    >>> asked, songs = bm25_vectors(["a sad song"], ["sad, piano", "happy, guitar"])
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
