"""The seven recommenders of the chapter, with its settings."""

from collections.abc import Callable

import scipy.sparse as sp

from soundreasons.papers.explainable_recommendation.fast.additive import (
    EASE,
    Hybrid,
    ItemKNN,
    PageRank,
    TagContent,
)
from soundreasons.papers.explainable_recommendation.fast.factorisation import ALS
from soundreasons.papers.explainable_recommendation.fast.recommenders import Popularity, Recommender


def recommender_makers(
    tags: sp.csr_matrix, *, seed: int = 0, device: str = "cpu"
) -> dict[str, Callable[[], Recommender]]:
    """Return the makers of the seven models, by name, with the settings of the chapter.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> list(recommender_makers(sp.csr_matrix((3, 2))))
    ['popularity', 'tags', 'knn', 'pagerank', 'als', 'ease', 'hybrid']
    """
    return {
        "popularity": Popularity,
        "tags": lambda: TagContent(tags=tags),
        "knn": ItemKNN,
        "pagerank": lambda: PageRank(device=device),
        "als": lambda: ALS(seed=seed),
        "ease": lambda: EASE(device=device),
        "hybrid": lambda: Hybrid(tags=tags, device=device),
    }


def fit_all(
    tags: sp.csr_matrix, interactions: sp.csr_matrix, *, seed: int = 0, device: str = "cpu"
) -> dict[str, Recommender]:
    """Fit the seven models; the hybrid mixes in the linear model that is there already.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> list(fit_all(sp.eye(3, format="csr"), sp.csr_matrix([[1, 1, 0], [0, 1, 1]])))[-2:]
    ['ease', 'hybrid']
    """
    models = {
        name: make().fit(interactions)
        for name, make in recommender_makers(tags, seed=seed, device=device).items()
        if name not in ("ease", "hybrid")
    }
    linear = EASE(device=device).fit(interactions)
    return models | {"ease": linear, "hybrid": Hybrid(tags=tags, linear=linear).fit(interactions)}
