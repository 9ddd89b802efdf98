"""Explanations of the whole rather than of one recommendation: a listener's profile, everybody's share.

"What does the system believe of me", "who gets the attention", and a plane to look at.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from soundreasons.papers.explainable_recommendation.evidence import Context
from soundreasons.papers.explainable_recommendation.explainers import Explainer
from soundreasons.papers.explainable_recommendation.listening import Listening
from soundreasons.papers.explainable_recommendation.metrics import citations
from soundreasons.papers.explainable_recommendation.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.surrogates import recommended
from soundreasons.papers.explainable_recommendation.words import Tastes

_HEAD, _MIDDLE = 0.9, 0.5  # quantiles of listeners above which an item is of the head, or the middle


def profile_card(
    user: int, context: Context, tastes: Tastes, listening: Listening, *, n_tastes: int = 3
) -> pd.DataFrame:
    """Say what the system believes of a listener: tastes in words, with their shares and pillars.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a taste, the strongest first
        `taste` (three tags), `share` (of all tastes of this listener), `artists` (of the history, those
        that carry it most).
    """
    strength = tastes.users[user] / max(tastes.users[user].sum(), 1e-12)
    history = context.interactions[user].indices
    rows = []
    for taste in np.argsort(-strength, kind="stable")[:n_tastes]:
        carried = np.asarray(context.item_tags[history] @ tastes.tags[taste]).ravel()
        pillars = history[np.argsort(-carried, kind="stable")[:3]]
        words = " / ".join(listening.tag_names[tastes.words(int(taste))])
        rows.append((words, float(strength[taste]), ", ".join(listening.item_names[pillars])))
    return pd.DataFrame(rows, columns=["taste", "share", "artists"])


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


def taste_plane(context: Context) -> Floats:
    """Put the items on a plane: the second and third singular direction of who listens to what.

    The first one is popularity, and says little about taste. Chapter: explainable_recommendation.

    Returns
    -------
    ndarray, shape (n_items, 2)
        Each row over its length in three dimensions, so that popular items do not run away.
    """
    n_dims = min(3, min(context.interactions.shape) - 1)
    _, sizes, items = svds(context.unit_histories, k=n_dims, rng=np.random.default_rng(context.seed))
    vectors = items[np.argsort(-sizes)].T
    vectors = vectors * np.sign(vectors.sum(axis=0) + 1e-300)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors[:, -2:])
