"""From scores to lists: the best unseen items, ties by lower number."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning.ranking import top_k
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender


def top(model: Recommender, user: int, n: int) -> NDArray[np.int64]:
    """Recommend: the `n` unseen items with the highest scores, ties by lower number.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        As `Recommender.scores`, or if `n` is below 1.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from soundreasons.papers.explainable_recommendation.fast.recommenders import Popularity
    >>> top(Popularity().fit(sp.csr_matrix([[1, 0, 0], [0, 1, 1], [0, 0, 1]])), user=0, n=2).tolist()
    [2, 1]
    """
    if n < 1:
        raise ValueError(f"n is {n}, expected 1 or more")
    return rank(model.scores(user), model.history(user), n)


def rank(scores: Floats, seen: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the `n` best items that are not `seen`, best first, ties by lower number.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> rank(np.array([3.0, 1.0, 2.0, 2.0]), np.array([0]), 2).tolist()
    [2, 3]
    """
    open_to = np.array(scores, dtype=np.float64)
    open_to[seen] = -np.inf
    best = top_k(open_to[np.newaxis], n)[0]
    return np.asarray(best[np.isfinite(open_to[best])])
