"""From spikes back to a block model.

Task: read communities, popularities and affinities off an embedding with spikes, and say how much
of the associations they explain. Input: the association matrix, its embedding, which spike each
item is on. Output: a block model and its relative error (Frobenius norm, 0 to 1; low = good).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class BlockFit:
    """A block model read off spikes, for the items that are on one.

    Attributes
    ----------
    items : ndarray of int, shape (n_covered,)
        Rows of the embedding that are on a spike.
    community : ndarray of int, shape (n_covered,)
        The spike of each, numbered from 0 without gaps.
    popularity : ndarray, shape (n_covered,)
        Norm of each item in the leading coordinates.
    affinity : ndarray, shape (n_spikes, n_spikes)
        Best fit given the two others; symmetric, may hold negative values.
    error : float
        Frobenius norm of what the model misses over that of the truncated matrix, on these items.
    """

    items: NDArray[np.int64]
    community: NDArray[np.int64]
    popularity: NDArray[np.float64]
    affinity: NDArray[np.float64]
    error: float


def fit_block_model(
    ppmi: Any, embedding: NDArray[Any], spike: NDArray[np.int64], *, dimensions: int = 64
) -> BlockFit:
    r"""Fit a block model to the truncated association matrix: spike = community, norm = popularity.

    The converse direction of Afchar et al. (2023), thm-converse: if every item lies on a spike,
    :math:`(A_f)_{ij} = r_i r_j B_{z_i z_j}` exactly. Here :math:`A_f` is rebuilt from the leading
    coordinates, and :math:`B` is the least-squares solution, so the error is the smallest that these
    communities and popularities allow. Nothing of size n_items squared is formed. Chapter: spiky_svd.

    Parameters
    ----------
    ppmi : sparse matrix or ndarray, shape (n_items, n_items)
        The symmetric matrix that was factorised.
    embedding : ndarray, shape (n_items, n_dims)
        Its embedding, from `embed`.
    spike : ndarray of int, shape (n_items,)
        Spike of each item; negative for items on none, which are left out.
    dimensions : int, from 1
        Leading coordinates to use.

    Returns
    -------
    BlockFit

    Raises
    ------
    ValueError
        If the shapes do not fit together, or no item is on a spike.

    Examples
    --------
    Two communities that see only themselves: the fit is exact.

    >>> expected = np.kron(np.diag([2.0, 1.0]), np.ones((3, 3)))
    >>> axes = np.kron(np.diag([2.0, 1.0]), np.ones((3, 1))) * np.sqrt(3)
    >>> fit = fit_block_model(expected, axes, np.array([0, 0, 0, 1, 1, 1]))
    >>> round(fit.error, 6), fit.affinity.round(6)
    (0.0, array([[0.166667, 0.      ],
           [0.      , 0.333333]]))
    """
    _check_shapes(ppmi, embedding, spike)
    leading = np.asarray(embedding[:, :dimensions], dtype=np.float64)
    u = leading / np.linalg.norm(leading, axis=0)
    core = u.T @ (ppmi @ u)  # Sigma J: unlike Sigma, it knows the signs of the eigenvalues
    items = np.flatnonzero(spike >= 0)
    _, community = np.unique(spike[items], return_inverse=True)
    popularity = np.linalg.norm(leading[items], axis=1)  # r_i
    lengths = np.sqrt(np.bincount(community, popularity**2))
    # Q: a column of length 1 for each community, r_i for its members, as in the proof of thm-forward.
    q = sp.csr_matrix((popularity / lengths[community], (np.arange(len(items)), community)))
    in_basis = q.T @ u[items]
    fitted = in_basis @ core @ in_basis.T  # Q' A_f Q
    spread = core @ (u[items].T @ u[items])
    total = float(np.sum(spread * spread.T))  # squared Frobenius norm of A_f on these items
    missed = max(total - float(np.sum(fitted**2)), 0.0)
    affinity = fitted / lengths[:, np.newaxis] / lengths
    return BlockFit(items, community, popularity, affinity, float(np.sqrt(missed / total)))


def _check_shapes(ppmi: Any, embedding: NDArray[Any], spike: NDArray[np.int64]) -> None:
    n_items = len(embedding)
    if ppmi.shape != (n_items, n_items) or spike.shape != (n_items,):
        raise ValueError(
            f"ppmi has shape {ppmi.shape}, embedding {embedding.shape}, spike {spike.shape}: expected "
            "(n_items, n_items), (n_items, n_dims), (n_items,) for the same items"
        )
    if not (spike >= 0).any():
        raise ValueError(f"none of the {n_items} items is on a spike; there is nothing to fit")
