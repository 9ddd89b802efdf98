"""Communities make spikes: what the theory foresees, on block models in which everything is known.

Drawn graphs are embedded, and what comes out (directions, norms, spikes) is compared with what went in
(communities, popularities). Cosines, correlations and shares have no unit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import ledger
from soundreasons.papers.spiky_svd.experiments.spikes import measure_spikiness, rows_with_position
from soundreasons.papers.spiky_svd.fast import embed
from soundreasons.papers.spiky_svd.method import BlockModel, block_model

_QUANTITIES = {
    "peaks": "spikes",
    "cosine": "cosine",
    "correlation": "correlation",
    "variation": "variation of norms",
}
_MODELS = {
    "k4": "4 communities",
    "k8": "8 communities",
    "k16": "16 communities",
    "sigma000": "equal popularity",
    "sigma050": "moderate spread",
    "sigma100": "wide spread",
}


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
    rows = rows_with_position(embedding, dimensions=embedding.shape[1])
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


def _noisy_row(n_items: int, n_communities: int, sigma: float, seed: int) -> dict[str, Any]:
    model = block_model(n_items, n_communities, sigma, seed)
    embedding = embed(model.adjacency, n_communities, seed)
    rows = rows_with_position(embedding, dimensions=n_communities)
    kept, community = embedding[rows], model.community[rows]
    norms = np.linalg.norm(kept, axis=1)
    groups = [community == k for k in range(n_communities)]
    cosines = _community_cosines(embedding, model)
    peaks = len(measure_spikiness(embedding, dimensions=n_communities).peaks)
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


def community_direction(members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the common direction of the members of a community.

    Their vectors are summed, so that long ones, which are sharp, say more. Chapter: spiky_svd.

    Parameters
    ----------
    members : ndarray, shape (n_members, n_dims)
        Their vectors.

    Returns
    -------
    ndarray, shape (n_dims,)
        Of length 1.

    Examples
    --------
    >>> community_direction(np.array([[2.0, 0.0], [1.0, 4.0]]))
    array([0.6, 0.8])
    """
    total = members.sum(axis=0)
    unit: NDArray[np.float64] = total / np.linalg.norm(total)
    return unit


def _median_cosine(members: NDArray[np.float64]) -> float:
    return float(np.median(members @ community_direction(members) / np.linalg.norm(members, axis=1)))


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


def beside_earlier_draws(drawn: pd.DataFrame) -> pd.DataFrame:
    """Lay drawn block models beside the ranges that the ledger quotes from an earlier run (R2).

    Chapter: spiky_svd.

    Parameters
    ----------
    drawn : DataFrame
        From `noisy_spikes`; kinds of model that the ledger does not know are left out.

    Returns
    -------
    DataFrame, one row a range
        `quantity`, `models`, `earlier` (range), `here` (range), `draws` and `inside, %` (of the draws, to
        the digits that the range was noted with).

    Raises
    ------
    ValueError
        If no draw is of a kind that the ledger knows.

    Examples
    --------
    >>> beside_earlier_draws(noisy_spikes(400, [4], [0.0], [0]))["quantity"].tolist()
    ['spikes', 'cosine', 'variation of norms']
    """
    rows = []
    for name, earlier in ledger.read("spiky_svd").claim("R2").reported_with().items():
        column, _, kind = name.partition("_")
        values = drawn.loc[drawn["model"].str.split("_").map(lambda parts: kind in parts), column].dropna()  # noqa: B023
        if len(values):
            rows.append(
                (_QUANTITIES[column], _MODELS[kind], earlier.value, *_against(values, str(earlier.value)))
            )
    if not rows:
        raise ValueError(
            f"no draw is of a kind that the ledger knows; there are {sorted(set(drawn['model']))}"
        )
    return pd.DataFrame(rows, columns=["quantity", "models", "earlier", "here", "draws", "inside, %"])


def _against(values: pd.Series, noted: str) -> tuple[str, int, float]:
    """Range of some values, their number, and how many per cent round into a range noted as text."""
    low, high = noted.split(" to ")
    digits = len(low.partition(".")[2])
    rounded = values.round(digits)
    inside = 100 * rounded.between(float(low), float(high)).mean()
    return f"{rounded.min():.{digits}f} to {rounded.max():.{digits}f}", len(values), float(inside)
