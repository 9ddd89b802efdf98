"""How good the recommendations are: recall and nDCG at ten, seen items masked."""

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.ranking import best_of_rows
from soundreasons.papers.explainable_recommendation.recommenders import Recommender

_ROWS = 256


def ndcg_at(ranked: NDArray[np.int64], relevant: NDArray[np.int64], k: int = 10) -> float:
    """Normalised discounted cumulative gain with gain 1 and discount log2(rank + 1).

    Chapter: explainable_recommendation.

    Parameters
    ----------
    ranked : ndarray of int
        Items, best first.
    relevant : ndarray of int, not empty
        Items that count as hits.
    k : int, from 1
        Cut-off.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If nothing is relevant.

    Examples
    --------
    >>> ndcg_at(np.array([7, 8, 9]), np.array([9]))
    0.5
    """
    if not len(relevant):
        raise ValueError("relevant is empty, so no ranking is better than another; leave such users out")
    hits = np.isin(ranked[:k], relevant)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    return float(discounts[: len(hits)][hits].sum() / discounts[: min(k, len(relevant))].sum())


def recall_at(ranked: NDArray[np.int64], relevant: NDArray[np.int64], k: int = 10) -> float:
    """Share of the hits that were possible: hits over min(k, relevant).

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If nothing is relevant.

    Examples
    --------
    >>> recall_at(np.array([7, 8, 9]), np.array([9, 1]))
    0.5
    """
    if not len(relevant):
        raise ValueError("relevant is empty, so no ranking is better than another; leave such users out")
    return float(np.isin(ranked[:k], relevant).sum() / min(k, len(relevant)))


def accuracy(model: Recommender, test: sp.csr_matrix, *, k: int = 10) -> pd.DataFrame:
    """Rank for every user with hidden items, and look for these.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        Fitted on the other part of the split.
    test : csr_matrix, shape (n_users, n_items)
        The hidden interactions.
    k : int, from 1
        Cut-off.

    Returns
    -------
    DataFrame, one row a user with a history and hidden items
        `user`, `recall`, `ndcg`.

    Examples
    --------
    >>> from soundreasons.papers.explainable_recommendation.recommenders import Popularity
    >>> train, test = sp.csr_matrix([[1, 0, 0], [0, 1, 0]]), sp.csr_matrix([[0, 1, 0], [0, 0, 1]])
    >>> accuracy(Popularity().fit(train), test, k=1)["recall"].tolist()
    [1.0, 0.0]
    """
    train = model.interactions
    users = np.flatnonzero((np.diff(test.indptr) > 0) & (np.diff(train.indptr) > 0))
    rows = []
    for start in range(0, len(users), _ROWS):
        block = users[start : start + _ROWS]
        scores = model.scores_of(train[block])
        scores[train[block].nonzero()] = -np.inf
        best = best_of_rows(scores, k)
        for row, user in enumerate(block):
            ranked = best[row][np.isfinite(scores[row, best[row]])]
            relevant = test.indices[test.indptr[user] : test.indptr[user + 1]]
            rows.append((user, recall_at(ranked, relevant, k), ndcg_at(ranked, relevant, k)))
    return pd.DataFrame(rows, columns=["user", "recall", "ndcg"])
