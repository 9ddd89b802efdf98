"""Explained pairs: a user and one of the five items recommended first, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence
from soundreasons.papers.explainable_recommendation.fast.exact import places
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.fast.words import histories_share

N_EXPLAINED = 5


N_SHOWN = 3  # reasons that a listener sees


_STEPS = 5  # of a deletion curve


NO_SCORE = 1e-12  # of a score that is not above it, no share can be lost


KEPT = 8  # judged pairs of so many (model, explainer, users) stay in a context's memory


Users = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pair:
    """One explained recommendation; what is asked of it is worked out once, however many criteria ask."""

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
        if not scores[0] > NO_SCORE:
            return np.full(_STEPS, np.nan)
        lost = (scores[0] - scores[1:]) / scores[0]
        return np.pad(lost, (0, _STEPS - len(lost)), mode="edge")

    @cached_property
    def kept(self) -> Floats:
        """Shares of the score that the first one to five cited artists alone would give."""
        cited = self.cited[:_STEPS]
        if not len(cited) or not self.score > NO_SCORE:
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

    So eighteen criteria cost one explanation a pair. The context remembers the pairs
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
        remember(context, key, found, n_kept=KEPT)
    return context.memory[key]  # type: ignore[no-any-return]


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
    >>> from soundreasons.papers.explainable_recommendation.fast.additive import EASE
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


def place_without(model: Recommender, user: int, item: int, removed: NDArray[np.int64]) -> int:
    """Return the place (from 0) of an item when artists are taken out of a history and it is re-scored.

    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    mask = np.where(np.isin(history, removed), 0.0, 1.0)[np.newaxis]
    return int(places(model, history, mask, item)[0])
