"""Sets of tasks: the paper's own, or drawn by our generators, under the same keys. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.functional_attribution.data.generators import (
    drawn_tasks,
    multivariate_task,
    published_numbers,
)
from soundreasons.papers.functional_attribution.data.published import available, published_tasks
from soundreasons.papers.functional_attribution.method.subsets import codes, sizes
from soundreasons.papers.functional_attribution.method.tasks import PUBLISHED_FLOOR, MixtureTask

SOURCES = ("published", "own")
N_TUNING = 11  # tuning tasks of each dimension that the authors published


class TaskSet(NamedTuple):
    """Tasks and, of each, its number of features and difficulty (j, 0 to 100)."""

    tasks: list[MixtureTask]
    keys: list[tuple[int, int]]

    def with_floor(self, floor: float) -> TaskSet:
        """Return the same collection with another floor under the densities."""
        return TaskSet([task.with_floor(floor) for task in self.tasks], self.keys)

    def with_variance(self, variance: float) -> TaskSet:
        """Return the same points under another noise."""
        return TaskSet([replace(task, variance=variance) for task in self.tasks], self.keys)


def task_set(
    source: str, kind: str, dimensions: Sequence[int], per_dimension: int, seeds: Sequence[int] = (0,)
) -> TaskSet:
    """Open or draw tasks, with the floor that the paper's scripts have.

    Chapter: functional_attribution.

    Parameters
    ----------
    source : {"published", "own"}
        The paper's task files, or our generators.
    kind : {"univariate", "multivariate"}
        Which experiment.
    dimensions : sequence of int
        Numbers of features.
    per_dimension : int, from 1
        Tasks of each, evenly over the difficulties.
    seeds : sequence of int
        Of our generators; one collection a seed, all of them together.

    Returns
    -------
    TaskSet

    Raises
    ------
    ValueError
        If there is no such source or kind.
    DataUnavailable
        If the paper's tasks are asked for and not here.

    Examples
    --------
    >>> task_set("own", "univariate", [2, 3], 1).keys
    [(2, 100), (3, 100)]
    """
    if source == "published":
        found = published_tasks(kind, dimensions, published_numbers(per_dimension))
        return TaskSet(list(found.values()), list(found)).with_floor(PUBLISHED_FLOOR)
    if source != "own":
        raise ValueError(f"source is {source!r}, expected one of {', '.join(SOURCES)}")
    tasks: list[MixtureTask] = []
    for seed in seeds:
        tasks += drawn_tasks(kind, list(dimensions), per_dimension, named_rng(seed, "tasks", kind))
    keys = [(d, j) for _ in seeds for d in dimensions for j in published_numbers(per_dimension)]
    return TaskSet(tasks, keys).with_floor(PUBLISHED_FLOOR)


def tuning_set(
    source: str, dimensions: Sequence[int], per_dimension: int, seeds: Sequence[int] = (0,)
) -> TaskSet:
    """Open or draw multivariate tasks to choose levels on: never those that methods are judged on.

    Chapter: functional_attribution.

    Parameters
    ----------
    source, dimensions, seeds
        As for `task_set`.
    per_dimension : int, 1 to 11
        Tasks of each; the paper's have one shape more than their number, and so have ours.

    Returns
    -------
    TaskSet

    Raises
    ------
    ValueError
        If there is no such source, or more tasks are asked for than there are.
    DataUnavailable
        If the paper's tasks are asked for and not here.

    Examples
    --------
    >>> tuning_set("own", [3], 2).keys
    [(3, 0), (3, 10)]
    """
    if not 1 <= per_dimension <= N_TUNING:
        raise ValueError(f"per_dimension is {per_dimension}, allowed are 1 to {N_TUNING} tuning tasks")
    numbers = range(per_dimension)
    if source == "published":
        found = published_tasks("tuning", dimensions, numbers)
        keys = [(d, 10 * j) for d, j in found]
        return TaskSet(list(found.values()), keys).with_floor(PUBLISHED_FLOOR)
    if source != "own":
        raise ValueError(f"source is {source!r}, expected one of {', '.join(SOURCES)}")
    rngs = [named_rng(seed, "tasks", "tuning") for seed in seeds]
    tasks = [multivariate_task(d, 1 + j, rng) for rng in rngs for d in dimensions for j in numbers]
    keys = [(d, 10 * j) for _ in seeds for d in dimensions for j in numbers]
    return TaskSet(tasks, keys).with_floor(PUBLISHED_FLOOR)


def sources_here(wanted: Sequence[str]) -> list[str]:
    """Which of the wanted sources can be had; our own generators always can."""
    here = [source for source in wanted if source == "own" or available()]
    return here or ["own"]


def stated_against_truth(tasks: Sequence[MixtureTask]) -> pd.Series:
    """Compare the stated selections with brute force.

    Chapter: functional_attribution.

    Parameters
    ----------
    tasks : sequence of MixtureTask
        With stated selections.

    Returns
    -------
    Series
        `points`; the shares of points whose stated selection is a smallest sufficient set (`right`),
        is sufficient (`sufficient`), and of those that have several smallest sets (`several`); and,
        among the sufficient ones, the share that is the only smallest set (`unique`).
    """
    parts = []
    for task in tasks:
        code, row = codes(task.stated), np.arange(len(task))
        several = task.minimal.sum(axis=1) > 1
        enough, right = task.sufficient[row, code], task.minimal[row, code]
        parts.append(np.column_stack([right, enough, several, right & ~several]))
    right, enough, several, unique = np.concatenate(parts).T
    return pd.Series(
        {
            "points": len(right),
            "right": right.mean(),
            "sufficient": enough.mean(),
            "several": several.mean(),
            "unique": unique.sum() / max(enough.sum(), 1),
        }
    )


def describe(collection: TaskSet) -> pd.Series:
    """Count a collection: tasks, points, points a task, mean label, mean size of the true selection."""
    tasks = collection.tasks
    true_sizes = np.concatenate([task.true_sizes for task in tasks])
    n_points = sum(len(task) for task in tasks)
    return pd.Series(
        {
            "tasks": len(tasks),
            "points": n_points,
            "points a task": n_points / len(tasks),
            "mean label": np.concatenate([task.labels for task in tasks]).mean(),
            "features that decide": true_sizes.mean(),
            "most": int(true_sizes.max()),
            "subsets in all": int(sum(len(t) * len(sizes(t.n_features)) for t in tasks)),
        }
    )
