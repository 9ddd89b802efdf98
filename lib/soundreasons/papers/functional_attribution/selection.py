"""Selections: which features decide, from scores of features or from conditional means of subsets.

Task: the decision rule for scores, and the subset methods of the paper's comparison. Each returns
booleans of shape (n_points, n_features). Levels are shares or confidences, 0 to 1. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution import subsets
from soundreasons.papers.functional_attribution.tasks import MixtureTask, once_per_task

_BestBySize = tuple[NDArray[np.float64], NDArray[np.int64]]
LARGEST = 5  # no selection of the paper's tasks has more features


class Selector(Protocol):
    """A subset method: features that decide at every point of a task, at a level."""

    def __call__(self, task: MixtureTask, level: float) -> NDArray[np.bool_]:
        """Selected features, shape (n_points, n_features)."""


def select(scores: Any, level: float, floor: float = 1e-2) -> NDArray[np.bool_]:
    """Take features by decreasing absolute score until their share exceeds a level.

    Rule of section 5 of Afchar et al. (2021) for turning an attribution into a selection. Chapter:
    functional_attribution.

    Parameters
    ----------
    scores : array-like, shape (n_points, n_features)
        Attributions, finite; signs are dropped.
    level : float in [0, 1)
        Share of the sum of absolute scores to exceed.
    floor : float, from 0
        Where no absolute score reaches it, nothing is selected.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the scores are not a finite table, or the level is outside [0, 1).

    Examples
    --------
    >>> select([[0.6, -0.3, 0.1], [1e-3, 0.0, 0.0]], level=0.6).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    order, share_before, is_silent = _ranked(scores, floor)
    taken = _taken(share_before, level) & ~is_silent[:, np.newaxis]
    selected = np.zeros_like(taken)
    np.put_along_axis(selected, order, taken, axis=1)
    return selected


def select_codes(scores: Any, levels: Sequence[float], floor: float = 1e-2) -> NDArray[np.int64]:
    """Apply the rule of `select` at many levels: features are ranked once, a level cuts the ranking.

    Chapter: functional_attribution.

    Parameters
    ----------
    scores, floor
        As for `select`.
    levels : sequence of float
        Each in [0, 1).

    Returns
    -------
    ndarray of int, shape (n_levels, n_points)
        Bit code of what is selected, bit i = feature i.

    Raises
    ------
    ValueError
        As for `select`.

    Examples
    --------
    >>> select_codes([[0.6, -0.3, 0.1]], [0.5, 0.6]).tolist()
    [[1], [3]]
    """
    order, share_before, is_silent = _ranked(scores, floor)
    first = np.cumsum(1 << order, axis=1)  # code of the features up to each rank
    cut = np.array([_taken(share_before, level).sum(axis=1) for level in levels])
    codes = np.take_along_axis(first, np.maximum(cut.T - 1, 0), axis=1).T
    return np.where(is_silent, 0, codes)


