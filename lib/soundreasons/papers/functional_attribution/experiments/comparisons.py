"""What is read off a contest: best levels, means with intervals, differences. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from soundreasons.learning.intervals import Interval, mean_interval
from soundreasons.papers.functional_attribution.experiments.contest import LEVELS, Contest
from soundreasons.papers.functional_attribution.method.scores import is_correct


def best_levels(run: Contest, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Sweep every method and take the best point of the whole curve.

    Chapter: functional_attribution.

    Parameters
    ----------
    run : Contest
        What the methods say.
    levels : sequence of float
        To try.

    Returns
    -------
    DataFrame, one row a method (index)
        `level`, `accuracy` at the best level; the first of equals.
    """
    rows = {}
    for method in run.methods:
        curve = run.sweep(method, levels)
        rows[method] = curve.loc[curve["accuracy"].idxmax()]
    return pd.DataFrame(rows).T


def in_columns(table: pd.DataFrame, what: str, methods: Iterable[str]) -> pd.DataFrame:
    """Spread a contest's table: one row a task, one column a method, cells from the column `what`."""
    order = table.groupby("method").cumcount()
    return table.assign(task=order).pivot(index="task", columns="method", values=what)[list(methods)]


def summary(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Mean over tasks of one column of a contest's table, with Student's 95 % interval.

    Chapter: functional_attribution.

    Parameters
    ----------
    table : DataFrame
        With the columns `method` and `what`, one row a task; missing values are left out.
    what : str
        Such as "accuracy".

    Returns
    -------
    DataFrame, one row a method (index), in the order they come
        `mean`, `low`, `high`.
    """
    groups = table.dropna(subset=[what]).groupby("method", sort=False)[what]
    rows = {str(method): mean_interval(values.to_numpy()) for method, values in groups}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])


def paired_gap(table: pd.DataFrame, first: str, second: str, what: str = "accuracy") -> Interval:
    """Mean over tasks of the second method's value minus the first's, with its 95 % interval."""
    wide = in_columns(table, what, [first, second])
    return mean_interval((wide[second] - wide[first]).to_numpy())


def halves(table: pd.DataFrame, by: str) -> pd.Series:
    """Tell each row of a contest's table whether `by` is in the lower ("few") or upper half ("many")."""
    values = table[by]
    return pd.Series(np.where(values <= values.median(), "few", "many"), index=table.index)


def loss_within_order(run: Contest, method: str, order: int, level: float) -> Interval:
    """What a truncated method loses to the untruncated one where the truth is within its order.

    Chapter: functional_attribution.

    Parameters
    ----------
    run : Contest
        With the selectors `method` and "fanova".
    method : str
        Truncated method.
    order : int
        Its largest subset.
    level : float
        Of both.

    Returns
    -------
    Interval
        Accuracy of "fanova" minus that of `method` on points whose true selection has at most `order`
        features: mean over the tasks that have such points, and the 95 % interval.
    """
    lost = []
    whole, truncated = run.selections("fanova", level), run.selections(method, level)
    for task, first, second in zip(run.tasks, whole, truncated, strict=True):
        within = task.true_sizes <= order
        if within.any():
            difference = is_correct(task, first).astype(float) - is_correct(task, second)
            lost.append(float(difference[within].mean()))
    return mean_interval(lost)
