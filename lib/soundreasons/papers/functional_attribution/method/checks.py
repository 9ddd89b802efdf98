"""What a task must be made of, checked at the door. Chapter: functional_attribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_points(points: ArrayLike) -> NDArray[np.float64]:
    """Centres of a task as a table of finite numbers. Chapter: functional_attribution.

    Parameters
    ----------
    points : array-like
        What was given as centres.

    Returns
    -------
    ndarray of float, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If there is no point or no feature, or a coordinate is not finite.

    Examples
    --------
    >>> checked_points([[0, 1]]).tolist()
    [[0.0, 1.0]]
    """
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
    """Labels of a task, 0 or 1, both present. Chapter: functional_attribution.

    Parameters
    ----------
    labels : array-like
        What was given as labels.
    n_points : int
        How many there must be.

    Returns
    -------
    ndarray of float, shape (n_points,)

    Raises
    ------
    ValueError
        If there is not one a point, one is not 0 or 1, or all are equal.

    Examples
    --------
    >>> checked_labels([0, 1], 2).tolist()
    [0.0, 1.0]
    """
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
    """Numbers of the shapes that the points belong to. Chapter: functional_attribution.

    Parameters
    ----------
    shapes : array-like of int, or None
        What was given as numbers of shapes.
    n_points : int
        How many there must be.

    Returns
    -------
    ndarray of int, shape (n_points,)
        All 0 unless given.

    Raises
    ------
    ValueError
        If there is not one whole number a point.

    Examples
    --------
    >>> checked_shapes(None, 2).tolist()
    [0, 0]
    """
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
    """Refuse equal points of different labels: no set of features can decide between them.

    Chapter: functional_attribution.

    Parameters
    ----------
    points : ndarray, shape (n_points, n_features)
        Centres.
    labels : ndarray, shape (n_points,)
        0 or 1.

    Raises
    ------
    ValueError
        If two equal points have different labels.

    Examples
    --------
    >>> check_contradictions(np.array([[0.0], [0.0]]), np.array([1.0, 1.0]))
    """
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
