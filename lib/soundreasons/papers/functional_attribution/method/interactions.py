"""Extension, not in the paper: selections from Shapley interactions. Chapter: functional_attribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.fast import once_per_task
from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.subset_methods import (
    BestBySize,
    best_by_size,
    check_level,
)
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask


def shapley_interactions(task: MixtureTask) -> NDArray[np.float64]:
    r"""Extension, not in the paper: Shapley interaction index of every subset, shape (n_points, 2**d).

    Grabisch and Roubens (1999): :math:`\sum_{T\supseteq I} m(T)/(|T|-|I|+1)` of the Moebius transform m of
    the conditional means; of a single feature it is the Shapley value.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.

    Returns
    -------
    ndarray, shape (n_points, 2**n_features)
        Column = bit code of the subset.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    Of two features that decide only together, the pair stands out:

    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> shapley_interactions(xor)[0, 1:].round(3).tolist()
    [-0.25, -0.25, -0.5]
    """
    d = task.n_features
    moebius = task.means_at_points.copy()
    for feature in range(d):
        view = moebius.reshape(len(task), -1, 2, 1 << feature)
        view[:, :, 1] -= view[:, :, 0]
    size, table = subsets.sizes(d), subsets.members(d)
    index = np.empty_like(moebius)
    for code in range(1 << d):
        above = np.flatnonzero(table[:, table[code]].all(axis=1))
        index[:, code] = moebius[:, above] @ (1 / (size[above] - size[code] + 1))
    return index


@once_per_task
def _interaction_by_size(task: MixtureTask) -> BestBySize:
    return best_by_size(task, np.abs(shapley_interactions(task)))


def strongest_interaction(task: MixtureTask, level: float) -> NDArray[np.bool_]:
    """Extension: smallest subset whose Shapley interaction reaches a share of the largest.

    Reaches, not exceeds: the largest itself must qualify at every level, so that the level 1 asks for
    the strongest interaction and nothing less. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    level : float
        Share of the largest absolute index over subsets of up to five features to reach, 0 to 1.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the level is outside 0 to 1.

    Examples
    --------
    With two features that decide only together, the pair has the strongest interaction:

    >>> task = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> strongest_interaction(task, 1.0).all()
    np.True_
    """
    check_level(level)
    best, code = _interaction_by_size(task)
    enough = best >= level * best.max(axis=1, keepdims=True)
    chosen = np.take_along_axis(code, enough.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    return subsets.members(task.n_features)[chosen]
