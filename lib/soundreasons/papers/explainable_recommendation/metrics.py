"""How good an explanation is: one number an explained pair, for every criterion.

A pair is a user and one of the five items recommended first. A metric is a function
(model, explainer, users, context) -> values, in the order of `pairs`; NaN where the question makes
no sense, such as taking people out of a history. `up` says which metrics are better when larger.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.evidence import Context, Evidence, edited
from soundreasons.papers.explainable_recommendation.exact import TOP, places
from soundreasons.papers.explainable_recommendation.explainers import Explainer
from soundreasons.papers.explainable_recommendation.people import neighbours
from soundreasons.papers.explainable_recommendation.ranking import top
from soundreasons.papers.explainable_recommendation.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.words import histories_share

N_EXPLAINED = 5
N_SHOWN = 3  # reasons that a listener sees
_STEPS = 5  # of a deletion curve
_DROPPED = 0.1  # share of a history that the stability test leaves out
_NO_SCORE = 1e-12  # of a score that is not above it, no share can be lost
Users = Sequence[int] | NDArray[np.int64]
Metric = Callable[[Recommender, Explainer, Sequence[int], Context], Floats]


@dataclass(frozen=True)
class Pair:
    """One explained recommendation."""

    model: Recommender
    explainer: Explainer
    user: int
    item: int
    context: Context

    @property
    def history(self) -> NDArray[np.int64]:
        """Items of the user."""
        return self.model.history(self.user)

    @property
    def evidence(self) -> Evidence:
        """What the explainer says."""
        return self.explainer(self.model, self.user, self.item, self.context)

    @property
    def cited(self) -> NDArray[np.int64]:
        """Artists of the history that it rests on, the weightiest first; those with weight above 0."""
        found = self.evidence
        if found.kind == "tags":
            found = histories_share(found.best(N_SHOWN), self.history, self.context)
        return found.items[found.weights > 0] if found.kind == "artists" else np.array([], dtype=np.int64)


def pairs(model: Recommender, users: Users, n: int = N_EXPLAINED) -> list[tuple[int, int]]:
    """List (user, item) for the `n` items recommended first to each user.

    Chapter: explainable_recommendation.
    """
    return [(int(user), int(item)) for user in users for item in top(model, int(user), n)]


def _per_pair(measure: Callable[[Pair], float]) -> Metric:
    @wraps(measure)
    def metric(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
        asked = [Pair(model, explainer, user, item, context) for user, item in pairs(model, users)]
        return np.array([measure(pair) for pair in asked])

    return metric


def deletion_curve(
    model: Recommender, history: NDArray[np.int64], item: int, order: NDArray[np.int64]
) -> Floats:
    """Score an item again as the artists of `order` are taken out, one after the other.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        What is asked.
    history : ndarray of int
        In increasing order.
    item : int
        What is scored.
    order : ndarray of int
        Items of the history.

    Returns
    -------
    ndarray, shape (len(order) + 1,)
        From the score of the whole history on.

    Raises
    ------
    ValueError
        If `order` holds an item that is not in the history.

    Examples
    --------
    Of a sum, the best order takes the largest terms first:

    >>> import scipy.sparse as sp
    >>> from soundreasons.papers.explainable_recommendation.recommenders import EASE
    >>> model = EASE().fit(sp.csr_matrix(np.ones((2, 4))))
    >>> model.weights = np.array([[0, 0, 0, 3.0], [0, 0, 0, 1.0], [0, 0, 0, 2.0], [0, 0, 0, 0]])
    >>> deletion_curve(model, np.array([0, 1, 2]), 3, np.array([0, 2])).tolist()
    [6.0, 3.0, 1.0]
    """
    return _curve(model, history, item, order, start=1.0)


def insertion_curve(
    model: Recommender, history: NDArray[np.int64], item: int, order: NDArray[np.int64]
) -> Floats:
    """Score an item with nothing but the first artists of `order`: none, one, two, ...

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        As `deletion_curve`.
    """
    return _curve(model, history, item, order, start=0.0)


def _curve(
    model: Recommender, history: NDArray[np.int64], item: int, order: NDArray[np.int64], *, start: float
) -> Floats:
    if not np.isin(order, history).all():
        raise ValueError(
            f"item {order[~np.isin(order, history)][0]} is not in the history; nothing to take out"
        )
    where = np.searchsorted(history, order)
    masks = np.full((len(order) + 1, len(history)), start)
    for step, place in enumerate(where):
        masks[step + 1 :, place] = 1.0 - start
    return model.scores_of_parts(history, masks, np.array([item]))[:, 0]


def _share_lost(pair: Pair, n: int) -> Floats:
    """Shares of the score lost when one to `n` cited artists are out; the last goes on where fewer are."""
    cited = pair.cited[:n]
    if not len(cited):
        return np.full(n, np.nan)
    scores = deletion_curve(pair.model, pair.history, pair.item, cited)
    if not scores[0] > _NO_SCORE:
        return np.full(n, np.nan)
    lost = (scores[0] - scores[1:]) / scores[0]
    return np.pad(lost, (0, n - len(lost)), mode="edge")


def _share_kept(pair: Pair, n: int) -> Floats:
    cited = pair.cited[:n]
    if not len(cited):
        return np.full(n, np.nan)
    score = _score(pair)
    if not score > _NO_SCORE:
        return np.full(n, np.nan)
    kept = insertion_curve(pair.model, pair.history, pair.item, cited)[1:] / score
    return np.pad(kept, (0, n - len(kept)), mode="edge")


def _score(pair: Pair) -> float:
    whole = np.ones((1, len(pair.history)))
    return float(pair.model.scores_of_parts(pair.history, whole, np.array([pair.item]))[0, 0])


@_per_pair
def deletion(pair: Pair) -> float:
    """Mean share of the score that is lost as the first five cited artists are taken out.

    Chapter: explainable_recommendation.
    """
    return float(_share_lost(pair, _STEPS).mean())


@_per_pair
def insertion(pair: Pair) -> float:
    """Mean share of the score that the first one to five cited artists alone would give.

    Chapter: explainable_recommendation.
    """
    return float(_share_kept(pair, _STEPS).mean())


@_per_pair
def comprehensiveness(pair: Pair) -> float:
    """Share of the score that is lost without the three cited artists.

    Chapter: explainable_recommendation.
    """
    return float(_share_lost(pair, N_SHOWN)[-1])


@_per_pair
def sufficiency(pair: Pair) -> float:
    """Share of the score that is lacking with nothing but the three cited artists (small is good).

    Chapter: explainable_recommendation.
    """
    return float(1 - _share_kept(pair, N_SHOWN)[-1])


@_per_pair
def leaves(pair: Pair) -> float:
    """Whether the item leaves the top ten without the three cited artists.

    Chapter: explainable_recommendation.
    """
    cited = pair.cited[:N_SHOWN]
    if not len(cited):
        return np.nan
    return float(place_without(pair.model, pair.user, pair.item, cited) >= TOP)


def place_without(model: Recommender, user: int, item: int, removed: NDArray[np.int64]) -> int:
    """Return the place (from 0) of an item when artists are taken out of a history and it is re-scored.

    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    mask = np.where(np.isin(history, removed), 0.0, 1.0)[np.newaxis]
    return int(places(model, history, mask, item)[0])


