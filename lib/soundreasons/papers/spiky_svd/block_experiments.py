"""What the theory foresees, tried on block models in which everything is known.

Task: embed drawn graphs and compare what comes out (directions, norms, spikes) with what went in
(communities, popularities). Cosines, correlations and shares have no unit; angles are in degrees.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.block_model import BlockModel, block_model, grow_item
from soundreasons.papers.spiky_svd.factorisation import embed
from soundreasons.papers.spiky_svd.pipeline import placed, placed_spikiness
from soundreasons.papers.spiky_svd.stability import neighbour_overlap


def exact_spikes(
    n_items: int, n_communities: int, popularity_sigma: float, seeds: Sequence[int]
) -> pd.DataFrame:
    """Embed the expected graph itself, without noise: directions are exact.

    Chapter: spiky_svd.

    Parameters
    ----------
    n_items, n_communities, popularity_sigma
        As for `block_model`.
    seeds : sequence of int
        One graph each.

    Returns
    -------
    DataFrame, one row a seed
        `seed`; `lowest_cosine` (between two items of one community, the worst case);
        `lowest_correlation` (of norm and popularity in a community, the worst community; missing
        where popularity is flat).

    Examples
    --------
    >>> float(exact_spikes(40, 2, 1.0, [0])["lowest_cosine"].round(9)[0])
    1.0
    """
    rows = []
    for seed in seeds:
        model = block_model(n_items, n_communities, popularity_sigma, seed)
        embedding = embed(model.expected, n_communities, seed)
        cosines = [_lowest_cosine(embedding[model.community == k]) for k in range(n_communities)]
        rows.append((seed, min(cosines), np.min(_norm_correlations(embedding, model))))
    return pd.DataFrame(rows, columns=["seed", "lowest_cosine", "lowest_correlation"])


def noisy_spikes(
    n_items: int,
    communities: Sequence[int],
    popularity_sigmas: Sequence[float],
    seeds: Sequence[int],
) -> pd.DataFrame:
    """Embed drawn graphs for every number of communities, spread of popularity and seed.

    The rank is the number of communities. Items without a link, or out of reach, have no position
    and are left out. Chapter: spiky_svd.

    Parameters
    ----------
    n_items : int
        Items of each graph.
    communities, popularity_sigmas, seeds : sequences
        Everything is combined with everything.

    Returns
    -------
    DataFrame, one row a graph
        `model` (its name), `n_communities`, `popularity_sigma`, `seed`; `n_dropped` items; `peaks` (of
        Spk at f = number of communities); `peaks_over_half` (peaks over half the number of
        communities); `cosine` (to the direction of the own community: median, then mean over
        communities); `correlation` (of norm and popularity: Pearson, mean over communities);
        `variation` (of norms in a community: standard deviation over mean, mean over communities).

    Examples
    --------
    >>> noisy_spikes(200, [2], [0.0, 1.0], [0])[["model", "peaks"]].values.tolist()
    [['k2_sigma000', 1], ['k2_sigma100', 1]]
    """
    grid = [(k, sigma, seed) for k in communities for sigma in popularity_sigmas for seed in seeds]
    return pd.DataFrame([_noisy_row(n_items, *settings) for settings in grid])


def model_measures(table: pd.DataFrame) -> dict[str, list[float]]:
    """Collect what was seen of drawn graphs, one value a seed, under the names that the ledger uses.

    Chapter: spiky_svd.

    Parameters
    ----------
    table : DataFrame
        From `noisy_spikes`.

    Returns
    -------
    dict of list of float
        `<what>.block_model.<model>` for cosine, correlation (where popularity varies), variation,
        peaks and peaks_over_half.

    Examples
    --------
    >>> sorted(model_measures(noisy_spikes(60, [2], [0.0], [0])))[0]
    'cosine.block_model.k2_sigma000'
    """
    wanted = ["cosine", "correlation", "variation", "peaks", "peaks_over_half"]
    return {
        f"{what}.block_model.{model}": rows[what].tolist()
        for model, rows in table.groupby("model")
        for what in wanted
        if rows[what].notna().all()
    }


def hub_effect(
    n_items: int, n_communities: int, popularity_sigma: float, seeds: Sequence[int]
) -> pd.DataFrame:
    """See whether one very popular item takes a dimension that a community needs.

    An item of huge popularity is a community of its own: where it fills a singular vector, the rank
    that would do for the communities is one too few. Chapter: spiky_svd.

    Parameters
    ----------
    n_items, n_communities, popularity_sigma
        As for `block_model`.
    seeds : sequence of int
        One graph each.

    Returns
    -------
    DataFrame, one row a seed
        `seed`; `hub` (popularity of the most popular item; the mean is 1); `share` (largest share
        of a singular vector's squared length that one item holds, 0 to 1); `worst` and
        `worst_with_one_more` (median cosine to the own direction in the worst community, with as many
        dimensions as communities, and with one more).

    Examples
    --------
    >>> hub_effect(200, 2, 0.0, [0])[["hub"]].round(3).to_dict("list")
    {'hub': [1.0]}
    """
    rows = []
    for seed in seeds:
        model = block_model(n_items, n_communities, popularity_sigma, seed)
        tight, wide = (embed(model.adjacency, n_communities + extra, seed) for extra in (0, 1))
        share = ((tight / np.linalg.norm(tight, axis=0)) ** 2).max()
        worst = [min(_community_cosines(vectors, model)) for vectors in (tight, wide)]
        rows.append((seed, model.popularity.max(), share, *worst))
    return pd.DataFrame(rows, columns=["seed", "hub", "share", "worst", "worst_with_one_more"])


def _community_cosines(embedding: NDArray[np.float64], model: BlockModel) -> list[float]:
    """Median cosine to the own community's direction, one number a community."""
    rows = placed(embedding, dimensions=embedding.shape[1])
    kept, community = embedding[rows], model.community[rows]
    return [_median_cosine(kept[community == k]) for k in range(len(model.affinity))]


def norm_spread(model: BlockModel, seed: int = 0) -> NDArray[np.float64]:
    """Measure how long items are beside the mean of their community.

    Chapter: spiky_svd.

    Parameters
    ----------
    model : BlockModel
        Drawn with noise.
    seed : int
        Of its embedding.

    Returns
    -------
    ndarray, shape (n_items,)
        1 for an item as long as the mean of its community.

    Examples
    --------
    >>> model = block_model(200, 2, 1.0, seed=0)
    >>> norm_spread(model).shape
    (200,)
    """
    norms = np.linalg.norm(embed(model.adjacency, len(model.affinity), seed), axis=1)
    means = np.bincount(model.community, norms) / np.bincount(model.community)
    spread: NDArray[np.float64] = norms / means[model.community]
    return spread


def model_name(n_communities: int, popularity_sigma: float) -> str:
    """Name a block model as its measures do: communities, and spread of popularity in hundredths.

    Chapter: spiky_svd.

    Examples
    --------
    >>> model_name(8, 0.5)
    'k8_sigma050'
    """
    return f"k{n_communities}_sigma{round(100 * popularity_sigma):03d}"


@dataclass(frozen=True)
class Climb:
    """One item at one popularity.

    Attributes
    ----------
    popularity : float
        Of the item; 1 is the mean of a community before it grows.
    along, across : ndarray, shape (n_items,)
        Coordinates of all items: along the direction of the item's community, and away from it.
    angle : float
        Between the item and that direction, in degrees.
    norm : float
        Of the item.
    overlap : float
        Share of its k nearest neighbours (cosine) that it keeps in the next step; NaN in the last.
    """

    popularity: float
    along: NDArray[np.float64]
    across: NDArray[np.float64]
    angle: float
    norm: float
    overlap: float


def climb(model: BlockModel, item: int, popularities: Sequence[float], k: int, seed: int) -> list[Climb]:
    """Let one item grow, and follow it along its spike.

    At every step the item gains links, no other link changes, and the graph is embedded again. Its
    community's direction is that of the other members together. Chapter: spiky_svd.

    Parameters
    ----------
    model : BlockModel
        Before the item grows.
    item : int
        Which one.
    popularities : sequence of float, increasing
        Popularity of the item at each step, from its present one up.
    k : int
        Neighbours compared from step to step.
    seed : int
        Of the links gained and of the embeddings.

    Returns
    -------
    list of Climb
        One a step.

    Examples
    --------
    >>> model = block_model(200, 2, 0.5, seed=0)
    >>> steps = climb(model, 3, [model.popularity[3], 10 * model.popularity[3]], k=5, seed=0)
    >>> steps[1].norm > steps[0].norm
    True
    """
    models = list(_growing(model, item, popularities, np.random.default_rng(seed)))
    rank = len(model.affinity)
    embeddings = [embed(grown.adjacency, rank, seed) for grown in models]
    query = np.array([item])
    following = [*embeddings[1:], None]
    steps = []
    for grown, vectors, later in zip(models, embeddings, following, strict=True):
        kept = np.nan if later is None else _overlap_of_placed(vectors, later, query, k)
        along, across = _seen_from_spike(vectors, _others(model, item))
        angle = float(np.degrees(np.arctan2(across[item], along[item])))
        norm = float(np.linalg.norm(vectors[item]))
        steps.append(Climb(float(grown.popularity[item]), along, across, angle, norm, kept))
    return steps


def climbs(
    n_items: int,
    n_communities: int,
    popularity_sigma: float,
    factors: Sequence[float],
    seeds: Sequence[int],
    *,
    between: float = 0.01,
    n_chosen: int = 5,
    k: int = 20,
) -> pd.DataFrame:
    """Let several obscure items grow, one at a time, in several graphs; see `climb`.

    The items are the least popular ones that have a position. Chapter: spiky_svd.

    Parameters
    ----------
    n_items, n_communities, popularity_sigma, between
        As for `block_model`.
    factors : sequence of float, increasing from 1
        Popularity of the item at each step, over its first.
    seeds : sequence of int
        One graph each.
    n_chosen : int, from 1
        Items that grow in each graph.
    k : int
        Neighbours compared with those at the next step.

    Returns
    -------
    DataFrame, one row a (seed, item, step)
        `seed`, `item`, `factor`, `angle` (degrees), `norm` (over the norm at the first step) and
        `overlap` (share of neighbours kept at the next step; missing at the last).

    Examples
    --------
    >>> climbs(200, 2, 0.5, [1.0, 10.0], [0], n_chosen=1, k=5)["factor"].tolist()
    [1.0, 10.0]
    """
    rows = []
    for seed in seeds:
        model = block_model(n_items, n_communities, popularity_sigma, seed, between=between)
        rank = len(model.affinity)
        there = placed(embed(model.adjacency, rank, seed), dimensions=rank)
        chosen = there[np.argsort(model.popularity[there], kind="stable")[:n_chosen]]
        for item in chosen:
            steps = climb(model, int(item), model.popularity[item] * np.asarray(factors), k, seed)
            rows += [
                (seed, int(item), factor, step.angle, step.norm / steps[0].norm, step.overlap)
                for factor, step in zip(factors, steps, strict=True)
            ]
    return pd.DataFrame(rows, columns=["seed", "item", "factor", "angle", "norm", "overlap"])


def _growing(
    model: BlockModel, item: int, popularities: Sequence[float], rng: np.random.Generator
) -> Iterator[BlockModel]:
    for popularity in popularities:
        model = grow_item(model, item, popularity / model.popularity[item], rng)
        yield model


def _others(model: BlockModel, item: int) -> NDArray[np.bool_]:
    mates: NDArray[np.bool_] = model.community == model.community[item]
    mates[item] = False
    return mates


def _overlap_of_placed(
    before: NDArray[np.float64], after: NDArray[np.float64], query: NDArray[np.int64], k: int
) -> float:
    rows = np.intersect1d(
        placed(before, dimensions=before.shape[1]), placed(after, dimensions=after.shape[1])
    )
    position = np.searchsorted(rows, query)
    return float(neighbour_overlap(before[rows], after[rows], position, k, "cosine", include_query=False)[0])


def _seen_from_spike(
    vectors: NDArray[np.float64], members: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split each vector into its length along the members' common direction and the rest."""
    direction = _direction(vectors[members])
    along = vectors @ direction
    across = np.linalg.norm(vectors - along[:, np.newaxis] * direction, axis=1)
    return along, across


def _noisy_row(n_items: int, n_communities: int, sigma: float, seed: int) -> dict[str, Any]:
    model = block_model(n_items, n_communities, sigma, seed)
    embedding = embed(model.adjacency, n_communities, seed)
    rows = placed(embedding, dimensions=n_communities)
    kept, community = embedding[rows], model.community[rows]
    norms = np.linalg.norm(kept, axis=1)
    groups = [community == k for k in range(n_communities)]
    cosines = _community_cosines(embedding, model)
    peaks = len(placed_spikiness(embedding, dimensions=n_communities).peaks)
    return {
        "model": model_name(n_communities, sigma),
        "n_communities": n_communities,
        "popularity_sigma": sigma,
        "seed": seed,
        "n_dropped": n_items - len(rows),
        "peaks": peaks,
        "peaks_over_half": peaks / (n_communities / 2),
        "cosine": np.mean(cosines),
        "correlation": np.mean(_norm_correlations(embedding, model)),
        "variation": np.mean([norms[group].std() / norms[group].mean() for group in groups]),
    }


def _direction(members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the vectors, so that long ones, which are sharp, say more; scale to length 1."""
    total = members.sum(axis=0)
    unit: NDArray[np.float64] = total / np.linalg.norm(total)
    return unit


def _median_cosine(members: NDArray[np.float64]) -> float:
    return float(np.median(members @ _direction(members) / np.linalg.norm(members, axis=1)))


def _lowest_cosine(members: NDArray[np.float64]) -> float:
    units = members / np.linalg.norm(members, axis=1, keepdims=True)
    return float((units @ units.T).min())


def _norm_correlations(embedding: NDArray[np.float64], model: BlockModel) -> list[float]:
    """Pearson correlation of norm and popularity in each community; NaN where popularity is flat."""
    norms = np.linalg.norm(embedding, axis=1)
    correlations = []
    for k in range(len(model.affinity)):
        inside = model.community == k
        is_flat = np.ptp(model.popularity[inside]) < 1e-12
        pearson = np.nan if is_flat else np.corrcoef(norms[inside], model.popularity[inside])[0, 1]
        correlations.append(float(pearson))
    return correlations
