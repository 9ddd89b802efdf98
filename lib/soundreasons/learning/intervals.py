"""Numbers with the interval that a verdict is judged by: Student's over seeds, the bootstrap over units.

A bootstrap draws the units of a sample (queries, clips, users) again, with replacement, many times over, and
asks how much a statistic moves (Efron and Tibshirani, 1993). What was sampled together is drawn together: the
rows of one group share a draw, both axes of a crossed design are drawn, and two samples stay two.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
# Values gathered at once: 32 MB of them.
_AT_ONCE = 4_000_000


class Interval(NamedTuple):
    """A number and the two ends of its interval, all in the unit of the values; the ends hold the number."""

    mean: float
    low: float
    high: float


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
    _check_level(level)
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"values have shape {vector.shape}, expected a list of 2 or more numbers")
    (vector,) = _units(vector)
    mean = float(vector.mean())
    from scipy import stats  # heavy to import, and whoever reads results needs none of it

    half = float(stats.t.ppf((1 + level) / 2, len(vector) - 1) * vector.std(ddof=1) / np.sqrt(len(vector)))
    return Interval(mean, mean - half, mean + half)


def bootstrap_interval(
    values: ArrayLike | tuple[ArrayLike, ...],
    rng: np.random.Generator,
    *,
    statistic: Callable[..., Any] = np.mean,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 2000,
) -> Interval:
    """Statistic of a sample with its bootstrap interval (percentile).

    Parameters
    ----------
    values : array-like, shape (n, ...), n at least 2; or a tuple of several with the same n
        One row per unit that was sampled (a query, a clip, a user), finite. For a paired comparison pass the
        differences (`paired_differences`); for a ratio of sums pass both, `(sums, sizes)`.
    rng : numpy.random.Generator
        Draws the resamples.
    statistic : callable
        Gets the arrays, as many as `values` has, units along the first axis, and returns a number. If it has
        an argument `axis`, as numpy's have, it gets many resamples at once, shape (n_drawn, n, ...), and
        `axis=1`: a function of numpy is fast. The mean unless told.
    groups : array-like, shape (n,), optional
        Rows with the same label are drawn together or not at all (people with several clips each).
    strata : array-like, shape (n,), optional
        Rows with the same label are a sample of their own: each keeps its number of rows in every resample
        (two groups that are compared). Labels of groups and of strata are not combined.
    level : float in (0, 1)
        Coverage of the interval.
    n_resamples : int, from 1
        Number of resamples.

    Returns
    -------
    Interval
        The statistic of the sample itself, and the ends of the interval. Where rounding, or a statistic that
        a resample moves one way only, would leave it outside, the interval is widened to hold it.

    Raises
    ------
    ValueError
        If there are fewer than two units (or groups), lengths differ, a value is not finite, `level` is
        outside (0, 1), `n_resamples` is below 1, or both groups and strata are given.

    Examples
    --------
    Nothing varies, so nothing moves:

    >>> bootstrap_interval([5.0, 5.0, 5.0], np.random.default_rng(0))
    Interval(mean=5.0, low=5.0, high=5.0)

    Right answers over answers, of two people who gave one and three:

    >>> right, asked = np.array([1.0, 1.5]), np.array([1.0, 3.0])
    >>> def share(right, asked, axis):
    ...     return right.sum(axis) / asked.sum(axis)
    >>> bootstrap_interval((right, asked), np.random.default_rng(0), statistic=share)
    Interval(mean=0.625, low=0.5, high=1.0)
    """
    _check_level(level, n_resamples)
    sample = _units(*(values if isinstance(values, tuple) else (values,)))
    n = len(sample[0])
    if groups is not None and strata is not None:
        raise ValueError("groups and strata are both given; draw groups, or rows within strata, one of them")
    if groups is not None:
        draws = _grouped(_places(groups, n, "groups"), rng, n_resamples)
    elif strata is not None:
        draws = _stratified(_places(strata, n, "strata"), rng, n_resamples)
    else:
        draws = _simple(n, rng, n_resamples, width=sum(each[0].size for each in sample))
    found = np.concatenate([_evaluate(statistic, sample, rows) for rows in draws])
    (value,) = _evaluate(statistic, sample, np.arange(n)[np.newaxis])
    return _percentile(float(value), found, level)


def crossed_bootstrap(
    matrix: ArrayLike, rng: np.random.Generator, *, level: float = 0.95, n_resamples: int = 2000
) -> Interval:
    """Mean of a matrix of two crossed samples (seeds by clips), resampling both.

    Parameters
    ----------
    matrix : array-like, shape (n_rows, n_columns), n_columns at least 2
        One value for each pair, finite; or differences of two such matrices. One row alone is held fixed.
    rng : numpy.random.Generator
        Draws the resamples: of rows, then of columns.
    level : float in (0, 1)
        Coverage of the interval.
    n_resamples : int, from 1
        Number of resamples.

    Returns
    -------
    Interval
        Mean of all values, and the ends of its interval.

    Raises
    ------
    ValueError
        If there are fewer than two columns, a value is not finite, or `level` or `n_resamples` is impossible.

    Examples
    --------
    Two seeds that agree on each of two clips: only the clips vary.

    >>> crossed_bootstrap([[0.0, 1.0], [0.0, 1.0]], np.random.default_rng(0))
    Interval(mean=0.5, low=0.0, high=1.0)
    """
    _check_level(level, n_resamples)
    table = np.asarray(matrix, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2 or not np.isfinite(table).all():
        raise ValueError(
            f"matrix has shape {table.shape}, expected (n_rows, n_columns), 2 columns or more, finite"
        )
    n_rows, n_columns = table.shape
    rows = rng.integers(n_rows, size=(n_resamples, n_rows))
    columns = rng.integers(n_columns, size=(n_resamples, n_columns))
    found = table[rows[:, :, np.newaxis], columns[:, np.newaxis, :]].mean(axis=(1, 2))
    return _percentile(float(table.mean()), found, level)


def column_bootstrap(
    table: ArrayLike, rng: np.random.Generator, *, level: float = 0.95, n_resamples: int = 2000
) -> list[Interval]:
    """Mean of each column of a table whose rows are the units; all columns share the resamples.

    Parameters
    ----------
    table : array-like, shape (n_units, n_columns)
        One row per unit; NaN where a criterion says nothing of a unit, which it then leaves out.
    rng : numpy.random.Generator
        Draws the resamples, as how often each unit occurs in them: fast for many columns.
    level : float in (0, 1)
        Coverage of the intervals.
    n_resamples : int, from 1
        Number of resamples.

    Returns
    -------
    list of Interval, length n_columns
        All NaN for a column that says nothing at all.

    Raises
    ------
    ValueError
        If there is no unit, a value is infinite, or `level` or `n_resamples` is impossible.

    Examples
    --------
    >>> both = column_bootstrap([[1.0, 2.0], [3.0, np.nan]], np.random.default_rng(0))
    >>> [tuple(each) for each in both]
    [(2.0, 1.0, 3.0), (2.0, 2.0, 2.0)]
    """
    _check_level(level, n_resamples)
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or not len(values) or np.isinf(values).any():
        raise ValueError(f"table has shape {values.shape}, expected (n_units, n_columns), finite or NaN")
    says = np.isfinite(values)
    n_units = len(values)
    drawn = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    with np.errstate(invalid="ignore"):  # a draw without any unit of which a criterion tells
        found = (drawn @ np.where(says, values, 0.0)) / (drawn @ says)
    return [
        _percentile(float(values[known, column].mean()), found[:, column], level)
        if known.any()
        else Interval(np.nan, np.nan, np.nan)
        for column, known in enumerate(says.T)
    ]


def paired_differences(first: Sequence[float] | Floats, second: Sequence[float] | Floats) -> Floats:
    """Difference second - first, unit by unit: what to resample where two were measured on the same units.

    Parameters
    ----------
    first, second : sequence of float, shape (n,)
        One value per seed, query or user, in the same order.

    Returns
    -------
    ndarray of float, shape (n,)

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
        raise ValueError(f"{len(first)} values against {len(second)}: pair them unit by unit")
    return np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)


