"""One item climbs its spike: block models in which one item at a time becomes more popular.

Coordinates and norms are in counts, angles in degrees.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.experiments.spikes import rows_with_position
from soundreasons.papers.spiky_svd.experiments.spikes_from_communities import community_direction
from soundreasons.papers.spiky_svd.fast import embed, neighbour_overlap
from soundreasons.papers.spiky_svd.method import BlockModel


@dataclass(frozen=True)
class ItemPosition:
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


def follow_item(
    model: BlockModel, item: int, popularities: Sequence[float], k: int, seed: int
) -> list[ItemPosition]:
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
    list of ItemPosition
        One a step.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd import block_model
    >>> model = block_model(200, 2, 0.5, seed=0)
    >>> steps = follow_item(model, 3, [model.popularity[3], 10 * model.popularity[3]], k=5, seed=0)
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
        steps.append(ItemPosition(float(grown.popularity[item]), along, across, angle, norm, kept))
    return steps


def follow_items(
    draw: Callable[[int], BlockModel],
    factors: Sequence[float],
    seeds: Sequence[int],
    *,
    n_chosen: int = 5,
    k: int = 20,
) -> pd.DataFrame:
    """Let several obscure items grow, one at a time, in several graphs; see `follow_item`.

    The items are the least popular ones that have a position. Chapter: spiky_svd.

    Parameters
    ----------
    draw : callable
        Takes a seed, returns a graph.
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
    >>> from soundreasons.papers.spiky_svd import block_model
    >>> def draw(seed):
    ...     return block_model(200, 2, 0.5, seed)
    >>> follow_items(draw, [1.0, 10.0], [0], n_chosen=1, k=5)["factor"].tolist()
    [1.0, 10.0]
    """
    rows = []
    for seed in seeds:
        model = draw(seed)
        rank = len(model.affinity)
        there = rows_with_position(embed(model.adjacency, rank, seed), dimensions=rank)
        chosen = there[np.argsort(model.popularity[there], kind="stable")[:n_chosen]]
        for item in chosen:
            steps = follow_item(model, int(item), model.popularity[item] * np.asarray(factors), k, seed)
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
        rows_with_position(before, dimensions=before.shape[1]),
        rows_with_position(after, dimensions=after.shape[1]),
    )
    position = np.searchsorted(rows, query)
    return float(neighbour_overlap(before[rows], after[rows], position, k, "cosine", include_query=False)[0])


def _seen_from_spike(
    vectors: NDArray[np.float64], members: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split each vector into its length along the members' common direction and the rest."""
    direction = community_direction(vectors[members])
    along = vectors @ direction
    across = np.linalg.norm(vectors - along[:, np.newaxis] * direction, axis=1)
    return along, across


def grow_item(model: BlockModel, item: int, factor: float, rng: np.random.Generator) -> BlockModel:
    """Make one item more popular: its links are kept and new ones are added.

    The counts of `item` gain Poisson counts of mean (factor - 1) times the present mean, so they are
    drawn from the model in which its popularity is `factor` times as large. Chapter: spiky_svd.

    Parameters
    ----------
    model : BlockModel
        As it is; not changed.
    item : int
        Which item grows.
    factor : float, from 1
        New popularity over present popularity.
    rng : numpy.random.Generator
        Draws the new counts.

    Returns
    -------
    BlockModel
        Its popularity no longer has mean 1 in the item's community.

    Raises
    ------
    ValueError
        If `factor` is below 1 or there is no such item.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd import block_model
    >>> small = block_model(4, 1, 0.0, seed=0)
    >>> float(grow_item(small, 2, 10.0, np.random.default_rng(0)).popularity[2])
    10.0
    """
    if not 0 <= item < len(model.popularity):
        raise ValueError(f"item is {item}, allowed are 0 to {len(model.popularity) - 1}")
    if factor < 1:
        raise ValueError(
            f"factor is {factor}, allowed are numbers from 1: an item gains links, it loses none"
        )
    gained = rng.poisson((factor - 1) * model.expected[item])
    gained[item] = 0
    expected = model.expected.copy()
    expected[item] *= factor
    expected[:, item] *= factor
    popularity = model.popularity.copy()
    popularity[item] *= factor
    return replace(
        model,
        adjacency=model.adjacency + _cross(gained, item),
        expected=expected,
        popularity=popularity,
    )


def _cross(counts: NDArray[Any], item: int) -> sp.csr_matrix:
    """Symmetric matrix with `counts` in the row and the column of `item`."""
    partners = np.flatnonzero(counts)
    here = np.full(len(partners), item)
    values = np.concatenate([counts[partners]] * 2)
    index = (np.concatenate([here, partners]), np.concatenate([partners, here]))
    return sp.csr_matrix((values, index), shape=(len(counts), len(counts)))
