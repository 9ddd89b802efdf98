"""What a task must be made of, checked at the door. Chapter: functional_attribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"points have shape {array.shape}, expected (n_points, n_features) with at least one of each"
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{len(bad)} of {len(array)} points have NaN or infinite coordinates, "
            f"the first is point {bad[0]}; drop or fill them first"
        )
    return array


def checked_labels(labels: ArrayLike, n_points: int) -> NDArray[np.float64]:
    array = np.asarray(labels, dtype=np.float64)
    if array.shape != (n_points,):
        raise ValueError(f"labels have shape {array.shape}, expected one a point: ({n_points},)")
    strange = array[~np.isin(array, (0, 1))]
    if len(strange):
        raise ValueError(f"a label is {strange[0]}, allowed are 0 and 1")
    if np.ptp(array) == 0:
        raise ValueError(
            f"all {n_points} labels are {array[0]:g}; a task needs both classes, "
            "or there is nothing to explain"
        )
    return array


def checked_shapes(shapes: Any, n_points: int) -> NDArray[np.int64]:
    if shapes is None:
        return np.zeros(n_points, np.int64)
    array = np.asarray(shapes)
    if array.shape != (n_points,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"shapes are {array.dtype} of shape {array.shape}, expected one whole number a point: "
            f"({n_points},)"
        )
    return array.astype(np.int64)


def check_contradictions(points: NDArray[np.float64], labels: NDArray[np.float64]) -> None:
    distinct, number = np.unique(points, axis=0, return_inverse=True)
    number = number.reshape(-1)
    low = np.ones(len(distinct))
    high = np.zeros(len(distinct))
    np.minimum.at(low, number, labels)
    np.maximum.at(high, number, labels)
    if (low != high).any():
        pair = np.flatnonzero(number == np.argmax(low != high))
        raise ValueError(
            f"points {pair.tolist()} are equal and have both labels: no set of features can decide between "
            "them; drop one side, or use a relaxed selection"
        )
