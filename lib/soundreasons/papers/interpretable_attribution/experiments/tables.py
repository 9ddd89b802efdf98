"""Real tables: which groups of columns explain whom? Experts, a plain network and an additive model.

Chapter: interpretable_attribution.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from soundreasons.papers.interpretable_attribution.data.tables import GroupedTable
from soundreasons.papers.interpretable_attribution.experiments.table_classifier import (
    Explanation,
    PlainClassifier,
    RestrictedClassifier,
    TableTraining,
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
    probabilities = {
        "experts": experts.predict_proba(table.x[test]),
        "plain": plain.predict_proba(table.x[test]),
    }
    if has_additive:
        probabilities["additive"] = additive_model(x, y, table.x[test], seed)
    explanation = experts.explain(table.x[test])
    scores = {}
    for name, probability in probabilities.items():
        scores[f"auc_{name}"] = float(roc_auc_score(table.y[test], probability))
        scores[f"accuracy_{name}"] = float(((probability > 0.5) == table.y[test]).mean())
    for number in range(len(table.subsets)):
        scores[f"auc_subset_{number}"] = float(roc_auc_score(table.y[test], explanation.outputs[:, number]))
    held = experts.subsets.mean(axis=1)
    scores["size"] = float(held[explanation.subset].mean())
    return TableRun(scores, explanation, probabilities["experts"], table.y[test], test)


def compare(table_runs: Mapping[str, Sequence[TableRun]]) -> pd.DataFrame:
    """Lay the scores of all splits of some tables side by side.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    table_runs : mapping of str to sequence of TableRun
        By the name of the table.

    Returns
    -------
    DataFrame
        One row a table and split: `table`; the area under the curve of `experts`, `plain`, `additive` and
        `full_expert` (the last one alone); `accuracy_` of the first three; `size`; and `cost`, the points of
        area that experts lose.
    """
    rows = [{"table": name, **run.scores} for name, runs in table_runs.items() for run in runs]
    scores = pd.DataFrame(rows).rename(columns=lambda column: column.removeprefix("auc_"))
    last = {name: f"subset_{runs[0].explanation.outputs.shape[1] - 1}" for name, runs in table_runs.items()}
    full_expert = [row[last[str(row["table"])]] for _, row in scores.iterrows()]
    cost = [round(100 * (a - b), 6) for a, b in zip(scores["plain"], scores["experts"], strict=True)]
    return scores.assign(full_expert=full_expert, cost=cost)


def by_model(scores: pd.DataFrame, areas: Mapping[str, Any]) -> pd.DataFrame:
    """Lay areas under the curve and mean accuracies out, one row a table and model.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    scores : DataFrame
        As `compare` gives it.
    areas : mapping of str
        What was measured, by `auc.<table>.<model>`.

    Returns
    -------
    DataFrame
        `table`, `model`, `AUC`, `accuracy`.
    """
    rows = [
        (table, model, areas[f"auc.{table}.{model}"], float(part[f"accuracy_{model}"].mean()))
        for table, part in scores.groupby("table", sort=False)
        for model in ("experts", "plain", "additive")
    ]
    return pd.DataFrame(rows, columns=["table", "model", "AUC", "accuracy"])


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


def explaining_subsets(table: GroupedTable, run: TableRun) -> pd.DataFrame:
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
