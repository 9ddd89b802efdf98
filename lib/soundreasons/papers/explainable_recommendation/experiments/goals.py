"""Seven goals, and a simulated listener who decides from the explanation alone.

A model of a person, not a person: it shows what the terms mean and how they come apart. What it
believes when told reasons is ours; whether the item is liked is real: it is among the hidden ones.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.experiments.bias import bias
from soundreasons.papers.explainable_recommendation.experiments.scrutable import edits_to_remove
from soundreasons.papers.explainable_recommendation.experiments.splits import Split
from soundreasons.papers.explainable_recommendation.fast.criteria import criteria
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import TOP, contributions, exact
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN, pairs
from soundreasons.papers.explainable_recommendation.fast.ranking import rank
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

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


def summary(talks: Mapping[str, Decisions]) -> pd.DataFrame:
    """Lay `acceptance`, `effectiveness` and `efficiency` (items looked at) out, one row a way to talk.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> yes = np.array([True, False])
    >>> summary({"honest": Decisions(np.ones(2), yes, yes, np.zeros(2))}).loc["honest"].tolist()
    [0.5, 1.0, 1.0]
    """
    measured = {"acceptance": acceptance, "effectiveness": effectiveness, "efficiency": shown_until_right}
    rows = {way: {name: of(found) for name, of in measured.items()} for way, found in talks.items()}
    return pd.DataFrame(rows).T


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


def hits(model: Recommender, test: sp.csr_matrix, users: Sequence[int]) -> NDArray[np.bool_]:
    """Tell of each explained pair whether the item was among the hidden ones.

    Chapter: explainable_recommendation.
    """
    hidden = test.tocsr()
    return np.array([bool(hidden[user, item]) for user, item in pairs(model, users)])


def goal_proxies(
    part: Split, users: Sequence[int], talks: Mapping[str, Decisions], *, checked: float, valid: float
) -> pd.DataFrame:
    """Give each goal of explanation something that can be computed: EASE, explained by its exact terms.

    A proxy is not the goal. Chapter: explainable_recommendation.

    Parameters
    ----------
    part : Split
        Models, and what was hidden.
    users : sequence of int
        Whose five recommendations.
    talks : mapping of way to Decisions
        "honest" and "persuasive", of `decide` for the same model.
    checked : float
        Share of the reasons of failed items that can be checked (the criterion `verifiable`).
    valid : float
        Share of the counterfactuals that hold when scored anew.

    Returns
    -------
    DataFrame
        `goal`, `proxy` (in words), `measured`.
    """
    model, context, honest = part.models["ease"], part.context, talks["honest"]
    names = ("sufficiency", "length", "consistency", "stability", "variety")
    mean = {each: float(np.nanmean(criteria[each](model, exact, users, context))) for each in names}
    edits = edits_to_remove(model, exact, users[: len(users) // 2], context).mean()
    cited = bias(model, exact, users, context)["listeners"]
    bolder = acceptance(talks["persuasive"]) - acceptance(honest)
    trusted = confidence_gap(model, users, part.test)
    favoured = cited["evidence"] / cited["random"]
    rows = [
        ("transparency", "share of the score that three reasons cover", 1 - mean["sufficiency"]),
        ("scrutability", "cited artists to strike out until the item is gone", edits),
        (
            "trust",
            "liked in the stronger half of the list, minus the weaker",
            trusted,
        ),
        ("effectiveness", "accepted among the liked, minus among the others", effectiveness(honest)),
        (
            "persuasiveness",
            "accepted more often than with honest reasons",
            bolder,
        ),
        ("efficiency", "items looked at until one is accepted and liked", shown_until_right(honest)),
        ("satisfaction", "reasons that carry four fifths of the weight", mean["length"]),
        ("forgiveness", "reasons of failed items that can be checked", checked),
        ("causality", "counterfactuals that hold when scored anew", valid),
        ("informativeness", "reasons not given for the rest of the list too", mean["variety"]),
        ("privacy", "smallest group of people that is ever told of", float(context.anonymity)),
        ("consistency", "same reasons for the two most alike of five", mean["consistency"]),
        ("stability", "same reasons after a tenth of the history is forgotten", mean["stability"]),
        (
            "fairness",
            "listeners of a cited artist, over a random one's",
            favoured,
        ),
    ]
    return pd.DataFrame(rows, columns=["goal", "proxy", "measured"])


def forgiveness(model: Recommender, names: Sequence[str], users: Sequence[int], part: Split) -> pd.DataFrame:
    """Share of the reasons that can be checked (`verifiable`), for failed items and for liked ones.

    If they can, the listener may see a mistake with a cause. Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        What is explained.
    names : sequence of str
        Of `explainers`.
    users : sequence of int
        Whose five recommendations.
    part : Split
        What was hidden, and what else is known.

    Returns
    -------
    DataFrame, one row an explainer
        `failed`, `liked`.
    """
    liked = hits(model, part.test, users)
    rows = {}
    for name in names:
        values = criteria["verifiable"](model, explainers[name], users, part.context)
        rows[name] = {"failed": np.nanmean(values[~liked]), "liked": np.nanmean(values[liked])}
    return pd.DataFrame(rows).T.rename_axis("explainer")
