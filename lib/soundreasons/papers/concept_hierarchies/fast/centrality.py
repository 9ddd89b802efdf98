"""Betweenness of thousands of nodes, in seconds."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.similarity import require_similarity

_DENSE_FROM = 0.03  # share of pairs that are edges; below it sparse products are quicker
_BLOCK_CELLS = 2_000_000


def betweenness(graph: NDArray[Any]) -> NDArray[np.float64]:
    """As `method.betweenness`: all sources of a block at once, level by level (Brandes, 2001).

    How many shortest paths reach each node is one matrix product a level, and so is what flows back. Chapter:
    concept_hierarchies.

    Parameters
    ----------
    graph : ndarray, shape (n, n)
        Anything not zero is an edge; the diagonal is ignored.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the graph is not square or is empty, or holds NaN.

    Examples
    --------
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
