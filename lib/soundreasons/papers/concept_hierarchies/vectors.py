"""Two other ways to say which concepts are alike: who occurs with whom, and what they are called.

Task: vectors of concepts from co-occurrence (as the paper's usage embeddings) and from their names (as its
language models), for the columns of its tables.
"""

import functools
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data

_RANK = 32


def cooccurrence(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Estimate P(j | i): of the tracks of concept i, which share has concept j.

    The setting of Heymann and Garcia-Molina (2006). Row: whose tracks. Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.

    Returns
    -------
    ndarray, shape (n_concepts, n_concepts)
        1 on the diagonal.

    Raises
    ------
    ValueError
        If a concept has no track.

    Examples
    --------
    >>> cooccurrence(np.array([[True, True], [True, False]])).tolist()
    [[1.0, 0.5], [1.0, 1.0]]
    """
    counts = labels.T.astype(np.float64) @ labels.astype(np.float64)
    own = np.diag(counts)
    if (own == 0).any():
        raise ValueError(f"concept {int(own.argmin())} has no track, so nothing occurs with it; leave it out")
    return np.asarray(counts / own[:, np.newaxis])


def cooccurrence_vectors(labels: NDArray[np.bool_], rank: int = _RANK) -> NDArray[np.float64]:
    """Embed concepts by positive pointwise mutual information and a truncated SVD.

    Stands in for the paper's usage embeddings of playlists. Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.
    rank : int
        Dimensions, at most the number of concepts.

    Returns
    -------
    ndarray, shape (n_concepts, rank)
        Scaled by the roots of the singular values, rows of mean length 1.

    Examples
    --------
    >>> labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    >>> cooccurrence_vectors(labels, 2).shape
    (3, 2)
    """
    counts = labels.T.astype(np.float64) @ labels.astype(np.float64)
    own = np.diag(counts)
    with np.errstate(divide="ignore"):
        information = np.log(counts * len(labels) / np.outer(own, own))
    left, values, _ = np.linalg.svd(np.maximum(information, 0.0))
    rank = min(rank, len(own))
    vectors = left[:, :rank] * np.sqrt(values[:rank])
    vectors *= np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1).mean())


def text_vectors(names: Sequence[str]) -> NDArray[np.float64]:
    """Embed names by the mean of the word vectors of their pieces (WordLlama).

    Chapter: concept_hierarchies.

    Parameters
    ----------
    names : sequence of str
        Such as titles of playlists, or instruments. Upper case, digits in brackets do not count.

    Returns
    -------
    ndarray, shape (n_names, 256)
        Not normalised; a name without any piece has the zero vector.

    Raises
    ------
    soundreasons.data.DataError
        If the vectors are not on this machine.
    """
    table, tokenizer = _words()
    rows = []
    for name in names:
        plain = re.sub(r"\(.*?\)", " ", name.lower().replace("+", " and "))
        ids = tokenizer.encode(plain, add_special_tokens=False).ids
        rows.append(table[ids].mean(axis=0) if ids else np.zeros(table.shape[1]))
    return np.array(rows, dtype=np.float64)


@functools.cache
def _words() -> tuple[NDArray[np.float32], Any]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = data.open("word_vectors").folder
    tensors = load_file(folder / "vectors.safetensors")
    (table,) = (tensor for tensor in tensors.values() if tensor.ndim == 2)
    described = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return table.astype(np.float32), Tokenizer.from_str(json.dumps(described))
