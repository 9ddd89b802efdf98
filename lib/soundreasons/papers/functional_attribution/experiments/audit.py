"""Audit an explanation method of one's own on tasks whose answer is known. Chapter: functional_attribution.

Give any callable `explainer(function, point, background) -> scores`, get accuracy, contradictions and a
verdict page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method.attributions import attributions
from soundreasons.papers.functional_attribution.method.decision_rule import select
from soundreasons.papers.functional_attribution.method.scores import is_correct, property_score
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Explainer = Callable[[Function, NDArray[np.float64], NDArray[np.float64]], Any]
YARDSTICKS = ("shapley_conditional", "gam", "gradient")
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
    by_dimension, by_size : Series
        Accuracy by number of features, and by number of features that decide.
    table : DataFrame, one row a level
        `level`, `accuracy`, `property`.
    level : float
        The best level of the table.
    yardsticks : Series
        Accuracy of known methods on the same tasks, each at its own best level; by name.
    n_tasks, n_points : int
        What was asked.
    """

    accuracy: float
    property_score: float
    by_dimension: pd.Series
    by_size: pd.Series
    table: pd.DataFrame
    level: float
    yardsticks: pd.Series
    n_tasks: int
    n_points: int

    def sentence(self) -> str:
        """The verdict in words, as Markdown."""
        return (
            f"**This method {_verdict(self.accuracy)} the features that decide.** Asked at {self.n_points} "
            f"points of {self.n_tasks} tasks, at the level that suits it best ({self.level:.2f}), it names a "
            f"smallest sufficient set at {self.accuracy:.0%} of the points. At {1 - self.property_score:.0%} "
            "it contradicts itself: the set it names is refuted by what it says elsewhere."
        )

    def shares(self) -> pd.Series:
        """Share of right answers: this method's, the yardsticks', and its own by features and by answer."""
        parts = {
            f"{kind} {number} feature{'' if number == 1 else 's'}": share
            for kind, shares in (("tasks of", self.by_dimension), ("answers with", self.by_size))
            for number, share in shares.items()
        }
        return pd.Series({"this method": self.accuracy, **self.yardsticks, **parts}, name="right")

    def page(self) -> str:
        """The verdict as Markdown: the sentence, and the shares as a table."""
        rows = [f"| {name} | {share:.0%} |" for name, share in self.shares().items()]
        return "\n".join([f"{self.sentence()}\n", "| on the same tasks | right |", "|---|---|", *rows, ""])


def _verdict(accuracy: float) -> str:
    if accuracy >= 0.9:
        return "finds"
    return "often finds" if accuracy > 0.5 else "does not find"


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
    >>> from soundreasons.papers.functional_attribution import univariate_task
    >>> rng = np.random.default_rng(0)
    >>> blind = audit(lambda f, x, background: rng.normal(size=len(x)), [univariate_task(6, 8, rng)])
    >>> blind.accuracy < 0.6
    True
    """
    if not tasks:
        raise ValueError("there is no task to audit on; draw some with drawn_tasks, or open published_tasks")
    scores = [_ask(explainer, task) for task in tasks]
    table, right = _at_every_level(scores, tasks, levels)
    best = int(table["accuracy"].argmax())
    found = pd.DataFrame(
        {
            "features": np.repeat([task.n_features for task in tasks], [len(task) for task in tasks]),
            "size": np.concatenate([task.true_sizes for task in tasks]),
            "right": np.concatenate(right[best]),
        }
    )
    return Audit(
        accuracy=float(table["accuracy"].iloc[best]),
        property_score=float(table["property"].iloc[best]),
        by_dimension=found.groupby("features")["right"].mean(),
        by_size=found.groupby("size")["right"].mean(),
        table=table,
        level=float(table["level"].iloc[best]),
        yardsticks=pd.Series({name: _best_accuracy(name, tasks, levels) for name in YARDSTICKS}),
        n_tasks=len(tasks),
        n_points=sum(len(task) for task in tasks),
    )


def _at_every_level(
    scores: Sequence[NDArray[np.float64]], tasks: Sequence[MixtureTask], levels: Sequence[float]
) -> tuple[pd.DataFrame, list[list[NDArray[np.bool_]]]]:
    """Mean accuracy and property score a level, and which points are right, by level and task."""
    rows, right = [], []
    for level in levels:
        found = [select(table, level) for table in scores]
        right.append([is_correct(task, chosen) for task, chosen in zip(tasks, found, strict=True)])
        kept = [property_score(task, chosen) for task, chosen in zip(tasks, found, strict=True)]
        rows.append((level, float(np.mean([r.mean() for r in right[-1]])), float(np.mean(kept))))
    return pd.DataFrame(rows, columns=["level", "accuracy", "property"]), right


def _best_accuracy(name: str, tasks: Sequence[MixtureTask], levels: Sequence[float]) -> float:
    table, _ = _at_every_level([attributions[name](task) for task in tasks], tasks, levels)
    return float(table["accuracy"].max())


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
