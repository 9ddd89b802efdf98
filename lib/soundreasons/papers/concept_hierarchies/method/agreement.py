"""Does a structure agree with the order that people gave the same concepts?

Share of edges within a group, parents that are the true ones, ancestors found, neighbours of the same group.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from soundreasons.papers.concept_hierarchies.method.hierarchy import (
    Hierarchy,
    ancestors,
    edges,
    parents,
)

NOWHERE = -1


class TooFew(ValueError):
    """So few tracks, concepts or edges that an experiment has nothing to say; a page says so and goes on."""


def same_group_share(structure: NDArray[Any], group: NDArray[np.int64]) -> float:
    """Share of the edges whose ends are of the same group; edges to root or to no group are left out.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    structure : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy or pairs.
    group : ndarray of int, shape (K,)
        `NOWHERE` for a concept without a group.

    Returns
    -------
    float
        NaN if no edge is left.

    Raises
    ------
    ValueError
        If there are not as many groups as concepts.

    Examples
    --------
    >>> same_group_share(np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]]), np.array([5, 5, 6]))
    0.5
    """
    _require_all(group, structure)
    pairs = edges(structure)
    ends = group[pairs]
    known = (ends != NOWHERE).all(axis=1)
    return float((ends[known, 0] == ends[known, 1]).mean()) if known.any() else float("nan")


def share_interval(share: float, n_edges: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share of edges, as if each edge were drawn by itself.

    For a tree that is fixed, and has no seeds to vary: how far the share could be off for the number of edges
    alone. Chapter: concept_hierarchies.

    Parameters
    ----------
    share : float in [0, 1]
        Found.
    n_edges : int, from 1
        Of so many edges.

    Returns
    -------
    (float, float)
        Ends, which hold the share.

    Raises
    ------
    ValueError
        If there is no edge, or the share is none of so many.

    Examples
    --------
    >>> [round(end, 2) for end in share_interval(0.5, 14)]
    [0.27, 0.73]
    """
    hits = round(share * n_edges) if np.isfinite(share) else -1
    if n_edges < 1 or not 0 <= hits <= n_edges or abs(hits / n_edges - share) > 1e-9:
        raise ValueError(f"{share} is no share of {n_edges} edges")
    found = stats.binomtest(hits, n_edges).proportion_ci(method="wilson")
    # Rounding may leave an end a hair's breadth on the wrong side of the share.
    return min(float(found.low), share), max(float(found.high), share)


