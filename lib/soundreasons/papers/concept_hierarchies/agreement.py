"""Does a structure agree with the order that people gave the same concepts, and would chance?

Task: share of edges within a group, parents that are the true ones, ancestors found; and the same for trees
drawn at random or with their labels exchanged.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from soundreasons.papers.concept_hierarchies.concepts import NOWHERE
from soundreasons.papers.concept_hierarchies.hierarchy import (
    Hierarchy,
    ancestors,
    build_hierarchy,
    edges,
    parents,
)

Score = Callable[[NDArray[Any]], float]


class Null(NamedTuple):
    """Scores of structures that know nothing: mean, 97.5th percentile, all of them."""

    mean: float
    high: float
    values: NDArray[np.float64]


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

    Examples
    --------
    >>> same_group_share(np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]]), np.array([5, 5, 6]))
    0.5
    """
    pairs = edges(structure)
    ends = group[pairs]
    known = (ends != NOWHERE).all(axis=1)
    return float((ends[known, 0] == ends[known, 1]).mean()) if known.any() else float("nan")


def share_interval(share: float, n_edges: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share of edges, as if each edge were drawn by itself.

    For a tree that is fixed, and has no seeds to vary: how far the share could be off for the number of edges
    alone. Chapter: concept_hierarchies.

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

    Examples
    --------
    >>> related_share(np.array([[0, 1], [0, 0]]), np.ones((2, 2), dtype=bool), np.array([True, True]))
    1.0
    """
    pairs = edges(structure)
    pairs = pairs[known[pairs].all(axis=1)]
    return float(related[pairs[:, 0], pairs[:, 1]].mean()) if len(pairs) else float("nan")


def true_parent_share(hierarchy: Hierarchy, true_parent: NDArray[np.int64]) -> float:
    """Share of the concepts with a true parent, and not below the root, that hang below that very one.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> true_parent_share(np.array([[0, 1], [0, 0], [1, 0]]), np.array([NOWHERE, 0]))
    1.0
    """
    found = parents(hierarchy)
    judged = (true_parent != NOWHERE) & (found != hierarchy.shape[1])
    return float((found[judged] == true_parent[judged]).mean()) if judged.any() else float("nan")


def ancestor_f1(hierarchy: Hierarchy, true_parent: NDArray[np.int64]) -> float:
    """Harmonic mean of precision and recall of the pairs (ancestor, descendant), the root left out.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> ancestor_f1(np.array([[0, 1], [0, 0], [1, 0]]), np.array([NOWHERE, 0]))
    1.0
    """
    n = hierarchy.shape[1]
    truth = np.zeros((n + 1, n), dtype=np.uint8)
    truth[np.where(true_parent == NOWHERE, n, true_parent), np.arange(n)] = 1
    found, right = ancestors(hierarchy), ancestors(truth)
    total = int(found.sum() + right.sum())
    return float(2 * (found & right).sum() / total) if total else float("nan")


def random_tree(n_concepts: int, rng: np.random.Generator, max_children: int = 20) -> Hierarchy:
    """Grow a tree in random order, each concept below one drawn among those that have room.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> random_tree(5, np.random.default_rng(0)).sum(axis=0).tolist()
    [1, 1, 1, 1, 1]
    """
    likeness = rng.random((n_concepts, n_concepts))
    return build_hierarchy(likeness, rng.random(n_concepts), min_similarity=-1.0, max_children=max_children)


def random_null(score: Score, n_concepts: int, rng: np.random.Generator, n_draws: int = 1000) -> Null:
    """Score random trees. Chapter: concept_hierarchies.

    >>> random_null(lambda tree: 0.5, 4, np.random.default_rng(0), 3).mean
    0.5
    """
    return _null([score(random_tree(n_concepts, rng)) for _ in range(n_draws)])


def permuted_null(
    score: Score, structure: NDArray[Any], rng: np.random.Generator, n_draws: int = 1000
) -> Null:
    """Score the structure itself with its labels exchanged: same shape, no sense.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    score : callable
        Takes a structure.
    structure : ndarray, shape (K + 1, K) or (K, K)
        A hierarchy or pairs.
    rng : Generator
        Of the exchanges.
    n_draws : int
        How many.

    Examples
    --------
    >>> permuted_null(lambda s: 1.0, np.eye(3, dtype=np.uint8), np.random.default_rng(0), 2).high
    1.0
    """
    n = structure.shape[1]
    values = []
    for _ in range(n_draws):
        order = rng.permutation(n)
        rows = order if len(structure) == n else np.append(order, n)
        values.append(score(structure[np.ix_(rows, order)]))
    return _null(values)


def _null(values: list[float]) -> Null:
    found = np.array(values)
    found = found[np.isfinite(found)]
    if len(found) == 0:
        raise ValueError("no random structure has an edge that can be judged; are the concepts in any group?")
    return Null(float(found.mean()), float(np.quantile(found, 0.975)), found)


def nearest_in_group(vectors: NDArray[Any], group: NDArray[np.int64]) -> float:
    """Share of the concepts whose nearest other vector, by cosine, is of the same group.

    Concepts of no group are neither asked nor answers. Chapter: concept_hierarchies.

    Examples
    --------
    >>> nearest_in_group(np.array([[1.0, 0], [1, 0.1], [0, 1]]), np.array([0, 0, 1])).__round__(2)
    0.67
    """
    chosen = group != NOWHERE
    unit = vectors[chosen] / np.linalg.norm(vectors[chosen], axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    own = group[chosen]
    return float((own[cosines.argmax(axis=1)] == own).mean())


def sibling_distances(vectors: NDArray[Any], group: NDArray[np.int64]) -> tuple[float, float]:
    """Mean distance of two concepts of one group, and of two of different groups.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> sibling_distances(np.array([[0.0], [1], [9]]), np.array([0, 0, 1]))
    (1.0, 8.5)
    """
    chosen = np.flatnonzero(group != NOWHERE)
    first, second = np.triu_indices(len(chosen), 1)
    apart = np.linalg.norm(vectors[chosen[first]] - vectors[chosen[second]], axis=1)
    same = group[chosen[first]] == group[chosen[second]]
    return float(apart[same].mean()), float(apart[~same].mean())
