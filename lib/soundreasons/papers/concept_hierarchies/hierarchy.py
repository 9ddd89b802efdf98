"""A tree out of similarities, one concept after the other (Heymann and Garcia-Molina, 2006, adapted).

Task: concepts enter by decreasing centrality, and each goes below the concept already there whose tracks
look most like it. A hierarchy is a matrix of zeros and ones, shape (K + 1, K): row the parent, column the
child, the last row the virtual root.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.similarity import require_similarity

Hierarchy = NDArray[np.uint8]


def entry_order(centrality: NDArray[Any]) -> NDArray[np.int64]:
    """Order concepts by decreasing centrality; of equals the higher number comes first.

    A stable ascending sort, read backwards, as in the authors' code. Chapter: concept_hierarchies.

    Examples
    --------
    >>> entry_order(np.array([0.2, 0.5, 0.2])).tolist()
    [1, 2, 0]
    """
    return np.asarray(np.argsort(centrality, kind="stable")[::-1])


def build_hierarchy(
    similarity: NDArray[Any],
    centrality: NDArray[Any],
    min_similarity: float = 0.2,
    parents_per_node: int = 1,
    slack: float = 0.2,
    max_children: int = 20,
) -> Hierarchy:
    """Build the hierarchy greedily.

    The first concept goes below the root. Each next one, n, looks at the concepts p already placed that
    have room for a child, ranked by S[p, n]; it goes below the best of them, if S[p, n] is large enough,
    and else below the root. If nobody has room, below the root too. Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (K, K)
        S[p, n]: tracks of p, probe of n. Never its transpose. The diagonal is not looked at.
    centrality : ndarray, shape (K,)
        Concepts enter by decreasing centrality; see `entry_order` for ties.
    min_similarity : float
        S[p, n] must be above it.
    parents_per_node : int, from 1
        Parents a concept may have.
    slack : float
        S[p, n] must be above the best one less this; tells only where several parents are allowed.
    max_children : int, from 1
        A concept with so many children takes no more. The root always does.

    Returns
    -------
    ndarray of uint8, shape (K + 1, K)
        1 where the row is a parent of the column; the last row is the root. Of candidates with equal
        similarity the one with the higher number comes first (our choice).

    Raises
    ------
    ValueError
        If S is not square, holds NaN, does not fit the centrality, or an option is impossible.

    Examples
    --------
    Guitar is central; banjo's probe fires on guitar tracks, that of the flute does not.

    >>> S = np.array([[1, 0.8, 0.1], [0.6, 1, 0.1], [0.1, 0.1, 1]])
    >>> build_hierarchy(S, np.array([0.9, 0.1, 0.0])).tolist()
    [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]]
    """
    require_similarity(similarity)
    n_concepts = len(similarity)
    if centrality.shape != (n_concepts,) or not np.isfinite(centrality).all():
        raise ValueError(
            f"centrality has shape {centrality.shape}, expected ({n_concepts},) finite numbers, one a concept"
        )
    if parents_per_node < 1 or max_children < 1:
        raise ValueError(
            f"parents_per_node is {parents_per_node} and max_children {max_children}, expected 1 or more"
        )
    hierarchy = np.zeros((n_concepts + 1, n_concepts), dtype=np.uint8)
    n_children = np.zeros(n_concepts, dtype=np.int64)
    open_to = np.zeros(n_concepts, dtype=bool)
    for node in entry_order(centrality):
        candidates = np.flatnonzero(open_to)
        for parent in _parents(similarity[:, node], candidates, min_similarity, parents_per_node, slack):
            hierarchy[parent, node] = 1
            n_children[parent] += 1
            open_to[parent] = n_children[parent] < max_children
        if not hierarchy[:, node].any():
            hierarchy[-1, node] = 1
        open_to[node] = True
    return hierarchy


def _parents(
    likeness: NDArray[Any], candidates: NDArray[np.int64], least: float, n_parents: int, slack: float
) -> NDArray[np.int64]:
    """Choose the parents of one concept among the candidates; none where none is alike enough."""
    if len(candidates) == 0:
        return candidates
    values = likeness[candidates]
    if n_parents == 1:  # the slack cannot matter
        best = candidates[len(values) - 1 - int(np.argmax(values[::-1]))]
        return np.array([best] if likeness[best] > least else [], dtype=np.int64)
    ranked = candidates[np.argsort(values, kind="stable")[::-1][:n_parents]]
    enough = (likeness[ranked] > least) & (likeness[ranked] > likeness[ranked[0]] - slack)
    return np.asarray(ranked[enough])


def restrict(
    similarity: NDArray[Any], centrality: NDArray[Any], chosen: NDArray[np.int64], **options: Any
) -> Hierarchy:
    """Build the hierarchy of some of the concepts, with the centrality that they have among all.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity, centrality, **options
        As for `build_hierarchy`.
    chosen : ndarray of int, shape (n,)
        Concepts to keep, each once; the result numbers them in this order.

    Returns
    -------
    ndarray of uint8, shape (n + 1, n)

    Raises
    ------
    ValueError
        If a concept is chosen twice or does not exist, or none is.

    Examples
    --------
    >>> restrict(np.ones((3, 3)), np.array([0.1, 0.9, 0.5]), np.array([0, 2])).tolist()
    [[0, 0], [1, 0], [0, 1]]
    """
    chosen = np.asarray(chosen, dtype=np.int64)
    if len(chosen) == 0 or len(np.unique(chosen)) < len(chosen):
        raise ValueError(f"chosen has {len(chosen)} concepts, expected one or more, each once")
    if chosen.min() < 0 or chosen.max() >= len(similarity):
        raise ValueError(f"chosen names concept {chosen.max()}, there are {len(similarity)} (from 0)")
    return build_hierarchy(similarity[np.ix_(chosen, chosen)], centrality[chosen], **options)


def edges(structure: NDArray[Any]) -> NDArray[np.int64]:
    """List the pairs (parent, child) of a structure, without those that start at the root.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    structure : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy, or any matrix of pairs.

    Returns
    -------
    ndarray of int, shape (n_edges, 2)

    Raises
    ------
    ValueError
        If the shape is another.

    Examples
    --------
    >>> edges(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [[0, 1]]
    """
    if structure.ndim != 2 or structure.shape[0] - structure.shape[1] not in (0, 1):
        raise ValueError(f"structure has shape {structure.shape}, expected (K + 1, K) or (K, K)")
    return np.argwhere(structure[: structure.shape[1]] != 0)


def parents(hierarchy: NDArray[Any]) -> NDArray[np.int64]:
    """Give the (first) parent of each concept; K stands for the root. Chapter: concept_hierarchies.

    >>> parents(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [2, 0]
    """
    return np.asarray(hierarchy.argmax(axis=0), dtype=np.int64)


def depths(hierarchy: NDArray[Any]) -> NDArray[np.int64]:
    """Count the steps from the root to each concept, along first parents. Chapter: concept_hierarchies.

    >>> depths(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [1, 2]
    """
    up = np.append(parents(hierarchy), hierarchy.shape[1])
    steps = np.zeros(hierarchy.shape[1], dtype=np.int64)
    place = np.arange(hierarchy.shape[1])
    while (place < hierarchy.shape[1]).any():
        steps += place < hierarchy.shape[1]
        place = up[place]
    return steps


def ancestors(hierarchy: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell who is above whom: [a, d] where a, not the root, is above d. Chapter: concept_hierarchies.

    >>> ancestors(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [[False, True], [False, False]]
    """
    n = hierarchy.shape[1]
    direct = np.asarray(hierarchy[:n] != 0)
    reached = direct.copy()
    while True:
        further = reached | ((reached.astype(np.float32) @ direct.astype(np.float32)) > 0)
        if (further == reached).all():
            return reached
        reached = further
