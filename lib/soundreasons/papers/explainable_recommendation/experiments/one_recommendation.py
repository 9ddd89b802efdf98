"""One recommendation, many explanations: an invented listener, so that no page shows a real one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from soundreasons.papers.explainable_recommendation.data.listening import Listening, item_numbers
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import contributions
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender


class InventedListener(NamedTuple):
    """A listening with one invented person more, and that person's number."""

    listening: Listening
    user: int


def invent_listener(listening: Listening, names: Sequence[str]) -> InventedListener:
    """Add an invented listener, so that no page has to show the history of a real one.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    listening : Listening
        Left as it is.
    names : sequence of str
        Items of the history, whatever their capitals.

    Returns
    -------
    InventedListener
        The invented person has no friends, and played everything equally often.

    Raises
    ------
    ValueError
        If there is no name, or the data does not have one (the nearest are told).

    Examples
    --------
    With a listening of the chapter::

        listening, user = invent_listener(lastfm, ["Pink Floyd", "The Doors", "Can", "Kraftwerk"])
    """
    items = item_numbers(names, listening)
    n_users, n_items = listening.interactions.shape
    row = sp.csr_matrix((np.ones(len(items)), (np.zeros(len(items), int), items)), (1, n_items))
    friends = sp.csr_matrix(listening.friends)
    friends.resize(n_users + 1, n_users + 1)
    richer = replace(
        listening,
        interactions=sp.csr_matrix(sp.vstack([listening.interactions, row])),
        plays=sp.csr_matrix(sp.vstack([listening.plays, row])),
        friends=friends,
    )
    return InventedListener(richer, n_users)


def whole_context(listening: Listening, *, n_samples: int = 500, seed: int = 0) -> Context:
    """Build the context of models fitted on everything.

    Chapter: explainable_recommendation.
    """
    return Context(
        listening.interactions,
        listening.tags,
        listening.friends,
        listening.graph,
        plays=listening.plays,
        held_tags=listening.held_tags if listening.held_tags.nnz else None,
        n_samples=n_samples,
        seed=seed,
    )


def name_recommendations(model: Recommender, user: int, n: int, listening: Listening) -> pd.DataFrame:
    """Name the `n` recommendations of a user, each with its three heaviest exact reasons.

    Chapter: explainable_recommendation.
    """
    history, shares = contributions(model, user)
    rows = []
    for item in top(model, user, n):
        best = np.argsort(-shares[:, item], kind="stable")[:N_SHOWN]
        rows.append((listening.item_names[item], ", ".join(listening.item_names[history[best]])))
    return pd.DataFrame(rows, columns=["recommended", "because of"])


def taste_plane(context: Context) -> Floats:
    """Put the items on a plane: the second and third singular direction of who listens to what.

    The first one is popularity, and says little about taste. Chapter: explainable_recommendation.

    Returns
    -------
    ndarray, shape (n_items, 2)
        Each row over its length in three dimensions, so that popular items do not run away.
    """
    n_dims = min(3, min(context.interactions.shape) - 1)
    _, sizes, items = svds(context.unit_histories, k=n_dims, rng=np.random.default_rng(context.seed))
    vectors = items[np.argsort(-sizes)].T
    vectors = vectors * np.sign(vectors.sum(axis=0) + 1e-300)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors[:, -2:])
