"""How good the recommendations are: recall and nDCG at ten, seen items masked."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from soundreasons.learning.ranking import hits, ndcg_at_k, recall_at_k, top_k
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender

_ROWS = 256


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
    >>> from soundreasons.papers.explainable_recommendation.fast.recommenders import Popularity
    >>> train, test = sp.csr_matrix([[1, 0, 0], [0, 1, 0]]), sp.csr_matrix([[0, 1, 0], [0, 0, 1]])
    >>> accuracy(Popularity().fit(train), test, k=1)["recall"].tolist()
    [1.0, 0.0]
    """
    train = model.interactions
    users = np.flatnonzero((np.diff(test.indptr) > 0) & (np.diff(train.indptr) > 0))
    rows: list[tuple[int, float, float]] = []
    for start in range(0, len(users), _ROWS):
        block = users[start : start + _ROWS]
        scores = model.scores_of(train[block])
        scores[train[block].nonzero()] = -np.inf
        best = top_k(scores, k)
        ranked = [row[np.isfinite(own[row])] for row, own in zip(best, scores, strict=True)]
        relevant = [test.indices[slice(*test.indptr[user : user + 2])] for user in block]
        is_hit, n_relevant = hits(ranked, relevant), list(map(len, relevant))
        recall = recall_at_k(is_hit, n_relevant, k, of_possible=True)
        rows += zip(block, recall, ndcg_at_k(is_hit, n_relevant, k), strict=True)
    return pd.DataFrame(rows, columns=["user", "recall", "ndcg"])
