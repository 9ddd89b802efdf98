"""Do related concepts lie together? Nearest vectors, siblings and strangers, and a map."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.experiments.probing import KeptConcepts, Measures


def vector_scores(kept: KeptConcepts, rng: np.random.Generator, n_draws: int = 200) -> dict[str, float]:
    """Do vectors of one family lie together? Nearest in the family (%), and distances.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `nearest`, `nearest_permuted` (labels exchanged), `siblings`, `strangers` (mean distance).
    """
    vectors, group = kept.probes.extended, kept.concepts.group
    chance = [method.nearest_in_group(vectors, rng.permutation(group)) for _ in range(n_draws)]
    siblings, strangers = method.sibling_distances(vectors, group)
    return {
        "nearest": 100 * method.nearest_in_group(vectors, group),
        "nearest_permuted": 100 * float(np.mean(chance)),
        "siblings": siblings,
        "strangers": strangers,
    }


def vector_measures(scores: Mapping[tuple[str, str], Sequence[Mapping[str, float]]]) -> Measures:
    """Name what `vector_scores` found, by set, kind and seed; what is not there for a seed is left out.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    scores : mapping of (str, str) to sequence of dict
        By set and kind of concept, one a seed.

    Returns
    -------
    dict
        `nearest.SET.KIND` and `nearest.SET.KIND.permuted` (%), `siblings.SET.KIND`, `strangers.SET.KIND`.
    """
    found: Measures = {}
    for key, rows in scores.items():
        place = ".".join(key)
        for what, values in pd.DataFrame(rows).dropna(axis=1).items():
            share = str(what).startswith("nearest")
            name = f"nearest.{place}.permuted" if what == "nearest_permuted" else f"{what}.{place}"
            found[name] = {"values": values.tolist(), "unit": "%" if share else ""}
    return found


def map_of(vectors: NDArray[np.float64], seed: int, perplexity: int = 12) -> NDArray[np.float64]:
    """Lay vectors out in the plane (t-SNE): only who is near whom means something.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    vectors : ndarray, shape (n, n_dims)
        Of concepts.
    seed : int
        Of the layout.
    perplexity : int
        Neighbours to keep; a third of the concepts at most.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    near = max(1, min(perplexity, len(vectors) // 3))
    tsne = TSNE(perplexity=near, random_state=seed, init="pca")
    return np.asarray(tsne.fit_transform(vectors))
