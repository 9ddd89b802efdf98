"""What would chance alone give? Three clouds of the same shape as the real one.

Task: take one thing away from the data and keep the rest. Gaussian rows keep only the shape;
rewiring keeps how many neighbours each item has and all values; sign flips keep who is a neighbour
of whom and how strongly, but not whether they attract or repel.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


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


def rewire(graph: Any, rng: np.random.Generator, *, sweeps: int = 10) -> sp.csr_matrix:
    """Shuffle who is linked with whom; keep how many links each item has, and all values.

    Double-edge swaps, many at a time: in a sweep the edges are paired at random, and a pair (a, b),
    (c, d) becomes (a, d), (c, b), unless that makes a loop, an edge that is there already, or one
    that another pair of the sweep makes too. Values travel with the first end. Chapter: spiky_svd.

    Parameters
    ----------
    graph : sparse matrix, shape (n_items, n_items)
        Symmetric, zero diagonal, at least two edges.
    rng : numpy.random.Generator
        Draws the pairs.
    sweeps : int, from 1
        Times that every edge is offered a swap.

    Returns
    -------
    csr_matrix, shape (n_items, n_items)
        Symmetric, zero diagonal, same degrees.

    Raises
    ------
    ValueError
        If `graph` is not symmetric with zero diagonal, has fewer than two edges, or `sweeps` is below 1.

    Examples
    --------
    Four in a ring: every rewiring is again a ring.

    >>> ring = sp.csr_matrix(np.roll(np.eye(4), 1, axis=0) + np.roll(np.eye(4), -1, axis=0))
    >>> rewire(ring, np.random.default_rng(0)).getnnz(axis=1).tolist()
    [2, 2, 2, 2]
    """
    if sweeps < 1:
        raise ValueError(f"sweeps is {sweeps}, allowed are integers from 1")
    upper = _upper_edges(graph)
    n_items = graph.shape[0]
    ends = np.stack([upper.row, upper.col]).astype(np.int64)
    for _ in range(sweeps):
        _sweep(ends, n_items, rng)
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


def _sweep(ends: NDArray[np.int64], n_items: int, rng: np.random.Generator) -> None:
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
    refused = np.isin(made, _keys(ends[0], ends[1], n_items)) | _repeated(made)
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
