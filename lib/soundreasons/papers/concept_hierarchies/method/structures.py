"""How good a tree is (the metric of the paper's two tables), and what it is compared with in the second.

Structures are matrices of pairs, row to column. Judged is how close the ends of their edges are in an
embedding that the structure has not seen.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from soundreasons.papers.concept_hierarchies.method.hierarchy import edges

Kind = Literal["euclidean", "cosine"]
SPARSE_THRESHOLD = 0.66
LEAST_SIMILARITY: dict[str, float] = {"euclidean": -3.0, "cosine": 0.2}  # the authors', for either kind


class EdgeScore(NamedTuple):
    """Mean over edges, half the width of its 95 % interval, and the value of each edge."""

    mean: float
    half_width: float
    per_edge: NDArray[np.float64]


def edge_scores(hierarchy: NDArray[Any], embedding: NDArray[Any], kind: Kind = "euclidean") -> EdgeScore:
    """Measure how close the ends of the edges are in an embedding; edges to the root are left out.

    The metric of the paper's tables: mean distance (the smaller the better) or mean cosine (the larger
    the better), with 1.96 standard deviations over the root of the number of edges. Chapter:
    concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy or a matrix of pairs.
    embedding : ndarray, shape (K, n_dims)
        A vector a concept.
    kind : {"euclidean", "cosine"}
        Distance or similarity.

    Returns
    -------
    EdgeScore
        `mean`, `half_width`, `per_edge` (in the order of `edges`).

    Raises
    ------
    ValueError
        If there is no edge, the embedding has another number of concepts or is not finite, a vector is
        zero where a cosine is asked, or the kind is unknown.

    Examples
    --------
    >>> edge_scores(np.array([[0, 1], [0, 0], [1, 0]]), np.array([[0.0, 0], [3, 4]])).mean
    5.0
    """
    if kind not in LEAST_SIMILARITY:
        raise ValueError(f"kind is {kind!r}, expected 'euclidean' or 'cosine'")
    if embedding.ndim != 2 or len(embedding) != hierarchy.shape[1]:
        raise ValueError(f"embedding has shape {embedding.shape}, expected ({hierarchy.shape[1]}, n_dims)")
    if not np.isfinite(embedding).all():
        raise ValueError("embedding holds NaN or infinite values; leave out concepts without a vector")
    pairs = edges(hierarchy)
    if len(pairs) == 0:
        raise ValueError("the structure has no edge but to the root, so there is nothing to average")
    first, second = embedding[pairs[:, 0]], embedding[pairs[:, 1]]
    if kind == "euclidean":
        values = np.linalg.norm(first - second, axis=1)
    else:
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        if (lengths == 0).any():
            raise ValueError("a concept has the zero vector, which has no cosine; leave it out")
        values = (first * second).sum(axis=1) / lengths
    return EdgeScore(float(values.mean()), float(1.96 * values.std() / np.sqrt(len(values))), values)


def random_partners(n_concepts: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Give each row one partner drawn uniformly: the paper's "Random (Top)".

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_concepts : int, from 2
        K.
    rng : Generator
        Of the partners.

    Returns
    -------
    ndarray of uint8, shape (K, K)

    Raises
    ------
    ValueError
        If there are fewer than two concepts.

    Examples
    --------
    >>> random_partners(4, np.random.default_rng(0)).sum(axis=1).tolist()
    [1, 1, 1, 1]
    """
    _require_two(n_concepts)
    partner = rng.integers(n_concepts - 1, size=n_concepts)
    partner += partner >= np.arange(n_concepts)  # never itself
    structure = np.zeros((n_concepts, n_concepts), dtype=np.uint8)
    structure[np.arange(n_concepts), partner] = 1
    return structure


def random_pairs(n_concepts: int, rng: np.random.Generator, share: float = 0.1) -> NDArray[np.uint8]:
    """Draw a share of all ordered pairs: the paper's "Random (Sim)".

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_concepts : int, from 2
        K.
    rng : Generator
        Of the pairs.
    share : float in (0, 1]
        Of the K (K - 1) pairs; one at least is drawn.

    Returns
    -------
    ndarray of uint8, shape (K, K)

    Raises
    ------
    ValueError
        If there are fewer than two concepts.

    Examples
    --------
    >>> random_pairs(5, np.random.default_rng(0), share=0.2).sum()
    np.uint64(4)
    """
    _require_two(n_concepts)
    others = np.flatnonzero(~np.eye(n_concepts, dtype=bool))
    structure = np.zeros(n_concepts**2, dtype=np.uint8)
    structure[rng.choice(others, max(1, round(share * len(others))), replace=False)] = 1
    return structure.reshape(n_concepts, n_concepts)


def top_one(similarity: NDArray[Any]) -> NDArray[np.uint8]:
    """Join each row to its most similar other concept: the paper's "Top-1".

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (K, K)
        The diagonal is not looked at.

    Returns
    -------
    ndarray of uint8, shape (K, K)

    Raises
    ------
    ValueError
        If there are fewer than two concepts.

    Examples
    --------
    >>> top_one(np.array([[1, 0.2, 0.3], [0.9, 1, 0], [0, 0.1, 1]])).tolist()
    [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    """
    _require_two(len(similarity))
    others = np.array(similarity, dtype=np.float64)
    np.fill_diagonal(others, -np.inf)
    structure = np.zeros(others.shape, dtype=np.uint8)
    structure[np.arange(len(others)), others.argmax(axis=1)] = 1
    return structure


def embedding_similarity(embedding: NDArray[Any], kind: Kind = "cosine") -> NDArray[np.float64]:
    """Compare concepts by an embedding: cosine, or the negative square of the distance.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    embedding : ndarray, shape (K, n_dims)
        A vector a concept.
    kind : {"euclidean", "cosine"}
        Which.

    Returns
    -------
    ndarray, shape (K, K)

    Raises
    ------
    ValueError
        If a vector is zero where a cosine is asked.

    Examples
    --------
    >>> embedding_similarity(np.array([[0.0, 1], [0, 3]]), "euclidean").tolist()
    [[-0.0, -4.0], [-4.0, -0.0]]
    """
    vectors = np.asarray(embedding, dtype=np.float64)
    if kind == "euclidean":
        squares = (vectors**2).sum(axis=1)
        products = vectors @ vectors.T
        similar = -np.maximum(squares[:, np.newaxis] + squares - 2 * products, 0.0)
        np.fill_diagonal(similar, -0.0)
        return np.asarray(similar)
    norms = np.linalg.norm(vectors, axis=1)
    if (norms == 0).any():
        raise ValueError("a concept has the zero vector, which has no cosine; leave it out")
    unit = vectors / norms[:, np.newaxis]
    return np.asarray(unit @ unit.T)


def n_components(structure: NDArray[Any]) -> int:
    """Count the connected parts of a structure, edges to the root left out.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    structure : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy or a matrix of pairs.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the shape is another.

    Examples
    --------
    >>> n_components(np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]]))
    2
    """
    pairs, n = edges(structure), structure.shape[1]
    links = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return int(connected_components(links, directed=False)[0])


def _require_two(n_concepts: int) -> None:
    if n_concepts < 2:
        raise ValueError(f"there are {n_concepts} concepts, expected 2 or more: nobody has a partner")
