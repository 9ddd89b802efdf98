"""One recommendation, told to five audiences."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import Listening
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import counterfactual, exact
from soundreasons.papers.explainable_recommendation.fast.people import listeners
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender
from soundreasons.papers.explainable_recommendation.fast.surrogates import recommended, rules

AUDIENCES = ("listener", "artist", "engineer", "platform", "regulator")


def told_to(
    audience: str, model: Recommender, user: int, item: int, context: Context, listening: Listening
) -> str:
    """Tell one audience why one item was recommended to one user.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    audience : str
        One of `AUDIENCES`.
    model, user, item, context
        What is explained.
    listening : Listening
        For names.

    Returns
    -------
    str
        The artist, the platform and the regulator are told of groups only, never of this user.

    Raises
    ------
    ValueError
        If the audience is unknown.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"audience is {audience!r}, expected one of {', '.join(AUDIENCES)}")
    return _TELLERS[audience](model, user, item, context, listening)


def _listener(model: Recommender, user: int, item: int, context: Context, listening: Listening) -> str:
    cited = listening.item_names[exact(model, user, item, context).best(3).items]
    change = counterfactual(model, user, item, context)
    gone = listening.item_names[change.items]
    text = f"Because you play {', '.join(cited)}."
    return text + (f" Without {', '.join(gone)} it would not be in your ten." if len(gone) else "")


def _artist(model: Recommender, user: int, item: int, context: Context, listening: Listening) -> str:
    audience = audience_of(model, item, context)
    if audience is None:
        return f"Too few people receive {listening.item_names[item]} to say anything of them."
    size, sources = audience
    named = ", ".join(listening.item_names[sources])
    return f"{listening.item_names[item]} is recommended to {size} people; most often they play {named}."


def _engineer(model: Recommender, user: int, item: int, context: Context, listening: Listening) -> str:
    found = exact(model, user, item, context)
    score = model.scores(user)[item]
    share = found.weights[:3].sum() / score
    against = int((found.weights < 0).sum())
    return (
        f"{type(model).__name__}: score {score:.4f} = sum of {len(found.items)} terms; the first three make "
        f"{share:.0%}, {against} {'is' if against == 1 else 'are'} negative; the item has "
        f"{int(context.popularity[item])} listeners."
    )


def _platform(model: Recommender, user: int, item: int, context: Context, listening: Listening) -> str:
    histogram = listeners(model, user, item, context)
    audience = audience_of(model, item, context)
    received = f"reaches {audience[0]} people" if audience else f"reaches fewer than {context.anonymity}"
    near = str(int(histogram.weights.sum())) if len(histogram.items) else "too few to be told"
    return (
        f"In the ten of this model the item {received}; of the fifty listeners most alike, {near} play it "
        "already: that share can be told beside the recommendation."
    )


def _regulator(model: Recommender, user: int, item: int, context: Context, listening: Listening) -> str:
    kept = rules(model, context).support.nnz
    return (
        "Main parameters: which artists a user played, and how often these are played together by others; "
        "neither age, gender nor country enters. Users can take an artist out of the profile and see the "
        f"list change. {kept:,} rules with {context.anonymity} people or more behind each describe what "
        "leads to what."
    )


_TELLERS = {
    "listener": _listener,
    "artist": _artist,
    "engineer": _engineer,
    "platform": _platform,
    "regulator": _regulator,
}


def audience_of(
    model: Recommender, item: int, context: Context, n: int = 3
) -> tuple[int, NDArray[np.int64]] | None:
    """Count who is recommended an item, and name the artists from which it follows most often.

    Chapter: explainable_recommendation.

    Returns
    -------
    (int, ndarray) or None
        None if fewer than `context.anonymity` people receive it; no artist that fewer of them play is
        named.
    """
    key = ("recommended", model.origin)
    if key not in context.memory:
        context.memory[key] = recommended(model.origin)
    people = context.memory[key][:, [item]].nonzero()[0]
    if len(people) < context.anonymity:
        return None
    played = np.asarray(context.interactions[people].sum(axis=0)).ravel()
    lift = played / np.maximum(context.popularity, 1)
    lift[(played < context.anonymity) | (np.arange(len(played)) == item)] = 0.0
    best = np.argsort(-lift * played, kind="stable")[:n]
    return len(people), best[lift[best] > 0]
