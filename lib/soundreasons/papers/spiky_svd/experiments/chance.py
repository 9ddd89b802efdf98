"""Is that more than chance? Three clouds of the same shape as the real one.

Each takes one thing away from the data and keeps the rest. Gaussian rows keep only the shape; rewiring keeps
how many neighbours each item has and all values; sign flips keep who is a neighbour of whom and how strongly,
but not whether they attract or repel.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.experiments.pairs import Association
from soundreasons.papers.spiky_svd.fast import embed

# Share of all pairs that are linked, above which a swap finds its place taken too often.
_DENSE_FROM = 0.05
_LARGEST_TABLE = 400_000_000


def null_cloud(
    association: Association, null: str, rank: int, seed: int, *, rounds: int = 20, device: str = "cpu"
) -> NDArray[np.float64]:
    """Embed what is left of the data when one thing was taken away from it.

    Chapter: spiky_svd.

    Parameters
    ----------
    association : Association
        The real data.
    null : {"gaussian", "rewired", "signflip"}
        Gaussian rows; its graph rewired with degrees kept; its values with random signs.
    rank, device
        As for `embed`.
    seed : int
        Of the null and its embedding.
    rounds : int, from 1
        As for `rewire`.

    Returns
    -------
    ndarray, shape (n_items, rank)

    Raises
    ------
    ValueError
        If there is no such null.
    """
    rng = np.random.default_rng([seed, 1])  # not the stream that embed(seed) draws from
    if null == "gaussian":
        return gaussian_rows(association.n_items, rank, rng)
    graphs: Mapping[str, Callable[[], Any]] = {
        "rewired": lambda: rewire(association.matrix, rng, rounds=rounds),
        "signflip": lambda: flip_signs(association.matrix, rng),
    }
    if null not in graphs:
        raise ValueError(f"null is {null!r}, expected one of gaussian, {', '.join(graphs)}")
    return embed(graphs[null](), rank, seed, device=device)


def gaussian_rows(n_items: int, n_dims: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw vectors without any preferred direction.

    Chapter: spiky_svd.

    Parameters
    ----------
    n_items, n_dims : int, from 1
        Shape.
    rng : numpy.random.Generator
        Draws independent standard normal numbers.

    Returns
    -------
    ndarray, shape (n_items, n_dims)
    """
    return rng.standard_normal((n_items, n_dims))


