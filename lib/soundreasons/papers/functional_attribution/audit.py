"""Audit an explanation method of one's own on tasks whose answer is known.

Task: give any callable `explainer(function, point, background) -> scores`, get accuracy, contradictions
and a verdict page. Chapter: functional_attribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.scores import is_correct, property_score
from soundreasons.papers.functional_attribution.selection import select
from soundreasons.papers.functional_attribution.tasks import MixtureTask

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Explainer = Callable[[Function, NDArray[np.float64], NDArray[np.float64]], Any]
AUDIT_LEVELS = tuple(np.round(np.arange(0.05, 1.0, 0.05), 2).tolist())


@dataclass(frozen=True)
class Audit:
    """Outcome of an audit, at the level that suits the method best.

    Attributes
    ----------
    accuracy : float
        Share of points whose selection is a smallest sufficient subset; mean over tasks.
    property_score : float
        Share of points that do not contradict a neighbour; mean over tasks.
    by_dimension : Series
        Accuracy by number of features.
    table : DataFrame, one row a level
        `level`, `accuracy`, `property`.
    level : float
        The best level of the table.
    n_tasks, n_points : int
        What was asked.
    """

    accuracy: float
    property_score: float
    by_dimension: pd.Series
    table: pd.DataFrame
    level: float
    n_tasks: int
    n_points: int

    def page(self) -> str:
        """The verdict as Markdown."""
        verdict = "finds" if self.accuracy > 0.5 else "does not find"
        rows = "\n".join(f"| {d} | {share:.2f} |" for d, share in self.by_dimension.items())
        return (
            f"**This method {verdict} the features that decide.** Asked at {self.n_points} points of "
            f"{self.n_tasks} tasks, at the level that suits it best ({self.level:.2f}), it names a smallest "
            f"sufficient set at {self.accuracy:.0%} of the points, and contradicts itself at "
            f"{1 - self.property_score:.0%}.\n\n| features | right |\n|---|---|\n{rows}\n"
        )


def audit(
    explainer: Explainer, tasks: Sequence[MixtureTask], *, levels: Sequence[float] = AUDIT_LEVELS
) -> Audit:
    """Ask an explanation method about functions whose deciding features are known.

    The method gets the true probability, never the truth. Its scores become selections by the rule of
    the paper (`select`) at every level; the best level is reported, in the method's favour. Chapter:
    functional_attribution.

    Parameters
    ----------
    explainer : callable (function, point, background) -> scores
        `function` takes an array (n, n_features) and returns probabilities (n,); `point` has shape
        (n_features,); `background` is the task's points, shape (n_points, n_features). It returns one
        finite number a feature.
    tasks : sequence of MixtureTask
        At least one.
    levels : sequence of float
        To try.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        If there is no task, or the method returns something else than one finite number a feature.

    Examples
    --------
    >>> from soundreasons.papers.functional_attribution.generators import univariate_task
    >>> rng = np.random.default_rng(0)
    >>> blind = audit(lambda f, x, background: rng.normal(size=len(x)), [univariate_task(6, 8, rng)])
    >>> blind.accuracy < 0.6
    True
    """
    if not tasks:
        raise ValueError("there is no task to audit on; draw some with drawn_tasks, or open published_tasks")
    scores = [_ask(explainer, task) for task in tasks]
    rows = []
    for level in levels:
        found = [select(table, level) for table in scores]
        right = [is_correct(task, chosen).mean() for task, chosen in zip(tasks, found, strict=True)]
        kept = [property_score(task, chosen) for task, chosen in zip(tasks, found, strict=True)]
        rows.append((level, float(np.mean(right)), float(np.mean(kept)), right))
    table = pd.DataFrame(rows, columns=["level", "accuracy", "property", "by_task"])
    best = table.loc[table["accuracy"].idxmax()]
    features = pd.Series([task.n_features for task in tasks], name="features")
    return Audit(
        accuracy=float(best["accuracy"]),
        property_score=float(best["property"]),
        by_dimension=pd.Series(best["by_task"]).groupby(features).mean(),
        table=table.drop(columns="by_task"),
        level=float(best["level"]),
        n_tasks=len(tasks),
        n_points=sum(len(task) for task in tasks),
    )


def _ask(explainer: Explainer, task: MixtureTask) -> NDArray[np.float64]:
    scores = np.empty_like(task.points)
    for row, point in enumerate(task.points):
        answer = np.asarray(explainer(task.probability, point.copy(), task.points.copy()), dtype=np.float64)
        if answer.shape != point.shape or not np.isfinite(answer).all():
            raise ValueError(
                f"the method returned {answer.tolist()} for point {row}, expected {len(point)} finite "
                "numbers, one a feature"
            )
        scores[row] = answer
    return scores
