"""Who gets cited?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer, decoy
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN, Users, explained, pairs
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender
from soundreasons.papers.explainable_recommendation.fast.surrogates import recommended
from soundreasons.papers.explainable_recommendation.method.criteria import gini


def bias(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> pd.DataFrame:
    """Compare how concentrated histories, recommendations and evidence are, and how popular.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame
        Rows "history", "recommended", "evidence", and "random" (three artists of the history at random: what
        three citations a recommendation give without any choice); columns `gini`, `coverage` (share of the
        items that occur at all) and `listeners` (mean listeners of an item that occurs).
    """
    n_items = context.interactions.shape[1]
    counts = {
        "history": np.asarray(context.interactions[np.asarray(users)].sum(axis=0)).ravel(),
        "recommended": np.bincount([item for _, item in pairs(model, users)], minlength=n_items),
        "evidence": citations(model, explainer, users, context),
        "random": citations(model, decoy, users, context),
    }
    rows = {
        name: (gini(count), float((count > 0).mean()), float(count @ context.popularity / count.sum()))
        for name, count in counts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["gini", "coverage", "listeners"])


_HEAD, _MIDDLE = 0.9, 0.5  # quantiles of listeners above which an item is of the head, or the middle


def exposure(
    model: Recommender, explainer: Explainer, users: NDArray[np.int64], context: Context
) -> pd.DataFrame:
    """Share out attention between popular and other items: in histories, lists and reasons.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a group
        `group` (head: the tenth with the most listeners; middle: down to the median; tail), and the
        shares of `catalogue`, `histories`, `recommended` and `cited` that fall to it.
    """
    bounds = np.quantile(context.popularity, [_MIDDLE, _HEAD])
    group = np.searchsorted(bounds, context.popularity, side="left")
    counts = {
        "catalogue": np.ones(len(group)),
        "histories": np.asarray(context.interactions[users].sum(axis=0)).ravel(),
        "recommended": np.asarray(recommended(model)[users].sum(axis=0)).ravel(),
        "cited": citations(model, explainer, users, context).astype(float),
    }
    shares = {name: np.bincount(group, count, minlength=3) / count.sum() for name, count in counts.items()}
    return pd.DataFrame({"group": ["tail", "middle", "head"], **shares}).iloc[::-1].reset_index(drop=True)


def citations(model: Recommender, explainer: Explainer, users: Users, context: Context) -> NDArray[np.int64]:
    """Count how often each item is among the three cited artists, shape (n_items,).

    Chapter: explainable_recommendation.
    """
    counts = np.zeros(context.interactions.shape[1], dtype=np.int64)
    for pair in explained(model, explainer, users, context):
        counts[pair.cited[:N_SHOWN]] += 1
    return counts
