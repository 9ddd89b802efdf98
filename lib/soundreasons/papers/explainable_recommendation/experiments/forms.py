"""Three families of reasons for a playlist: a taste, hooks and a discovery, a path through facts.

Templates are ours, the families those of the article's figure. Every name in a sentence comes out of an
explainer.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import MUSIC_RELATIONS, Listening
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import TOP, contributions
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer, explainers
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN, explained
from soundreasons.papers.explainable_recommendation.fast.paths import all_paths, path_words
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.fast.words import Tastes
from soundreasons.papers.explainable_recommendation.method.criteria import jaccard

FAMILIES = ("feature-based", "example-based", "knowledge-graph-based")


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


def evidence_agreement(
    model: Recommender, names: Sequence[str], users: Sequence[int], context: Context
) -> pd.DataFrame:
    """Mean Jaccard of the three artists that any two explainers cite for the same pair.

    Chapter: explainable_recommendation.
    """
    cited = {
        name: [pair.cited[:N_SHOWN] for pair in explained(model, explainers[name], users, context)]
        for name in names
    }
    table = pd.DataFrame(index=list(names), columns=list(names), dtype=float)
    for first in names:
        for second in names:
            alike = [jaccard(a, b) for a, b in zip(cited[first], cited[second], strict=True)]
            table.loc[first, second] = np.nanmean(alike)
    return table


def weight_kept(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context, n: int = N_SHOWN
) -> Floats:
    """Weight of what is cited, as a share of the weight of the `n` heaviest exact reasons.

    Chapter: explainable_recommendation.
    """
    values = []
    terms, told = (explained(model, each, users, context) for each in (explainers["exact"], explainer))
    for one, two in zip(terms, told, strict=True):
        values.append(two.evidence.best(n).weights.sum() / one.evidence.best(n).weights.sum())
    return np.array(values)
