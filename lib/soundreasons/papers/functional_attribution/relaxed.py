"""Relaxed dependence: how much of the output is still open once some columns are known.

Task: the share of the variance that a set of columns leaves open, from a table (estimated by its
cells) or for a function on a grid (exact). Chapter: functional_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from soundreasons import data
from soundreasons.papers.functional_attribution import subsets

_MOST_CODES = 1 << 62  # a cell's code must fit in 64 bits
TABLES = ("adult_census", "online_shoppers", "breast_cancer")


@dataclass(frozen=True, eq=False)
class DecisionTable:
    """Discrete columns and a yes-or-no outcome.

    Attributes
    ----------
    name : str
        Of the data set.
    columns : tuple of str
        Names, to show.
    values : ndarray of int, shape (n_rows, n_columns)
        Codes from 0.
    outcome : ndarray of float, shape (n_rows,)
        0 or 1.
    """

    name: str
    columns: tuple[str, ...]
    values: NDArray[np.int64]
    outcome: NDArray[np.float64]


def decision_table(name: str) -> DecisionTable:
    """Open a table with few discrete columns; numbers are cut at their quantiles.

    Chapter: functional_attribution.

    Parameters
    ----------
    name : {"adult_census", "online_shoppers", "breast_cancer"}
        The last ships with scikit-learn.

    Returns
    -------
    DecisionTable

    Raises
    ------
    ValueError
        If there is no such table.
    DataUnavailable
        If no source on this machine has it.

    Examples
    --------
    >>> decision_table("breast_cancer").values.shape
    (569, 8)
    """
    if name == "adult_census":
        people = data.open(name).people
        frame = people[["marital_status", "education_num", "occupation", "sex", "race"]].copy()
        for column, n_cuts in (("age", 6), ("hours_per_week", 5)):
            frame[column] = _cut(people[column], n_cuts)
        frame["capital_gain"] = _cut_above_zero(people["capital_gain"], 3)
        return _coded(name, frame, people["income"] == ">50K")
    if name == "online_shoppers":
        visits = data.open(name).visits
        frame = visits[["Month", "VisitorType", "Weekend", "TrafficType", "Region"]].copy()
        for column in ("ExitRates", "ProductRelated"):
            frame[column] = _cut(visits[column], 6)
        frame["PageValues"] = _cut_above_zero(visits["PageValues"], 3)
        return _coded(name, frame, visits["Revenue"])
    if name == "breast_cancer":
        from sklearn.datasets import load_breast_cancer

        table = load_breast_cancer(as_frame=True)
        return _coded(name, table.data.iloc[:, :8].apply(_cut, n_cuts=5), table.target == 1)
    raise ValueError(f"table is {name!r}, expected one of {', '.join(TABLES)}")


def tables_here(wanted: Sequence[str]) -> list[str]:
    """Which of the wanted tables this machine has; the one of scikit-learn if none."""
    here = [name for name in wanted if name == "breast_cancer" or data.available(name)]
    return here or ["breast_cancer"]


def _cut(column: pd.Series, n_cuts: int) -> pd.Series:
    return pd.qcut(column, n_cuts, labels=False, duplicates="drop")


def _cut_above_zero(column: pd.Series, n_cuts: int) -> pd.Series:
    """Code a column that is mostly zero: 0 there, quantiles of the rest from 1."""
    above = column[column > 0]
    return (1 + _cut(above, n_cuts)).reindex(column.index, fill_value=0)


def _coded(name: str, frame: pd.DataFrame, outcome: pd.Series) -> DecisionTable:
    codes = np.column_stack([pd.factorize(frame[column], sort=True)[0] for column in frame])
    return DecisionTable(name, tuple(frame.columns), codes, outcome.to_numpy(dtype=np.float64))


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
    cell = _cells(table, subsets.check_features(subset, table.shape[1]))
    size = np.bincount(cell)
    mean = np.bincount(cell, weights=y) / size
    return float(np.mean((y - mean[cell]) ** 2) / y.var())


def _cells(table: NDArray[np.int64], chosen: Sequence[int]) -> NDArray[np.int64]:
    """Number of the cell that each row lies in, from 0 without gaps."""
    cell, n_codes = np.zeros(len(table), dtype=np.int64), 1
    for column in chosen:
        n_values = int(table[:, column].max()) + 1
        if n_codes * n_values > _MOST_CODES:
            cell = np.unique(cell, return_inverse=True)[1].reshape(-1)
            n_codes = int(cell.max()) + 1
        cell, n_codes = cell * n_values + table[:, column], n_codes * n_values
    return np.asarray(np.unique(cell, return_inverse=True)[1].reshape(-1))


def estimate_gap(table: DecisionTable, rng: np.random.Generator) -> pd.DataFrame:
    """For every set of columns: the variance it seems to leave open, and what it leaves open in truth.

    Half of the rows fill the cells. *Seen* is the share of variance left open in that half; *unseen* the
    squared error of the cell means on the other half, as a share of its variance (a cell without a row
    answers with the overall mean). Chapter: functional_attribution.

    Parameters
    ----------
    table : DecisionTable
        Rows and outcome.
    rng : numpy.random.Generator
        Draws the halves.

    Returns
    -------
    DataFrame, one row a set of columns
        `size`, `columns` (names), `seen`, `unseen`, `alone` (share of the first half's rows that are
        alone in their cell).
    """
    order = rng.permutation(len(table.outcome))
    is_first = np.zeros(len(order), dtype=bool)
    is_first[order[: len(order) // 2]] = True
    rows = []
    for mask in subsets.members(len(table.columns)):
        chosen = np.flatnonzero(mask)
        names = subsets.subset_name(frozenset(chosen.tolist()), table.columns)
        rows.append((len(chosen), names, *_halves_gap(table, chosen.tolist(), is_first)))
    return pd.DataFrame(rows, columns=["size", "columns", "seen", "unseen", "alone"])


def _halves_gap(
    table: DecisionTable, chosen: Sequence[int], is_first: NDArray[np.bool_]
) -> tuple[float, float, float]:
    cell, y = _cells(table.values, chosen), table.outcome
    n_cells = int(cell.max()) + 1
    size = np.bincount(cell[is_first], minlength=n_cells)
    total = np.bincount(cell[is_first], weights=y[is_first], minlength=n_cells)
    overall = y[is_first].mean()
    mean = np.where(size > 0, total / np.maximum(size, 1), overall)
    seen = np.mean((y - mean[cell])[is_first] ** 2) / y[is_first].var()
    unseen = np.mean((y - mean[cell])[~is_first] ** 2) / np.mean((y[~is_first] - overall) ** 2)
    return float(seen), float(unseen), float(np.mean(size[cell[is_first]] == 1))


def best_of_size(gaps: pd.DataFrame, by: str) -> pd.DataFrame:
    """Of each size, the set of columns that leaves least open by the column `by`."""
    return gaps.loc[gaps.groupby("size")[by].idxmin()].reset_index(drop=True)


def relaxed_selection(gaps: pd.DataFrame, tolerance: float, by: str = "seen") -> pd.Series:
    """Smallest set of columns that leaves at most a tolerated share of the variance open.

    The global relaxed selection: among sets of the same size the one that leaves least open.
    Chapter: functional_attribution.

    Parameters
    ----------
    gaps : DataFrame
        From `estimate_gap`.
    tolerance : float, 0 to 1
        Share of the variance that may stay open.
    by : {"seen", "unseen"}
        Which estimate is believed.

    Returns
    -------
    Series
        The row of `gaps`.

    Raises
    ------
    ValueError
        If no set leaves so little open.

    Examples
    --------
    >>> gaps = pd.DataFrame({"size": [0, 1, 1], "columns": ["none", "a", "b"], "seen": [1.0, 0.4, 0.3]})
    >>> relaxed_selection(gaps, 0.5)["columns"]
    'b'
    """
    best = best_of_size(gaps, by)
    enough = best[best[by] <= tolerance]
    if enough.empty:
        raise ValueError(
            f"no set of columns leaves at most {tolerance} open, the least is {best[by].min():.3f}; "
            "tolerate more"
        )
    return enough.iloc[0]


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
