"""Who stands between the others: the betweenness by which concepts enter the tree (Brandes, 2001)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.similarity import require_similarity


def betweenness(graph: NDArray[Any]) -> NDArray[np.float64]:
    """Share of the shortest paths between two others that pass through a node, averaged over the pairs.

    Exact; `fast.betweenness` gives the same for thousands of nodes. An edge in either direction counts. A
    node that nothing reaches gets 0; so does every node of a graph without edges. Chapter:
    concept_hierarchies.

    Parameters
    ----------
    graph : ndarray, shape (n, n)
        Anything not zero is an edge; the diagonal is ignored.

    Returns
    -------
    ndarray, shape (n,)
        In [0, 1]: divided by the number of pairs, (n - 1)(n - 2) / 2, as networkx does.

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
    steps, paths = _shortest_paths((graph != 0) | (graph.T != 0))
    total = np.zeros(n)
    for first in range(n):
        for last in range(first + 1, n):
            if np.isfinite(steps[first, last]):
                # A node lies between them if going through it is no detour.
                on_the_way = steps[first] + steps[last] == steps[first, last]
                on_the_way[[first, last]] = False
                share = paths[first] * paths[last] / paths[first, last]
                total += np.where(on_the_way, share, 0.0)
    return total / max(1.0, (n - 1) * (n - 2) / 2)


def _shortest_paths(links: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps between any two nodes (infinite where nothing leads), and number of ways of so many steps."""
    n = len(links)
    steps, paths = np.full((n, n), np.inf), np.zeros((n, n))
    for start in range(n):
        steps[start, start], paths[start, start] = 0, 1
        reached = [start]
        for node in reached:  # grows while it is walked: nearest first
            for neighbour in np.flatnonzero(links[node]):
                if np.isinf(steps[start, neighbour]):
                    steps[start, neighbour] = steps[start, node] + 1
                    reached.append(int(neighbour))
                if steps[start, neighbour] == steps[start, node] + 1:
                    paths[start, neighbour] += paths[start, node]
    return steps, paths
