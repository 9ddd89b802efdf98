"""Real tables with few discrete columns and a yes-or-no outcome. Chapter: functional_attribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data

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
