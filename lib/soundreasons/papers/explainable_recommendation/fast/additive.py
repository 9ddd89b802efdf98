"""The additive recommenders on sparse matrices: their weights are those of `method`."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.inverses import inverse, inverse_of_definite
from soundreasons.papers.explainable_recommendation.fast.recommenders import Additive, Floats, WeightMatrix

_SAVED_ROWS = 256  # users solved at once by ALS


class TagContent(Additive):
    """Items like those of the history, by their tags.

    Tag counts become logarithms times inverse document frequency, each item a vector of length 1; a
    weight is the cosine of two items. It needs no listeners, so it can serve an item nobody played.

    Parameters
    ----------
    tags : csr_matrix, shape (n_items, n_tags)
        How often a tag was given to an item.

    Examples
    --------
    >>> tags = sp.csr_matrix([[3, 0], [1, 0], [0, 2]])
    >>> TagContent(tags=tags).fit(sp.csr_matrix([[1, 0, 0], [0, 1, 1]])).scores(0).round(3).tolist()
    [1.0, 1.0, 0.0]
    """

    def __init__(self, *, tags: sp.csr_matrix) -> None:
        self._tags = tags

    def _learn(self, interactions: sp.csr_matrix) -> None:
        if self._tags.shape[0] != interactions.shape[1]:
            raise ValueError(
                f"tags describe {self._tags.shape[0]} items, interactions have {interactions.shape[1]}"
            )
        self.vectors = tag_vectors(self._tags)

    def terms(self, history: NDArray[np.int64], items: NDArray[np.int64] | None = None) -> Floats:
        """Return the cosines of the history with the items; see `Additive.terms`."""
        chosen = self.vectors if items is None else self.vectors[items]
        return np.asarray((self.vectors[history] @ chosen.T).toarray())

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Add up the vectors of each history, and multiply with those of the items."""
        chosen = self.vectors if items is None else self.vectors[items]
        profiles = (sp.csr_matrix(histories) @ self.vectors).toarray()
        return np.asarray((chosen @ profiles.T).T)


def tag_vectors(tags: sp.csr_matrix) -> sp.csr_matrix:
    """Turn tag counts into vectors of length 1: log(1 + count) times log(n / items with the tag).

    Chapter: explainable_recommendation.

    Parameters
    ----------
    tags : csr_matrix, shape (n_items, n_tags)
        Counts.

    Returns
    -------
    csr_matrix, shape (n_items, n_tags)
        An item without tags is a row of zeros.

    Examples
    --------
    >>> tag_vectors(sp.csr_matrix([[1, 1], [0, 0], [0, 5]])).toarray().round(2).tolist()
    [[0.94, 0.35], [0.0, 0.0], [0.0, 1.0]]
    """
    counts = sp.csr_matrix(tags, dtype=np.float64)
    spread = np.maximum(counts.getnnz(axis=0), 1)
    logs = counts.copy()
    logs.data = np.log1p(logs.data)
    scaled = logs.multiply(np.log(counts.shape[0] / spread)).tocsr()
    return sp.csr_matrix(sp.diags(_inverse(np.sqrt(scaled.multiply(scaled).sum(axis=1)))) @ scaled)


def _inverse(values: Any) -> Floats:
    """Invert, and leave 0 where it is 0."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)


class ItemKNN(Additive):
    """The nearest items by cosine of their listeners (Linden et al., 2003).

    Parameters
    ----------
    neighbours : int, from 1
        An item is scored by the items of the history that are among its nearest ones.

    Examples
    --------
    >>> taste = sp.csr_matrix([[1, 1, 0], [1, 1, 0], [0, 1, 1]])
    >>> ItemKNN(neighbours=1).fit(taste).scores(0).round(3).tolist()
    [0.816, 0.816, 0.577]
    """

    def __init__(self, *, neighbours: int = 50) -> None:
        if neighbours < 1:
            raise ValueError(f"neighbours is {neighbours}, expected 1 or more")
        self._neighbours = neighbours

    def _learn(self, interactions: sp.csr_matrix) -> None:
        columns = interactions @ sp.diags(_inverse(np.sqrt(self.popularity)))
        cosine = np.asarray((columns.T @ columns).todense())
        np.fill_diagonal(cosine, 0.0)
        # Column i keeps the neighbours of item i: the largest of the column, ties by lower number.
        far = np.argsort(-cosine, axis=0, kind="stable")[self._neighbours :]
        np.put_along_axis(cosine, far, 0.0, axis=0)
        self.weights = sp.csr_matrix(cosine)

    def terms(self, history: NDArray[np.int64], items: NDArray[np.int64] | None = None) -> Floats:
        """Return the cosines of near items, 0 for the others; see `Additive.terms`."""
        rows = self.weights[history]
        return np.asarray((rows if items is None else rows[:, items]).toarray())

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Sum the cosines of each history with the items it is near to."""
        chosen = self.weights if items is None else self.weights[:, items]
        return np.asarray((sp.csr_matrix(histories) @ chosen).toarray())


