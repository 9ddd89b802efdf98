"""A simulated listener who decides from the explanation alone, and two ways to talk to one.

A model of a person, not a person: it shows what the terms mean and how they come apart. What it
believes when told reasons is ours; whether the item is liked is real: it is among the hidden ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.evidence import Context
from soundreasons.papers.explainable_recommendation.exact import TOP, contributions
from soundreasons.papers.explainable_recommendation.metrics import N_SHOWN
from soundreasons.papers.explainable_recommendation.ranking import rank
from soundreasons.papers.explainable_recommendation.recommenders import Floats, Recommender

STRATEGIES = ("honest", "persuasive", "random")


class Decisions(NamedTuple):
    """One row a recommendation, ten a listener: `belief` (0 to 1), `accepts`, `likes` (hidden item)."""

    belief: Floats
    accepts: NDArray[np.bool_]
    likes: NDArray[np.bool_]
    user: NDArray[np.int64]


def decide(
    model: Recommender, users: Sequence[int], context: Context, test: sp.csr_matrix, strategy: str,
    rng: np.random.Generator,
) -> Decisions:  # fmt: skip
    """Let listeners decide about their ten recommendations.

    The listener is shown three artists of the own history and a strength from 0 to 1, and believes
    strength times the mean of (how much it plays them + how well known they are) / 2, both as ranks
    from 0 to 1. It accepts above one fixed bar, the median belief over all listeners that random
    reasons give: so random reasons make it accept every second time.

    - "honest": the three largest contributions, and as strength the rank of the score among all scores
      that the system gave its recommendations.
    - "persuasive": the three artists that the listener believes in most, at full strength.
    - "random": three at random, at a random strength.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If the strategy is unknown.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is {strategy!r}, expected one of {', '.join(STRATEGIES)}")
    shown = [_shown(model, int(user), context, strategy, rng) for user in users]
    scores = np.concatenate([each.scores for each in shown])
    strength = (np.argsort(np.argsort(scores)) + 1) / len(scores)
    random = np.concatenate([each.random for each in shown])
    appeal = np.concatenate([each.appeal for each in shown])
    belief = {"honest": strength * appeal, "persuasive": appeal, "random": random}[strategy]
    rows = [(int(user), int(item)) for user, each in zip(users, shown, strict=True) for item in each.items]
    likes = np.array([bool(test[user, item]) for user, item in rows])
    return Decisions(belief, belief > np.median(random), likes, np.array([user for user, _ in rows]))


class _Shown(NamedTuple):
    """Ten recommendations of one user: how appealing the three cited artists of each are."""

    items: NDArray[np.int64]
    scores: Floats
    appeal: Floats
    random: Floats


def _shown(
    model: Recommender, user: int, context: Context, strategy: str, rng: np.random.Generator
) -> _Shown:
    history, scores = model.history(user), model.scores(user)
    items = rank(scores, history, TOP)
    known = np.searchsorted(np.sort(context.popularity), context.popularity[history])
    appeal = (context.love(user, history) + known / len(context.popularity)) / 2
    best = np.sort(appeal)[-N_SHOWN:].mean()
    drawn = [
        rng.random() * rng.choice(appeal, min(N_SHOWN, len(appeal)), replace=False).mean() for _ in items
    ]
    if strategy == "honest":
        shares = contributions(model, user, items)[1]
        cited = np.argsort(-shares, axis=0, kind="stable")[:N_SHOWN]
        told = appeal[cited].mean(axis=0)
    else:
        told = np.full(len(items), best)
    return _Shown(items, scores[items], told, np.array(drawn))


def acceptance(decisions: Decisions) -> float:
    """Share of the recommendations that are accepted.

    Chapter: explainable_recommendation.
    """
    return float(decisions.accepts.mean())


def effectiveness(decisions: Decisions) -> float:
    """Share accepted among the liked minus share accepted among the others: 0 for blind decisions.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If all or none are liked: no decision can be right or wrong then.

    Examples
    --------
    >>> yes = np.array([True, True, False, False])
    >>> effectiveness(Decisions(np.ones(4), yes, yes, np.zeros(4))), effectiveness(
    ...     Decisions(np.ones(4), np.ones(4, bool), yes, np.zeros(4)))
    (1.0, 0.0)
    """
    if decisions.likes.all() or not decisions.likes.any():
        raise ValueError("all recommendations are alike to the listeners; nothing can be decided well")
    return float(decisions.accepts[decisions.likes].mean() - decisions.accepts[~decisions.likes].mean())


def shown_until_right(decisions: Decisions) -> float:
    """Recommendations a listener must look at until the first one that is accepted and liked.

    Mean over the listeners who like one of their ten; ten where none of those is accepted.
    Chapter: explainable_recommendation.
    """
    counts = []
    for user in np.unique(decisions.user):
        own = decisions.user == user
        if decisions.likes[own].any():
            right = np.flatnonzero(decisions.likes[own] & decisions.accepts[own])
            counts.append(right[0] + 1 if len(right) else own.sum())
    return float(np.mean(counts))


def confidence_gap(model: Recommender, users: Sequence[int], test: sp.csr_matrix) -> float:
    """Share liked in the stronger half of what is recommended minus that in the weaker half.

    The strength told is the rank of the score: if it can be trusted, the first half is liked more often.
    Chapter: explainable_recommendation.
    """
    scores, likes = [], []
    for user in users:
        mine = model.scores(int(user))
        for item in rank(mine, model.history(int(user)), TOP):
            scores.append(mine[item])
            likes.append(bool(test[int(user), int(item)]))
    liked = np.array(likes)[np.argsort(scores, kind="stable")]
    half = len(liked) // 2
    return float(liked[half:].mean() - liked[:half].mean())
