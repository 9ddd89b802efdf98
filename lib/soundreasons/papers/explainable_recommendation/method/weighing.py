"""Weights of reasons that ask a model for scores only (def-weights): influence, Shapley, LIME."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
# From a history, items in increasing order, to one score an item.
Scores = Callable[[NDArray[np.int64]], Floats]
LONGEST_IN_ALL_ORDERS = 8
RIDGE = 1e-3
KERNEL_WIDTH = 0.75  # of the share of a history that is missing


def influence(scores: Scores, history: NDArray[np.int64], item: int) -> Floats:
    """Return what the score of an item loses without each artist of a history alone.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores : function from a history to scores, shape (n_items,)
        The model.
    history : ndarray of int, shape (n_history,)
        In increasing order.
    item : int
        What is scored.

    Returns
    -------
    ndarray, shape (n_history,)
        In score units.

    Raises
    ------
    ValueError
        If the history is empty.

    Examples
    --------
    A model that asks for one of two artists, either will do: neither is missed.

    >>> either = lambda part: np.array([0.0, 0.0, float(len(part) > 0)])
    >>> influence(either, np.array([0, 1]), 2).tolist()
    [0.0, 0.0]
    """
    _require_history(history)
    whole = scores(history)[item]
    return np.array([whole - scores(history[history != artist])[item] for artist in history])


def shapley(scores: Scores, history: NDArray[np.int64], item: int) -> Floats:
    """Return what each artist adds to the score, averaged over all orders in which the history can fill.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores, history, item
        As for `influence`; all orders are walked, so the history holds eight artists at most.

    Returns
    -------
    ndarray, shape (n_history,)
        They add up to the score less that of no history.

    Raises
    ------
    ValueError
        If the history is empty, or longer than eight.

    Examples
    --------
    Either of two artists will do: whoever comes first adds 1, which is each in one of the two orders.

    >>> either = lambda part: np.array([0.0, 0.0, float(len(part) > 0)])
    >>> shapley(either, np.array([0, 1]), 2).tolist()
    [0.5, 0.5]
    """
    _require_history(history)
    if len(history) > LONGEST_IN_ALL_ORDERS:
        raise ValueError(
            f"the history holds {len(history)} artists, at most {LONGEST_IN_ALL_ORDERS} go into all orders; "
            "draw orders at random (the explainer 'shapley')"
        )
    orders = list(permutations(range(len(history))))
    gains = np.zeros(len(history))
    for order in orders:
        answers = [scores(np.sort(history[list(order[:n])]))[item] for n in range(len(order) + 1)]
        gains[list(order)] += np.diff(answers)
    return np.asarray(gains / len(orders))


def lime(scores: Scores, history: NDArray[np.int64], item: int, parts: NDArray[np.bool_]) -> Floats:
    """Return the coefficients of a ridge regression of the score on who is in a part of the history.

    A part counts exp(- d^2 / 0.75^2), d being the share of the history that it lacks.
    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores, history, item
        As for `influence`.
    parts : ndarray of bool, shape (n_parts, n_history)
        Which artists each part holds; drawn at random by whoever asks.

    Returns
    -------
    ndarray, shape (n_history,)
        In score units.

    Raises
    ------
    ValueError
        If the history is empty, or the parts are of another length.

    Examples
    --------
    Of a sum the terms come back, but for the ridge:

    >>> add = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part) + 1.0 * (1 in part)])
    >>> parts = np.array([[True, True], [True, False], [False, True], [False, False]])
    >>> lime(add, np.array([0, 1]), 2, parts).round(2).tolist()
    [2.0, 1.0]
    """
    _require_history(history)
    if parts.shape[1:] != history.shape:
        raise ValueError(f"parts have shape {parts.shape}, expected (n_parts, {len(history)})")
    answers = [scores(history[part])[item] for part in parts]
    near = np.exp(-(((1 - parts.mean(axis=1)) / KERNEL_WIDTH) ** 2))
    return np.asarray(Ridge(alpha=RIDGE).fit(parts.astype(float), answers, sample_weight=near).coef_)


def _require_history(history: NDArray[np.int64]) -> None:
    if not len(history):
        raise ValueError("the history is empty, so there is nothing to explain with; give one artist or more")