def _check_level(level: float, n_resamples: int = 1) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected a share between 0 and 1")
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}, expected 1 or more")


def _units(*values: ArrayLike) -> tuple[Floats, ...]:
    """Arrays of the same number of units, two or more, all finite."""
    sample = tuple(np.asarray(each, dtype=np.float64) for each in values)
    for each in sample:
        if each.ndim < 1 or len(each) < 2:
            raise ValueError(
                f"values have shape {each.shape}, expected a list of 2 or more numbers (or rows); fewer have "
                "no interval"
            )
        if len(each) != len(sample[0]):
            raise ValueError(f"{len(sample[0])} units against {len(each)}: give all arrays of the same units")
        if not np.isfinite(each).all():
            raise ValueError(f"{np.sum(~np.isfinite(each))} of {each.size} values are not finite")
    return sample


def _places(labels: ArrayLike, n: int, kind: str) -> list[Rows]:
    """Rows of each label, labels in the order in which they first occur."""
    flat = np.asarray(labels)
    if flat.shape != (n,):
        raise ValueError(f"{kind} have shape {flat.shape}, expected one label for each of {n} rows")
    names, first, inverse = np.unique(flat, return_index=True, return_inverse=True)
    order = np.argsort(first)
    if kind == "groups" and len(names) < 2:
        raise ValueError("all rows are of one group, and one group has no interval; expected 2 or more")
    return [np.flatnonzero(inverse == label) for label in order]


def _simple(n: int, rng: np.random.Generator, n_resamples: int, width: int) -> Iterator[Rows]:
    step = max(1, _AT_ONCE // (n * max(1, width)))
    for start in range(0, n_resamples, step):
        yield rng.integers(n, size=(min(step, n_resamples - start), n))


def _grouped(places: list[Rows], rng: np.random.Generator, n_resamples: int) -> Iterator[Rows]:
    drawn = rng.integers(len(places), size=(n_resamples, len(places)))
    for chosen in drawn:
        yield np.concatenate([places[group] for group in chosen])[np.newaxis]


def _stratified(places: list[Rows], rng: np.random.Generator, n_resamples: int) -> Iterator[Rows]:
    for _ in range(n_resamples):
        rows = [own[rng.integers(len(own), size=len(own))] for own in places]
        yield np.concatenate(rows)[np.newaxis]


def _evaluate(statistic: Callable[..., Any], sample: tuple[Floats, ...], rows: Rows) -> Floats:
    """Statistic of each resample: rows of shape (n_drawn, n)."""
    if "axis" in inspect.signature(statistic).parameters:
        return np.asarray(statistic(*(each[rows] for each in sample), axis=1), dtype=np.float64)
    return np.array([statistic(*(each[own] for each in sample)) for own in rows], dtype=np.float64)


def _percentile(value: float, found: Floats, level: float) -> Interval:
    """Ends of the interval; the one place where it is widened to hold the value itself."""
    tail = (1 - level) / 2
    told = found[np.isfinite(found)]
    from scipy import stats

    low, high = (float(stats.quantile(told, share)) for share in (tail, 1 - tail))
    return Interval(value, min(low, value), max(high, value))
