"""Two public tables in groups of columns: who buys, and who earns more than the limit.

Task: turn the tables of the registry into numbers with named groups; compare restricted experts, a plain
network and an additive model (EBM) on held-out rows. Source: section 8 of the dossier's plan; the tables
are ours, not the paper's. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from soundreasons import data
from soundreasons.papers.interpretable_attribution.classifier import (
    Explanation,
    PlainClassifier,
    RestrictedClassifier,
    TableTraining,
)
from soundreasons.papers.interpretable_attribution.subsets import subset_names

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


class TableRun(NamedTuple):
    """Scores and explanations of one split of a table, on held-out rows."""

    scores: dict[str, float]
    explanation: Explanation
    probability: NDArray[np.float64]
    y: NDArray[np.int64]
    rows: NDArray[np.int64]


def run_table(
    table: GroupedTable, seed: int, training: TableTraining, *, device: str = "cpu", has_additive: bool = True
) -> TableRun:
    """Train experts, a plain network and an additive model on three quarters of a table, judge on the rest.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    table : GroupedTable
        As `grouped_table` gives it.
    seed : int
        Of the split and of every model.
    training : TableTraining
        Of experts and plain network; nothing in it was chosen on held-out rows.
    device : str
        Where it is computed.
    has_additive : bool
        Train the additive model too.

    Returns
    -------
    TableRun
        `scores`: `auc_` and `accuracy_` of `experts`, `plain`, `additive`; `auc_subset_<k>` of each
        expert alone; `size`, mean share of the groups that the explaining subset holds.
    """
    train, test = train_test_split(
        np.arange(len(table.y)), test_size=0.25, stratify=table.y, random_state=seed
    )
    x, y = table.x[train], table.y[train]
    experts = RestrictedClassifier(table.groups, table.subsets, training, seed=seed, device=device).fit(x, y)
    wide = [width * len(table.subsets) for width in training.hidden]
    plain = PlainClassifier(x.shape[1], wide, training, seed=seed, device=device).fit(x, y)
    said = {"experts": experts.predict_proba(table.x[test]), "plain": plain.predict_proba(table.x[test])}
    if has_additive:
        said["additive"] = additive_model(x, y, table.x[test], seed)
    explanation = experts.explain(table.x[test])
    scores = {}
    for name, probability in said.items():
        scores[f"auc_{name}"] = float(roc_auc_score(table.y[test], probability))
        scores[f"accuracy_{name}"] = float(((probability > 0.5) == table.y[test]).mean())
    for number in range(len(table.subsets)):
        scores[f"auc_subset_{number}"] = float(roc_auc_score(table.y[test], explanation.outputs[:, number]))
    held = experts.subsets.mean(axis=1)
    scores["size"] = float(held[explanation.subset].mean())
    return TableRun(scores, explanation, said["experts"], table.y[test], test)


def additive_model(
    x: NDArray[np.float64], y: NDArray[np.int64], x_test: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Probabilities of an explainable boosting machine: one curve a column, and ten pairs.

    Chapter: interpretable_attribution.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about optional packages of interpret
        from interpret.glassbox import ExplainableBoostingClassifier  # type: ignore[import-untyped]

        model = ExplainableBoostingClassifier(
            interactions=10, outer_bags=2, max_rounds=600, random_state=seed, n_jobs=1
        )
        model.fit(x, y)
        return np.asarray(model.predict_proba(x_test)[:, 1], dtype=np.float64)


def who_explains(table: GroupedTable, run: TableRun) -> pd.DataFrame:
    """Count held-out rows by the subset that explains them.

    Chapter: interpretable_attribution.

    Returns
    -------
    DataFrame, one row a subset
        `subset`, `rows, %`, `predicted positive, %`, `positive, %`, `accuracy, %`, `mean weight`.
    """
    rows: list[tuple[Any, ...]] = []
    for number, name in enumerate(table.subset_names):
        chosen = run.explanation.subset == number
        mean_weight = float(run.explanation.weights[:, number].mean())
        if not chosen.any():
            rows.append((name, 0.0, np.nan, np.nan, np.nan, mean_weight))
            continue
        probability, y = run.probability[chosen], run.y[chosen]
        right = (probability > 0.5) == y
        shares = (chosen.mean(), (probability > 0.5).mean(), y.mean(), right.mean())
        rows.append((name, *(100 * float(share) for share in shares), mean_weight))
    names = ["subset", "rows, %", "predicted positive, %", "positive, %", "accuracy, %", "mean weight"]
    return pd.DataFrame(rows, columns=names)


def by_outcome(table: GroupedTable, run: TableRun) -> dict[str, NDArray[np.float64]]:
    """Share of the held-out rows that each subset explains, by outcome, %.

    Chapter: interpretable_attribution.

    Returns
    -------
    dict of ndarray, shape (H,)
        By "outcome 0" and "outcome 1".
    """
    n_subsets, found = len(table.subsets), {}
    for value in (0, 1):
        chosen = run.explanation.subset[run.y == value]
        found[f"outcome {value}"] = 100 * np.bincount(chosen, minlength=n_subsets) / max(1, len(chosen))
    return found


def points_lost(first: Any, second: Any) -> list[float]:
    """Tell how many points (hundredths) the second series lies below the first, seed by seed.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> points_lost([0.9], [0.88])
    [2.0]
    """
    return [round(100 * (a - b), 6) for a, b in zip(first, second, strict=True)]


def available(name: str) -> bool:
    """Whether a data set of the chapter is on this machine. Chapter: interpretable_attribution."""
    return data.available(name)
