"""Explanations in words: tags that link a user and an item, and tastes made of tags."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import NMF  # type: ignore[import-untyped]

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence, no_evidence
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender


def tags(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Weigh each tag by rel(user, tag) times rel(tag, item) (Vig et al., 2009).

    The relevance to the user is the mean over the history. The weights add up to the mean cosine of
    the item with the history: for `TagContent` to its score over the length of the history; of any
    other model they know nothing. Empty for an item without tags.
    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    profile = np.asarray(context.item_tags[history].mean(axis=0)).ravel()
    own = context.item_tags[item]
    return Evidence(own.indices, own.data * profile[own.indices], "tags")


def random_tags(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite three tags at random, by how often they are given: what a sentence of tags must beat.

    Chapter: explainable_recommendation.
    """
    model.history(user)
    uses = np.asarray(context.tags.sum(axis=0)).ravel()
    rng = np.random.default_rng([context.seed, user, item])
    cited = rng.choice(len(uses), 3, replace=False, p=uses / uses.sum())
    return Evidence(cited, np.array([3.0, 2.0, 1.0]), "tags")


class Tastes(NamedTuple):
    """Taste clusters: `users` (n_users, n_tastes) and `tags` (n_tastes, n_tags), both 0 or more."""

    users: Floats
    tags: Floats

    def words(self, taste: int, n: int = 3) -> NDArray[np.int64]:
        """Numbers of the tags that name a taste."""
        return np.argsort(-self.tags[taste], kind="stable")[:n]


def tastes(context: Context, *, n_tastes: int = 12) -> Tastes:
    """Factorise users by tags without negative numbers; each factor is a taste.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    context : Context
        Histories and tags.
    n_tastes : int, from 1
        How many.

    Returns
    -------
    Tastes

    Raises
    ------
    ValueError
        If there are fewer tags than tastes.

    Examples
    --------
    With a context of the chapter::

        found = tastes(context)
        [names[tag] for tag in found.words(0)]
    """
    n_tags = context.tags.shape[1]
    if not 1 <= n_tastes <= n_tags:
        raise ValueError(f"n_tastes is {n_tastes}, expected 1 to {n_tags}, the number of tags")
    profiles = context.unit_histories @ context.item_tags
    model = NMF(n_tastes, init="nndsvda", random_state=context.seed, max_iter=400, tol=1e-3)
    users = model.fit_transform(profiles)
    return Tastes(users, model.components_)


def histories_share(evidence: Evidence, history: NDArray[np.int64], context: Context) -> Evidence:
    """Turn cited tags into the artists of the history that carry them.

    An artist weighs the sum, over the cited tags, of the tag's weight times its relevance to the
    artist. So a sentence of tags can be tested as any other reason: take these artists out.
    Chapter: explainable_recommendation.
    """
    if not len(evidence.items):
        return no_evidence("artists")
    carried = context.item_tags[history][:, evidence.items] @ evidence.weights
    return Evidence(history, np.asarray(carried).ravel(), "artists")
