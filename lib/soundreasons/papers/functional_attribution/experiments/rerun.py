"""Our methods on the very tasks on which the authors' code was rerun, beside what that gave. Chapter:
functional_attribution.

One table a kind of experiment, shares 0 to 1.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.data.published import (
    DIMENSIONS,
    published_levels,
    rerun_table,
)
from soundreasons.papers.functional_attribution.data.task_sets import task_set
from soundreasons.papers.functional_attribution.experiments.contest import contest
from soundreasons.papers.functional_attribution.method.attributions import attributions
from soundreasons.papers.functional_attribution.method.subset_methods import EXACT_SELECTORS
from soundreasons.papers.functional_attribution.method.subsets import shapley_weights
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Scores = NDArray[np.float64]


def shapley_mean_point_as_published(task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
    """The same with two slips of the paper's scripts, to show what they do; not for use.

    Up to seven features the empty coalition is left out of the sum, so that the terms of single
    features are lost; from eight on, 128 random orders are walked with a memory that files the value
    *without* a feature under the coalition *with* it. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Draws the orders; a generator of seed 0 unless given.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    values = task.hybrid_probabilities(task.points, task.points.mean(axis=0))
    d = task.n_features
    if d <= 7:
        first = values[:, 1 << np.arange(d)] - values[:, :1]
        return np.asarray(values @ shapley_weights(d) - first / d)
    return _sampled_with_wrong_memory(values, np.random.default_rng(0 if rng is None else rng), n_orders=128)


def _sampled_with_wrong_memory(values: Scores, rng: np.random.Generator, n_orders: int) -> Scores:
    n_points, d = len(values), values.shape[1].bit_length() - 1
    scores = np.zeros((n_points, d))
    memory: dict[int, Scores] = {}
    for _ in range(n_orders):
        without = 0
        for feature in rng.permutation(d):
            with_it = without | 1 << int(feature)
            before = memory.setdefault(without, values[:, without])
            known = memory.get(with_it)
            scores[:, feature] += (values[:, with_it] if known is None else known) - before
            memory.setdefault(with_it, before)
            without = with_it
    return scores / n_orders


SAMPLED = ("lime_categorical", "lime_continuous", "expected_gradients", "shapley_mean_point")
"""Methods that draw at random (the last from eight features on): no two runs agree to the digit."""
# The target has the slips of the original, so ours has them here and nowhere else.
_AS_PUBLISHED = MappingProxyType({**attributions, "shapley_mean_point": shapley_mean_point_as_published})
_PER_DIMENSION = {"univariate": 4, "multivariate": 10}
_LAST_OF_SCORES = 50  # per-feature methods, eleven features: the rerun was stopped there


def rerun(kind: str, *, seed: int = 0) -> pd.DataFrame:
    """Score the methods on the tasks of the rerun, against the stated selections as it did.

    Chapter: functional_attribution.

    Parameters
    ----------
    kind : {"univariate", "multivariate"}
        Univariate: numbers 25, 50, 75 and 100 of each dimension; multivariate: 10, 20, ..., 100, for
        per-feature methods of eleven features up to 50.
    seed : int
        Of the methods that sample.

    Returns
    -------
    DataFrame, one row a method of the rerun
        `accuracy` and `star` (univariate) or `property` (multivariate), with `_theirs` their value and
        `_half` the half-width of its 95 % interval over tasks; `sampled`, whether the method draws at
        random.

    Raises
    ------
    ValueError
        If there is no such kind.
    DataUnavailable
        If the paper's tasks are not here.
    """
    if kind not in _PER_DIMENSION:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(_PER_DIMENSION)}")
    other = "star" if kind == "univariate" else "property"
    theirs = rerun_table(kind)
    tasks, keys = task_set("published", kind, DIMENSIONS, _PER_DIMENSION[kind])
    ours = contest(tasks, keys, seed=seed, methods=_AS_PUBLISHED).table(published_levels())
    if kind == "multivariate":
        ours = ours[_was_run(ours)]
    means = ours.groupby("method")[["stated", other]].mean().loc[theirs.index]
    columns = {
        name: series
        for what, column in (("accuracy", "stated"), (other, other))
        for name, series in (
            (what, means[column]),
            (f"{what}_theirs", theirs[what]),
            (f"{what}_half", theirs[f"{what}_half"]),
        )
    }
    return pd.DataFrame(columns).assign(sampled=theirs.index.isin(SAMPLED))


def _was_run(table: pd.DataFrame) -> pd.Series:
    is_early = (table["features"] < max(DIMENSIONS)) | (table["difficulty"] <= _LAST_OF_SCORES)
    return is_early | table["method"].isin(EXACT_SELECTORS)
