"""Knowing more, knowing less: a function whose parts of the variance are known. Chapter:
functional_attribution.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.relaxed import unexplained


def ishigami(x: NDArray[np.float64], a: float = 7.0, b: float = 0.1) -> NDArray[np.float64]:
    """Ishigami and Homma's test function of three inputs between -pi and pi, shape (n, 3) to (n,)."""
    return np.asarray(np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0]))


def ishigami_unexplained(n_steps: int = 64, a: float = 7.0, b: float = 0.1) -> pd.DataFrame:
    """Share of variance left open by each subset of Ishigami's inputs: on a grid, and in closed form.

    Closed form: the parts of the variance are V1 = (1 + b pi⁴ / 5)² / 2, V2 = a² / 8 and
    V13 = 8 b² pi⁸ / 225 (Ishigami and Homma, 1990). Chapter: functional_attribution.

    Parameters
    ----------
    n_steps : int
        Points of the grid along each input, mid-points.
    a, b : float
        Of the function.

    Returns
    -------
    DataFrame, one row a subset
        `subset`, `grid`, `closed form`.
    """
    axis = np.arange(n_steps)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    y = ishigami(-np.pi + (grid + 0.5) * 2 * np.pi / n_steps, a, b)
    part = {
        frozenset({0}): (1 + b * np.pi**4 / 5) ** 2 / 2,
        frozenset({1}): a**2 / 8,
        frozenset({0, 2}): 8 * b**2 * np.pi**8 / 225,
    }
    total = sum(part.values())
    rows = []
    for mask in subsets.members(3):
        known = frozenset(np.flatnonzero(mask).tolist())
        closed = 1 - sum(value for inputs, value in part.items() if inputs <= known) / total
        rows.append((subsets.subset_name(known), unexplained(grid, y, sorted(known)), closed))
    return pd.DataFrame(rows, columns=["subset", "grid", "closed form"])
