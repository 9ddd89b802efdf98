"""What a structure that knows nothing would score: trees drawn at random, or with their labels exchanged."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.agreement import TooFew
from soundreasons.papers.concept_hierarchies.method.hierarchy import Hierarchy, build_hierarchy

Score = Callable[[NDArray[Any]], float]


class Null(NamedTuple):
    """Scores of structures that know nothing: mean, 97.5th percentile, all of them."""

    mean: float
    high: float
    values: NDArray[np.float64]


def random_tree(n_concepts: int, rng: np.random.Generator, max_children: int = 20) -> Hierarchy:
    """Grow a tree in random order, each concept below one drawn among those that have room.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_concepts : int, from 1
        K.
    rng : Generator
        Of order and parents.
    max_children : int, from 1
        As for `build_hierarchy`.

    Returns
    -------
    ndarray of uint8, shape (K + 1, K)

    Raises
    ------
    ValueError
        If there is no concept.

    Examples
    --------
    >>> random_tree(5, np.random.default_rng(0)).sum(axis=0).tolist()
    [1, 1, 1, 1, 1]
    """
    likeness = rng.random((n_concepts, n_concepts))
    return build_hierarchy(likeness, rng.random(n_concepts), min_similarity=-1.0, max_children=max_children)


def random_null(score: Score, n_concepts: int, rng: np.random.Generator, n_draws: int = 1000) -> Null:
    """Score random trees.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    score : callable
        Takes a structure; NaN if it has no edge that can be judged.
    n_concepts : int, from 1
        K.
    rng : Generator
        Of the trees.
    n_draws : int
        How many.

    Returns
    -------
    Null

    Raises
    ------
    TooFew
        If no random tree can be judged.

    Examples
    --------
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

    Returns
    -------
    Null

    Raises
    ------
    TooFew
        If the structure can never be judged.

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
        raise TooFew("no random structure has an edge that can be judged; are the concepts in any group?")
    return Null(float(found.mean()), float(np.quantile(found, 0.975)), found)
