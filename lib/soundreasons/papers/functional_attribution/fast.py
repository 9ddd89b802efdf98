"""Sums and products over all subsets at once, where `method` has one subset at a time.

Each is tested equal to its plain form: `hybrid_values` to `MixtureTask.conditional_mean`, `spread_down` and
`product_over_subsets` to loops over subsets. Chapter: functional_attribution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method import subsets

if TYPE_CHECKING:
    from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Floats = NDArray[np.float64]

_CELLS = 4_000_000  # numbers in memory at once, 8 bytes each
_TINY = 1e-250  # below it a ratio of two sums loses digits
_Value = TypeVar("_Value")


def spread_down(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark, beside each marked subset, all its subsets; one pass a feature.

    Parameters
    ----------
    marked : ndarray of bool, shape (n_points, 2**d)
        Not changed.

    Returns
    -------
    ndarray of bool, shape (n_points, 2**d)

    Examples
    --------
    >>> spread_down(np.array([[False, False, True, False]])).astype(int).tolist()
    [[1, 0, 1, 0]]
    """
    spread = marked.copy()
    for view in _halves(spread):
        view[:, :, 0] |= view[:, :, 1]
    return spread


def product_over_subsets(values: Floats) -> Floats:
    """Multiply, for every subset, the values of all its subsets, itself included.

    Parameters
    ----------
    values : ndarray, shape (n_points, 2**d)
        Not changed.

    Returns
    -------
    ndarray, shape (n_points, 2**d)

    Examples
    --------
    >>> product_over_subsets(np.array([[2.0, 3.0, 5.0, 7.0]])).tolist()
    [[2.0, 6.0, 10.0, 210.0]]
    """
    product = values.copy()
    for view in _halves(product):
        view[:, :, 1] *= view[:, :, 0]
    return product


def _halves(table: NDArray[Any]) -> Iterable[NDArray[Any]]:
    """For each feature a view (n_points, high, 2, low): without and with that feature."""
    n_points, n_subsets = table.shape
    for feature in range(n_subsets.bit_length() - 1):
        yield table.reshape(n_points, -1, 2, 1 << feature)


def blocks(n: int, cells_a_row: int, most: int = _CELLS) -> Iterator[slice]:
    """Slices of n rows that keep to a number of cells in memory at once.

    Examples
    --------
    >>> list(blocks(3, cells_a_row=5, most=10))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    step = max(1, most // cells_a_row)
    return (slice(start, start + step) for start in range(0, n, step))


def scaled_floor(task: MixtureTask, log_scale: Floats, variance: float, power: int = 1) -> Floats:
    """A task's floor in units of its scaled weights (or, with `power` 2, of their square)."""
    if not task.floor:
        return np.zeros_like(log_scale)
    log_unit = np.log(len(task)) + task.n_features / 2 * np.log(2 * np.pi * variance)
    with np.errstate(over="ignore"):  # infinitely far away: the value is 0
        return np.asarray(np.exp(np.log(task.floor) + power * log_unit + log_scale))


def hybrid_values(task: MixtureTask, x: Floats, reference: Floats | None = None) -> Floats:
    """Value of a task's function for every subset of known features, at some points.

    Each coordinate is exponentiated once; products over subsets come by doubling, in two halves; one
    batched matrix product sums over the centres. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        Centres, labels, variance and floor.
    x : ndarray, shape (n, n_features)
        Finite.
    reference : ndarray, shape (1, n_features), optional
        What the other features are set to; unless told, they are left out (a conditional mean).

    Returns
    -------
    ndarray, shape (n, 2**n_features)
        Column = bit code of the known features.

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets.
    """
    subsets.members(task.n_features)  # refuses too many features
    half = task.n_features // 2
    values = np.empty((len(x), 1 << task.n_features))
    for rows in blocks(len(x), len(task) << (task.n_features - half)):
        inside = _coordinate_exponents(task, x[rows])
        outside = None if reference is None else _coordinate_exponents(task, reference)
        values[rows] = _mixed(task, inside, outside, half)
    return values


