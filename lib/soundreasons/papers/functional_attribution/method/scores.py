"""How good selections are, with the truth and without. Chapter: functional_attribution.

Accuracy against all smallest sufficient subsets or against the stated ones, and the property score, which
needs no truth. Both are shares of the points of a task, 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask


def is_correct(task: MixtureTask, selections: Any, *, against: str = "truth") -> NDArray[np.bool_]:
    """Whether the selection at each point is right.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        With its truth.
    selections : sequence of sets of int, or ndarray of bool, shape (n_points, n_features)
        What a method answered.
    against : {"truth", "stated"}
        Any smallest sufficient subset (definition 3), or the one that the maker of the task states.

    Returns
    -------
    ndarray of bool, shape (n_points,)

    Raises
    ------
    ValueError
        If there is not one selection a point, a number is no feature, or nothing is stated.

    Examples
    --------
    >>> task = MixtureTask([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    >>> is_correct(task, [{0}, {0, 1}]).tolist()
    [True, False]
    """
    masks = _masks(task, selections)
    if against == "truth":
        return np.asarray(task.minimal[np.arange(len(task)), subsets.codes(masks)])
    if against != "stated" or task.stated is None:
        raise ValueError(f"against is {against!r}, expected 'truth', or 'stated' for a task that states one")
    return np.asarray((masks == task.stated).all(axis=1))


def property_score(task: MixtureTask, selections: Any) -> float:
    """Share of points whose selection does not contradict the selections of points that agree on it.

    Property 5 of the chapter: if the features selected at x suffice, they suffice wherever their values
    are the same, so the selection there must be among them. Points of the same shape count as the same
    when they are nearer than half the spacing (one standard deviation) in city-block distance on the
    selected features. No truth is used. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        Its points and shapes.
    selections : sequence of sets of int, or ndarray of bool, shape (n_points, n_features)
        What a method answered.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If there is not one selection a point, or a number is no feature.

    Examples
    --------
    The second point agrees with the first on feature 0, yet needs more than it:

    >>> task = MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1])
    >>> property_score(task, [{0}, {0, 1}, {0}])
    0.6666666666666666
    """
    return float(keeps_property(task, selections).mean())


def keeps_property(task: MixtureTask, selections: Any) -> NDArray[np.bool_]:
    """Whether each point's selection keeps property 5, shape (n_points,); see `property_score`.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        Its points and shapes.
    selections : sequence of sets of int, or ndarray of bool, shape (n_points, n_features)
        What a method answered.

    Returns
    -------
    ndarray of bool, shape (n_points,)

    Raises
    ------
    ValueError
        As for `property_score`.

    Examples
    --------
    >>> task = MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1])
    >>> keeps_property(task, [{0}, {0, 1}, {0}]).tolist()
    [False, True, True]
    """
    masks = _masks(task, selections)
    distance = np.abs(task.points[:, np.newaxis] - task.points)
    is_near = np.einsum("ijd,id->ij", distance, masks.astype(np.float64)) < np.sqrt(task.variance)
    needs_more = (~masks).astype(np.float64) @ masks.T.astype(np.float64) > 0
    same_shape = task.shapes[:, np.newaxis] == task.shapes
    return np.asarray(~(is_near & needs_more & same_shape).any(axis=1))


def _masks(task: MixtureTask, selections: Any) -> NDArray[np.bool_]:
    if len(selections) != len(task):
        raise ValueError(f"{len(selections)} selections for {len(task)} points, expected one a point")
    return subsets.as_masks(selections, task.n_features)
