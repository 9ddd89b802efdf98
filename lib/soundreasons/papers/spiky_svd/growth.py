"""What happens to neighbours when data is added.

Task: embed a data set at several moments of its growth and compare each item's neighbours at a
moment with those at the first, by norm group. Overlaps are shares, 0 to 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning.seeding import rng
from soundreasons.papers.spiky_svd.datasets import Interactions
from soundreasons.papers.spiky_svd.factorisation import embed
from soundreasons.papers.spiky_svd.pipeline import Association, associate, placed, placed_spikiness
from soundreasons.papers.spiky_svd.stability import Similarity, nearest, norm_groups, shared_part


@dataclass(frozen=True)
class Growth:
    """Embeddings of one data set as it grows.

    Attributes
    ----------
    name : str
        Of the data set.
    shares : list of float
        How much is known at each moment: a share of the users, or of the interactions in time.
    embeddings : list of ndarray, shape (n_items, rank)
        At each moment, for the items that have a position at all of them.
    item_names : ndarray of str, shape (n_items,)
        To show a reader.
    spike_ratios : list of float
        Peaks per item at each moment, among all items of that moment.
    n_items_then : list of int
        Items with a position at each moment.
    """

    name: str
    shares: list[float]
    embeddings: list[NDArray[np.float64]]
    item_names: NDArray[np.str_]
    spike_ratios: list[float]
    n_items_then: list[int]


def users_revealed(
    interactions: Interactions, shares: Sequence[float], rng: np.random.Generator
) -> list[NDArray[np.bool_]]:
    """Reveal contexts (users, playlists) in one random order; mark the pairs known at each share.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions : Interactions
        The data.
    shares : sequence of float in (0, 1], increasing
        Of the contexts.
    rng : numpy.random.Generator
        Draws the order.

    Returns
    -------
    list of ndarray of bool, shape (n_pairs,)
        Each holds the one before.

    Raises
    ------
    ValueError
        If the shares are not increasing numbers in (0, 1].

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.datasets import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> known = users_revealed(table, [0.5, 1.0], np.random.default_rng(0))
    >>> [int(pairs.sum()) for pairs in known]
    [6, 12]
    """
    _check_shares(shares)
    turn = rng.permutation(interactions.n_contexts)[interactions.context]
    return [turn < round(share * interactions.n_contexts) for share in shares]


def time_passed(interactions: Interactions, shares: Sequence[float]) -> list[NDArray[np.bool_]]:
    """Cut the data at dates; mark the pairs known when that share of all pairs was there.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions : Interactions
        The data, with times.
    shares : sequence of float in (0, 1], increasing
        Of the pairs; pairs of the same second stay together.

    Returns
    -------
    list of ndarray of bool, shape (n_pairs,)
        Each holds the one before.

    Raises
    ------
    ValueError
        If the data has no times, or the shares are not increasing numbers in (0, 1].

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.datasets import from_pairs
    >>> films = from_pairs("mine", "films by viewers", list("abc"), [1, 1, 2], times=[10, 20, 30])
    >>> [int(pairs.sum()) for pairs in time_passed(films, [0.5, 1.0])]
    [2, 3]
    """
    _check_shares(shares)
    if interactions.time is None:
        raise ValueError(f"{interactions.name} has no times; reveal its users instead (users_revealed)")
    dates = np.quantile(interactions.time, shares, method="higher")
    return [interactions.time <= date for date in dates]


def moments(interactions: Interactions, known: Sequence[NDArray[np.bool_]]) -> list[Association]:
    """Associate the items at every moment of a data set's growth.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions : Interactions
        The data.
    known : sequence of ndarray of bool, shape (n_pairs,)
        Pairs known at each moment, from `users_revealed` or `time_passed`.

    Returns
    -------
    list of Association
        One a moment.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.datasets import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> [moment.n_pairs for moment in moments(table, [np.ones(12, dtype=bool)])]
    [6]
    """
    return [associate(interactions, chosen) for chosen in known]


def grow(
    associations: Sequence[Association],
    shares: Sequence[float],
    rank: int,
    seed: int,
    *,
    dimensions: int = 64,
    device: str = "cpu",
) -> Growth:
    """Embed the data at every moment, and keep the items that have a position at all of them.

    Chapter: spiky_svd.

    Parameters
    ----------
    associations : sequence of Association
        One a moment, from `moments`.
    shares : sequence of float, same length
        How much is known at each moment, to label it.
    rank, seed, device
        As for `embed`.
    dimensions : int, from 1
        Leading coordinates used to count spikes.

    Returns
    -------
    Growth

    Raises
    ------
    ValueError
        If a moment has fewer items than `rank`, or there are not as many shares as moments.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.datasets import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> everything = moments(table, [np.ones(12, dtype=bool)])
    >>> grow(everything, [1.0], rank=2, seed=0).embeddings[0].shape
    (6, 2)
    """
    if len(associations) != len(shares):
        raise ValueError(f"{len(associations)} associations and {len(shares)} shares, expected one each")
    embeddings = [embed(moment.matrix, rank, seed, device=device) for moment in associations]
    spikes = [placed_spikiness(vectors, dimensions=dimensions) for vectors in embeddings]
    rows = [placed(vectors, dimensions=rank) for vectors in embeddings]
    kept = [moment.kept[inside] for moment, inside in zip(associations, rows, strict=True)]
    common = reduce(np.intersect1d, kept)
    aligned = [
        vectors[inside][np.searchsorted(items, common)]
        for vectors, inside, items in zip(embeddings, rows, kept, strict=True)
    ]
    names = associations[-1].item_names[np.searchsorted(associations[-1].kept, common)]
    return Growth(
        associations[-1].name,
        list(shares),
        aligned,
        names,
        [found.ratio for found in spikes],
        [found.n_items for found in spikes],
    )


def grow_by_users(
    interactions: Interactions, shares: Sequence[float], rank: int, seed: int, *, device: str = "cpu"
) -> Growth:
    """Grow a data set by revealing its users (or playlists) in a random order.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions, shares
        As for `users_revealed`.
    rank, device
        As for `embed`.
    seed : int
        Of the order and of the embeddings.

    Returns
    -------
    Growth
    """
    known = users_revealed(interactions, shares, rng(seed, "order of users"))
    return grow(moments(interactions, known), shares, rank, seed, device=device)


def grow_by_time(
    interactions: Interactions,
    shares: Sequence[float],
    rank: int,
    seeds: Sequence[int],
    *,
    device: str = "cpu",
) -> list[Growth]:
    """Grow a data set as it grew: cut it at dates. Only the embeddings depend on the seed.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions, shares
        As for `time_passed`.
    rank, device
        As for `embed`.
    seeds : sequence of int
        Of the embeddings.

    Returns
    -------
    list of Growth
        One a seed.
    """
    dated = moments(interactions, time_passed(interactions, shares))
    return [grow(dated, shares, rank, seed, device=device) for seed in seeds]


def without_leading(growth: Growth, n_dims: int = 1) -> Growth:
    """Drop the first dimensions of every embedding of a growth.

    Chapter: spiky_svd.

    Parameters
    ----------
    growth : Growth
        From `grow`.
    n_dims : int, from 1
        Dimensions to drop.

    Returns
    -------
    Growth
        The same items, seen in the other dimensions.

    Examples
    --------
    >>> before = Growth("mine", [1.0], [np.eye(3)], np.array(["a", "b", "c"]), [1.0], [3])
    >>> without_leading(before).embeddings[0].shape
    (3, 2)
    """
    return replace(growth, embeddings=[vectors[:, n_dims:] for vectors in growth.embeddings])


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


def final_overlaps(tables: Sequence[pd.DataFrame]) -> dict[str, list[float]]:
    """Collect the overlaps at the last moment, one value a seed, under the names that the ledger uses.

    Chapter: spiky_svd.

    Parameters
    ----------
    tables : sequence of DataFrame
        From `overlap_by_norm`, one a seed.

    Returns
    -------
    dict of list of float
        `overlap<k>.<similarity>_q<group>` (share kept), and `overlap<k>_gap.q<group>` (dot minus
        cosine, the query itself left out).

    Examples
    --------
    >>> row = {"moment": 1, "cutoff": 10, "group": 0, "overlap": 0.5}
    >>> table = pd.DataFrame([row | {"similarity": "dot", "without_query": 0.25},
    ...                       row | {"similarity": "cosine", "without_query": 0.75}])
    >>> final_overlaps([table])
    {'overlap10.cosine_q1': [0.5], 'overlap10.dot_q1': [0.5], 'overlap10_gap.q1': [-0.5]}
    """
    rows = pd.concat(tables, keys=range(len(tables)), names=["seed", None]).reset_index("seed")
    rows = rows[rows["moment"] == rows["moment"].max()]
    by_similarity = rows.pivot_table(
        index=["cutoff", "group", "seed"], columns="similarity", values=["overlap", "without_query"]
    )
    found: dict[str, list[float]] = {}
    for (cutoff, group), seeds in by_similarity.groupby(level=["cutoff", "group"]):
        for similarity, values in seeds["overlap"].items():
            found[f"overlap{cutoff}.{similarity}_q{group + 1}"] = values.tolist()
        bare = seeds["without_query"]
        found[f"overlap{cutoff}_gap.q{group + 1}"] = (bare["dot"] - bare["cosine"]).tolist()
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


def _check_shares(shares: Sequence[float]) -> None:
    is_rising = all(first < second for first, second in pairwise(shares))
    if not shares or not is_rising or shares[0] <= 0 or shares[-1] > 1:
        raise ValueError(f"shares are {list(shares)}, expected increasing numbers above 0, at most 1")
