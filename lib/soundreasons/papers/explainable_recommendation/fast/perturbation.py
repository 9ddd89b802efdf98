"""Explanations of a black box: hide parts of the history, ask for scores, and draw a conclusion.

LIME fits a line to the answers (Ribeiro et al., 2016), Shapley values average what an artist adds to
any part of the history (Shapley, 1953; Lundberg and Lee, 2017). Both only call `scores_of_parts`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence
from soundreasons.papers.explainable_recommendation.fast.exact import TOP
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

_RIDGE = 1e-3


_KERNEL_WIDTH = 0.75  # lime's own default is 0.75 sqrt(number of features)


class Asked(NamedTuple):
    """Parts of a history and the scores they get: `masks` (n, n_history), `scores` (n, n_items)."""

    history: NDArray[np.int64]
    items: NDArray[np.int64]
    masks: Floats
    scores: Floats


def lime(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Fit a ridge regression to the scores of `context.n_samples` random parts of the history.

    Each artist is kept with a chance of one half; a part weighs exp(-d² / w²) with the share d of
    the history that is missing and w = 0.75, so that parts near the whole count for more. Weights are the
    coefficients, `base` the intercept.
    Chapter: explainable_recommendation.
    """
    asked = _ask(model, user, item, context, "lime")
    answers = asked.scores[:, asked.items == item][:, 0]
    missing = 1 - asked.masks.mean(axis=1)
    near = np.exp(-((missing / _KERNEL_WIDTH) ** 2))
    design = np.column_stack([np.ones(len(answers)), asked.masks])
    weighted = design * near[:, np.newaxis]
    penalty = _RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    coefficients = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ answers)
    return Evidence(asked.history, coefficients[1:], "artists", base=float(coefficients[0]))


def shapley(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Average what each artist adds when the history is filled in random orders.

    Orders come in pairs, one the reverse of the other. Every order adds up to score minus base, so
    the values do too, however few orders are drawn (efficiency). `base` is the score of no history.
    Chapter: explainable_recommendation.
    """
    asked = _ask(model, user, item, context, "shapley")
    n_history = len(asked.history)
    answers = asked.scores[:, asked.items == item][:, 0].reshape(-1, n_history + 1)
    gains = np.diff(answers, axis=1)
    added = np.argmax(np.diff(asked.masks.reshape(-1, n_history + 1, n_history), axis=1), axis=2)
    totals = np.bincount(added.ravel(), gains.ravel(), minlength=n_history)
    return Evidence(asked.history, totals / len(answers), "artists", base=float(answers[0, 0]))


def _ask(model: Recommender, user: int, item: int, context: Context, kind: str) -> Asked:
    """Draw masks and score them, once for all ten recommendations of a user; the last few are kept."""
    key = (kind, model, user)
    kept = context.memory.get(key)
    if kept is not None and item in kept.items:
        return kept  # type: ignore[no-any-return]
    history = model.history(user)
    items = top(model, user, TOP)
    if item not in items:  # somebody asks for what this model does not recommend, and may go on to
        items = np.arange(model.interactions.shape[1])
    rng = np.random.default_rng([context.seed, user])
    masks = _halves(rng, len(history), context.n_samples) if kind == "lime" else orders(
        rng, len(history), context.n_samples
    )  # fmt: skip
    asked = Asked(history, items, masks, model.scores_of_parts(history, masks, items))
    remember(context, key, asked, n_kept=2)  # a model, and another one that it is compared with
    return asked


def remember(context: Context, key: tuple[object, ...], value: object, *, n_kept: int) -> None:
    """Keep a result in the context, the last `n_kept` of its kind (the first part of the key).

    Chapter: explainable_recommendation.
    """
    same = [old for old in context.memory if old[0] == key[0]]
    for old in same[: max(len(same) - n_kept + 1, 0)]:
        del context.memory[old]
    context.memory[key] = value


def _halves(rng: np.random.Generator, n_history: int, n_samples: int) -> Floats:
    masks = (rng.random((n_samples, n_history)) < 0.5).astype(np.float64)
    masks[0] = 1.0  # the history itself is always asked
    return masks


def orders(rng: np.random.Generator, n_history: int, n_samples: int) -> Floats:
    """Draw random orders and their reverses, as the masks of their growing beginnings.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    rng : Generator
        Draws them.
    n_history : int, from 1
        Items to order.
    n_samples : int
        About how many masks; at least one pair of orders.

    Returns
    -------
    ndarray, shape (n_orders * (n_history + 1), n_history)

    Examples
    --------
    >>> orders(np.random.default_rng(0), 2, 6).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    """
    n_pairs = max(1, n_samples // (2 * (n_history + 1)))
    half = np.argsort(rng.random((n_pairs, n_history)), axis=1)
    drawn = np.stack([half, half[:, ::-1]], axis=1).reshape(-1, n_history)
    place = np.argsort(drawn, axis=1)
    steps = np.arange(n_history + 1)
    return (place[:, np.newaxis, :] < steps[:, np.newaxis]).astype(np.float64).reshape(-1, n_history)
