"""Selections from the conditional means of subsets. Chapter: functional_attribution.

The subset methods of the paper's comparison. Each returns booleans of shape (n_points, n_features). Levels
are confidences or shares, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.fast import once_per_task, product_over_subsets
from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

BestBySize = tuple[NDArray[np.float64], NDArray[np.int64]]
LARGEST = 5  # no selection of the paper's tasks has more features


class Selector(Protocol):
    """A subset method: features that decide at every point of a task, at a level."""

    def __call__(self, task: MixtureTask, level: float) -> NDArray[np.bool_]:
        """Selected features, shape (n_points, n_features)."""


def check_level(level: float) -> None:
    """Refuse a level that is no share. Chapter: functional_attribution.

    Parameters
    ----------
    level : float
        What was asked for.

    Raises
    ------
    ValueError
        If it is outside 0 to 1.

    Examples
    --------
    >>> check_level(0.5)
    """
    if not 0 <= level <= 1:
        raise ValueError(f"level is {level}, expected a number from 0 to 1")


def confidence(task: MixtureTask) -> NDArray[np.float64]:
    """How sure the output is once a subset is known: the larger of f_I and 1 - f_I, shape (n, 2**d).

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.

    Returns
    -------
    ndarray, shape (n_points, 2**n_features)
        0.5 to 1; column = bit code of the subset.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    Of two features that decide only together, either leaves the output as open as none:

    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> confidence(xor)[0].round(3).tolist()
    [0.5, 0.5, 0.5, 1.0]
    """
    return np.maximum(task.means_at_points, 1 - task.means_at_points)


def most_confident(task: MixtureTask, level: float, *, largest: int = LARGEST) -> NDArray[np.bool_]:
    """Smallest subset whose confidence exceeds the level, the most confident among equals.

    Selection on all conditional means (functional ANOVA); with `largest` below 5 the selection of a GAM,
    GA2M, ... Where no subset is confident enough: no feature if `largest` is 5, else the most confident of
    the largest size. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    level : float
        Confidence to exceed, 0.5 to 1.
    largest : int, from 1
        Most features.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the level is outside 0 to 1.

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> most_confident(xor, 0.76)[0].tolist()
    [True, True]
    """
    check_level(level)
    best, code = _confidence_by_size(task)
    best, code = best[:, :largest], code[:, :largest]
    confident = best > level
    place = np.where(confident.any(axis=1), confident.argmax(axis=1), best.shape[1] - 1)
    chosen = np.take_along_axis(code, place[:, np.newaxis], axis=1)[:, 0]
    if largest >= LARGEST:
        chosen = np.where(confident.any(axis=1), chosen, 0)
    return subsets.members(task.n_features)[chosen]


def mixture_weights(task: MixtureTask) -> NDArray[np.float64]:
    r"""Weights of the boosted mixture, shape (n_points, 2**d).

    :math:`g_I=4(f_I-\frac12)^2` and :math:`\alpha_I=g_I\prod_{J\subsetneq I}(1-g_J)`: a subset
    counts for what it knows and none of its parts knew.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.

    Returns
    -------
    ndarray, shape (n_points, 2**n_features)
        0 to 1; column = bit code of the subset.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> mixture_weights(xor)[0].round(3).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    known = 4 * (task.means_at_points - 0.5) ** 2
    unknown = np.maximum(1 - known, np.finfo(np.float64).tiny)
    return np.asarray(known * product_over_subsets(unknown) / unknown)


def boosted(task: MixtureTask, level: float) -> NDArray[np.bool_]:
    """Subset of largest weight in the boosted mixture, stopping at the first size that exceeds the level.

    The rule of the authors' earlier attribution network. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    level : float
        Weight to exceed, 0 to 1.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the level is outside 0 to 1.

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> boosted(xor, 0.5)[0].tolist()
    [True, True]
    """
    check_level(level)
    best, code = _weight_by_size(task)
    so_far = np.maximum.accumulate(best, axis=1)
    enough = so_far > level
    stop = np.where(enough.any(axis=1), enough.argmax(axis=1), best.shape[1] - 1)
    seen = np.arange(best.shape[1]) <= stop[:, np.newaxis]
    place = np.where(seen, best, -1).argmax(axis=1)
    chosen = np.take_along_axis(code, place[:, np.newaxis], axis=1)[:, 0]
    return subsets.members(task.n_features)[chosen]