class EASE(WeightMatrix):
    """The linear model with a closed form (Steck, 2019): weights that rebuild the histories.

    Parameters
    ----------
    regularisation : float, above 0
        Added to the diagonal of the items' counts before they are inverted.
    device : str
        Where they are inverted.

    Examples
    --------
    >>> model = EASE(regularisation=1.0).fit(sp.csr_matrix([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> model.weights.diagonal().tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(self, *, regularisation: float = 200.0, device: str = "cpu") -> None:
        if not regularisation > 0:
            raise ValueError(f"regularisation is {regularisation}, expected a number above 0")
        self._regularisation, self._device = regularisation, device

    def _learn(self, interactions: sp.csr_matrix) -> None:
        gram = np.asarray((interactions.T @ interactions).todense())
        gram[np.diag_indices_from(gram)] += self._regularisation
        precision = inverse_of_definite(gram, device=self._device)
        self.weights = precision / -np.diag(precision)
        np.fill_diagonal(self.weights, 0.0)


class PageRank(WeightMatrix):
    """A walk that starts in the history, steps to a listener and on to one of theirs, and may restart.

    Personalised PageRank on the graph of users and items, solved exactly: with T the step from item
    to item through a listener, weights = restart (I - (1 - restart) T)^-1. A user's score is the sum
    over the starts, so that taking one start away takes exactly its part away.

    Parameters
    ----------
    restart : float in (0, 1)
        Chance to go back to the start after each double step.
    device : str
        Where the system is solved.

    Examples
    --------
    A walk goes somewhere: what a start gives to all items adds up to one.

    >>> PageRank(restart=0.3).fit(sp.csr_matrix([[1, 1, 0], [0, 1, 1]])).weights.sum(axis=1).round(9).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, *, restart: float = 0.3, device: str = "cpu") -> None:
        if not 0 < restart < 1:
            raise ValueError(f"restart is {restart}, expected a number between 0 and 1")
        self._restart, self._device = restart, device

    def _learn(self, interactions: sp.csr_matrix) -> None:
        to_user = sp.diags(_inverse(self.popularity)) @ interactions.T
        to_item = sp.diags(_inverse(interactions.sum(axis=1))) @ interactions
        step = np.asarray((to_user @ to_item).todense())
        n_items = len(step)
        system = np.eye(n_items) - (1 - self._restart) * step
        self.weights = self._restart * inverse(system, device=self._device)


class Hybrid(WeightMatrix):
    """EASE and tags together: both brought to spread 1, then mixed.

    The spread is that of the scores over all users and items of the fit, one number a model, so that
    the mix stays additive (a spread of each user's own would change when an artist is taken out).

    Parameters
    ----------
    tags : csr_matrix, shape (n_items, n_tags)
        As for `TagContent`.
    share : float in [0, 1]
        Weight of the tags.
    regularisation : float
        As for `EASE`.
    device : str
        As for `EASE`.
    linear : EASE, optional
        One that was fitted on the same interactions, to save a second inversion.

    Examples
    --------
    >>> tags = sp.csr_matrix([[1, 0], [1, 0], [0, 1]])
    >>> Hybrid(tags=tags, share=1.0).fit(sp.csr_matrix([[1, 1, 0], [0, 1, 1]])).scores(0).argmin()
    np.int64(2)
    """

    def __init__(
        self,
        *,
        tags: sp.csr_matrix,
        share: float = 0.2,
        regularisation: float = 200.0,
        device: str = "cpu",
        linear: EASE | None = None,
    ) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"share is {share}, expected a number from 0 to 1")
        self._tags, self._share, self._regularisation = tags, share, regularisation
        self._device, self._linear = device, linear

    def _learn(self, interactions: sp.csr_matrix) -> None:
        n_items = interactions.shape[1]
        self.weights = np.zeros((n_items, n_items))
        ease, self._linear = self._linear, None  # for one fit only: the next may see other histories
        if ease is None:
            ease = EASE(regularisation=self._regularisation, device=self._device).fit(interactions)
        elif ease.interactions.shape != interactions.shape or (ease.interactions != interactions).nnz:
            raise ValueError(
                "the linear model was fitted on other interactions; leave it out, or fit it on these"
            )
        vectors = TagContent(tags=self._tags).fit(interactions).vectors
        for share, weights in ((1 - self._share, ease.weights), (self._share, _products(vectors))):
            self.weights += share / _spread(interactions, weights) * weights


def _products(vectors: sp.csr_matrix) -> Floats:
    return np.asarray((vectors @ vectors.T).toarray())


def _spread(interactions: sp.csr_matrix, weights: Floats) -> float:
    """Return the standard deviation of all scores, a block of users at a time; 1 if there is none."""
    total, squares, n_scores = 0.0, 0.0, interactions.shape[0] * weights.shape[1]
    for start in range(0, interactions.shape[0], _SAVED_ROWS):
        scores = interactions[start : start + _SAVED_ROWS] @ weights
        total += float(scores.sum())
        squares += float(np.vdot(scores, scores))
    variance = squares / n_scores - (total / n_scores) ** 2
    return float(np.sqrt(variance)) if variance > 0 else 1.0
