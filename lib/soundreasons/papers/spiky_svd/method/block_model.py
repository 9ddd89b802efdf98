"""Degree-corrected block model: communities whose members differ in internal popularity.

Task: draw a graph in which everything is known (who belongs where, how popular each item is), to
see what its SVD makes of it. Popularity has mean 1 in each community; the graph holds counts.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class BlockModel:
    r"""A drawn graph with what it was drawn from.

    Attributes
    ----------
    adjacency : csr_matrix, shape (n_items, n_items)
        Poisson counts: symmetric, zero diagonal.
    expected : ndarray, shape (n_items, n_items)
        Their means, :math:`\Lambda_{ij} = \theta_i \theta_j B_{z_i z_j}`, diagonal kept.
    community : ndarray of int, shape (n_items,)
        :math:`z_i`, from 0.
    popularity : ndarray, shape (n_items,)
        :math:`\theta_i > 0`, mean 1 in each community.
    affinity : ndarray, shape (n_communities, n_communities)
        :math:`B`, symmetric.
    """

    adjacency: sp.csr_matrix
    expected: NDArray[np.float64]
    community: NDArray[np.int64]
    popularity: NDArray[np.float64]
    affinity: NDArray[np.float64]


def block_model(
    n_items: int,
    n_communities: int,
    popularity_sigma: float,
    seed: int,
    *,
    within: float = 0.4,
    between: float = 0.01,
) -> BlockModel:
    r"""Draw a graph of communities with unequal members.

    The degree-corrected stochastic block model (def-dcbm) that Afchar et al. (2023) tie to spikes. Each item
    belongs to a community drawn uniformly (none is left empty); its popularity is log-normal with
    parameter `popularity_sigma`, divided by the mean of its community; the link of two items is a
    Poisson count of mean :math:`\theta_i \theta_j B_{z_i z_j}`. With `popularity_sigma` 0 it is the
    plain block model. Holds n_items squared numbers. Chapter: spiky_svd.

    Parameters
    ----------
    n_items : int, from n_communities
        Items.
    n_communities : int, from 1
        Communities.
    popularity_sigma : float, from 0
        Standard deviation of the logarithm of popularity.
    seed : int
        Same seed, same graph.
    within, between : float, from 0
        Mean count between two items of popularity 1 in the same community, and in two different ones.

    Returns
    -------
    BlockModel

    Raises
    ------
    ValueError
        If a number is outside what is allowed.

    Examples
    --------
    >>> model = block_model(6, 2, 0.0, seed=1, within=3.0)
    >>> model.popularity, np.bincount(model.community).sum()
    (array([1., 1., 1., 1., 1., 1.]), np.int64(6))
    """
    _check_sizes(n_items, n_communities)
    _check_not_negative(popularity_sigma=popularity_sigma, within=within, between=between)
    rng = np.random.default_rng(seed)
    community = _communities(n_items, n_communities, rng)
    popularity = np.exp(popularity_sigma * rng.standard_normal(n_items))
    sizes = np.bincount(community, minlength=n_communities)
    popularity *= (sizes / np.bincount(community, popularity, n_communities))[community]
    affinity = np.where(np.eye(n_communities, dtype=bool), within, between)
    expected = popularity[:, np.newaxis] * affinity[community][:, community] * popularity
    upper = np.triu(rng.poisson(expected), k=1)
    return BlockModel(sp.csr_matrix(upper + upper.T), expected, community, popularity, affinity)


def _communities(n_items: int, n_communities: int, rng: np.random.Generator) -> NDArray[np.int64]:
    # One member each, then chance: a community without members would have no direction.
    drawn = rng.integers(n_communities, size=n_items - n_communities)
    return rng.permutation(np.concatenate([np.arange(n_communities), drawn]))


def _check_sizes(n_items: int, n_communities: int) -> None:
    if n_communities < 1 or n_items < n_communities:
        raise ValueError(
            f"n_items is {n_items} and n_communities {n_communities}, expected at least one community and "
            "at least one item in each"
        )


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} is {value}, allowed are finite numbers from 0")
