"""The paper's own tasks and levels, and what a rerun of the authors' code gave. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import pandas as pd

from soundreasons import data, ledger
from soundreasons.papers.functional_attribution.method.subsets import members
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

TASKS = "functional_attribution_tasks"
DIMENSIONS = tuple(range(2, 12))


def available() -> bool:
    """Whether the paper's own tasks are on this machine."""
    return data.available(TASKS)


def published_tasks(
    kind: str, dimensions: Iterable[int], numbers: Iterable[int]
) -> dict[tuple[int, int], MixtureTask]:
    """Open tasks of the paper.

    Chapter: functional_attribution.

    Parameters
    ----------
    kind : {"univariate", "multivariate", "tuning"}
        Which of the three sets.
    dimensions : iterable of int, 2 to 11
        Numbers of features.
    numbers : iterable of int
        Which tasks of each: 0 to 100, or 0 to 10 in the tuning set. (Number 0 is a sanity task.)

    Returns
    -------
    dict of MixtureTask
        By number of features and number of the task.

    Raises
    ------
    ValueError
        If a task is not in the set.
    DataUnavailable
        If no source on this machine has them.
    """
    table = _by_task()
    wanted = [(kind, d, j) for d in dimensions for j in numbers]
    missing = [key for key in wanted if key not in table]
    if missing:
        raise ValueError(
            f"there is no task {missing[0]}; sets are univariate and multivariate (2 to 11 features, numbers "
            "0 to 100) and tuning (numbers 0 to 10)"
        )
    return {(d, j): _task(table[kind, d, j], d) for kind, d, j in wanted}


@cache
def _by_task() -> Mapping[tuple[str, int, int], pd.DataFrame]:
    groups = data.open(TASKS).points.groupby(["set", "features", "task"], sort=False)
    return {(str(kind), int(d), int(j)): part for (kind, d, j), part in groups}


def _task(part: pd.DataFrame, d: int) -> MixtureTask:
    return MixtureTask(
        part[[f"x{feature}" for feature in range(d)]].to_numpy(),
        part["label"].to_numpy(),
        part["shape"].to_numpy(),
        stated=members(d)[part["selection"].to_numpy()],
    )


def published_levels() -> dict[str, float]:
    """Level of each method, as tuned by the authors on their tuning set.

    Chapter: functional_attribution.

    Returns
    -------
    dict of float
        By name of the method; those of the boosted rule and of Archipelago are on their own scale.

    Examples
    --------
    >>> published_levels()["fanova"]
    0.76
    """
    facts = ledger.read("functional_attribution").facts_with("level_")
    return {method: fact.number for method, fact in facts.items()}


def rerun_table(kind: str) -> pd.DataFrame:
    """Lay out what the authors' code gave on a tenth of their tasks.

    Chapter: functional_attribution.

    Parameters
    ----------
    kind : {"univariate", "multivariate"}
        Which experiment.

    Returns
    -------
    DataFrame, one row a method
        `accuracy`, and `star` (univariate) or `property` (multivariate), shares; the half-widths of their
        95 % intervals in the columns `accuracy_half`, ...

    Examples
    --------
    >>> rerun_table("multivariate").loc["boosted", "accuracy"]
    np.float64(0.85)
    """
    prefix = {"univariate": "uni_", "multivariate": "multi_"}[kind]
    rows: dict[str, dict[str, float]] = {}
    for name, fact in ledger.read("functional_attribution").facts_with(prefix).items():
        quantity, _, method = name.partition("_of_")
        rows.setdefault(method, {})[quantity] = fact.number
    return pd.DataFrame.from_dict(rows, orient="index")
