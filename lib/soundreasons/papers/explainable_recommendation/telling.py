"""The same reasons put into sentences: three families of a playlist's reason, and five audiences.

Templates are ours. The families are those of the article's figure: a taste, two familiar artists and
one to discover, and a path through facts. Nothing here invents a reason: every name and number in a
sentence comes out of an explainer.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.evidence import Context
from soundreasons.papers.explainable_recommendation.exact import (
    TOP,
    contributions,
    counterfactual,
    exact,
)
from soundreasons.papers.explainable_recommendation.listening import MUSIC_RELATIONS, Listening
from soundreasons.papers.explainable_recommendation.paths import all_paths, path_words
from soundreasons.papers.explainable_recommendation.people import listeners
from soundreasons.papers.explainable_recommendation.ranking import top
from soundreasons.papers.explainable_recommendation.recommenders import Recommender
from soundreasons.papers.explainable_recommendation.surrogates import recommended, rules
from soundreasons.papers.explainable_recommendation.words import Tastes

FAMILIES = ("feature-based", "example-based", "knowledge-graph-based")
AUDIENCES = ("listener", "artist", "engineer", "platform", "regulator")


class Guest(NamedTuple):
    """A listening with one invented person more, and that person's number."""

    listening: Listening
    user: int


def invent(listening: Listening, names: Sequence[str], *, least: int = 4) -> Guest:
    """Add an invented listener, so that no page has to show the history of a real one.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    listening : Listening
        Left as it is.
    names : sequence of str
        Items of the history, whatever their capitals; those that the data does not have are left out.
    least : int
        With fewer names found, the items with the most listeners stand in.

    Returns
    -------
    Guest
        The invented person has no friends, and played everything equally often.

    Examples
    --------
    With a listening of the chapter::

        listening, user = invent(lastfm, ["Pink Floyd", "The Doors", "Can", "Kraftwerk"])
    """
    known = {name.lower(): number for number, name in enumerate(listening.item_names.tolist())}
    items = np.unique([known[name.lower()] for name in names if name.lower() in known]).astype(np.int64)
    if len(items) < least:
        counts = np.asarray(listening.interactions.sum(axis=0)).ravel()
        items = np.sort(np.argsort(-counts, kind="stable")[:10])
    n_users, n_items = listening.interactions.shape
    row = sp.csr_matrix((np.ones(len(items)), (np.zeros(len(items), int), items)), (1, n_items))
    friends = sp.csr_matrix(listening.friends)
    friends.resize(n_users + 1, n_users + 1)
    richer = replace(
        listening,
        interactions=sp.csr_matrix(sp.vstack([listening.interactions, row])),
        plays=sp.csr_matrix(sp.vstack([listening.plays, row])),
        friends=friends,
    )
    return Guest(richer, n_users)


def whole_context(listening: Listening, *, n_samples: int = 500, seed: int = 0) -> Context:
    """Build the context of models fitted on everything.

    Chapter: explainable_recommendation.
    """
    return Context(
        listening.interactions,
        listening.tags,
        listening.friends,
        listening.graph,
        plays=listening.plays,
        held_tags=listening.held_tags if listening.held_tags.nnz else None,
        n_samples=n_samples,
        seed=seed,
    )


def playlist_reason(
    family: str, model: Recommender, user: int, context: Context, listening: Listening, tastes: Tastes
) -> str:
    """Say in one sentence why a playlist of ten was built.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    model, user, context
        What recommends, to whom, and what else is known.
    listening : Listening
        For names.
    tastes : Tastes
        For the feature-based family.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the family is unknown.
    """
    playlist = top(model, user, TOP)
    begin = "We built this playlist for you because"
    if family == "feature-based":
        words = listening.tag_names[playlist_taste(playlist, user, context, tastes)]
        return f"{begin} it relies on {' / '.join(words)}."
    if family == "example-based":
        hooks, discovery = hooks_of(model, user, playlist, context)
        named = [*listening.item_names[hooks], listening.item_names[discovery]]
        return f"{begin} it relies on {', '.join(named[:-1])} and, to discover, {named[-1]}."
    if family == "knowledge-graph-based":
        return f"{begin} {_best_path(model, user, playlist, context, listening)}."
    raise ValueError(f"family is {family!r}, expected one of {', '.join(FAMILIES)}")


def playlist_taste(
    playlist: NDArray[np.int64], user: int, context: Context, tastes: Tastes
) -> NDArray[np.int64]:
    """Return the three tags of the user's taste that the playlist carries most.

    Chapter: explainable_recommendation.
    """
    carried = np.asarray(context.item_tags[playlist].sum(axis=0)).ravel()
    fit = tastes.users[user] * (tastes.tags @ carried)
    taste = int(np.argmax(fit))
    return np.argsort(-tastes.tags[taste] * (carried > 0), kind="stable")[:3]


def hooks_of(
    model: Recommender, user: int, playlist: NDArray[np.int64], context: Context
) -> tuple[NDArray[np.int64], int]:
    """Return two familiar artists that the whole playlist rests on, and its least known member.

    Hooks have the largest contributions to the ten scores together; the discovery is the member of the
    playlist with the fewest listeners to which both hooks contribute something (any, if none).
    Chapter: explainable_recommendation.
    """
    history, shares = contributions(model, user)
    hooks = np.argsort(-shares[:, playlist].sum(axis=1), kind="stable")[:2]
    supported = playlist[(shares[np.ix_(hooks, playlist)] > 0).all(axis=0)]
    candidates = supported if len(supported) else playlist
    return history[hooks], int(candidates[np.argmin(context.popularity[candidates])])


def _best_path(
    model: Recommender, user: int, playlist: NDArray[np.int64], context: Context, listening: Listening
) -> str:
    """Prefer facts to tags, since a tag is no fact; the best of its kind over the playlist."""
    found = [(path, int(item)) for item in playlist for path in all_paths(model, user, int(item), context)]
    facts = [pair for pair in found if pair[0].relation in MUSIC_RELATIONS]
    if not found:
        return "nothing that we may tell links it with you"
    path, item = max(facts or found, key=lambda pair: pair[0].score)
    return path_words(path, listening.item_names, listening.tag_names, item)


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
