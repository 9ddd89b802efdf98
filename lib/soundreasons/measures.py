"""A measured number: its values over seeds, its mean and its interval."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from soundreasons.learning.intervals import bootstrap_interval, mean_interval

_OF_UNITS = ("over", "n_units")


class Measure(BaseModel):
    """What a run measured under one name.

    `values` has one entry per seed (one entry where there is no seed in it); `low` and `high`
    are None where one seed alone cannot tell; `exact` says that there is no randomness in it. Where
    units were sampled (tracks, users), `over` says which and `n_units` how many: `values` is then
    their mean alone, and the interval is over them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: list[float]
    mean: float
    low: float | None
    high: float | None
    unit: str = ""
    exact: bool = False
    over: str | None = None
    n_units: int | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As a record without units always was."""
        fields: dict[str, Any] = serialized(self)
        return {name: value for name, value in fields.items() if name not in _OF_UNITS or value is not None}

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


def sampled(values: ArrayLike, over: str, rng: np.random.Generator, *, unit: str = "") -> Measure:
    """Build a measure from one value a sampled unit: their mean, with its bootstrap interval.

    Parameters
    ----------
    values : array-like, shape (n_units,), n_units at least 2
        One finite value a unit. Each unit must be drawn apart from the others: for several clips of one
        person give the person's mean.
    over : str
        What the units are, in the plural: "tracks".
    rng : numpy.random.Generator
        Draws the resamples.
    unit : str
        Unit of the values, for the page.

    Returns
    -------
    Measure

    Raises
    ------
    ValueError
        If `over` is no word, there are fewer than two values, or one is not finite.

    Examples
    --------
    >>> kept = sampled([0.0, 1.0, 1.0, 0.0], "tracks", np.random.default_rng(0))
    >>> kept.mean, kept.n_units, kept.over
    (0.5, 4, 'tracks')
    """
    if not over.strip():
        raise ValueError("over is empty, expected what the values are of, such as 'tracks'")
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"values have shape {vector.shape}, expected one value for each of the {over}")
    mean, low, high = bootstrap_interval(vector, rng)
    return Measure(values=[mean], mean=mean, low=low, high=high, unit=unit, over=over, n_units=len(vector))


def label(text: object) -> str:
    """A label of a table as a part of a measure's name.

    Lower case, without accents; everything but letters and digits becomes an underscore, one for several,
    none at the ends; the parts of a label of several levels are joined by dots.

    Raises
    ------
    ValueError
        If nothing is left of it.

    Examples
    --------
    >>> [label(text) for text in ("NDCG@10", "Björk", 0.5, ("Meso 4", "raw"))]
    ['ndcg_10', 'bjork', '0_5', 'meso_4.raw']
    """
    if isinstance(text, tuple):
        return ".".join(map(label, text))
    letters = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    if not name:
        raise ValueError(
            f"the label {text!r} has no letter or digit of ASCII to name a measure with; rename it"
        )
    return name


def named_cells(frame: Any, pattern: str, *, missing_ok: bool = False) -> dict[str, Any]:
    """Cells of a frame or a series, by the names that a pattern makes of their labels.

    Parameters
    ----------
    frame : DataFrame or Series
        Of numbers, or of lists with one number per seed.
    pattern : str
        A name with ``{row}``, and for a frame ``{column}`` in it, in which `label` puts the cell's labels.
    missing_ok : bool
        Leave cells out that are NaN or None.

    Raises
    ------
    ValueError
        If the pattern names something else, two cells get one name, or a cell is missing and may not be.

    Examples
    --------
    >>> import pandas as pd
    >>> named_cells(pd.Series({"Meso-4": 0.5, "Xception": 0.75}), "auc.{row}")
    {'auc.meso_4': 0.5, 'auc.xception': 0.75}
    """
    places = {"row", "column"} if frame.ndim == 2 else {"row"}
    asked = re.findall(r"\{(.*?)\}", pattern)
    if not asked or not set(asked) <= places:
        raise ValueError(
            f"pattern is {pattern!r}, expected a name with {' and '.join(sorted(places))} in braces"
        )
    found: dict[str, Any] = {}
    origins: dict[str, Mapping[str, object]] = {}
    for labels, cell in _cells(frame):
        name = pattern.format(**{place: label(labels[place]) for place in asked})
        if name in origins:
            raise ValueError(
                f"{name} would be the name of two cells: {origins[name]} and {labels}; rename one"
            )
        origins[name] = labels
        if not _is_missing(cell):
            found[name] = cell
        elif not missing_ok:
            raise ValueError(
                f"the cell of {name} is missing; leave it out of the table, or pass missing_ok=True"
            )
    if not found:
        raise ValueError(f"there is no cell to measure for {pattern!r}")
    return found


def _cells(frame: Any) -> list[tuple[dict[str, object], Any]]:
    if frame.ndim == 1:
        return [({"row": row}, cell) for row, cell in frame.items()]
    columns = [(column, frame.iloc[:, place]) for place, column in enumerate(frame.columns)]
    return [
        ({"row": row, "column": column}, cell) for column, series in columns for row, cell in series.items()
    ]


def _is_missing(cell: Any) -> bool:
    return (
        cell is None
        or (isinstance(cell, float | np.floating) and bool(np.isnan(cell)))
        or str(cell) == "<NA>"
    )
