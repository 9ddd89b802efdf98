"""What the seven recommenders share: histories, and scores of any history or part of one.

Every one has `.fit(interactions)` (CSR, users x items) and `.scores(user)` (one number an item), and
`.scores_of(histories)`, which answers for any history, such as a user's with an artist taken out:
explanations ask "what if". Libraries recommend as well or better, but they keep the algebra to
themselves, and the exact explanations need it.
"""

from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import binary

Floats = NDArray[np.float64]


def checked(interactions: Any) -> sp.csr_matrix:
    """Check interactions once, at the door; return them as ones.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If they are no 2-d matrix, empty, negative or not finite.

    Examples
    --------
    >>> checked(sp.csr_matrix([[0, 2], [1, 0]])).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    matrix = sp.csr_matrix(interactions, dtype=np.float64)
    if matrix.nnz == 0:
        raise ValueError(
            f"interactions of shape {matrix.shape} hold no pair; nothing can be learnt from them"
        )
    if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
        worst = matrix.data[~np.isfinite(matrix.data) | (matrix.data < 0)][0]
        raise ValueError(f"interactions hold {worst}, expected counts of 0 or more")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return binary(matrix)


class Recommender:
    """What all seven share: the histories they were fitted on, and the check of a user's number.

    Attributes
    ----------
    interactions : csr_matrix, shape (n_users, n_items)
        What it was fitted on, as ones.
    """

    interactions: sp.csr_matrix
    popularity: Floats
    fitted_as: "Recommender | None" = None

    @property
    def origin(self) -> "Recommender":
        """The model as it was fitted, where this one is a copy with an edited history."""
        return self.fitted_as or self

    def fit(self, interactions: Any) -> Self:
        """Learn from users x items; return itself."""
        self.interactions = checked(interactions)
        self.popularity = np.asarray(self.interactions.sum(axis=0)).ravel()
        self._learn(self.interactions)
        return self

    def _learn(self, interactions: sp.csr_matrix) -> None:
        raise NotImplementedError

    def history(self, user: int) -> NDArray[np.int64]:
        """Return the items of a user, in increasing order.

        Raises
        ------
        ValueError
            If there is no such user, or the user has no history.
        """
        n_users = self.interactions.shape[0]
        if not 0 <= user < n_users:
            raise ValueError(f"user is {user}, expected 0 to {n_users - 1}")
        items = np.sort(self.interactions.indices[slice(*self.interactions.indptr[user : user + 2])])
        if not len(items):
            raise ValueError(f"user {user} has no history; recommend what is popular (Popularity) instead")
        return items.astype(np.int64)

    def scores(self, user: int) -> Floats:
        """Score every item for a user, shape (n_items,); seen items too.

        Raises
        ------
        ValueError
            As `history`.
        """
        items = self.history(user)
        row = np.zeros((1, self.interactions.shape[1]))
        row[0, items] = 1.0
        return np.asarray(self.scores_of(row)[0])

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Score `items` (all unless told) for histories, shape (n, n_items), sparse or dense."""
        raise NotImplementedError

    def scores_of_parts(
        self, history: NDArray[np.int64], masks: NDArray[Any], items: NDArray[np.int64]
    ) -> Floats:
        """Score `items` for parts of one history.

        Parameters
        ----------
        history : ndarray of int, shape (n_history,)
            In increasing order.
        masks : ndarray, shape (n, n_history)
            1 where an item of the history is kept.
        items : ndarray of int, shape (k,)
            What is scored.

        Returns
        -------
        ndarray, shape (n, k)
        """
        full = np.zeros((len(masks), self.interactions.shape[1]))
        full[:, history] = masks
        return self.scores_of(full, items)


class Popularity(Recommender):
    """The number of listeners: the same for everybody, and for users without history.

    Examples
    --------
    >>> Popularity().fit(sp.csr_matrix([[1, 1], [0, 1]])).scores(0).tolist()
    [1.0, 2.0]
    """

    def _learn(self, interactions: sp.csr_matrix) -> None:
        pass

    def scores(self, user: int) -> Floats:
        """Return the listeners of every item; the user does not matter."""
        return self.popularity

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Return the listeners of every item, once a history."""
        chosen = self.popularity if items is None else self.popularity[items]
        return np.tile(chosen, (histories.shape[0], 1))


class Additive(Recommender):
    """A recommender whose score is a sum over the history: `terms` are its summands."""

    def terms(self, history: NDArray[np.int64], items: NDArray[np.int64] | None = None) -> Floats:
        """Return what each item of a history adds to `items` (all unless told).

        Returns
        -------
        ndarray, shape (n_history, n_items)
        """
        raise NotImplementedError

    def scores(self, user: int) -> Floats:
        """Sum the terms of the history; see `Recommender.scores`."""
        return np.asarray(self.terms(self.history(user)).sum(axis=0))

    def scores_of_parts(
        self, history: NDArray[np.int64], masks: NDArray[Any], items: NDArray[np.int64]
    ) -> Floats:
        """Sum the terms of the kept part of one history."""
        return np.asarray(masks, dtype=np.float64) @ self.terms(history, items)


class WeightMatrix(Additive):
    """An additive recommender with a dense matrix of weights.

    Attributes
    ----------
    weights : ndarray, shape (n_items, n_items)
        `weights[j, i]`: what having item j in the history adds to the score of item i.
    """

    weights: Floats

    def fit(self, interactions: Any) -> Self:
        """Learn from users x items; return itself."""
        super().fit(interactions)
        self.weights = np.ascontiguousarray(self.weights)  # rows are what is read
        return self

    def terms(self, history: NDArray[np.int64], items: NDArray[np.int64] | None = None) -> Floats:
        """Return the rows of the history; see `Additive.terms`."""
        return self.weights[history] if items is None else self.weights[np.ix_(history, items)]

    def scores_of(self, histories: Any, items: NDArray[np.int64] | None = None) -> Floats:
        """Sum the weights of each history."""
        chosen = self.weights if items is None else self.weights[:, items]
        return np.asarray(sp.csr_matrix(histories) @ chosen)
