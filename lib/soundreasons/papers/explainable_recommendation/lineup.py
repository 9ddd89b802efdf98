"""The seven recommenders of the chapter, with its settings."""

from collections.abc import Callable

import scipy.sparse as sp

from soundreasons.papers.explainable_recommendation.factorisation import ALS
from soundreasons.papers.explainable_recommendation.recommenders import (
    EASE,
    Hybrid,
    ItemKNN,
    PageRank,
    Popularity,
    Recommender,
    TagContent,
)


def seven(tags: sp.csr_matrix, *, seed: int = 0, device: str = "cpu") -> dict[str, Callable[[], Recommender]]:
    """Return the makers of the seven models, by name, with the settings of the chapter.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> list(seven(sp.csr_matrix((3, 2))))
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