def related_share(structure: NDArray[Any], related: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    """Share of the edges between known concepts whose ends are related in a truth that is no tree.

    A concept of a graph with several parents belongs to several branches, so "same group" becomes a
    relation: `related[i, j]`. Chapter: concept_hierarchies.

    Parameters
    ----------
    structure : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy or pairs.
    related : ndarray of bool, shape (K, K)
        Who is related to whom.
    known : ndarray of bool, shape (K,)
        Whom the truth knows.

    Returns
    -------
    float
        NaN if no edge joins two known concepts.

    Raises
    ------
    ValueError
        If there are not as many concepts in the truth as in the structure.

    Examples
    --------
    >>> related_share(np.array([[0, 1], [0, 0]]), np.ones((2, 2), dtype=bool), np.array([True, True]))
    1.0
    """
    _require_all(known, structure)
    pairs = edges(structure)
    pairs = pairs[known[pairs].all(axis=1)]
    return float(related[pairs[:, 0], pairs[:, 1]].mean()) if len(pairs) else float("nan")


def true_parent_share(hierarchy: Hierarchy, true_parent: NDArray[np.int64]) -> float:
    """Share of the concepts with a true parent, and not below the root, that hang below that very one.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray of uint8, shape (K + 1, K)
        Found.
    true_parent : ndarray of int, shape (K,)
        `NOWHERE` where there is none.

    Returns
    -------
    float
        NaN if no concept is judged.

    Raises
    ------
    ValueError
        If there are not as many true parents as concepts.

    Examples
    --------
    >>> true_parent_share(np.array([[0, 1], [0, 0], [1, 0]]), np.array([NOWHERE, 0]))
    1.0
    """
    _require_all(true_parent, hierarchy)
    found = parents(hierarchy)
    judged = (true_parent != NOWHERE) & (found != hierarchy.shape[1])
    return float((found[judged] == true_parent[judged]).mean()) if judged.any() else float("nan")


def ancestor_f1(hierarchy: Hierarchy, true_parent: NDArray[np.int64]) -> float:
    """Harmonic mean of precision and recall of the pairs (ancestor, descendant), the root left out.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy, true_parent
        As for `true_parent_share`.

    Returns
    -------
    float in [0, 1]
        NaN if nobody has an ancestor in either.

    Raises
    ------
    ValueError
        If there are not as many true parents as concepts.

    Examples
    --------
    >>> ancestor_f1(np.array([[0, 1], [0, 0], [1, 0]]), np.array([NOWHERE, 0]))
    1.0
    """
    _require_all(true_parent, hierarchy)
    n = hierarchy.shape[1]
    truth = np.zeros((n + 1, n), dtype=np.uint8)
    truth[np.where(true_parent == NOWHERE, n, true_parent), np.arange(n)] = 1
    found, right = ancestors(hierarchy), ancestors(truth)
    total = int(found.sum() + right.sum())
    return float(2 * (found & right).sum() / total) if total else float("nan")


def nearest_in_group(vectors: NDArray[Any], group: NDArray[np.int64]) -> float:
    """Share of the concepts whose nearest other vector, by cosine, is of the same group.

    Concepts of no group are neither asked nor answers. Chapter: concept_hierarchies.

    Parameters
    ----------
    vectors : ndarray, shape (K, n_dims)
        No zero row.
    group : ndarray of int, shape (K,)
        `NOWHERE` for a concept without a group.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    TooFew
        If fewer than two concepts have a group.

    Examples
    --------
    >>> nearest_in_group(np.array([[1.0, 0], [1, 0.1], [0, 1]]), np.array([0, 0, 1])).__round__(2)
    0.67
    """
    chosen = group != NOWHERE
    if chosen.sum() < 2:
        raise TooFew(f"{chosen.sum()} of {len(group)} concepts have a group, a nearest other takes 2")
    unit = vectors[chosen] / np.linalg.norm(vectors[chosen], axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    own = group[chosen]
    return float((own[cosines.argmax(axis=1)] == own).mean())


def sibling_distances(vectors: NDArray[Any], group: NDArray[np.int64]) -> tuple[float, float]:
    """Mean distance of two concepts of one group, and of two of different groups; NaN where there are no two.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    vectors : ndarray, shape (K, n_dims)
        A vector a concept.
    group : ndarray of int, shape (K,)
        `NOWHERE` for a concept without a group.

    Returns
    -------
    (float, float)

    Raises
    ------
    ValueError
        If there are not as many groups as vectors.

    Examples
    --------
    >>> sibling_distances(np.array([[0.0], [1], [9]]), np.array([0, 0, 1]))
    (1.0, 8.5)
    """
    if len(vectors) != len(group):
        raise ValueError(f"{len(vectors)} vectors for {len(group)} groups, expected as many")
    chosen = np.flatnonzero(group != NOWHERE)
    first, second = np.triu_indices(len(chosen), 1)
    apart = np.linalg.norm(vectors[chosen[first]] - vectors[chosen[second]], axis=1)
    same = group[chosen[first]] == group[chosen[second]]
    within, between = (float(apart[side].mean()) if side.any() else float("nan") for side in (same, ~same))
    return within, between


def _require_all(of_each: NDArray[Any], structure: NDArray[Any]) -> None:
    if len(of_each) != structure.shape[1]:
        raise ValueError(f"the truth is of {len(of_each)} concepts, the structure of {structure.shape[1]}")
