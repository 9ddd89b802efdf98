"""What happens when data is added: a data set is embedded at several moments of its growth.

Shares of users or of interactions run from 0 to 1; so do the peaks per item.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning.seeding import rng
from soundreasons.papers.spiky_svd.data import Interactions
from soundreasons.papers.spiky_svd.experiments.pairs import Association, associate
from soundreasons.papers.spiky_svd.experiments.spikes import measure_spikiness, rows_with_position
from soundreasons.papers.spiky_svd.fast import embed


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
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
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
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> films = from_pairs("mine", "films by viewers", list("abc"), [1, 1, 2], times=[10, 20, 30])
    >>> [int(pairs.sum()) for pairs in time_passed(films, [0.5, 1.0])]
    [2, 3]
    """
    _check_shares(shares)
    if interactions.time is None:
        raise ValueError(f"{interactions.name} has no times; reveal its users instead (users_revealed)")
    dates = np.quantile(interactions.time, shares, method="higher")
    return [interactions.time <= date for date in dates]


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
        One a moment, from `associate`.
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
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> grow([associate(table)], [1.0], rank=2, seed=0).embeddings[0].shape
    (6, 2)
    """
    if len(associations) != len(shares):
        raise ValueError(f"{len(associations)} associations and {len(shares)} shares, expected one each")
    embeddings = [embed(moment.matrix, rank, seed, device=device) for moment in associations]
    spikes = [measure_spikiness(vectors, dimensions=dimensions) for vectors in embeddings]
    rows = [rows_with_position(vectors, dimensions=rank) for vectors in embeddings]
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

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> grow_by_users(table, [1.0], rank=2, seed=0).n_items_then
    [6]
    """
    known = users_revealed(interactions, shares, rng(seed, "order of users"))
    associations = [associate(interactions, chosen) for chosen in known]
    return grow(associations, shares, rank, seed, device=device)


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

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> films = from_pairs("mine", "k", list("abcabcdefdef"), list("111222333444"), times=range(12))
    >>> [growth.n_items_then for growth in grow_by_time(films, [1.0], 2, [0, 1])]
    [[6], [6]]
    """
    dated = [associate(interactions, chosen) for chosen in time_passed(interactions, shares)]
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


def _check_shares(shares: Sequence[float]) -> None:
    is_rising = all(first < second for first, second in pairwise(shares))
    if not shares or not is_rising or shares[0] <= 0 or shares[-1] > 1:
        raise ValueError(f"shares are {list(shares)}, expected increasing numbers above 0, at most 1")