def best_by_size(task: MixtureTask, values: NDArray[np.float64]) -> BestBySize:
    """Largest value among the subsets of 1, 2, ... features, and the code of that subset.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        Whose features.
    values : ndarray, shape (n_points, 2**n_features)
        One a subset, column = bit code.

    Returns
    -------
    tuple of ndarray, shape (n_points, n_sizes)
        The largest value of each size, and the bit code of its subset.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> best_by_size(xor, confidence(xor))[1][0].tolist()
    [1, 3]
    """
    size = subsets.sizes(task.n_features)
    columns = [np.flatnonzero(size == k) for k in range(1, min(LARGEST, task.n_features) + 1)]
    place = [values[:, column].argmax(axis=1) for column in columns]
    code = np.column_stack([column[at] for column, at in zip(columns, place, strict=True)])
    return np.take_along_axis(values, code, axis=1), code


@once_per_task
def _confidence_by_size(task: MixtureTask) -> BestBySize:
    return best_by_size(task, confidence(task))


@once_per_task
def _weight_by_size(task: MixtureTask) -> BestBySize:
    return best_by_size(task, mixture_weights(task))


def pair_strength(task: MixtureTask) -> NDArray[np.float64]:
    """How much each pair of features interacts, with the others unknown and known.

    ArchDetect (Tsang et al., 2020) on conditional means, with absolute values where the original squares,
    as in the paper's scripts.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.

    Returns
    -------
    ndarray, shape (n_points, n_features, n_features)
        Symmetric, 0 on the diagonal.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> pair_strength(xor)[0].round(3).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    means, d = task.means_at_points, task.n_features
    whole, single = (1 << d) - 1, 1 << np.arange(d)
    pair = single[:, np.newaxis] | single
    first, second = single[:, np.newaxis] + 0 * single, single + 0 * single[:, np.newaxis]
    alone = means[:, pair] - means[:, first] - means[:, second] + means[:, :1, np.newaxis]
    among = means[:, [[whole]]] - means[:, whole ^ second] - means[:, whole ^ first] + means[:, whole ^ pair]
    strength = (np.abs(alone) + np.abs(among)) / 2
    return np.asarray(strength * ~np.eye(d, dtype=bool))


_pair_strength = once_per_task(pair_strength)


def archipelago(task: MixtureTask, level: float) -> NDArray[np.bool_]:
    """Join features that interact into islands; take the island that moves the mean most.

    Pairs whose strength exceeds `level` times the largest are joined; the best single feature is a
    candidate too. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    level : float
        Share of the largest strength to exceed, 0 to 1.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the level is outside 0 to 1.

    Examples
    --------
    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> archipelago(xor, 0.5)[0].tolist()
    [True, True]
    """
    check_level(level)
    pairs = _pair_strength(task)
    joined = pairs > level * pairs.max(axis=(1, 2), keepdims=True)
    islands = _components(joined)
    alone = most_confident(task, 1.0, largest=1)
    candidates = np.concatenate([islands, alone[:, np.newaxis]], axis=1)
    means = task.means_at_points
    effect = np.abs(np.take_along_axis(means, subsets.codes(candidates), axis=1) - means[:, :1])
    return np.asarray(candidates[np.arange(len(task)), effect.argmax(axis=1)])


def _components(joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected component of every feature: reachability by repeated squaring."""
    reach = joined | np.eye(joined.shape[1], dtype=bool)
    for _ in range(int(joined.shape[1]).bit_length()):
        reach = np.matmul(reach.astype(np.float32), reach.astype(np.float32)) > 0
    return reach


EXACT_SELECTORS: Mapping[str, Selector] = MappingProxyType(
    {
        "ga1m": partial(most_confident, largest=1),
        "ga2m": partial(most_confident, largest=2),
        "ga3m": partial(most_confident, largest=3),
        "ga4m": partial(most_confident, largest=4),
        "fanova": most_confident,
        "boosted": boosted,
        "archipelago": archipelago,
    }
)
"""The seven subset methods that learn nothing, by name."""
