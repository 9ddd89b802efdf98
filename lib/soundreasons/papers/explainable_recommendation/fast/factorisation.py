"""Matrix factorisation of implicit feedback: the recommender that is not additive."""

import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import binary
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender, checked

_ROWS = 256  # users solved at once


class ALS(Recommender):
    r"""Matrix factorisation of implicit feedback by alternating least squares (Hu et al., 2008).

    A user's vector solves $(Y^\top C^u Y + \lambda I)\, x_u = Y^\top C^u p_u$, where the confidence is
    1 for all items and $1 + \alpha$ for those of the history. The score is $x_u^\top y_i$: not additive,
    since the matrix on the left depends on the history too.

    Parameters
    ----------
    factors : int, from 1
    alpha, regularisation : float, above 0
    iterations : int, from 1
    seed : int
        Where it starts.

    Attributes
    ----------
    item_factors : ndarray, shape (n_items, factors)

    Examples
    --------
    >>> taste = sp.csr_matrix(np.kron(np.eye(2), np.ones((4, 3))))
    >>> scores = ALS(factors=2).fit(taste).scores(0)
    >>> bool(scores[:3].min() > scores[3:].max())
    True
    """

    def __init__(
        self,
        *,
        factors: int = 32,
        alpha: float = 20.0,
        regularisation: float = 5.0,
        iterations: int = 8,
        seed: int = 0,
    ) -> None:
        for name, value in (("factors", factors), ("alpha", alpha), ("iterations", iterations)):
            if not value > 0:
                raise ValueError(f"{name} is {value}, expected a number above 0")
        if not regularisation > 0:
            raise ValueError(f"regularisation is {regularisation}, expected a number above 0")
        self._factors, self.alpha, self.regularisation = factors, alpha, regularisation
        self._iterations, self._seed = iterations, seed

    def _learn(self, interactions: sp.csr_matrix) -> None:
        rng = np.random.default_rng(self._seed)
        listeners = interactions.T.tocsr()
        items = rng.normal(scale=0.01, size=(interactions.shape[1], self._factors))
        for _ in range(self._iterations):
            users = self._solve(interactions, items)
            items = self._solve(listeners, users)
        self._take(items)

    def _take(self, item_factors: Floats) -> None:
        self.item_factors = item_factors
        self._gram = item_factors.T @ item_factors + self.regularisation * np.eye(item_factors.shape[1])

    def with_factors(self, item_factors: Floats) -> "ALS":
        """Return a copy with these item factors in place of the learnt ones."""
        changed = copy.copy(self)
        changed._take(item_factors)
        return changed

    def with_histories(self, interactions: Any) -> "ALS":
        """Return a copy that serves these histories with the factors as they are."""
        changed = copy.copy(self)
        changed.interactions = checked(interactions)
        return changed

    def foretold(self, history: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return, for each item of a history, its own score and its leverage."""
        vectors = self.item_factors[history]
        left = self._gram + self.alpha * vectors.T @ vectors
        solved = np.linalg.solve(left, vectors.T)
        scores = (1 + self.alpha) * vectors @ solved.sum(axis=1)
        return np.asarray(scores), np.asarray((vectors.T * solved).sum(axis=0))

    def _solve(self, histories: sp.csr_matrix, factors: Floats) -> Floats:
        """Solve one least-squares problem a row; rows of like length together, to share the work."""
        gram = factors.T @ factors + self.regularisation * np.eye(self._factors)
        solved = np.zeros((histories.shape[0], self._factors))
        lengths = np.diff(histories.indptr)
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        for start in range(0, len(order), _ROWS):
            rows = order[start : start + _ROWS]
            padded = _padded(histories, rows, lengths[rows].max())
            vectors = factors[padded] * (padded >= 0)[..., np.newaxis]
            left = gram + self.alpha * (vectors.transpose(0, 2, 1) @ vectors)
            right = (1 + self.alpha) * vectors.sum(axis=1)
            solved[rows] = np.linalg.solve(left, right[..., np.newaxis])[..., 0]
        return solved

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Solve for the vector of each history, the items' factors as they are, and score."""
        chosen = self.item_factors if items is None else self.item_factors[items]
        rows = _ones_of(histories)
        return np.asarray(self._solve(rows, self.item_factors) @ chosen.T)

    def scores_of_parts(
        self, history: NDArray[np.int64], masks: NDArray[Any], items: NDArray[np.int64]
    ) -> Floats:
        """Solve for parts of one history together: their matrices differ in few terms only."""
        vectors = self.item_factors[history]
        kept = np.asarray(masks, dtype=np.float64)
        outer = (vectors[:, :, np.newaxis] * vectors[:, np.newaxis, :]).reshape(len(history), -1)
        size = self._gram.shape[0]
        answers = np.empty((len(kept), len(items)))
        for start in range(0, len(kept), 512):
            part = kept[start : start + 512]
            left = self._gram + self.alpha * (part @ outer).reshape(-1, size, size)
            right = (1 + self.alpha) * (part @ vectors)
            solved = np.linalg.solve(left, right[..., np.newaxis])[..., 0]
            answers[start : start + 512] = solved @ self.item_factors[items].T
        return answers

    def contributions(self, history: NDArray[np.int64], items: NDArray[np.int64] | None = None) -> Floats:
        r"""Split the score of `items` (all unless told) over the history, exactly.

        Returns
        -------
        ndarray, shape (n_history, n_items)
            $(1 + \alpha)\, y_i^\top W^u y_j$ with $W^u = (Y^\top C^u Y + \lambda I)^{-1}$ held as it is;
            its columns add up to the scores.
        """
        vectors = self.item_factors[history]
        left = self._gram + self.alpha * vectors.T @ vectors
        chosen = self.item_factors if items is None else self.item_factors[items]
        return np.asarray((1 + self.alpha) * np.linalg.solve(left, vectors.T).T @ chosen.T)


def _padded(histories: sp.csr_matrix, rows: NDArray[Any], width: int) -> NDArray[np.int64]:
    """Return the columns of each row side by side, -1 where a row has ended."""
    starts, ends = histories.indptr[rows], histories.indptr[rows + 1]
    places = starts[:, np.newaxis] + np.arange(width)
    inside = places < ends[:, np.newaxis]
    columns = histories.indices[np.minimum(places, len(histories.indices) - 1)]
    return np.where(inside, columns, -1).astype(np.int64)


def _ones_of(histories: Any) -> sp.csr_matrix:
    """Return histories as a sparse matrix of ones; empty rows are let pass, they score 0."""
    rows = sp.csr_matrix(histories, dtype=np.float64)
    rows.eliminate_zeros()
    return binary(rows)
