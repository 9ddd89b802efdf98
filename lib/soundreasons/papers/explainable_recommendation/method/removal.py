"""What would have to be missing: the counterfactual of a recommendation."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.method.weighing import Scores, influence

LONGEST_REMOVAL = 25
CANDIDATES = 8  # reasons tried together when looking for a smaller removal
LARGEST_SEARCHED = 3  # size up to which every combination of the candidates is tried


def place(scores: Scores, history: NDArray[np.int64], item: int, removed: NDArray[np.int64]) -> int:
    """Return the place of an item in the list, from 0, when artists are taken out of the history.

    What is taken out does not come back as a recommendation. Ties go to the lower number.
    Chapter: explainable_recommendation.

    Parameters
    ----------
    scores : function from a history to scores, shape (n_items,)
        The model.
    history : ndarray of int, shape (n_history,)
        In increasing order.
    item : int
        Not in the history.
    removed : ndarray of int
        Artists of the history.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the item is in the history.

    Examples
    --------
    Item 2 hangs on artist 0, item 3 on artist 1.

    >>> hang = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part), 1.0 * (1 in part)])
    >>> [place(hang, np.array([0, 1]), 2, np.array(gone, dtype=int)) for gone in ([], [0], [1])]
    [0, 1, 0]
    """
    if item in history:
        raise ValueError(f"item {item} is in the history; ask of one that could be recommended")
    found = scores(history[~np.isin(history, removed)]).astype(float)
    found[history] = -np.inf
    ahead = (found > found[item]) | ((found == found[item]) & (np.arange(len(found)) < item))
    return int(ahead.sum())


def counterfactual(
    scores: Scores, history: NDArray[np.int64], item: int, *, n: int = 10
) -> NDArray[np.int64]:
    """Return a small set of artists without which the item is not among the `n` recommended.

    Greedy first: take out what has most influence until the item, scored anew, is gone. Then all combinations
    of up to three of the eight heaviest, if one is smaller. Chapter: explainable_recommendation.

    Parameters
    ----------
    scores, history, item
        As for `place`.
    n : int, from 1
        Length of the list.

    Returns
    -------
    ndarray of int
        Empty if nothing was found.

    Raises
    ------
    ValueError
        If the history is empty, or the item is in it.

    Examples
    --------
    Item 2 hangs on artist 0; without it, item 3 takes the only place.

    >>> hang = lambda part: np.array([0.0, 0.0, 2.0 * (0 in part), 1.0 * (1 in part)])
    >>> counterfactual(hang, np.array([0, 1]), 2, n=1).tolist()
    [0]
    """
    order = history[np.argsort(-influence(scores, history, item), kind="stable")]

    def is_gone(removed: NDArray[np.int64]) -> bool:
        return place(scores, history, item, removed) >= n

    sizes = range(1, min(len(order), LONGEST_REMOVAL) + 1)
    greedy = next((order[:size] for size in sizes if is_gone(order[:size])), order[:0])
    for size in range(1, min(len(greedy) - 1, LARGEST_SEARCHED) + 1):
        for few in combinations(order[:CANDIDATES], size):
            if is_gone(np.array(few)):
                return np.array(few)
    return greedy