def rewire(graph: Any, rng: np.random.Generator, *, rounds: int = 20) -> sp.csr_matrix:
    """Shuffle who is linked with whom; keep how many links each item has, and all values.

    A sparse graph by double-edge swaps (Maslov and Sneppen 2002), many at a time: in a round the
    edges are paired at random, and a pair (a, b), (c, d) becomes (a, d), (c, b), unless that makes a
    loop, an edge that is there already, or one that another pair of the round makes too. In a dense
    graph most swaps are refused, so there the items are paired at random instead, and two items deal
    out anew the neighbours that only one of them has (Carstens, Berger and Strona 2016). Values
    travel with their edges. Chapter: spiky_svd.

    Parameters
    ----------
    graph : sparse matrix, shape (n_items, n_items)
        Symmetric, zero diagonal, at least two edges.
    rng : numpy.random.Generator
        Draws the pairs.
    rounds : int, from 1
        Times that every edge (sparse) or every item (dense) is offered an exchange.

    Returns
    -------
    csr_matrix, shape (n_items, n_items)
        Symmetric, zero diagonal, same degrees.

    Raises
    ------
    ValueError
        If `graph` is not symmetric with zero diagonal, has fewer than two edges, or `rounds` is below 1.

    Examples
    --------
    Four in a ring: every rewiring is again a ring.

    >>> ring = sp.csr_matrix(np.roll(np.eye(4), 1, axis=0) + np.roll(np.eye(4), -1, axis=0))
    >>> rewire(ring, np.random.default_rng(0)).getnnz(axis=1).tolist()
    [2, 2, 2, 2]
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}, allowed are integers from 1")
    upper = _upper_edges(graph)
    n_items = graph.shape[0]
    if 2 * upper.nnz > _DENSE_FROM * n_items**2:
        return _dealt_anew((upper + upper.T).toarray(), rounds, rng)
    ends = np.stack([upper.row, upper.col]).astype(np.int64)
    for _ in range(rounds):
        _swap(ends, n_items, rng)
    half = sp.csr_matrix((upper.data, (ends[0], ends[1])), shape=graph.shape)
    return (half + half.T).tocsr()


def flip_signs(graph: Any, rng: np.random.Generator) -> sp.csr_matrix:
    """Give every value a sign at random, the same at (i, j) and (j, i).

    Chapter: spiky_svd.

    Parameters
    ----------
    graph : sparse matrix, shape (n_items, n_items)
        Symmetric, zero diagonal.
    rng : numpy.random.Generator
        Draws the signs.

    Returns
    -------
    csr_matrix, shape (n_items, n_items)

    Raises
    ------
    ValueError
        If `graph` is not symmetric with zero diagonal, or has fewer than two edges.

    Examples
    --------
    >>> path = sp.csr_matrix(np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]]))
    >>> abs(flip_signs(path, np.random.default_rng(0))).toarray().tolist()
    [[0, 1, 0], [1, 0, 2], [0, 2, 0]]
    """
    upper = _upper_edges(graph)
    upper.data = upper.data * rng.choice([-1, 1], size=upper.nnz)
    return (upper + upper.T).tocsr()


def _dealt_anew(weights: NDArray[np.float64], rounds: int, rng: np.random.Generator) -> sp.csr_matrix:
    """Let all items, two by two, deal out anew the neighbours that only one of the two has."""
    for _ in range(rounds):
        order = rng.permutation(len(weights))
        for u, v in zip(order[0:-1:2], order[1::2], strict=False):
            _deal(weights, u, v, rng)
    return sp.csr_matrix(weights)


def _deal(weights: NDArray[np.float64], u: int, v: int, rng: np.random.Generator) -> None:
    """Deal out the neighbours of one exchange, in place; each item keeps its number of them."""
    has_one = (weights[u] != 0) != (weights[v] != 0)
    has_one[[u, v]] = False
    others = np.flatnonzero(has_one)
    n_first = np.count_nonzero(weights[u, others])
    values = weights[u, others] + weights[v, others]
    dealt = np.zeros_like(values)
    chosen = rng.permutation(len(others))[:n_first]
    dealt[chosen] = values[chosen]
    weights[u, others] = weights[others, u] = dealt
    weights[v, others] = weights[others, v] = values - dealt


def _swap(ends: NDArray[np.int64], n_items: int, rng: np.random.Generator) -> None:
    """Offer every edge one swap, in place."""
    n_edges = ends.shape[1]
    order = rng.permutation(n_edges)
    half = n_edges // 2
    left, right = order[:half], order[half : 2 * half]
    a, b = ends[:, left]
    # An edge has no first end; without this, (a, d) and (c, b) would keep two classes of ends apart.
    turned = rng.random(half) < 0.5
    c = np.where(turned, ends[1, right], ends[0, right])
    d = np.where(turned, ends[0, right], ends[1, right])
    made = np.concatenate([_keys(a, d, n_items), _keys(c, b, n_items)])
    # A table of all possible edges is faster than sorting, while it fits.
    kind: Literal["table"] | None = "table" if n_items**2 <= _LARGEST_TABLE else None
    refused = np.isin(made, _keys(ends[0], ends[1], n_items), kind=kind) | _repeated(made)
    accepted = (a != d) & (c != b) & ~refused[:half] & ~refused[half:]
    ends[:, left[accepted]] = a[accepted], d[accepted]
    ends[:, right[accepted]] = c[accepted], b[accepted]


def _keys(i: NDArray[np.int64], j: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    """One number an edge, whichever end comes first."""
    return np.minimum(i, j) * n_items + np.maximum(i, j)


def _repeated(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    order = np.argsort(keys)
    same = np.diff(keys[order]) == 0
    repeated = np.zeros(len(keys), dtype=bool)
    repeated[order[1:][same]] = True
    repeated[order[:-1][same]] = True
    return repeated


def _upper_edges(graph: Any) -> sp.coo_matrix:
    matrix = sp.csr_matrix(graph)
    if matrix.shape[0] != matrix.shape[1] or abs(matrix - matrix.T).nnz or matrix.diagonal().any():
        raise ValueError(
            f"graph of shape {matrix.shape} is not a symmetric matrix with zero diagonal, as `ppmi` returns"
        )
    upper = sp.triu(matrix, k=1).tocoo()
    if upper.nnz < 2:
        raise ValueError(f"graph has {upper.nnz} edge(s), expected at least 2")
    return upper
