"""How good a reason is: one number an explained pair, for every criterion.

A criterion is a function (model, explainer, users, context) -> values, in the order of `pairs`; NaN where the
question makes no sense, such as taking people out of a history.
"""

from collections.abc import Callable, Sequence
from functools import wraps

import numpy as np

from soundreasons.papers.explainable_recommendation import method
from soundreasons.papers.explainable_recommendation.fast.changes import (
    consistency,
    personalisation,
    sensitivity,
    stability,
    template_entropy,
    variety,
)
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import TOP
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.pairs import (
    N_SHOWN,
    NO_SCORE,
    Pair,
    explained,
    place_without,
)
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

Criterion = Callable[[Recommender, Explainer, Sequence[int], Context], Floats]


def _per_pair(measure: Callable[[Pair], float]) -> Criterion:
    @wraps(measure)
    def criterion(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
        return np.array([measure(pair) for pair in explained(model, explainer, users, context)])

    return criterion


@_per_pair
def deletion(pair: Pair) -> float:
    """Mean share of the score that is lost as the first five cited artists are taken out.

    Chapter: explainable_recommendation.
    """
    return float(pair.lost.mean())


@_per_pair
def insertion(pair: Pair) -> float:
    """Mean share of the score that the first one to five cited artists alone would give.

    Chapter: explainable_recommendation.
    """
    return float(pair.kept.mean())


@_per_pair
def comprehensiveness(pair: Pair) -> float:
    """Share of the score that is lost without the three cited artists.

    Chapter: explainable_recommendation.
    """
    return float(pair.lost[N_SHOWN - 1])


@_per_pair
def sufficiency(pair: Pair) -> float:
    """Share of the score that is lacking with nothing but the three cited artists (small is good).

    Chapter: explainable_recommendation.
    """
    return float(1 - pair.kept[N_SHOWN - 1])


@_per_pair
def leaves(pair: Pair) -> float:
    """Whether the item leaves the top ten without the three cited artists.

    Chapter: explainable_recommendation.
    """
    cited = pair.cited[:N_SHOWN]
    if not len(cited):
        return np.nan
    return float(place_without(pair.model, pair.user, pair.item, cited) >= TOP)


@_per_pair
def remainder(pair: Pair) -> float:
    """How far base and weights together miss the score, as a share of it (0 is complete).

    Chapter: explainable_recommendation.
    """
    found = pair.evidence
    if found.kind != "artists":
        return np.nan
    return method.remainder(found.weights, found.base, pair.score) if pair.score > NO_SCORE else np.nan


@_per_pair
def answered(pair: Pair) -> float:
    """Whether there is an explanation at all: with rules, the model fidelity of Peake and Wang.

    Chapter: explainable_recommendation.
    """
    return float((pair.evidence.weights > 0).any())


@_per_pair
def plausibility(pair: Pair) -> float:
    """Share of the three reasons that people whose tags nobody saw would back.

    A tag is backed if a hidden tagger gave it to the item; an artist, if it shares one of the item's
    five foremost hidden tags.

    Chapter: explainable_recommendation.
    """
    foremost = pair.context.foremost
    own = foremost[pair.item]
    found = pair.evidence
    if not len(own) or found.kind not in ("tags", "artists"):
        return np.nan
    if found.kind == "tags":
        cited = found.best(N_SHOWN).items
        given = pair.context.held_item_tags[pair.item].indices
        return float(np.isin(cited, given).mean()) if len(cited) else np.nan
    cited = pair.cited[:N_SHOWN]
    backed = [bool(np.isin(foremost[artist], own).any()) for artist in cited]
    return float(np.mean(backed)) if backed else np.nan


@_per_pair
def verifiable(pair: Pair) -> float:
    """Share of the three cited artists that are backed (as in `plausibility`) and not everybody's.

    Not everybody's: outside the tenth of the catalogue with the most listeners. Such a reason can be
    checked by the listener, and says something about this item.

    Chapter: explainable_recommendation.
    """
    foremost = pair.context.foremost
    own = foremost[pair.item]
    cited = pair.cited[:N_SHOWN]
    if not len(own) or not len(cited):
        return np.nan
    bound = np.quantile(pair.context.popularity, 0.9)
    good = [
        pair.context.popularity[artist] <= bound and bool(np.isin(foremost[artist], own).any())
        for artist in cited
    ]
    return float(np.mean(good))


@_per_pair
def popularity(pair: Pair) -> float:
    """Mean listeners of the three cited artists.

    Chapter: explainable_recommendation.
    """
    cited = pair.cited[:N_SHOWN]
    return float(pair.context.popularity[cited].mean()) if len(cited) else np.nan


@_per_pair
def novelty(pair: Pair) -> float:
    """Mean surprise of the three cited artists, in bits: -log2 of the share of users who listen.

    Chapter: explainable_recommendation.
    """
    cited = pair.cited[:N_SHOWN]
    if not len(cited):
        return np.nan
    return method.novelty(cited, pair.context.popularity, pair.context.interactions.shape[0])


@_per_pair
def length(pair: Pair) -> float:
    """Reasons needed to carry four fifths of the weight of all reasons that speak for the item.

    Chapter: explainable_recommendation.
    """
    weights = pair.evidence.weights
    return method.length(weights) if (weights > 0).any() else np.nan


criteria: dict[str, Criterion] = {
    "answered": answered,
    "remainder": remainder,
    "comprehensiveness": comprehensiveness,
    "sufficiency": sufficiency,
    "deletion": deletion,
    "insertion": insertion,
    "leaves": leaves,
    "stability": stability,
    "sensitivity": sensitivity,
    "consistency": consistency,
    "personalisation": personalisation,
    "variety": variety,
    "template_entropy": template_entropy,
    "plausibility": plausibility,
    "verifiable": verifiable,
    "popularity": popularity,
    "novelty": novelty,
    "length": length,
}
