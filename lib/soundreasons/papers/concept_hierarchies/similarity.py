"""How alike two concepts are, and who stands between the others.

Task: from probabilities of concepts on tracks to the asymmetric similarity S, its graph, and the
betweenness by which concepts enter the hierarchy.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

_DENSE_FROM = 0.03  # share of pairs that are edges; below it sparse products are quicker
_BLOCK_CELLS = 2_000_000


def concept_similarity(probabilities: NDArray[Any], positives: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average the probability of each concept over the tracks of each concept.

    The inter-concept similarity of the paper: S[i, j] is the mean over tracks of
    concept i of the probability that concept j's probe gives. Row: whose tracks. Column: whose probe. It
    is not symmetric. Chapter: concept_hierarchies.

    Parameters
    ----------
    probabilities : ndarray, shape (n_tracks, n_concepts)
        In [0, 1], already averaged over the moments of a track.
    positives : ndarray of bool, shape (n_tracks, n_concepts)
        Tracks of each concept, usually those kept for testing.

    Returns
    -------
    ndarray, shape (n_concepts, n_concepts)

    Raises
    ------
    ValueError
        If the shapes differ, a probability is not finite, or a concept has no track.

    Examples
    --------
    >>> concept_similarity(np.array([[1.0, 0.5], [0.0, 1.0]]), np.eye(2, dtype=bool)).tolist()
    [[1.0, 0.5], [0.0, 1.0]]
    """
    if probabilities.shape != positives.shape or probabilities.ndim != 2:
        raise ValueError(
            f"probabilities have shape {probabilities.shape} and positives {positives.shape}, expected "
            "(n_tracks, n_concepts) both"
        )
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{int((~np.isfinite(probabilities)).sum())} probabilities are not finite")
    counts = positives.sum(axis=0)
    if (counts == 0).any():
        raise ValueError(
            f"concept {int(np.argmin(counts))} has no track here; leave it out or keep more tracks"
        )
    sums = positives.T.astype(np.float64) @ probabilities.astype(np.float64)
    return np.asarray(sums / counts[:, np.newaxis])


def similarity_graph(similarity: NDArray[Any], threshold: float = 0.5) -> NDArray[np.uint8]:
    """Join concept i to concept j where S[i, j] is above the threshold; no concept to itself.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (n, n)
        Finite.
    threshold : float
        Strictly to exceed.

    Returns
    -------
    ndarray of uint8, shape (n, n)
        Zero on the diagonal, not symmetric in general.

    Raises
    ------
    ValueError
        If the matrix is empty, not square or not finite.

    Examples
    --------
    >>> similarity_graph(np.array([[1.0, 0.6], [0.5, 1.0]])).tolist()
    [[0, 1], [0, 0]]
    """
    require_similarity(similarity)
    graph = (similarity > threshold).astype(np.uint8)
    np.fill_diagonal(graph, 0)
    return graph


def require_similarity(similarity: NDArray[Any]) -> None:
    """Refuse what is no square matrix of finite numbers. Chapter: concept_hierarchies."""
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1] or similarity.size == 0:
        raise ValueError(f"similarity has shape {similarity.shape}, expected (n, n) with n at least 1")
    if not np.isfinite(similarity).all():
        bad = int((~np.isfinite(similarity)).sum())
        raise ValueError(
            f"{bad} of {similarity.size} similarities are NaN or infinite; a concept without tracks "
            "gives NaN, leave it out first"
        )


def density(graph: NDArray[Any]) -> float:
    """Share of all n x n places that are edges, as the authors count it. Chapter: concept_hierarchies.

    >>> density(np.array([[0, 1], [0, 0]]))
    0.25
    """
    return float(np.count_nonzero(graph) / graph.size)


def threshold_for(similarity: NDArray[Any], wanted: float = 0.1) -> float:
    """Find the threshold above which about the wanted share of the n x n places lies.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> threshold_for(np.array([[9.0, 0.3], [0.7, 9.0]]), wanted=0.25)
    0.3
    """
    require_similarity(similarity)
    others = np.sort(similarity[~np.eye(len(similarity), dtype=bool)])[::-1]
    n_edges = min(len(others) - 1, round(wanted * similarity.size))
    return float(others[n_edges]) if len(others) else 0.0


def betweenness(graph: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the exact betweenness of every node of an undirected graph.

    Brandes (2001), all sources of a block level by level: how many shortest paths reach each node is one
    matrix product a level, and so is what flows back. An edge in either direction counts. A node that
    nothing reaches gets 0; so does every node of a graph without edges. Chapter: concept_hierarchies.

    Parameters
    ----------
    graph : ndarray, shape (n, n)
        Anything not zero is an edge; the diagonal is ignored.

    Returns
    -------
    ndarray, shape (n,)
        Share of the shortest paths between two others that pass through a node, averaged over the pairs:
        divided by (n - 1)(n - 2) / 2, as networkx does.

    Raises
    ------
    ValueError
        If the graph is not square or is empty, or holds NaN.

    Examples
    --------
    The middle of a path of three is on the only way between the ends.

    >>> betweenness(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])).tolist()
    [0.0, 1.0, 0.0]
    """
    require_similarity(np.asarray(graph, dtype=np.float64))
    n = len(graph)
    links = (graph != 0) | (graph.T != 0)
    np.fill_diagonal(links, False)
    if n < 3:
        return np.zeros(n)
    adjacency: Any = links.astype(np.float64)
    if links.mean() < _DENSE_FROM:
        adjacency = sp.csr_matrix(adjacency)
    # A source without an edge reaches nothing; blocks keep the memory at a few matrices of n columns.
    sources = np.flatnonzero(links.any(axis=0))
    size = max(1, _BLOCK_CELLS // n)
    total = np.zeros(n)
    for start in range(0, len(sources), size):
        total += _dependencies(adjacency, sources[start : start + size], n)
    return np.asarray(total / ((n - 1) * (n - 2)))


def _dependencies(adjacency: Any, sources: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Sum over the sources of what Brandes calls the dependency of a source on each node."""
    own = np.arange(len(sources))
    paths = np.zeros((len(sources), n))
    paths[own, sources] = 1.0
    unseen = np.ones((len(sources), n), dtype=bool)
    unseen[own, sources] = False
    levels = [paths]
    while True:
        arriving = (levels[-1] @ adjacency) * unseen
        reached = arriving > 0
        if not reached.any():
            break
        unseen &= ~reached
        levels.append(arriving)
    dependency = np.zeros((len(sources), n))
    for level in range(len(levels) - 1, 1, -1):
        here, before = levels[level], levels[level - 1]
        share = np.divide(1.0 + dependency, here, out=np.zeros_like(here), where=here > 0)
        dependency += before * (share @ adjacency)
    return np.asarray(dependency.sum(axis=0))
