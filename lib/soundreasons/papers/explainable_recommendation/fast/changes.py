"""Criteria that compare explanations: before and after a change, of like items, of a list, of two users."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence, edited
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.pairs import KEPT, N_SHOWN, Pair, explained
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.method.criteria import jaccard

_DROPPED = 0.1  # share of a history that the stability test leaves out


def _by_user(asked: Sequence[Pair]) -> list[list[Pair]]:
    """Split the pairs by user, in their order."""
    return [list(own) for _, own in groupby(asked, key=lambda pair: pair.user)]


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
        remember(context, key, (kept, moved), n_kept=KEPT)
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
