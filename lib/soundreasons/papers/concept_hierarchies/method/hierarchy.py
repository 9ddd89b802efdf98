"""A tree out of similarities, one concept after the other (Heymann and Garcia-Molina, 2006, adapted).

Concepts enter by decreasing centrality, and each goes below the concept already there whose tracks look most
like it (alg-greedy). A hierarchy is a matrix of zeros and ones, shape (K + 1, K): row the parent, column the
child, the last row the virtual root.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.similarity import require_similarity

Hierarchy = NDArray[np.uint8]


def entry_order(centrality: NDArray[Any]) -> NDArray[np.int64]:
    """Order concepts by decreasing centrality; of equals the higher number comes first.

    A stable ascending sort, read backwards, as in the authors' code. Chapter: concept_hierarchies.

    Parameters
    ----------
    centrality : ndarray, shape (K,)
        Finite.

    Returns
    -------
    ndarray of int, shape (K,)
        Numbers of the concepts.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> entry_order(np.array([0.2, 0.5, 0.2])).tolist()
    [1, 2, 0]
    """
    if not np.isfinite(centrality).all():
        raise ValueError("centrality holds NaN or infinite values, which have no order")
    return np.asarray(np.argsort(centrality, kind="stable")[::-1])


def build_hierarchy(
    similarity: NDArray[Any],
    centrality: NDArray[Any],
    min_similarity: float = 0.2,
    parents_per_node: int = 1,
    slack: float = 0.2,
    max_children: int = 20,
) -> Hierarchy:
    """Build the hierarchy greedily, {prf:ref}`alg-greedy`.

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
    has_room = np.zeros(n_concepts, dtype=bool)
    for node in entry_order(centrality):
        candidates = np.flatnonzero(has_room)
        likeness = similarity[candidates, node]  # tracks of the candidate, probe of the one that enters
        best_first = np.argsort(likeness, kind="stable")[::-1][:parents_per_node]
        for place in best_first:
            if likeness[place] > max(min_similarity, likeness[best_first[0]] - slack):
                parent = candidates[place]
                hierarchy[parent, node] = 1
                has_room[parent] = hierarchy[parent].sum() < max_children
        if not hierarchy[:, node].any():
            hierarchy[-1, node] = 1
        has_room[node] = True
    return hierarchy


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
    """Give the (first) parent of each concept; K stands for the root.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray, shape (K + 1, K)
        From `build_hierarchy`.

    Returns
    -------
    ndarray of int, shape (K,)

    Raises
    ------
    ValueError
        If a concept has no parent.

    Examples
    --------
    >>> parents(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [2, 0]
    """
    if not (hierarchy != 0).any(axis=0).all():
        raise ValueError("a concept hangs nowhere, not even below the root (the last row)")
    return np.asarray(hierarchy.argmax(axis=0), dtype=np.int64)


def depths(hierarchy: NDArray[Any]) -> NDArray[np.int64]:
    """Count the steps from the root to each concept, along first parents.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray, shape (K + 1, K)
        From `build_hierarchy`.

    Returns
    -------
    ndarray of int, shape (K,)
        1 for a child of the root.

    Raises
    ------
    ValueError
        If a concept has no parent.

    Examples
    --------
    >>> depths(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [1, 2]
    """
    root = hierarchy.shape[1]
    up = np.append(parents(hierarchy), root)
    steps, place = np.zeros(root, dtype=np.int64), np.arange(root)
    while (place < root).any():
        steps += place < root
        place = up[place]
    return steps


def ancestors(hierarchy: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell who is above whom: [a, d] where a, not the root, is above d.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray, shape (K + 1, K)
        From `build_hierarchy`.

    Returns
    -------
    ndarray of bool, shape (K, K)

    Raises
    ------
    ValueError
        If the shape is another.

    Examples
    --------
    >>> ancestors(np.array([[0, 1], [0, 0], [1, 0]])).tolist()
    [[False, True], [False, False]]
    """
    if hierarchy.ndim != 2 or hierarchy.shape[0] != hierarchy.shape[1] + 1:
        raise ValueError(f"hierarchy has shape {hierarchy.shape}, expected (K + 1, K)")
    n = hierarchy.shape[1]
    direct = np.asarray(hierarchy[:n] != 0)
    reached = direct.copy()
    while True:
        further = reached | ((reached.astype(np.float32) @ direct.astype(np.float32)) > 0)
        if (further == reached).all():
            return reached
        reached = further