@_per_pair
def remainder(pair: Pair) -> float:
    """How far base and weights together miss the score, as a share of it (0 is complete).

    Chapter: explainable_recommendation.
    """
    found = pair.evidence
    if found.kind != "artists":
        return np.nan
    score = _score(pair)
    return float(abs(found.total - score) / score) if score > _NO_SCORE else np.nan


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
    return float(-np.log2(pair.context.popularity[cited] / pair.context.interactions.shape[0]).mean())


@_per_pair
def length(pair: Pair) -> float:
    """Reasons needed to carry four fifths of the weight of all reasons that speak for the item.

    Chapter: explainable_recommendation.
    """
    weights = pair.evidence.weights
    weights = weights[weights > 0]
    if not len(weights):
        return np.nan
    return float(np.searchsorted(np.cumsum(weights), 0.8 * weights.sum()) + 1)


def jaccard(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Share of two sets that is common; NaN if both are empty.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> jaccard(np.array([1, 2, 3]), np.array([2, 3, 4]))
    0.5
    """
    union = np.union1d(first, second)
    return len(np.intersect1d(first, second)) / len(union) if len(union) else np.nan


def stability(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
    """Jaccard of the three cited artists before and after a tenth of the history is forgotten.

    What is forgotten is drawn at random among what was cited for none of the user's five items, one
    artist at least; the model stays as it was fitted. NaN where everything was cited.

    Chapter: explainable_recommendation.
    """
    return _shaken(model, explainer, users, context)[0]


def sensitivity(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
    """How far the weights move for each artist forgotten, as a share of their length (a Lipschitz ratio).

    The same change as for `stability`: norm of the difference of the weights of the artists that stay,
    over the norm of the weights and the square root of the number forgotten.

    Chapter: explainable_recommendation.
    """
    return _shaken(model, explainer, users, context)[1]


def _shaken(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> tuple[Floats, Floats]:
    kept, moved = [], []
    for user in users:
        history = model.history(int(user))
        before = [
            Pair(model, explainer, int(user), int(i), context) for i in top(model, int(user), N_EXPLAINED)
        ]
        cited = [pair.cited[:N_SHOWN] for pair in before]
        rest = np.setdiff1d(history, np.concatenate(cited))
        if not len(rest) or not any(map(len, cited)):
            kept += [np.nan] * len(before)
            moved += [np.nan] * len(before)
            continue
        rng = np.random.default_rng([context.seed, int(user)])
        n_dropped = min(len(rest), max(1, round(_DROPPED * len(history))))
        stays = np.setdiff1d(history, rng.choice(rest, n_dropped, replace=False))
        changed = edited(model, int(user), stays)
        for pair, old in zip(before, cited, strict=True):
            again = Pair(changed, explainer, pair.user, pair.item, context)
            kept.append(jaccard(old, again.cited[:N_SHOWN]) if len(old) else np.nan)
            moved.append(_distance(pair.evidence, again.evidence, stays) / np.sqrt(n_dropped))
    return np.array(kept), np.array(moved)


def _distance(before: Evidence, after: Evidence, items: NDArray[np.int64]) -> float:
    """Norm of the difference of the weights of `items`, over that of the weights before."""
    if before.kind != "artists":
        return np.nan
    one, two = (_weights_of(each, items) for each in (before, after))
    length = np.linalg.norm(one)
    return float(np.linalg.norm(one - two) / length) if length > 0 else np.nan


def _weights_of(evidence: Evidence, items: NDArray[np.int64]) -> Floats:
    weights = np.zeros(len(items))
    where = np.searchsorted(items, evidence.items)
    where = np.minimum(where, len(items) - 1)
    same = items[where] == evidence.items
    weights[where[same]] = evidence.weights[same]
    return weights


def consistency(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
    """Jaccard of the three reasons for an item and for the one of the user's five most like it by tags.

    Chapter: explainable_recommendation.
    """
    values = []
    for user in users:
        items = top(model, int(user), N_EXPLAINED)
        alike = (context.item_tags[items] @ context.item_tags[items].T).toarray()
        np.fill_diagonal(alike, -1.0)
        cited = [Pair(model, explainer, int(user), int(i), context).cited[:N_SHOWN] for i in items]
        values += [jaccard(cited[k], cited[int(np.argmax(row))]) for k, row in enumerate(alike)]
    return np.array(values)


def personalisation(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> Floats:
    """One minus the Jaccard of the reasons that two users get for the same item (NaN: nobody else got it).

    Chapter: explainable_recommendation.
    """
    asked = pairs(model, users)
    cited = [Pair(model, explainer, user, item, context).cited[:N_SHOWN] for user, item in asked]
    of_item: dict[int, list[int]] = {}
    for number, (_, item) in enumerate(asked):
        of_item.setdefault(item, []).append(number)
    values = np.full(len(asked), np.nan)
    for numbers in of_item.values():
        if len(numbers) > 1:
            for number, other in zip(numbers, numbers[1:] + numbers[:1], strict=True):
                values[number] = 1 - jaccard(cited[number], cited[other])
    return values


metrics: dict[str, Metric] = {
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
    "plausibility": plausibility,
    "verifiable": verifiable,
    "popularity": popularity,
    "novelty": novelty,
    "length": length,
}


def explainability(
    model: Recommender, users: Sequence[int], context: Context, *, least: int = 5, n: int = TOP
) -> tuple[Floats, Floats]:
    """Explainability precision and recall (Abdollahi and Nasraoui, 2017), one value a user.

    An unseen item is explainable if `least` of the fifty users most alike listen to it. Precision is
    the share of the recommended that is explainable, recall the share of the explainable that is
    recommended (NaN if nothing is).
    Chapter: explainable_recommendation.
    """
    precision, recall = [], []
    for user in users:
        near, _ = neighbours(int(user), context)
        known = np.asarray(context.interactions[near].sum(axis=0)).ravel() >= least
        known[model.history(int(user))] = False
        good = known[top(model, int(user), n)]
        precision.append(good.mean())
        recall.append(good.sum() / known.sum() if known.any() else np.nan)
    return np.array(precision), np.array(recall)


def citations(model: Recommender, explainer: Explainer, users: Users, context: Context) -> NDArray[np.int64]:
    """Count how often each item is among the three cited artists, shape (n_items,).

    Chapter: explainable_recommendation.
    """
    counts = np.zeros(context.interactions.shape[1], dtype=np.int64)
    for user, item in pairs(model, users):
        counts[Pair(model, explainer, user, item, context).cited[:N_SHOWN]] += 1
    return counts


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient: 0 if all items are counted equally often, near 1 if one item has it all.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If a count is negative, or nothing was counted.

    Examples
    --------
    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 4]))
    (0.0, 0.75)
    """
    values = np.sort(np.asarray(counts, dtype=np.float64))
    if values[0] < 0 or values.sum() == 0:
        raise ValueError(
            f"counts run from {values[0]} and add up to {values.sum()}, expected some, none negative"
        )
    ranks = np.arange(1, len(values) + 1)
    return float(2 * (ranks @ values) / (len(values) * values.sum()) - (len(values) + 1) / len(values))
