"""A measured number: its values over seeds, its mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from soundreasons.learning.intervals import mean_interval


class Measure(BaseModel):
    """What a run measured under one name.

    `values` has one entry per seed (one entry where there is no seed in it); `low` and `high`
    are None where one seed alone cannot tell; `exact` says that there is no randomness in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: list[float]
    mean: float
    low: float | None
    high: float | None
    unit: str = ""
    exact: bool = False

    @property
    def has_interval(self) -> bool:
        """Whether a verdict can rest on it."""
        return self.low is not None and self.high is not None

    def text(self) -> str:
        """The number as a page shows it, with its unit and interval.

        Examples
        --------
        >>> measure([0.5, 0.7], unit="%").text()
        '0.600 % (-0.671 to 1.87)'
        """
        unit = f" {self.unit}" if self.unit else ""
        if self.exact or self.low is None or self.high is None:
            return number(self.mean) + unit
        return f"{number(self.mean)}{unit} ({number(self.low)} to {number(self.high)})"


def number(value: float) -> str:
    """Three significant digits; whole numbers whole, with thin grouping.

    Examples
    --------
    >>> [number(v) for v in (3799894, 0.03612, 12.345, 0.0)]
    ['3,799,894', '0.0361', '12.3', '0']
    """
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def measure(
    values: float | Sequence[float],
    *,
    unit: str = "",
    exact: bool = False,
    interval: tuple[float, float] | None = None,
) -> Measure:
    """Build a measure, with Student's interval over seeds where there are two or more.

    Parameters
    ----------
    values : float or sequence of float, finite
        One value per seed, or one value.
    unit : str
        Unit, for the page.
    exact : bool
        No randomness in it: every seed gives this value. Several values must then be equal.
    interval : (float, float), optional
        Ends of an interval that comes from elsewhere (a bootstrap).

    Raises
    ------
    ValueError
        If there is no value, one is not finite, the ends of the interval are the wrong way round
        or do not hold the mean, or values called exact differ.

    Examples
    --------
    >>> measure(3, exact=True).low
    3.0
    """
    vector = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if vector.ndim != 1 or vector.size == 0 or not np.isfinite(vector).all():
        raise ValueError(f"a measure needs finite numbers, one per seed, got {values!r}")
    if exact and np.ptp(vector) > 0:
        raise ValueError(f"called exact, but its values differ: {vector.tolist()}")
    mean = float(vector.mean())
    low: float | None
    high: float | None
    if interval is not None:
        low, high = (float(end) for end in interval)
        if not low <= mean <= high:
            raise ValueError(f"interval {low} to {high} does not hold the mean {mean}")
    elif exact:
        low = high = mean
    elif len(vector) > 1:
        _, low, high = mean_interval(vector)
    else:
        low = high = None
    return Measure(values=vector.tolist(), mean=mean, low=low, high=high, unit=unit, exact=exact)
