"""The embedding of large data: dense products where they are faster, and torch on another device."""

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.learning.device import resolve
from soundreasons.papers.spiky_svd import method
from soundreasons.papers.spiky_svd.method.embedding import OVERSAMPLES, checked_matrix

if TYPE_CHECKING:
    import torch

# A dense product does about 30 times as many operations a second as a sparse one, so a matrix with
# more than this share of entries is multiplied densely; and only while it fits in memory.
_DENSE_FROM = 0.03
_DENSE_BYTES = 1_000_000_000


def embed(ppmi: Any, rank: int, seed: int, *, device: str = "cpu") -> NDArray[np.float64]:
    """Place items in space; as `method.embed`, and equal to it on the CPU but for rounding.

    Chapter: spiky_svd.

    Parameters
    ----------
    ppmi : sparse matrix or ndarray, shape (n_items, n_items)
        Symmetric, finite.
    rank, seed
        As for `method.embed`.
    device : str
        "cpu": scikit-learn. Anything else that `learning.device.resolve` knows: torch there, in single
        precision, with a random projection of its own.

    Returns
    -------
    ndarray, shape (n_items, rank)
        By decreasing singular value, which is the norm of its column.

    Raises
    ------
    ValueError
        As `method.embed`, and if the device is not there.

    Examples
    --------
    >>> ties = np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    >>> np.linalg.norm(embed(ties, rank=4, seed=0), axis=0).round(6)
    array([2., 2., 1., 1.])
    """
    device = resolve(device)
    if device == "cpu":
        return method.embed(_dense_if_faster(ppmi), rank, seed)
    u, s = _svd_torch(checked_matrix(ppmi, rank), rank, seed, device)
    return np.asarray(u * s, dtype=np.float64)


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
    width = min(rank + OVERSAMPLES, matrix.shape[0])
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