def _coordinate_exponents(task: MixtureTask, x: Floats) -> Floats:
    """Exponents by coordinate, shape (n, n_points, n_features)."""
    difference = x[:, np.newaxis, :] - task.points
    return np.asarray(-(difference**2) / (2 * task.variance))


def _mixed(task: MixtureTask, inside: Floats, outside: Floats | None, half: int) -> Floats:
    """Values of all subsets from exponents of chosen (`inside`) and other coordinates."""
    without = np.zeros_like(inside[:1]) if outside is None else outside
    # Taking the largest out of each coordinate keeps the products from vanishing; it cancels.
    top_in, top_out = inside.max(axis=1, keepdims=True), without.max(axis=1, keepdims=True)
    factor_in, factor_out = np.exp(inside - top_in), np.exp(without - top_out)
    low = _double(factor_in[:, :, :half], factor_out[:, :, :half])
    high = _double(factor_in[:, :, half:], factor_out[:, :, half:]).transpose(0, 2, 1)
    shape = (len(inside), -1)
    total = (high @ low).reshape(shape)
    ones = (high @ (low * task.labels[:, np.newaxis])).reshape(shape)
    lost = np.argwhere(total < _TINY)
    if outside is not None and task.floor:
        chosen = subsets.members(task.n_features).T
        log_scale = -(top_in[:, 0] @ chosen + top_out[:, 0] @ ~chosen)
        total = total + scaled_floor(task, log_scale, task.variance)
        lost = lost[:0]  # the floor decides there
    values = np.divide(ones, total, out=np.zeros_like(ones), where=total > 0)
    for block in blocks(len(lost), len(task) * task.n_features):
        values[tuple(lost[block].T)] = _far_values(task, inside, without, lost[block])
    return values


def _far_values(task: MixtureTask, inside: Floats, without: Floats, places: NDArray[np.int64]) -> Floats:
    """Values so far from all centres that the products vanished, from sums of exponents."""
    row, code = places.T
    chosen = subsets.members(task.n_features)[code][:, np.newaxis, :]
    exponent = np.where(chosen, inside[row], without[np.minimum(row, len(without) - 1)]).sum(axis=2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.asarray(weights @ task.labels / weights.sum(axis=1))


def _double(inside: Floats, outside: Floats) -> Floats:
    """Products over all subsets of the coordinates, shape (n, n_points, 2**n_coordinates)."""
    n, n_points, n_coordinates = inside.shape
    products = np.ones((n, n_points, 1 << n_coordinates))
    for feature in range(n_coordinates):
        width = 1 << feature
        known = products[:, :, :width]
        products[:, :, width : 2 * width] = known * inside[:, :, feature, np.newaxis]
        known *= outside[:, :, feature, np.newaxis]
    return products


def once_per_task(compute: Callable[[MixtureTask], _Value]) -> Callable[[MixtureTask], _Value]:
    """Keep what a function says of a task for as long as the task lives.

    A task never changes, and a level is tried after the other: what does not depend on the level is
    computed once. Chapter: functional_attribution.

    Parameters
    ----------
    compute : callable
        Of a task alone; what it returns must not be written to.

    Returns
    -------
    callable
        The same function, which asks `compute` once a task.

    Examples
    --------
    >>> from soundreasons.papers.functional_attribution import MixtureTask
    >>> asked = []
    >>> count = once_per_task(lambda one: asked.append(one) or len(one))
    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> count(task), count(task), len(asked)
    (2, 2, 1)
    """
    found: WeakKeyDictionary[MixtureTask, _Value] = WeakKeyDictionary()

    @wraps(compute)
    def kept(task: MixtureTask) -> _Value:
        if task not in found:
            found[task] = compute(task)
        return found[task]

    return kept
