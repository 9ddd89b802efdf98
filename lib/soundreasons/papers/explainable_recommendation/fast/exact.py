"""Explanations that are the computation itself, and what would have to be missing."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence, no_evidence
from soundreasons.papers.explainable_recommendation.fast.factorisation import ALS
from soundreasons.papers.explainable_recommendation.fast.ranking import rank
from soundreasons.papers.explainable_recommendation.fast.recommenders import Additive, Floats, Recommender

TOP = 10  # the list that a recommendation must be in


_CANDIDATES = 8  # reasons tried together when looking for a smaller removal


_LARGEST_SEARCHED = 3  # size up to which every combination of the candidates is tried


_LONGEST_REMOVAL = 25


def contributions(
    model: Recommender, user: int, items: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], Floats]:
    """Split the scores of `items` (all unless told) over a user's history.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Additive or ALS
        One that has terms.
    user : int
        Whose history.
    items : ndarray of int, shape (k,), optional
        What is scored.

    Returns
    -------
    history : ndarray of int, shape (n_history,)
    shares : ndarray, shape (n_history, k)
        Its columns add up to `model.scores(user)[items]`.

    Raises
    ------
    ValueError
        If the user has no history, or the model is of another kind: then ask "shapley" or "lime".

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from soundreasons.papers.explainable_recommendation.fast.additive import ItemKNN
    >>> model = ItemKNN().fit(sp.csr_matrix([[1, 1, 0], [0, 1, 1]]))
    >>> history, shares = contributions(model, 0)
    >>> bool(np.allclose(shares.sum(axis=0), model.scores(0)))
    True
    """
    history = model.history(user)
    if isinstance(model, Additive):
        return history, model.terms(history, items)
    if isinstance(model, ALS):
        return history, model.contributions(history, items)
    raise ValueError(
        f"{type(model).__name__} does not add up over a history; "
        "explain it with 'shapley' or 'lime', which only ask for scores"
    )


def exact(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Return the terms of the sum that is the score; for ALS with the user's matrix held as it is.

    Additive is not causal: for an additive model a term is also what the score loses without the
    artist; for ALS it is not, since the matrix would change too (see `influence`).
    Chapter: explainable_recommendation.
    """
    history, shares = contributions(model, user, np.array([item]))
    return Evidence(history, shares[:, 0], "artists")


def influence(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Return what the score loses when each artist alone is taken out and the user solved anew.

    Leave-one-out, exact and cheap here, where for deep models it is approximated by influence
    functions. Chapter: explainable_recommendation.
    """
    history = model.history(user)
    return Evidence(history, influence_of(model, history, item), "artists")


def hooks_and_discovery(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite two artists that weigh most, and one that few know: "two hooks and a discovery".

    The hooks have the largest contributions; the discovery is the largest positive one among the
    artists of the history in the less popular half of the catalogue.
    Chapter: explainable_recommendation.
    """
    found = exact(model, user, item, context)
    positive = found.weights > 0
    items, weights = found.items[positive], found.weights[positive]
    obscure = np.flatnonzero(context.popularity[items] <= np.median(context.popularity))
    discovery = obscure[obscure >= 2][:1]
    chosen = np.concatenate([np.arange(min(2, len(items))), discovery])
    return Evidence(items[chosen], weights[chosen], "artists")


def counterfactual(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Find a small part of the history without which the item leaves the user's top ten.

    Greedy first: take out what weighs most, until the item, scored anew, is gone. Then all
    combinations of up to three of the heaviest reasons, if that may be smaller. What is taken out
    does not come back as a recommendation. Each reason weighs what the score loses without it
    alone; `instead` is the item that moves up into the list. Empty if nothing was found.
    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    order = np.argsort(-influence_of(model, history, item), kind="stable")
    removed = _greedy(model, history, item, order)
    if removed is None:
        return no_evidence("artists")
    removed = _smaller(model, history, item, order, len(removed)) or removed
    weights = influence_of(model, history, item)[list(removed)]
    return Evidence(
        history[list(removed)],
        weights,
        "artists",
        instead=_moves_up(model, history, item, removed),
    )


def influence_of(model: Recommender, history: NDArray[np.int64], item: int) -> Floats:
    """Return what the score of `item` loses without each artist of a history, in its order.

    Chapter: explainable_recommendation.
    """
    masks = np.vstack([np.ones(len(history)), 1.0 - np.eye(len(history))])
    scores = model.scores_of_parts(history, masks, np.array([item]))[:, 0]
    return np.asarray(scores[0] - scores[1:])


def places(model: Recommender, history: NDArray[np.int64], masks: Floats, item: int) -> NDArray[np.int64]:
    """Return the place of `item` (from 0) among what is not in the history, for parts of it.

    Ties go to the lower number, as in `recommenders.rank`.
    Chapter: explainable_recommendation.
    """
    scores = model.scores_of_parts(history, masks, np.arange(model.interactions.shape[1]))
    scores[:, history] = -np.inf
    own = scores[:, [item]]
    ahead = (scores > own).sum(axis=1) + (scores[:, :item] == own).sum(axis=1)
    return np.asarray(ahead, dtype=np.int64)


def _without(n_history: int, removals: list[tuple[int, ...]]) -> Floats:
    masks = np.ones((len(removals), n_history))
    for row, removed in zip(masks, removals, strict=True):
        row[list(removed)] = 0.0
    return masks


def _greedy(
    model: Recommender, history: NDArray[np.int64], item: int, order: NDArray[np.int64]
) -> tuple[int, ...] | None:
    steps = [tuple(order[:n].tolist()) for n in range(1, min(len(history), _LONGEST_REMOVAL) + 1)]
    gone = np.flatnonzero(places(model, history, _without(len(history), steps), item) >= TOP)
    return steps[gone[0]] if len(gone) else None


def _smaller(
    model: Recommender, history: NDArray[np.int64], item: int, order: NDArray[np.int64], size: int
) -> tuple[int, ...] | None:
    candidates = order[:_CANDIDATES].tolist()
    largest = min(size - 1, _LARGEST_SEARCHED)
    removals = [chosen for n in range(1, largest + 1) for chosen in combinations(candidates, n)]
    if not removals:
        return None
    gone = np.flatnonzero(places(model, history, _without(len(history), removals), item) >= TOP)
    return removals[gone[0]] if len(gone) else None


def _moves_up(
    model: Recommender, history: NDArray[np.int64], item: int, removed: tuple[int, ...]
) -> int | None:
    everything = np.arange(model.interactions.shape[1])
    masks = np.vstack([np.ones(len(history)), _without(len(history), [removed])])
    before, after = (
        rank(scores, history, TOP) for scores in model.scores_of_parts(history, masks, everything)
    )
    new = after[~np.isin(after, before)]
    return int(new[0]) if len(new) else None


def contrastive(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Say why this one *rather than* the most popular item that was not recommended.

    Weights are differences of contributions, so they add up to the difference of the two scores;
    `instead` is the other item. Empty if everything else is recommended. Chapter: explainable_recommendation.
    """
    history, scores = model.history(user), model.scores(user)
    left_out = np.setdiff1d(np.arange(len(scores)), np.concatenate([history, rank(scores, history, TOP)]))
    left_out = left_out[left_out != item]
    if not len(left_out):
        return no_evidence("artists")
    other = int(left_out[np.argmax(context.popularity[left_out])])
    shares = contributions(model, user, np.array([item, other]))[1]
    return Evidence(history, shares[:, 0] - shares[:, 1], "artists", instead=other)
