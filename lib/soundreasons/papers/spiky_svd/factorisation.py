"""From an association matrix to item vectors: truncated SVD by random projection.

Task: the best rank-K picture of a symmetric matrix of associations. Input: a sparse or dense
square matrix. Output: one vector an item, U scaled by the singular values (same unit as the input).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from soundreasons.learning.device import resolve

if TYPE_CHECKING:
    import torch

_OVERSAMPLES = 10
# A dense product does about 30 times as many operations a second as a sparse one, so a matrix with
# more than this share of entries is multiplied densely; and only while it fits in memory.
_DENSE_FROM = 0.03
_DENSE_BYTES = 1_000_000_000


def embed(ppmi: Any, rank: int, seed: int, *, device: str = "cpu") -> NDArray[np.float64]:
    """Place items in space: the rows of U, scaled by the singular values.

    Randomised truncated SVD with the settings of Afchar et al. (2023), Section 3: 10 oversamples, 7
    power iterations if the rank is below a tenth of the items, else 4; signs fixed so that the
    largest entry of each column of U is positive. No centring, no normalisation. For a symmetric
    matrix a column is an eigenvector times the size of its eigenvalue. Chapter: spiky_svd.

    Parameters
    ----------
    ppmi : sparse matrix or ndarray, shape (n_items, n_items)
        Symmetric, finite.
    rank : int, from 1 to n_items
        Dimensions to keep.
    seed : int
        Of the random projection; same seed, same vectors on one machine.
    device : str
        "cpu": scikit-learn. Anything else that `learning.device.resolve` knows: torch there, in single
        precision.

    Returns
    -------
    ndarray, shape (n_items, rank)
        By decreasing singular value, which is the norm of its column.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and finite, has fewer items than `rank`, or the device
        is not there.

    Examples
    --------
    Two pairs of friends, tied twice as strongly in the first pair.

    >>> ties = np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    >>> np.linalg.norm(embed(ties, rank=4, seed=0), axis=0).round(6)
    array([2., 2., 1., 1.])
    """
    matrix = _checked_matrix(ppmi, rank)
    device = resolve(device)
    if device == "cpu":
        u, s, _ = randomized_svd(
            _dense_if_faster(matrix), rank, n_oversamples=_OVERSAMPLES, random_state=seed
        )
    else:
        u, s = _svd_torch(matrix, rank, seed, device)
    return np.asarray(u * s, dtype=np.float64)


def singular_values(embedding: NDArray[Any]) -> NDArray[np.float64]:
    """Read the singular values off an embedding: the norms of its columns.

    Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, rank)
        As returned by `embed`.

    Returns
    -------
    ndarray, shape (rank,)
        Decreasing, in the unit of the factorised matrix.

    Examples
    --------
    >>> singular_values(np.array([[3.0, 0.0], [4.0, 1.0]]))
    array([5., 1.])
    """
    return np.asarray(np.linalg.norm(embedding, axis=0), dtype=np.float64)


def power_iterations(rank: int, n_items: int) -> int:
    """Count power iterations as scikit-learn's automatic rule does: 7 for a small rank, else 4.

    Examples
    --------
    >>> power_iterations(10, 1000), power_iterations(100, 1000)
    (7, 4)
    """
    return 7 if rank < 0.1 * n_items else 4


def _svd_torch(
    matrix: Any, rank: int, seed: int, device: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import torch  # two seconds that a run on the CPU need not wait for

    tensor = _as_tensor(matrix, device)
    width = min(rank + _OVERSAMPLES, matrix.shape[0])
    # torch.svd_lowrank draws from the global generator: seed it, and give it back as it was.
    devices = [device] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        left, values, _ = torch.svd_lowrank(tensor, q=width, niter=power_iterations(rank, matrix.shape[0]))
    u, s = left[:, :rank].double().cpu().numpy(), values[:rank].double().cpu().numpy()
    flips = np.sign(u[np.abs(u).argmax(axis=0), np.arange(rank)])
    return u * flips, s


def _as_tensor(matrix: Any, device: str) -> "torch.Tensor":
    import torch

    dense = _dense_if_faster(matrix)
    if not sp.issparse(dense):
        return torch.as_tensor(dense, dtype=torch.float32, device=device)
    coo = matrix.tocoo()
    index = torch.as_tensor(np.vstack([coo.row, coo.col]).astype(np.int64), device=device)
    values = torch.as_tensor(coo.data, dtype=torch.float32, device=device)
    return torch.sparse_coo_tensor(index, values, coo.shape, check_invariants=False).coalesce()


def _dense_if_faster(matrix: Any) -> Any:
    if not sp.issparse(matrix):
        return matrix
    n_entries = matrix.shape[0] * matrix.shape[1]
    is_dense = matrix.nnz > _DENSE_FROM * n_entries and 8 * n_entries <= _DENSE_BYTES
    return matrix.toarray() if is_dense else matrix


def _checked_matrix(ppmi: Any, rank: int) -> Any:
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
