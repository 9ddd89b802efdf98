"""The two cubic steps: inverses of matrices as large as the catalogue, where the device says.

In double precision, since exact reasons must add up. Graphics processors of NVIDIA have it; Apple's do
not, so "mps" is served by the processor.
"""

from typing import Any

import numpy as np
from scipy.linalg import lapack

from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats


def inverse_of_definite(matrix: Floats, *, device: str = "cpu") -> Floats:
    """Invert a symmetric positive definite matrix through its Cholesky factor; `matrix` is used up.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If the matrix is not positive definite.

    Examples
    --------
    >>> inverse_of_definite(np.array([[2.0, 1.0], [1.0, 2.0]])).round(3).tolist()
    [[0.667, -0.333], [-0.333, 0.667]]
    """
    if device.startswith("cuda"):
        return _by_torch(matrix, device)
    factor, failed = lapack.dpotrf(matrix.T, lower=True, overwrite_a=True)
    if failed:
        raise ValueError("the matrix is not positive definite; raise the regularisation")
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(inverse, -1).T)


def inverse(matrix: Floats, *, device: str = "cpu") -> Floats:
    """Invert a square matrix.

    Chapter: explainable_recommendation.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> inverse(np.array([[2.0, 0.0], [1.0, 1.0]])).tolist()
    [[0.5, 0.0], [-0.5, 1.0]]
    """
    if device.startswith("cuda"):
        return _by_torch(matrix, device)
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _by_torch(matrix: Floats, device: str) -> Floats:
    import torch  # heavy: only where a graphics processor does the work

    on_device: Any = torch.from_numpy(np.ascontiguousarray(matrix)).to(device)
    return np.asarray(torch.linalg.inv(on_device).cpu().numpy(), dtype=np.float64)
