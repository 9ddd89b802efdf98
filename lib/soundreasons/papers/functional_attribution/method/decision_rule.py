"""From scores to a selection: the decision rule. Chapter: functional_attribution.

Each gives booleans of shape (n_points, n_features). Levels are shares, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

    Raises
    ------
    ValueError
        If the scores are not a finite table.

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
