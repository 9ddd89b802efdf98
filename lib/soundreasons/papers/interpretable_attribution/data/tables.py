"""Two public tables in groups of columns: who buys, and who earns more than the limit.

The tables of the registry become numbers with named groups. They are our extension, not the paper's data.
Chapter: interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.interpretable_attribution.method import subset_names

SHOP_GROUPS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "browsing": (
            "Administrative", "Informational", "ProductRelated",
            "Administrative_Duration", "Informational_Duration", "ProductRelated_Duration",
        ),
        "page metrics": ("BounceRates", "ExitRates", "PageValues"),
        "calendar": ("SpecialDay", "Month", "Weekend"),
        "visitor": ("OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType"),
    }
)  # fmt: skip
CENSUS_GROUPS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "person": ("age", "race", "sex", "native_country"),
        "education": ("education", "education_num"),
        "work": ("workclass", "occupation", "hours_per_week"),
        "family": ("marital_status", "relationship"),
        "capital": ("capital_gain", "capital_loss"),
    }
)
TABLE_GROUPS: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType(
    {"online_shoppers": SHOP_GROUPS, "adult_census": CENSUS_GROUPS}
)
"""Columns of each group of each table, by name."""
# Codes that have no order, and amounts with long tails.
_CODES = {"OperatingSystems", "Browser", "Region", "TrafficType"}
_LONG_TAILS = {
    "Administrative_Duration", "Informational_Duration", "ProductRelated_Duration", "ProductRelated",
    "PageValues", "capital_gain", "capital_loss",
}  # fmt: skip
_SHOP_SUBSETS: tuple[tuple[int, ...], ...] = ((0,), (1,), (2,), (3,), (0, 2), (0, 3), (0, 2, 3), (0, 1, 2, 3))
_CENSUS_SUBSETS: tuple[tuple[int, ...], ...] = ((0,), (1,), (2,), (3,), (4,), (0, 3), (1, 2), (0, 1, 2, 3, 4))
TABLES = ("online_shoppers", "adult_census")


@dataclass(frozen=True)
class GroupedTable:
    """A table ready to be learned from.

    Attributes
    ----------
    name : str
    x : ndarray, shape (n, n_columns)
        Numbers; categories are spread over columns of 0 and 1.
    y : ndarray of int, shape (n,)
    groups : list of lists of int
        Columns of each group.
    group_names : list of str
    subsets : list of tuples of int
        Candidate subsets of groups.
    columns : list of str
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]
    groups: list[list[int]]
    group_names: list[str]
    subsets: list[tuple[int, ...]]
    columns: list[str]

    @property
    def subset_names(self) -> list[str]:
        """Names of the candidate subsets."""
        return subset_names(self.subsets, self.group_names)


def declared_groups() -> pd.DataFrame:
    """List the groups of both tables with their columns. Chapter: interpretable_attribution.

    Examples
    --------
    >>> declared_groups().iloc[-1].tolist()
    ['adult_census', 'capital', 'capital_gain, capital_loss']
    """
    rows = [
        (name, group, ", ".join(columns))
        for name, declared in TABLE_GROUPS.items()
        for group, columns in declared.items()
    ]
    return pd.DataFrame(rows, columns=["table", "group", "columns"])


def encode(
    frame: pd.DataFrame, groups: Mapping[str, Sequence[str]], *, rare: float = 0.005
) -> tuple[pd.DataFrame, list[list[int]]]:
    """Turn columns into numbers, group by group; categories rarer than `rare` become one.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    frame : DataFrame
        One row an instance.
    groups : mapping of str to list of str
        Columns of each group, by its name.
    rare : float
        Share of the rows.

    Returns
    -------
    DataFrame of float
    list of lists of int
        Columns of each group.

    Examples
    --------
    >>> table, groups = encode(pd.DataFrame({"age": [1, 2], "sex": ["f", "m"]}), {"a": ["age"], "b": ["sex"]})
    >>> list(table.columns), groups
    (['age', 'sex=f', 'sex=m'], [[0], [1, 2]])
    """
    parts: list[pd.DataFrame] = []
    places: list[list[int]] = []
    n_columns = 0
    for names in groups.values():
        part = pd.concat([_encode_column(frame[name], rare) for name in names], axis=1)
        places.append(list(range(n_columns, n_columns + part.shape[1])))
        n_columns += part.shape[1]
        parts.append(part)
    return pd.concat(parts, axis=1), places


def _encode_column(column: pd.Series, rare: float) -> pd.DataFrame:
    if pd.api.types.is_numeric_dtype(column) and column.name not in _CODES:
        numbers = column.astype(float)
        return (np.log1p(numbers) if column.name in _LONG_TAILS else numbers).to_frame()
    words = column.astype(str)
    common = words.map(words.value_counts(normalize=True)) >= rare
    return pd.get_dummies(words.where(common, "other"), prefix=column.name, prefix_sep="=").astype(float)


def grouped_table(name: str) -> GroupedTable:
    """Open one of the two tables.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    name : {"online_shoppers", "adult_census"}
        Which.

    Returns
    -------
    GroupedTable

    Raises
    ------
    ValueError
        If there is no such table.
    DataUnavailable
        If no copy is on this machine.
    """
    if name == "online_shoppers":
        frame, groups, subsets = data.open(name).visits, SHOP_GROUPS, _SHOP_SUBSETS
        y = frame["Revenue"]
    elif name == "adult_census":
        frame, groups, subsets = data.open(name).people, CENSUS_GROUPS, _CENSUS_SUBSETS
        y = frame["income"] == ">50K"
    else:
        raise ValueError(f"table is {name!r}, expected one of {', '.join(TABLES)}")
    x, places = encode(frame, groups)
    return GroupedTable(
        name,
        x.to_numpy(),
        y.to_numpy().astype(np.int64),
        places,
        list(groups),
        list(subsets),
        list(x.columns),
    )