def _ranked(scores: Any, floor: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Features by decreasing score, the share of those before each, and the points that answer nothing."""
    size = _checked_scores(scores)
    order = np.argsort(-size, axis=1, kind="stable")
    ranked = np.take_along_axis(size, order, axis=1)
    total = ranked.sum(axis=1, keepdims=True)
    share_before = (np.cumsum(ranked, axis=1) - ranked) / np.where(total > 0, total, 1)
    return order, share_before, ranked[:, 0] < floor


def _taken(share_before: NDArray[np.float64], level: float) -> NDArray[np.bool_]:
    """A feature is taken while those before it have not exceeded the level."""
    if not 0 <= level < 1:
        raise ValueError(f"level is {level}, expected a share from 0 up to, not including, 1")
    return np.asarray(share_before <= level + 1e-12)


def select_one(scores: Any) -> NDArray[np.bool_]:
    """Take the one feature with the largest absolute score: the rule that is told the size.

    Chapter: functional_attribution.

    Parameters
    ----------
    scores : array-like, shape (n_points, n_features)
        Attributions, finite.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Examples
    --------
    >>> select_one([[0.2, -0.5]]).tolist()
    [[False, True]]
    """
    size = _checked_scores(scores)
    return np.asarray(size.argmax(axis=1)[:, np.newaxis] == np.arange(size.shape[1]))


def _checked_scores(scores: Any) -> NDArray[np.float64]:
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"scores have shape {array.shape}, expected (n_points, n_features)")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"scores of point {row} are {array[row].tolist()}, expected finite numbers")
    return np.abs(array)


def _check_level(level: float) -> None:
    if not 0 <= level <= 1:
        raise ValueError(f"level is {level}, expected a number from 0 to 1")


def confidence(task: MixtureTask) -> NDArray[np.float64]:
    """How sure the output is once a subset is known: the larger of f_I and 1 - f_I, shape (n, 2**d)."""
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
    """
    _check_level(level)
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
    """
    known = 4 * (task.means_at_points - 0.5) ** 2
    unknown = np.maximum(1 - known, np.finfo(np.float64).tiny)
    return np.asarray(known * subsets.product_over_subsets(unknown) / unknown)


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
    """
    _check_level(level)
    best, code = _weight_by_size(task)
    so_far = np.maximum.accumulate(best, axis=1)
    enough = so_far > level
    stop = np.where(enough.any(axis=1), enough.argmax(axis=1), best.shape[1] - 1)
    seen = np.arange(best.shape[1]) <= stop[:, np.newaxis]
    place = np.where(seen, best, -1).argmax(axis=1)
    chosen = np.take_along_axis(code, place[:, np.newaxis], axis=1)[:, 0]
    return subsets.members(task.n_features)[chosen]


def _best_by_size(task: MixtureTask, values: NDArray[np.float64]) -> _BestBySize:
    """Largest value among the subsets of 1, 2, ... features, and the code of that subset."""
    size = subsets.sizes(task.n_features)
    columns = [np.flatnonzero(size == k) for k in range(1, min(LARGEST, task.n_features) + 1)]
    place = [values[:, column].argmax(axis=1) for column in columns]
    code = np.column_stack([column[at] for column, at in zip(columns, place, strict=True)])
    return np.take_along_axis(values, code, axis=1), code


@once_per_task
def _confidence_by_size(task: MixtureTask) -> _BestBySize:
    return _best_by_size(task, confidence(task))


@once_per_task
def _weight_by_size(task: MixtureTask) -> _BestBySize:
    return _best_by_size(task, mixture_weights(task))


@once_per_task
def _interaction_by_size(task: MixtureTask) -> _BestBySize:
    return _best_by_size(task, np.abs(shapley_interactions(task)))


def pair_strength(task: MixtureTask) -> NDArray[np.float64]:
    """How much each pair of features interacts, with the others unknown and known.

    ArchDetect (Tsang et al., 2020) on conditional means, with absolute values where the original squares,
    as in the paper's scripts.

    Returns
    -------
    ndarray, shape (n_points, n_features, n_features)
        Symmetric, 0 on the diagonal.
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
    """
    _check_level(level)
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


def shapley_interactions(task: MixtureTask) -> NDArray[np.float64]:
    r"""Extension, not in the paper: Shapley interaction index of every subset, shape (n_points, 2**d).

    Grabisch and Roubens (1999): :math:`\sum_{T\supseteq I} m(T)/(|T|-|I|+1)` of the Moebius transform m of
    the conditional means; of a single feature it is the Shapley value.
    """
    d = task.n_features
    moebius = task.means_at_points.copy()
    for feature in range(d):
        view = moebius.reshape(len(task), -1, 2, 1 << feature)
        view[:, :, 1] -= view[:, :, 0]
    size, table = subsets.sizes(d), subsets.members(d)
    index = np.empty_like(moebius)
    for code in range(1 << d):
        above = np.flatnonzero(table[:, table[code]].all(axis=1))
        index[:, code] = moebius[:, above] @ (1 / (size[above] - size[code] + 1))
    return index


def strongest_interaction(task: MixtureTask, level: float) -> NDArray[np.bool_]:
    """Extension: smallest subset whose Shapley interaction reaches a share of the largest.

    Reaches, not exceeds: the largest itself must qualify at every level, so that the level 1 asks for
    the strongest interaction and nothing less. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    level : float
        Share of the largest absolute index over subsets of up to five features to reach, 0 to 1.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the level is outside 0 to 1.

    Examples
    --------
    With two features that decide only together, the pair has the strongest interaction:

    >>> task = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> strongest_interaction(task, 1.0).all()
    np.True_
    """
    _check_level(level)
    best, code = _interaction_by_size(task)
    enough = best >= level * best.max(axis=1, keepdims=True)
    chosen = np.take_along_axis(code, enough.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    return subsets.members(task.n_features)[chosen]


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
