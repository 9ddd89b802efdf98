"""Means with the interval that a verdict is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


class Interval(NamedTuple):
    """A mean and the two ends of its interval, all in the unit of the values."""

    mean: float
    low: float
    high: float


def _finite_vector(values: ArrayLike, at_least: int) -> NDArray[np.float64]:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or len(vector) < at_least:
        raise ValueError(f"values have shape {vector.shape}, expected a list of {at_least} or more numbers")
    if not np.isfinite(vector).all():
        raise ValueError(f"{np.sum(~np.isfinite(vector))} of {len(vector)} values are not finite")
    return vector


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Mean over seeds with Student's interval.

    Parameters
    ----------
    values : array-like, shape (n_seeds,), n_seeds at least 2
        One value per seed, finite.
    level : float in (0, 1)
        Share of such intervals that hold the true mean, for independent normal values.

    Returns
    -------
    Interval
        `mean`, `low`, `high`.

    Raises
    ------
    ValueError
        If there are fewer than two values, or one is not finite, or `level` is outside (0, 1).

    Examples
    --------
    >>> [round(v, 2) for v in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48]
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected a share between 0 and 1")
    vector = _finite_vector(values, at_least=2)
    mean = float(vector.mean())
    half = float(stats.t.ppf((1 + level) / 2, len(vector) - 1) * vector.std(ddof=1) / np.sqrt(len(vector)))
    return Interval(mean, mean - half, mean + half)


def bootstrap_interval(
    values: ArrayLike,
    rng: np.random.Generator,
    *,
    statistic: Callable[..., float] = np.mean,
    level: float = 0.95,
    n_resamples: int = 2000,
) -> Interval:
    """Statistic of a sample with its bootstrap interval (percentile).

    Parameters
    ----------
    values : array-like, shape (n,), n at least 2
        One value per unit that was sampled (a query, a clip, a user), finite. For a paired
        comparison pass the differences.
    rng : numpy.random.Generator
        Draws the resamples.
    statistic : callable
        Takes the values and `axis`; the mean unless told.
    level : float in (0, 1)
        Coverage of the interval.
    n_resamples : int, from 1
        Number of resamples.

    Returns
    -------
    Interval
        The statistic of the sample itself, and the ends of the interval.

    Raises
    ------
    ValueError
        If there are fewer than two values, one is not finite, or `level` is outside (0, 1).

    Examples
    --------
    >>> bootstrap_interval([5.0, 5.0, 5.0], np.random.default_rng(0))
    Interval(mean=5.0, low=5.0, high=5.0)
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected a share between 0 and 1")
    vector = _finite_vector(values, at_least=2)
    if np.ptp(vector) == 0:  # scipy warns and answers NaN here
        value = float(statistic(vector, axis=-1))
        return Interval(value, value, value)
    result = stats.bootstrap(
        (vector,),
        statistic,
        n_resamples=n_resamples,
        confidence_level=level,
        method="percentile",
        rng=rng,
        batch=max(1, 4_000_000 // len(vector)),
    )
    low, high = result.confidence_interval
    return Interval(float(statistic(vector, axis=-1)), float(low), float(high))


def paired_differences(first: Sequence[float], second: Sequence[float]) -> NDArray[np.float64]:
    """Difference second - first, seed by seed.

    Raises
    ------
    ValueError
        If the two do not have the same number of values.

    Examples
    --------
    >>> paired_differences([1, 2], [4, 6]).tolist()
    [3.0, 4.0]
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values against {len(second)}: pair them seed by seed")
    return np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
