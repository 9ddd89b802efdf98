"""What a song scores for a request, and which songs are found (eq-score of the page).

Shared words as sparse vectors, meaning as the mean of a language model's token vectors; of either kind, the
inner product is the score.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

# An ndarray or a CSR matrix; scipy has no types to say so.
Vectors: TypeAlias = Any
Pair = tuple[NDArray[np.floating], NDArray[np.floating]]


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


def tfidf(queries: Sequence[str], documents: Sequence[str]) -> Pair:
    r"""Weigh words by frequency and rarity, and scale each text to length one.

    Word $w$, $f$ times in a text, weighs $f (1 + \ln \frac{1 + N}{1 + n_w})$, if $n_w$ of the $N$ documents
    hold it (scikit-learn's defaults); words that no document holds do not count. Epure et al. (2024),
    baseline; eq-tfidf. `fast.tfidf` gives the same as sparse matrices. Chapter: song_descriptors.

    Parameters
    ----------
    queries : sequence of str, length n_queries
        What asks.
    documents : sequence of str, length n_documents
        What may be found, and what rarity is counted in.

    Returns
    -------
    (ndarray, shape (n_queries, n_words); ndarray, shape (n_documents, n_words))
        Rows of length one, or zero where a text has no known word; words in alphabetical order.

    Raises
    ------
    ValueError
        If no document has a word.

    Examples
    --------
    Both documents have two words; "sad" is as rare as "piano", so each weighs the same:

    >>> asked, songs = tfidf(["a sad song"], ["sad, piano", "happy, guitar"])
    >>> (asked @ songs.T).round(2).tolist()
    [[0.71, 0.0]]
    """
    words = _vocabulary(documents)
    found, asked = _counts(documents, words), _counts(queries, words)
    rarity = 1 + np.log((1 + len(documents)) / (1 + (found > 0).sum(axis=0)))
    return unit_rows(asked * rarity), unit_rows(found * rarity)


def bm25(queries: Sequence[str], documents: Sequence[str], k1: float = 1.5, b: float = 0.75) -> Pair:
    r"""Weigh words as BM25 does, so that inner products are its scores.

    Word $w$, $f$ times in document $d$, weighs $\ln(1 + \frac{N - n_w + 1/2}{n_w + 1/2}) \frac{f}{f + k_1
    (1 - b + b \lvert d \rvert / avg)}$; a query counts its words. Robertson and Zaragoza (2009), as in
    Lucene. `fast.bm25` gives the same as sparse matrices. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : sequence of str
        What asks, and what is indexed.
    k1, b : float
        Saturation of repeated words, and how much length counts.

    Returns
    -------
    (ndarray, shape (n_queries, n_words); ndarray, shape (n_documents, n_words))

    Raises
    ------
    ValueError
        If no document has a word.

    Examples
    --------
    By hand: ln(1 + 1.5 / 1.5) = 0.693, and 1 / (1 + 1.5) of it.

    >>> asked, songs = bm25(["a sad song"], ["sad, piano", "happy, guitar"])
    >>> (asked @ songs.T).round(2).tolist()
    [[0.28, 0.0]]
    """
    words = _vocabulary(documents)
    found = _counts(documents, words)
    holding, lengths = (found > 0).sum(axis=0), found.sum(axis=1, keepdims=True)
    rarity = np.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
    saturated = found / (found + k1 * (1 - b + b * lengths / lengths.mean()))
    return _counts(queries, words), rarity * saturated


def _words_in(text: str) -> list[str]:
    """Words as both weightings cut them: runs of two characters or more, lower case."""
    return re.findall(r"\b\w\w+\b", text.lower())


def _vocabulary(documents: Sequence[str]) -> list[str]:
    words = sorted({word for document in documents for word in _words_in(document)})
    if not words:
        raise ValueError(f"none of {len(documents)} documents has a word to index")
    return words


def _counts(texts: Sequence[str], words: Sequence[str]) -> NDArray[np.float64]:
    counted = [Counter(_words_in(text)) for text in texts]
    return np.array([[each[word] for word in words] for each in counted], dtype=np.float64)


def unit_rows(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scale each row to length one; a row of zeros stays.

    Chapter: song_descriptors.

    Parameters
    ----------
    vectors : ndarray, shape (n, n_dims)
        Rows of any length.

    Returns
    -------
    ndarray, shape (n, n_dims)

    Raises
    ------
    ValueError
        If it is no table.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    if vectors.ndim != 2:
        raise ValueError(f"vectors have shape {vectors.shape}, expected (n, n_dims)")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)  # type: ignore[no-any-return]


def mean_pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Encode texts, $f$: average the token vectors that are no padding, and scale to length one.

    Reimers and Gurevych (2019), mean pooling. Chapter: song_descriptors.

    Parameters
    ----------
    states : tensor, shape (n_texts, n_tokens, n_dims)
        Vectors of the tokens.
    mask : tensor, shape (n_texts, n_tokens)
        One for a token, zero for padding.

    Returns
    -------
    tensor, shape (n_texts, n_dims)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    Of three tokens the last is padding:

    >>> states = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]]])
    >>> mean_pooled(states, torch.tensor([[1, 1, 0]])).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    if states.shape[:2] != mask.shape:
        raise ValueError(f"states have shape {tuple(states.shape)} and mask {tuple(mask.shape)}")
    weights = mask.unsqueeze(-1).to(states.dtype)
    means = (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    return torch.nn.functional.normalize(means, dim=1)


def top_documents(query_vectors: Vectors, document_vectors: Vectors, k: int) -> Hits:
    r"""Find the k songs of largest score $\rho(r, s)$ with each request, exactly.

    Epure et al. (2024); eq-score. For cosines, give rows of length one. `fast.top_documents` finds the same
    in little memory. Chapter: song_descriptors.

    Parameters
    ----------
    query_vectors : ndarray or CSR matrix, shape (n_queries, n_dims)
        $f(r)$, a row a request.
    document_vectors : ndarray or CSR matrix, shape (n_documents, n_dims)
        $f(concat(T_s))$, a row a song.
    k : int, from 1
        At most the number of documents is returned.

    Returns
    -------
    Hits
        Best first; equal scores by number.

    Raises
    ------
    ValueError
        See `check_vectors`.

    Examples
    --------
    >>> songs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> top_documents(np.array([[2.0, 1.0]]), songs, k=2).documents.tolist()
    [[0, 2]]
    """
    check_vectors(query_vectors, document_vectors, k)
    scores = query_vectors @ document_vectors.T
    scores = scores.toarray() if sp.issparse(scores) else scores
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return Hits(order, np.take_along_axis(scores, order, axis=1))


def check_vectors(queries: Vectors, documents: Vectors, k: int) -> None:
    """Refuse what cannot be searched.

    Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : ndarray or CSR matrix, shapes (n_queries, n_dims) and (n_documents, n_dims)
        See `top_documents`.
    k : int, from 1
        Documents to find.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no document, a value is not finite, or k is below 1.

    Examples
    --------
    >>> check_vectors(np.ones((2, 3)), np.ones((5, 3)), k=1)
    """
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
