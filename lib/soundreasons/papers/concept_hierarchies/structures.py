"""What a tree is compared with: chance, the bare similarity, nearest concepts, trees from other sources.

Task: structures as matrices of pairs, row to column, and how close the ends of their edges are in an
embedding that the structure has not seen.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.hierarchy import Hierarchy, build_hierarchy, edges
from soundreasons.papers.concept_hierarchies.similarity import betweenness, similarity_graph, threshold_for

Kind = Literal["euclidean", "cosine"]
SPARSE_THRESHOLD = 0.66
_LEAST = {"euclidean": -3.0, "cosine": 0.2}  # the authors' min_similarity for either kind


class EdgeScore(NamedTuple):
    """Mean over edges, half the width of its 95 % interval, and the value of each edge."""

    mean: float
    half_width: float
    per_edge: NDArray[np.float64]


def around(mean: float, half_width: float) -> tuple[float, float]:
    """Ends of an interval around a mean. Chapter: concept_hierarchies.

    >>> around(2.0, 0.5)
    (1.5, 2.5)
    """
    return mean - half_width, mean + half_width


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
    if kind not in _LEAST:
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
    """Give each row one partner drawn uniformly: the paper's "Random (Top)". Chapter: concept_hierarchies.

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
    """Draw a share of all ordered pairs: the paper's "Random (Sim)". Chapter: concept_hierarchies.

    >>> random_pairs(5, np.random.default_rng(0), share=0.2).sum()
    np.uint64(4)
    """
    _require_two(n_concepts)
    others = np.flatnonzero(~np.eye(n_concepts, dtype=bool))
    structure = np.zeros(n_concepts**2, dtype=np.uint8)
    structure[rng.choice(others, max(1, round(share * len(others))), replace=False)] = 1
    return structure.reshape(n_concepts, n_concepts)


def top_one(similarity: NDArray[Any]) -> NDArray[np.uint8]:
    """Join each row to its most similar other concept: the paper's "Top-1". Chapter: concept_hierarchies.

    >>> top_one(np.array([[1, 0.2, 0.3], [0.9, 1, 0], [0, 0.1, 1]])).tolist()
    [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    """
    _require_two(len(similarity))
    others = np.array(similarity, dtype=np.float64)
    np.fill_diagonal(others, -np.inf)
    structure = np.zeros(others.shape, dtype=np.uint8)
    structure[np.arange(len(others)), others.argmax(axis=1)] = 1
    return structure


def structures(similarity: NDArray[Any], rng: np.random.Generator) -> dict[str, NDArray[np.uint8]]:
    """Collect the structures of the paper's second table, by name. Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (K, K)
        S.
    rng : Generator
        Of the two random ones.

    Returns
    -------
    dict of ndarray
        `hierarchy`, `random_top`, `random_sim`, `similarity` (S above 0.5), `sparse` (above 0.66),
        `top_1`. A threshold that nothing exceeds gives a matrix of zeros.
    """
    graph = similarity_graph(similarity)
    return {
        "hierarchy": build_hierarchy(similarity, betweenness(graph)),
        "random_top": random_partners(len(similarity), rng),
        "random_sim": random_pairs(len(similarity), rng),
        "similarity": graph,
        "sparse": similarity_graph(similarity, SPARSE_THRESHOLD),
        "top_1": top_one(similarity),
    }


def embedding_similarity(embedding: NDArray[Any], kind: Kind = "cosine") -> NDArray[np.float64]:
    """Compare concepts by an embedding: cosine, or the negative square of the distance.

    Chapter: concept_hierarchies.

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


def embedding_hierarchy(embedding: NDArray[Any], kind: Kind = "cosine", share: float = 0.1) -> Hierarchy:
    """Build a tree from an embedding, as the paper does with its other sources.

    The graph joins each concept to its nearest and all pairs above a threshold that makes about a tenth
    of the matrix; then betweenness and the greedy step. Chapter: concept_hierarchies.

    Parameters
    ----------
    embedding : ndarray, shape (K, n_dims)
        A vector a concept.
    kind : {"euclidean", "cosine"}
        As for `embedding_similarity`. With distances a parent's square must be below 3.
    share : float
        Density aimed at.

    Returns
    -------
    ndarray of uint8, shape (K + 1, K)

    Examples
    --------
    >>> embedding_hierarchy(np.array([[1.0, 0], [1, 0.1], [0, 1]])).shape
    (4, 3)
    """
    similar = embedding_similarity(embedding, kind)
    graph = similarity_graph(similar, threshold_for(similar, share)) | top_one(similar)
    return build_hierarchy(similar, betweenness(graph), min_similarity=_LEAST[kind])


def n_components(structure: NDArray[Any]) -> int:
    """Count the connected parts of a structure, edges to the root left out. Chapter: concept_hierarchies.

    >>> n_components(np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]]))
    2
    """
    from scipy.sparse import csgraph

    n = structure.shape[1]
    found, _ = csgraph.connected_components(np.asarray(structure[:n] != 0), directed=False)
    return int(found)


def _require_two(n_concepts: int) -> None:
    if n_concepts < 2:
        raise ValueError(f"there are {n_concepts} concepts, expected 2 or more: nobody has a partner")
