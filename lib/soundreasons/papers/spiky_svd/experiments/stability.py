"""Do neighbours stay when data is added? By the length of an item's vector; overlaps are shares, 0 to 1."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.experiments.growth import Growth
from soundreasons.papers.spiky_svd.fast import nearest, shared_part
from soundreasons.papers.spiky_svd.method import Similarity, norm_groups


def overlap_by_norm(
    growth: Growth,
    cutoffs: Sequence[int],
    rng: np.random.Generator,
    *,
    n_groups: int = 5,
    n_queries: int = 1000,
    similarities: Sequence[Similarity] = ("dot", "cosine"),
) -> pd.DataFrame:
    """Measure how many neighbours items keep, by their norm at the first moment.

    Queries and candidates come from the same norm group, as in the paper's use case. Chapter: spiky_svd.

    Parameters
    ----------
    growth : Growth
        From `grow`.
    cutoffs : sequence of int
        Neighbours compared (k), at most the size of a group less one.
    rng : numpy.random.Generator
        Draws the queries of each group.
    n_groups : int, from 1
        Equal parts by norm; 0 holds the shortest.
    n_queries : int, from 1
        Queries a group; all of its items if there are fewer.
    similarities : sequence of {"dot", "cosine"}
        How candidates are ranked.

    Returns
    -------
    DataFrame, one row a (moment, group, similarity, cutoff)
        `moment` (number), `share` (known), `group`, `similarity`, `cutoff`, `overlap` (mean),
        `margin` (1.96 standard errors of the mean), `without_query` (mean overlap where the query
        is no candidate).

    Raises
    ------
    ValueError
        If a group is too small for a cut-off.

    Examples
    --------
    >>> vectors = np.random.default_rng(0).normal(size=(20, 3))
    >>> same = Growth("mine", [0.5, 1.0], [vectors, vectors], np.arange(20).astype(str), [1.0, 1.0], [20, 20])
    >>> table = overlap_by_norm(same, [2], np.random.default_rng(0), n_groups=2)
    >>> float(table["overlap"].min())
    1.0
    """
    groups = norm_groups(growth.embeddings[0], n_groups)
    rows = []
    for group in range(n_groups):
        inside = np.flatnonzero(groups == group)
        queries = rng.choice(len(inside), size=min(n_queries, len(inside)), replace=False)
        vectors = [embedding[inside] for embedding in growth.embeddings]
        for similarity in similarities:
            for moment, *found in _kept_neighbours(vectors, queries, cutoffs, similarity):
                rows.append((moment, growth.shares[moment], group, similarity, *found))
    columns = ["moment", "share", "group", "similarity", "cutoff", "overlap", "margin", "without_query"]
    return pd.DataFrame(rows, columns=columns)


def final_overlaps(tables: Sequence[pd.DataFrame]) -> dict[tuple[str, str], list[float]]:
    """Collect the overlaps at the last moment, one value a seed, under the names that the ledger uses.

    Chapter: spiky_svd.

    Parameters
    ----------
    tables : sequence of DataFrame
        From `overlap_by_norm`, one a seed.

    Returns
    -------
    dict of list of float
        By the two parts of a name around that of the data set: `overlap<k>`, `<similarity>_q<group>` (share
        kept); and `overlap<k>_gap`, `q<group>` (dot minus cosine, the query itself left out).

    Examples
    --------
    >>> row = {"moment": 1, "cutoff": 10, "group": 0, "overlap": 0.5}
    >>> table = pd.DataFrame([row | {"similarity": "dot", "without_query": 0.25},
    ...                       row | {"similarity": "cosine", "without_query": 0.75}])
    >>> final_overlaps([table])
    {('overlap10', 'cosine_q1'): [0.5], ('overlap10', 'dot_q1'): [0.5], ('overlap10_gap', 'q1'): [-0.5]}
    """
    rows = pd.concat(tables, keys=range(len(tables)), names=["seed", None]).reset_index("seed")
    rows = rows[rows["moment"] == rows["moment"].max()]
    by_similarity = rows.pivot_table(
        index=["cutoff", "group", "seed"], columns="similarity", values=["overlap", "without_query"]
    )
    found: dict[tuple[str, str], list[float]] = {}
    for (cutoff, group), seeds in by_similarity.groupby(level=["cutoff", "group"]):
        for similarity, values in seeds["overlap"].items():
            found[f"overlap{cutoff}", f"{similarity}_q{group + 1}"] = values.tolist()
        bare = seeds["without_query"]
        found[f"overlap{cutoff}_gap", f"q{group + 1}"] = (bare["dot"] - bare["cosine"]).tolist()
    return found


def _kept_neighbours(
    vectors: Sequence[NDArray[np.float64]],
    queries: NDArray[np.int64],
    cutoffs: Sequence[int],
    similarity: Similarity,
) -> Iterator[tuple[int, int, float, float, float]]:
    """Yield moment, cut-off, mean overlap, its margin, and the mean without the query."""
    most = max(cutoffs)
    kept, bare = (
        [nearest(moment, queries, most, similarity, include_query=include) for moment in vectors]
        for include in (True, False)
    )
    for moment, cutoff in product(range(len(vectors)), cutoffs):
        overlap = shared_part(kept[0], kept[moment], cutoff)
        margin = 1.96 * overlap.std() / np.sqrt(len(overlap))
        yield moment, cutoff, overlap.mean(), margin, shared_part(bare[0], bare[moment], cutoff).mean()
