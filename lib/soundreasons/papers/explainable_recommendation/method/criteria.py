"""What makes a reason good (def-criteria): formulas on plain arrays."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.method.weighing import Scores

Floats = NDArray[np.float64]


def deletion_curve(scores: Scores, history: NDArray[np.int64], item: int, order: NDArray[np.int64]) -> Floats:
    """Return the score of an item as the artists of `order` are taken out, one after the other.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores : function from a history to scores, shape (n_items,)
        The model.
    history : ndarray of int, shape (n_history,)
        In increasing order.
    item : int
        What is scored.
    order : ndarray of int
        Artists of the history.

    Returns
    -------
    ndarray, shape (len(order) + 1,)
        In score units, from the whole history on.

    Raises
    ------
    ValueError
        If `order` holds an artist that is not in the history.

    Examples
    --------
    >>> add = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part) + 1.0 * (1 in part)])
    >>> deletion_curve(add, np.array([0, 1]), 2, np.array([0, 1])).tolist()
    [3.0, 1.0, 0.0]
    """
    if not np.isin(order, history).all():
        raise ValueError(f"{order[~np.isin(order, history)][0]} is not in the history; nothing to take out")
    parts = [history[~np.isin(history, order[:n])] for n in range(len(order) + 1)]
    return np.array([scores(part)[item] for part in parts])


def comprehensiveness(
    scores: Scores, history: NDArray[np.int64], item: int, cited: NDArray[np.int64]
) -> float:
    """Return the share of the score that is lost without the cited artists.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores, history, item
        As for `deletion_curve`.
    cited : ndarray of int
        Artists of the history that an explanation names.

    Returns
    -------
    float
        1 if nothing is left, 0 if they are not missed.

    Raises
    ------
    ValueError
        If a cited artist is not in the history, or the score is not above 0.

    Examples
    --------
    >>> add = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part) + 1.0 * (1 in part)])
    >>> round(comprehensiveness(add, np.array([0, 1]), 2, np.array([0])), 3)
    0.667
    """
    curve = deletion_curve(scores, history, item, cited)
    _require_score(curve[0])
    return float(1 - curve[-1] / curve[0])


def sufficiency(scores: Scores, history: NDArray[np.int64], item: int, cited: NDArray[np.int64]) -> float:
    """Return the share of the score that is lacking with nothing but the cited artists (small is good).

    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores, history, item, cited
        As for `comprehensiveness`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the score is not above 0.

    Examples
    --------
    >>> add = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part) + 1.0 * (1 in part)])
    >>> round(sufficiency(add, np.array([0, 1]), 2, np.array([0])), 3)
    0.333
    """
    whole = scores(history)[item]
    _require_score(whole)
    return float(1 - scores(np.sort(cited))[item] / whole)


def remainder(weights: Floats, base: float, score: float) -> float:
    """Return how far base and weights together miss the score, as a share of it; 0 is *complete*.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Of the reasons, in score units.
    base : float
        Score without any reason.
    score : float, above 0
        What they should add up to.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the score is not above 0.

    Examples
    --------
    >>> remainder(np.array([2.0, 1.0]), 0.0, 4.0)
    0.25
    """
    _require_score(score)
    return float(abs(base + weights.sum() - score) / score)


def novelty(cited: NDArray[np.int64], popularity: Floats, n_users: int) -> float:
    """Return the mean surprise of the cited artists, in bits: -log2 of the share of users who listen.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    cited : ndarray of int, not empty
        Artists that an explanation names.
    popularity : ndarray, shape (n_items,)
        Listeners of each item.
    n_users : int
        All users.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If nothing is cited, or a cited artist has no listener.

    Examples
    --------
    Everybody listens to the first, a quarter to the second: 0 and 2 bits.

    >>> novelty(np.array([0, 1]), np.array([8.0, 2.0]), 8)
    1.0
    """
    if not len(cited) or (popularity[cited] <= 0).any():
        raise ValueError("nothing is cited, or one whom nobody plays: of that no surprise can be told")
    return float(-np.log2(popularity[cited] / n_users).mean())


def length(weights: Floats) -> float:
    """Return how many reasons carry four fifths of the weight of all that speak for the item.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Of the reasons, the largest first.

    Returns
    -------
    float
        A count.

    Raises
    ------
    ValueError
        If no reason speaks for the item.

    Examples
    --------
    >>> length(np.array([6.0, 1.0, 1.0, 1.0, 1.0])), length(np.array([9.0, 1.0, -5.0]))
    (3.0, 1.0)
    """
    speaking = weights[weights > 0]
    if not len(speaking):
        raise ValueError("no weight is above 0, so no reason speaks for the item")
    return float(np.searchsorted(np.cumsum(speaking), 0.8 * speaking.sum()) + 1)


def jaccard(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Return the share of two sets of reasons that is common; NaN if both are empty.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    first, second : ndarray of int
        Reasons, in any order.

    Returns
    -------
    float in [0, 1], or NaN

    Raises
    ------
    ValueError
        If they are not lists of numbers.

    Examples
    --------
    >>> jaccard(np.array([1, 2, 3]), np.array([2, 3, 4]))
    0.5
    """
    if np.ndim(first) != 1 or np.ndim(second) != 1:
        raise ValueError(f"sets have shapes {np.shape(first)} and {np.shape(second)}, expected lists")
    union = np.union1d(first, second)
    return len(np.intersect1d(first, second)) / len(union) if len(union) else np.nan


def gini(counts: NDArray[np.int64]) -> float:
    """Return the Gini coefficient: 0 if all items are cited equally often, near 1 if one item has it all.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    counts : ndarray, shape (n_items,)
        How often each is cited.

    Returns
    -------
    float in [0, 1)

    Raises
    ------
    ValueError
        If a count is negative, or nothing was counted.

    Examples
    --------
    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 4]))
    (0.0, 0.75)
    """
    values = np.sort(np.asarray(counts, dtype=np.float64))
    if values[0] < 0 or values.sum() == 0:
        raise ValueError(
            f"counts run from {values[0]} and add up to {values.sum()}, expected some, none negative"
        )
    ranks = np.arange(1, len(values) + 1)
    return float(2 * (ranks @ values) / (len(values) * values.sum()) - (len(values) + 1) / len(values))


def _require_score(score: float) -> None:
    if not score > 0:
        raise ValueError(f"the score is {score}; of one that is not above 0 no share can be lost")
