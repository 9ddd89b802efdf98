"""How good an explanation is: one number an explained pair, for every criterion.

A pair is a user and one of the five items recommended first. A metric is a function
(model, explainer, users, context) -> values, in the order of `pairs`; NaN where the question makes
no sense, such as taking people out of a history. `up` says which metrics are better when larger.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.evidence import Context, Evidence, edited
from soundreasons.papers.explainable_recommendation.exact import TOP, places
from soundreasons.papers.explainable_recommendation.explainers import Explainer
from soundreasons.papers.explainable_recommendation.people import neighbours
from soundreasons.papers.explainable_recommendation.perturbation import remember
from soundreasons.papers.explainable_recommendation.ranking import top
from soundreasons.papers.explainable_recommendation.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.words import histories_share

N_EXPLAINED = 5
N_SHOWN = 3  # reasons that a listener sees
_STEPS = 5  # of a deletion curve
_DROPPED = 0.1  # share of a history that the stability test leaves out
_NO_SCORE = 1e-12  # of a score that is not above it, no share can be lost
_KEPT = 8  # judged pairs of so many (model, explainer, users) stay in a context's memory
Users = Sequence[int] | NDArray[np.int64]
Metric = Callable[[Recommender, Explainer, Sequence[int], Context], Floats]


@dataclass(frozen=True, eq=False)
class Pair:
    """One explained recommendation; what is asked of it is worked out once, however many metrics ask."""

    model: Recommender
    explainer: Explainer
    user: int
    item: int
    context: Context

    @cached_property
    def history(self) -> NDArray[np.int64]:
        """Items of the user."""
        return self.model.history(self.user)

    @cached_property
    def evidence(self) -> Evidence:
        """What the explainer says."""
        return self.explainer(self.model, self.user, self.item, self.context)

    @cached_property
    def cited(self) -> NDArray[np.int64]:
        """Artists of the history that it rests on, the weightiest first; those with weight above 0."""
        found = self.evidence
        if found.kind == "tags":
            found = histories_share(found.best(N_SHOWN), self.history, self.context)
        return found.items[found.weights > 0] if found.kind == "artists" else np.array([], dtype=np.int64)

    @cached_property
    def score(self) -> float:
        """Score of the item with the whole history."""
        whole = np.ones((1, len(self.history)))
        return float(self.model.scores_of_parts(self.history, whole, np.array([self.item]))[0, 0])

    @cached_property
    def lost(self) -> Floats:
        """Shares of the score lost when one to five cited artists are out (the last stays)."""
        cited = self.cited[:_STEPS]
        if not len(cited):
            return np.full(_STEPS, np.nan)
        scores = deletion_curve(self.model, self.history, self.item, cited)
        if not scores[0] > _NO_SCORE:
            return np.full(_STEPS, np.nan)
        lost = (scores[0] - scores[1:]) / scores[0]
        return np.pad(lost, (0, _STEPS - len(lost)), mode="edge")

    @cached_property
    def kept(self) -> Floats:
        """Shares of the score that the first one to five cited artists alone would give."""
        cited = self.cited[:_STEPS]
        if not len(cited) or not self.score > _NO_SCORE:
            return np.full(_STEPS, np.nan)
        kept = insertion_curve(self.model, self.history, self.item, cited)[1:] / self.score
        return np.pad(kept, (0, _STEPS - len(kept)), mode="edge")


def pairs(model: Recommender, users: Users, n: int = N_EXPLAINED) -> list[tuple[int, int]]:
    """List (user, item) for the `n` items recommended first to each user.

    Chapter: explainable_recommendation.
    """
    return [(int(user), int(item)) for user in users for item in top(model, int(user), n)]


def explained(model: Recommender, explainer: Explainer, users: Users, context: Context) -> list[Pair]:
    """Explain the five items recommended first to each user; asked again, the same answers come back.

    So eighteen metrics cost one explanation a pair. The context remembers the pairs
    of the last eight questions; a model must not be fitted anew under its old name meanwhile.
    Chapter: explainable_recommendation.

    Returns
    -------
    list of Pair
        In the order of `pairs`.
    """
    key = ("explained", model, explainer, tuple(map(int, users)))
    if key not in context.memory:
        found = [Pair(model, explainer, user, item, context) for user, item in pairs(model, users)]
        remember(context, key, found, n_kept=_KEPT)
    return context.memory[key]  # type: ignore[no-any-return]


def _per_pair(measure: Callable[[Pair], float]) -> Metric:
    @wraps(measure)
    def metric(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
        return np.array([measure(pair) for pair in explained(model, explainer, users, context)])

    return metric


def _by_user(asked: Sequence[Pair]) -> list[list[Pair]]:
    """Part the pairs by user, in their order."""
    return [list(own) for _, own in groupby(asked, key=lambda pair: pair.user)]


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
    return float(abs(found.total - pair.score) / pair.score) if pair.score > _NO_SCORE else np.nan


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
    key = ("shaken", model, explainer, tuple(map(int, users)))
    if key not in context.memory:
        asked = _by_user(explained(model, explainer, users, context))
        found = [change for own in asked for change in _shake(own)]
        kept, moved = np.array(found).T if found else np.empty((2, 0))
        remember(context, key, (kept, moved), n_kept=_KEPT)
    return context.memory[key]  # type: ignore[no-any-return]


def _shake(before: list[Pair]) -> list[tuple[float, float]]:
    """Let one user forget something that was not cited, and ask again: (overlap, distance) a pair."""
    first = before[0]
    cited = [pair.cited[:N_SHOWN] for pair in before]
    rest = np.setdiff1d(first.history, np.concatenate(cited))
    if not len(rest) or not any(map(len, cited)):
        return [(np.nan, np.nan)] * len(before)
    rng = np.random.default_rng([first.context.seed, first.user])
    n_dropped = min(len(rest), max(1, round(_DROPPED * len(first.history))))
    stays = np.setdiff1d(first.history, rng.choice(rest, n_dropped, replace=False))
    changed = edited(first.model, first.user, stays)
    found = []
    for pair, old in zip(before, cited, strict=True):
        again = Pair(changed, pair.explainer, pair.user, pair.item, pair.context)
        overlap = jaccard(old, again.cited[:N_SHOWN]) if len(old) else np.nan
        found.append((overlap, _distance(pair.evidence, again.evidence, stays) / np.sqrt(n_dropped)))
    return found


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
    for own in _by_user(explained(model, explainer, users, context)):
        vectors = context.item_tags[[pair.item for pair in own]]
        alike = (vectors @ vectors.T).toarray()
        np.fill_diagonal(alike, -1.0)
        cited = [pair.cited[:N_SHOWN] for pair in own]
        values += [jaccard(cited[k], cited[int(np.argmax(row))]) for k, row in enumerate(alike)]
    return np.array(values)


def variety(model: Recommender, explainer: Explainer, users: Sequence[int], context: Context) -> Floats:
    """One minus the mean Jaccard of the three reasons for an item with those for the user's other four.

    One: nothing is said twice in a list. NaN where nothing was cited, or there is no other item.
    Chapter: explainable_recommendation.
    """
    values = []
    for own in _by_user(explained(model, explainer, users, context)):
        cited = [pair.cited[:N_SHOWN] for pair in own]
        for k, reasons in enumerate(cited):
            others = [jaccard(reasons, other) for j, other in enumerate(cited) if j != k]
            values.append(1 - float(np.mean(others)) if len(reasons) and others else np.nan)
    return np.array(values)


def template(evidence: Evidence) -> tuple[str | int | bool, ...]:
    """Name the sentence that an explanation would be put into: same name, same sentence but for the names.

    What is spoken of, how many of the three slots are filled, the kind of link to the first reason where
    a path gives one, and whether an alternative is named.
    Chapter: explainable_recommendation.

    Examples
    --------
    >>> template(Evidence(np.array([4, 7]), np.array([2.0, 1.0]), "artists", notes=("tag:3", "tag:9")))
    ('artists', 2, 'tag', False)
    """
    shown = evidence.best(N_SHOWN)
    link = shown.notes[0].partition(":")[0] if shown.notes else ""
    return evidence.kind, len(shown.items), link, evidence.instead is not None


def template_entropy(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> Floats:
    """Surprise of the template of each pair, in bits: its mean is the entropy of the templates.

    0: every explanation is the same sentence with other names in it. -log2 of the share of the pairs
    that use the same `template`.
    Chapter: explainable_recommendation.
    """
    used = [template(pair.evidence) for pair in explained(model, explainer, users, context)]
    counts = Counter(used)
    return np.array([np.log2(len(used) / counts[each]) for each in used])


def personalisation(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> Floats:
    """One minus the Jaccard of the reasons that two users get for the same item (NaN: nobody else got it).

    Chapter: explainable_recommendation.
    """
    asked = explained(model, explainer, users, context)
    cited = [pair.cited[:N_SHOWN] for pair in asked]
    of_item: dict[int, list[int]] = {}
    for number, pair in enumerate(asked):
        of_item.setdefault(pair.item, []).append(number)
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
    "variety": variety,
    "template_entropy": template_entropy,
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
    for pair in explained(model, explainer, users, context):
        counts[pair.cited[:N_SHOWN]] += 1
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
