"""What an explanation is made of, and what an explainer may know."""

import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.additive import tag_vectors
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

KINDS = ("artists", "tags", "listeners", "friends")


_FOREMOST = 5


_NOTHING = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class Evidence:
    """Reasons for one recommendation, the weightiest first.

    Attributes
    ----------
    items : ndarray of int, shape (n,)
        Artists of the history ("artists"), tags ("tags"), or a group of people by how alike they are
        ("listeners": 0 the most alike; "friends": 0). Never a person.
    weights : ndarray of float, shape (n,)
        How much each weighs; a count of people for "listeners" and "friends".
    kind : str
        One of `KINDS`.
    base : float
        Score without any reason: for explanations that add up, score = base + sum of weights.
    notes : tuple of str
        One a reason where there is more to say, such as the path that leads to it.
    instead : int or None
        The item that would be recommended in its place, where the explanation tells.

    Raises
    ------
    ValueError
        If items and weights differ in length, the kind is unknown, or a weight is not finite.

    Examples
    --------
    >>> Evidence(np.array([3, 5]), np.array([1.0, 2.0]), "artists").items.tolist()
    [5, 3]
    """

    items: NDArray[np.int64]
    weights: Floats
    kind: str
    base: float = 0.0
    notes: tuple[str, ...] = ()
    instead: int | None = None

    def __post_init__(self) -> None:
        items, weights = np.asarray(self.items, dtype=np.int64), np.asarray(self.weights, dtype=np.float64)
        if items.shape != weights.shape or items.ndim != 1:
            raise ValueError(f"{items.shape} items and {weights.shape} weights, expected one weight an item")
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if not np.isfinite(weights).all():
            raise ValueError("a weight is not finite; an explanation must be able to say how much")
        order = np.argsort(-weights, kind="stable")
        object.__setattr__(self, "items", items[order])
        object.__setattr__(self, "weights", weights[order])
        if self.notes:
            object.__setattr__(self, "notes", tuple(self.notes[place] for place in order))

    @property
    def total(self) -> float:
        """Base and all weights together."""
        return self.base + float(self.weights.sum())

    def best(self, n: int) -> "Evidence":
        """Keep the `n` reasons with the largest weights above 0."""
        kept = min(n, int((self.weights > 0).sum()))
        return replace(self, items=self.items[:kept], weights=self.weights[:kept], notes=self.notes[:kept])


def no_evidence(kind: str) -> Evidence:
    """Return the explanation that says nothing: what is left where nothing may or can be said.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> len(no_evidence("friends").items)
    0
    """
    return Evidence(_NOTHING, np.array([]), kind)


@dataclass(frozen=True, eq=False)
class Context:
    """What is known beside the model.

    Attributes
    ----------
    interactions : csr_matrix, shape (n_users, n_items)
        The histories that the models were fitted on.
    tags : csr_matrix, shape (n_items, n_tags)
        How often a tag was given.
    friends : csr_matrix, shape (n_users, n_users)
    graph : DataFrame
        `item`, `relation`, `value`.
    plays : csr_matrix, shape (n_users, n_items), optional
        How often each item of the histories was played; ones unless given.
    held_tags : csr_matrix, shape (n_items, n_tags), optional
        Tags of users that no model or explainer sees, to judge by; none unless given.
    anonymity : int
        Groups of people smaller than this are never spoken of.
    n_samples : int
        Masks drawn by LIME, and parts of the history looked at by Shapley (in whole permutations).
    seed : int
        Of whatever an explainer draws.

    Raises
    ------
    ValueError
        If shapes do not fit together.
    """

    interactions: sp.csr_matrix
    tags: sp.csr_matrix
    friends: sp.csr_matrix
    graph: pd.DataFrame
    plays: sp.csr_matrix | None = None
    held_tags: sp.csr_matrix | None = None
    anonymity: int = 5
    n_samples: int = 500
    seed: int = 0
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        n_users, n_items = self.interactions.shape
        if self.tags.shape[0] != n_items:
            raise ValueError(f"tags describe {self.tags.shape[0]} items, interactions have {n_items}")
        if self.friends.shape != (n_users, n_users):
            raise ValueError(f"friends has shape {self.friends.shape}, expected {(n_users, n_users)}")

    @cached_property
    def popularity(self) -> Floats:
        """Listeners of each item, shape (n_items,)."""
        return np.asarray(self.interactions.sum(axis=0)).ravel()

    @cached_property
    def item_tags(self) -> sp.csr_matrix:
        """Tag vectors of length 1, shape (n_items, n_tags): how relevant a tag is to an item."""
        return tag_vectors(self.tags)

    @cached_property
    def held_item_tags(self) -> sp.csr_matrix:
        """The same from the hidden taggers."""
        return tag_vectors(self.tags if self.held_tags is None else self.held_tags)

    @cached_property
    def foremost(self) -> list[NDArray[np.int64]]:
        """For each item, the five tags that hidden taggers stress most; fewer where they gave fewer."""
        tags = self.held_item_tags
        rows = (slice(*tags.indptr[item : item + 2]) for item in range(tags.shape[0]))
        return [tags.indices[row][np.argsort(-tags.data[row], kind="stable")[:_FOREMOST]] for row in rows]

    @cached_property
    def unit_histories(self) -> sp.csr_matrix:
        """Histories of length 1, shape (n_users, n_items): their products are cosines of users."""
        sizes = np.maximum(np.asarray(self.interactions.sum(axis=1)).ravel(), 1)
        return sp.csr_matrix(sp.diags(1 / np.sqrt(sizes)) @ self.interactions)

    def love(self, user: int, items: NDArray[np.int64]) -> Floats:
        """How much a user plays items of the history: rank by plays, from 0 (least) to 1 (most)."""
        matrix = self.interactions if self.plays is None else self.plays
        row = matrix[user].toarray().ravel()
        own = np.sort(row[row > 0])
        if not len(own):
            return np.zeros(len(items))
        return np.asarray(np.searchsorted(own, row[items], side="right") / len(own))


def edited(model: Recommender, user: int, items: NDArray[np.int64]) -> Recommender:
    """Give a user of a fitted model another history, everything else as it was.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        Left as it is; the answer is a shallow copy.
    user : int
        Whose history.
    items : ndarray of int
        The new history.

    Returns
    -------
    Recommender

    Examples
    --------
    >>> from soundreasons.papers.explainable_recommendation.fast.additive import ItemKNN
    >>> model = ItemKNN().fit(sp.csr_matrix([[1, 1, 0], [0, 1, 1]]))
    >>> edited(model, 0, np.array([2])).history(0).tolist(), model.history(0).tolist()
    ([2], [0, 1])
    """
    changed = copy.copy(model)
    changed.interactions = with_row(model.interactions, user, items)
    changed.fitted_as = model.origin
    return changed


def with_row(matrix: sp.csr_matrix, user: int, items: NDArray[np.int64]) -> sp.csr_matrix:
    """Replace one row of a matrix by ones at `items`.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> with_row(sp.csr_matrix([[1, 0], [1, 0]]), 1, np.array([0, 1])).toarray().tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    start, end = matrix.indptr[user], matrix.indptr[user + 1]
    indices = np.concatenate([matrix.indices[:start], np.sort(items), matrix.indices[end:]])
    values = np.concatenate([matrix.data[:start], np.ones(len(items)), matrix.data[end:]])
    indptr = matrix.indptr.copy()
    indptr[user + 1 :] += len(items) - (end - start)
    return sp.csr_matrix((values, indices, indptr), shape=matrix.shape)
