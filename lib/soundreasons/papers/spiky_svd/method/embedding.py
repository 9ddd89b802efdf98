"""From an association matrix to item vectors: truncated SVD by random projection.

Vectors have the unit of the matrix (nats for PPMI).
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

OVERSAMPLES = 10


def embed(ppmi: Any, rank: int, seed: int) -> NDArray[np.float64]:
    r"""Place items in space: the rows of U, scaled by the singular values.

    :math:`E = U \Sigma` (eq-embedding) of a randomised truncated SVD with the settings of the files that
    Afchar et al. (2023) published: 10 oversamples, 7 power iterations if the rank is below a tenth of the
    items, else 4; signs fixed so that the largest entry of each column of U is positive. No centring, no
    normalisation. For a symmetric matrix a column is an eigenvector times the size of its eigenvalue.
    Chapter: spiky_svd.

    Parameters
    ----------
    ppmi : sparse matrix or ndarray, shape (n_items, n_items)
        Symmetric, finite.
    rank : int, from 1 to n_items
        Dimensions to keep.
    seed : int
        Of the random projection; same seed, same vectors on one machine.

    Returns
    -------
    ndarray, shape (n_items, rank)
        By decreasing singular value, which is the norm of its column.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and finite, or has fewer items than `rank`.

    Examples
    --------
    Two pairs of friends, tied twice as strongly in the first pair.

    >>> ties = np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    >>> np.linalg.norm(embed(ties, rank=4, seed=0), axis=0).round(6)
    array([2., 2., 1., 1.])
    """
    matrix = checked_matrix(ppmi, rank)
    u, s, _ = randomized_svd(matrix, rank, n_oversamples=OVERSAMPLES, random_state=seed)
    return np.asarray(u * s, dtype=np.float64)


def singular_values(embedding: NDArray[Any]) -> NDArray[np.float64]:
    r"""Read the singular values off an embedding: the norms of its columns.

    The columns of U have length 1, so those of :math:`E = U \Sigma` (eq-embedding) have length
    :math:`\sigma_k`. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, rank)
        As returned by `embed`.

    Returns
    -------
    ndarray, shape (rank,)
        Decreasing, in the unit of the factorised matrix.

    Raises
    ------
    ValueError
        If the embedding is not 2-d.

    Examples
    --------
    >>> singular_values(np.array([[3.0, 0.0], [4.0, 1.0]]))
    array([5., 1.])
    """
    if np.ndim(embedding) != 2:
        raise ValueError(f"embedding has shape {np.shape(embedding)}, expected (n_items, rank)")
    return np.asarray(np.linalg.norm(embedding, axis=0), dtype=np.float64)


def checked_matrix(ppmi: Any, rank: int) -> Any:
    """Check what `embed` is given; return the matrix in double precision, sparse if it was.

    Parameters
    ----------
    ppmi : sparse matrix or ndarray, shape (n_items, n_items)
        Symmetric, finite.
    rank : int, from 1 to n_items
        Dimensions to keep.

    Returns
    -------
    sparse matrix or ndarray, shape (n_items, n_items)

    Raises
    ------
    ValueError
        As for `embed`.

    Examples
    --------
    >>> checked_matrix([[0, 1], [1, 0]], 2).dtype
    dtype('float64')
    """
    matrix = ppmi.astype(np.float64) if sp.issparse(ppmi) else np.asarray(ppmi, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"ppmi has shape {matrix.shape}, expected a square matrix (n_items, n_items)")
    if not 1 <= rank <= matrix.shape[0]:
        raise ValueError(
            f"rank is {rank}, allowed are 1 to {matrix.shape[0]}, the number of items; lower the rank or "
            "give more items"
        )
    values = matrix.data if sp.issparse(matrix) else matrix
    if not np.isfinite(values).all():
        raise ValueError("ppmi holds NaN or infinite values, expected finite numbers; drop them first")
    # A random probe costs two products; comparing all entries would need a second copy of the matrix.
    probe = np.random.default_rng(0).standard_normal(matrix.shape[0])
    if not np.allclose(
        matrix @ probe, matrix.T @ probe, rtol=1e-9, atol=1e-9 * np.abs(values).max(initial=1)
    ):
        raise ValueError(
            "ppmi is not symmetric, expected equal values at (i, j) and (j, i); for an upper triangle pass "
            "`matrix + matrix.T`"
        )
    return matrix
