"""Relaxed dependence: how much of the output is still open once some columns are known. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundreasons.papers.functional_attribution.method import subsets

_MOST_CODES = 1 << 62  # a cell's code must fit in 64 bits


def unexplained(values: ArrayLike, outcome: ArrayLike, subset: Sequence[int]) -> float:
    r"""Share of the variance left open: :math:`E[Var(Y\mid X_I)] / Var(Y)`, one minus the Sobol index.

    Chapter: functional_attribution.

    Parameters
    ----------
    values : array-like of int, shape (n_rows, n_columns)
        Discrete columns.
    outcome : array-like, shape (n_rows,)
        Output, not constant.
    subset : sequence of int
        Columns that are known.

    Returns
    -------
    float
        0 (decided) to 1 (nothing known).

    Raises
    ------
    ValueError
        If the output is constant, or a number is no column.

    Examples
    --------
    >>> unexplained([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 1, 1], [0])
    0.0
    """
    table, y = np.asarray(values), np.asarray(outcome, dtype=np.float64)
    if np.ptp(y) == 0:
        raise ValueError(f"all {len(y)} outputs are {y[0]:g}: there is no variance to explain")
    cell = cells(table, subsets.check_features(subset, table.shape[1]))
    size = np.bincount(cell)
    mean = np.bincount(cell, weights=y) / size
    return float(np.mean((y - mean[cell]) ** 2) / y.var())


def cells(table: NDArray[np.int64], chosen: Sequence[int]) -> NDArray[np.int64]:
    """Number of the cell that each row lies in, from 0 without gaps.

    Chapter: functional_attribution.

    Parameters
    ----------
    table : ndarray of int, shape (n_rows, n_columns)
        Codes from 0.
    chosen : sequence of int
        Columns that are known.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Equal where all chosen columns are equal.

    Raises
    ------
    IndexError
        If a number is no column.

    Examples
    --------
    >>> cells(np.array([[0, 0], [0, 1], [1, 0], [0, 1]]), [0, 1]).tolist()
    [0, 1, 2, 1]
    """
    cell, n_codes = np.zeros(len(table), dtype=np.int64), 1
    for column in chosen:
        n_values = int(table[:, column].max()) + 1
        if n_codes * n_values > _MOST_CODES:
            cell = np.unique(cell, return_inverse=True)[1].reshape(-1)
            n_codes = int(cell.max()) + 1
        cell, n_codes = cell * n_values + table[:, column], n_codes * n_values
    return np.asarray(np.unique(cell, return_inverse=True)[1].reshape(-1))
