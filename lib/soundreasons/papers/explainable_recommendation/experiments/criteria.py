"""Every explainer, every criterion."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.learning.intervals import column_bootstrap
from soundreasons.papers.explainable_recommendation.fast.criteria import criteria
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.pairs import deletion_curve, explained, pairs
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

_RESAMPLES = 1000


def scorecard(
    model: Recommender,
    names: Sequence[str],
    users: Sequence[int],
    context: Context,
    *,
    by: Sequence[str] = tuple(criteria),
) -> pd.DataFrame:
    """Judge explainers by criteria: one row an explainer and a pair, one column a criterion.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        What is explained.
    names : sequence of str
        Of `explainers`.
    users : sequence of int
        Whose five recommendations.
    context : Context
        What else is known.
    by : sequence of str
        Of `criteria`.

    Returns
    -------
    DataFrame
        `explainer`, `user`, `item`, and the criteria.
    """
    asked = pd.DataFrame(pairs(model, users), columns=["user", "item"])
    parts = []
    for name in names:
        values = {each: criteria[each](model, explainers[name], users, context) for each in by}
        parts.append(asked.assign(explainer=name, **values))
    return pd.concat(parts, ignore_index=True)


def by_users(card: pd.DataFrame, rng: np.random.Generator, *, level: float = 0.95) -> pd.DataFrame:
    """Average every criterion over users, for every explainer, with bootstrap intervals.

    A user counts by the mean over its pairs, and not at all where a criterion says nothing of any of
    them. All criteria of an explainer share the resamples of users (percentile intervals). Where two users
    are compared (`personalisation`) or all of them (`template_entropy`), the other users are held fixed.
    Chapter: explainable_recommendation.

    Parameters
    ----------
    card : DataFrame
        Of `scorecard`.
    rng : Generator
        Draws the users.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    DataFrame
        `explainer`, `criterion`, `mean`, `low`, `high`, `users` (how many count); no row where nobody does.

    Examples
    --------
    >>> judged = {"user": [0, 0, 1], "item": [1, 2, 1], "novelty": [1.0, 3.0, 4.0]}
    >>> card = pd.DataFrame({"explainer": "exact", **judged})
    >>> by_users(card, np.random.default_rng(0))[["mean", "low", "high", "users"]].values.tolist()
    [[3.0, 2.0, 4.0, 2.0]]
    """
    rows = []
    for explainer, own in card.groupby("explainer", sort=False):
        means = own.drop(columns=["explainer", "item"]).groupby("user").mean()
        intervals = column_bootstrap(means, rng, level=level, n_resamples=_RESAMPLES)
        n_users = np.isfinite(means.to_numpy()).sum(axis=0)
        for criterion, found, n in zip(means.columns, intervals, n_users.tolist(), strict=True):
            if n:
                rows.append((explainer, criterion, *found, n))
    return pd.DataFrame(rows, columns=["explainer", "criterion", "mean", "low", "high", "users"])


def mean_curves(
    model: Recommender, names: Sequence[str], users: Sequence[int], context: Context, n: int
) -> dict[str, Floats]:
    """Average the share of the score that is left as up to `n` cited artists are taken out.

    Only pairs with `n` cited artists or more count. Chapter: explainable_recommendation.
    """
    curves = {}
    for name in names:
        found = []
        for pair in explained(model, explainers[name], users, context):
            if len(pair.cited) >= n:
                scores = deletion_curve(model, pair.history, pair.item, pair.cited[:n])
                found.append(scores / scores[0])
        curves[name] = np.mean(found, axis=0)
    return curves
