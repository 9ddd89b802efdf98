"""How well the skips of sessions are predicted: accuracy, accuracy of the first, mean average accuracy.

Answers are right or wrong, shape (n_sessions, n_places); padded places are marked invalid. Paper: skip
prediction, metrics. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def session_accuracy(correct: Any, valid: Any = None) -> float:
    """Share of all valid places that are right.

    Paper: skip prediction, metrics (Acc). Chapter: interpretable_attribution.

    Parameters
    ----------
    correct, valid
        As for `mean_average_accuracy`.

    Returns
    -------
    float in [0, 1]
        Share of the places.

    Raises
    ------
    ValueError
        As for `mean_average_accuracy`.

    Examples
    --------
    >>> session_accuracy([[1, 0], [1, 1]])
    0.75
    """
    right, is_valid = _checked(correct, valid)
    return float(right[is_valid].mean())


def first_accuracy(correct: Any, valid: Any = None) -> float:
    """Share of the sessions whose first asked track is right (Acc@1).

    Paper: skip prediction, metrics. Chapter: interpretable_attribution.

    Parameters
    ----------
    correct, valid
        As for `mean_average_accuracy`.

    Returns
    -------
    float in [0, 1]
        Share of the sessions.

    Raises
    ------
    ValueError
        As for `mean_average_accuracy`.

    Examples
    --------
    >>> first_accuracy([[1, 0], [0, 1]])
    0.5
    """
    right, _ = _checked(correct, valid)
    return float(right[:, 0].mean())


def mean_average_accuracy(correct: Any, valid: Any = None) -> float:
    r"""Mean over sessions of the average accuracy up to each right place.

    :math:`\frac1T \sum_{i \le T} A(i) L(i)`, with `L(i)` whether place i is right and `A(i)` the
    accuracy up to it: early mistakes cost more. Paper: skip prediction, metrics (MAA). Chapter:
    interpretable_attribution.

    Parameters
    ----------
    correct : array-like of 0 and 1, shape (n_sessions, n_places)
        Whether each place is right.
    valid : bool array-like, same shape, optional
        False where a session has ended. Every session has its first place, and no gap.

    Returns
    -------
    float in [0, 1]
        1 if all are right.

    Raises
    ------
    ValueError
        If the shapes disagree, or a session has no valid place or a gap.

    Examples
    --------
    Right then wrong gives a half, wrong then right a quarter:

    >>> [mean_average_accuracy([row]) for row in ([1, 0], [0, 1], [1, 1])]
    [0.5, 0.25, 1.0]
    """
    right, is_valid = _checked(correct, valid)
    right = right * is_valid
    so_far = np.cumsum(right, axis=1) / np.arange(1, right.shape[1] + 1)
    return float(((so_far * right).sum(axis=1) / is_valid.sum(axis=1)).mean())


def _checked(correct: Any, valid: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    right = np.asarray(correct, dtype=np.float64)
    if right.ndim != 2 or 0 in right.shape:
        raise ValueError(
            f"correct has shape {right.shape}, expected (n_sessions, n_places), one or more of each"
        )
    is_valid = np.ones(right.shape, dtype=bool) if valid is None else np.asarray(valid, dtype=bool)
    if is_valid.shape != right.shape:
        raise ValueError(f"valid has shape {is_valid.shape} and correct {right.shape}: they must agree")
    without = np.flatnonzero(~is_valid[:, 0])
    if len(without):
        raise ValueError(f"session {without[0]} has no first asked track; leave it out")
    gaps = np.flatnonzero((np.diff(is_valid.astype(int), axis=1) > 0).any(axis=1))
    if len(gaps):
        raise ValueError(f"session {gaps[0]} goes on after it has ended; padding stands at the end only")
    return right, is_valid
