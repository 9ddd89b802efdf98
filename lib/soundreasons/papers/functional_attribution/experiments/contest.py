"""The comparison: every method on every task, then accuracy and property score at any level. Chapter:
functional_attribution.

Methods run once, what they say is kept, and tables are read off it. Shares run from 0 to 1; times are
CPU-seconds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.functional_attribution.method.attributions import Attribution, attributions
from soundreasons.papers.functional_attribution.method.decision_rule import select, select_codes, select_one
from soundreasons.papers.functional_attribution.method.scores import is_correct, property_score
from soundreasons.papers.functional_attribution.method.subset_methods import EXACT_SELECTORS, Selector
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Scores = NDArray[np.float64]

Selections = list[NDArray[np.bool_]]
LEVELS = tuple(np.round(np.arange(0.01, 1.0, 0.01), 2).tolist())
"""Levels of a sweep; confidences below one half and above one are the same as the ends."""


@dataclass(frozen=True)
class Contest:
    """What every method says of every task.

    Attributes
    ----------
    tasks : list of MixtureTask
        In the order run.
    keys : list of (int, int)
        Number of features and difficulty (j, 0 to 100) of each task.
    scores : dict of list of ndarray, shape (n_points, n_features)
        Of the per-feature methods, by name, one array a task.
    selectors : mapping of Selector
        The subset methods, by name.
    seconds : dict of float
        CPU-seconds of each method over all tasks; for subset methods at one level. The table of all
        conditional means is counted apart, as "conditional means".
    """

    tasks: list[MixtureTask]
    keys: list[tuple[int, int]]
    scores: dict[str, list[Scores]]
    selectors: Mapping[str, Selector]
    seconds: dict[str, float] = field(default_factory=dict)
    _swept: dict[tuple[str, tuple[float, ...]], NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @property
    def methods(self) -> list[str]:
        """Names of all methods, per-feature ones first."""
        return [*self.scores, *self.selectors]

    def selections(self, method: str, level: float) -> Selections:
        """Selected features at a level, one table a task."""
        if method in self.scores:
            return [select(scores, level) for scores in self.scores[method]]
        return [self.selectors[method](task, level) for task in self.tasks]

    def star(self, method: str) -> Selections:
        """Selections of a method that is told that one feature decides."""
        if method in self.scores:
            return [select_one(scores) for scores in self.scores[method]]
        return [EXACT_SELECTORS["ga1m"](task, 1.0) for task in self.tasks]

    def table(self, levels: Mapping[str, float]) -> pd.DataFrame:
        """Score every method at its level.

        Parameters
        ----------
        levels : mapping of float
            By method; methods without one are left out.

        Returns
        -------
        DataFrame, one row a method and task
            `method`, `features`, `difficulty`, `accuracy` (any smallest sufficient subset), `stated`
            (the stated selection; missing where none is), `property`, `silent` (share of points where
            nothing is selected), `star` (per-feature methods).
        """
        rows = []
        for method in self.methods:
            if method not in levels:
                continue
            found = self.selections(method, levels[method])
            stars = self.star(method) if method in self.scores else [None] * len(self.tasks)
            for key, task, chosen, star in zip(self.keys, self.tasks, found, stars, strict=True):
                rows.append((method, *key, *_task_scores(task, chosen, star)))
        columns = ["method", "features", "difficulty", "accuracy", "stated", "property", "silent", "star"]
        return pd.DataFrame(rows, columns=columns)

    def sweep(self, method: str, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """Mean accuracy of one method at every level; computed once.

        Returns
        -------
        DataFrame, one row a level
            `level`, `accuracy`.
        """
        key = (method, tuple(levels))
        if key not in self._swept:
            by_task = self._scores_right if method in self.scores else self._selector_right
            self._swept[key] = np.mean(by_task(method, levels), axis=0)
        return pd.DataFrame({"level": levels, "accuracy": self._swept[key]})

    def _scores_right(self, method: str, levels: Sequence[float]) -> list[NDArray[np.float64]]:
        """Share of right selections of each task, at every level."""
        coded = (select_codes(scores, levels) for scores in self.scores[method])
        return [
            task.minimal[np.arange(len(task)), code].mean(axis=1)
            for task, code in zip(self.tasks, coded, strict=True)
        ]

    def _selector_right(self, method: str, levels: Sequence[float]) -> list[NDArray[np.float64]]:
        selector = self.selectors[method]
        return [
            np.array([is_correct(task, selector(task, level)).mean() for level in levels])
            for task in self.tasks
        ]

    def by_size(self, method: str, level: float) -> pd.DataFrame:
        """Accuracy by true cardinality.

        Returns
        -------
        DataFrame, one row a task and cardinality that occurs in it
            `size`, `task`, `features`, `accuracy`.
        """
        parts = []
        for number, (task, chosen) in enumerate(zip(self.tasks, self.selections(method, level), strict=True)):
            right = pd.Series(is_correct(task, chosen)).groupby(task.true_sizes).mean()
            found = {"size": right.index, "task": number, "features": task.n_features}
            parts.append(pd.DataFrame({**found, "accuracy": right.to_numpy()}))
        return pd.concat(parts, ignore_index=True)


def _task_scores(
    task: MixtureTask, chosen: NDArray[np.bool_], star: NDArray[np.bool_] | None
) -> tuple[float, float, float, float, float]:
    silent = float(np.mean(~chosen.any(axis=1)))
    stated = is_correct(task, chosen, against="stated").mean() if task.stated is not None else np.nan
    told = is_correct(task, star).mean() if star is not None else np.nan
    right = float(is_correct(task, chosen).mean())
    return right, float(stated), property_score(task, chosen), silent, float(told)


def contest(
    tasks: Sequence[MixtureTask],
    keys: Sequence[tuple[int, int]],
    *,
    seed: int = 0,
    methods: Mapping[str, Attribution] = attributions,
    selectors: Mapping[str, Selector] = EXACT_SELECTORS,
) -> Contest:
    """Run every method on every task.

    Chapter: functional_attribution.

    Parameters
    ----------
    tasks : sequence of MixtureTask
        What to explain.
    keys : sequence of (int, int)
        Number of features and difficulty of each, for the breakdowns.
    seed : int
        Of the methods that sample; each method and task draws from a stream of its own.
    methods, selectors
        By name; the nine and seven of the paper unless given.

    Returns
    -------
    Contest

    Raises
    ------
    ValueError
        If there is not one key a task.

    Examples
    --------
    >>> from soundreasons.papers.functional_attribution import univariate_task
    >>> task = univariate_task(3, 4, np.random.default_rng(0))
    >>> run = contest([task], [(3, 4)], methods={"gam": attributions["gam"]}, selectors={})
    >>> float(run.table({"gam": 0.18})["accuracy"].iloc[0])
    1.0
    """
    if len(tasks) != len(keys):
        raise ValueError(f"{len(keys)} keys for {len(tasks)} tasks, expected one a task")
    # Timed afresh, since a task keeps its table; then kept, so that no method pays for it.
    seconds = {"conditional means": _timed(lambda: [task.conditional_means(task.points) for task in tasks])}
    _ = [task.means_at_points for task in tasks]
    scores: dict[str, list[Scores]] = {}
    for name, method in methods.items():
        clock = time.process_time()
        scores[name] = [
            method(task, rng=named_rng(seed, name, str(number))) for number, task in enumerate(tasks)
        ]
        seconds[name] = time.process_time() - clock
    for name, selector in selectors.items():
        seconds[name] = _timed(lambda s=selector: [s(task, 0.7) for task in tasks])  # type: ignore[misc]
    return Contest(list(tasks), list(keys), scores, selectors, seconds)


def _timed(step: object) -> float:
    clock = time.process_time()
    step()  # type: ignore[operator]
    return time.process_time() - clock
