"""One number against a bar: how sure are we that the true value is on this side of it, or on that?

Every test is one-sided. What comes in is a measure with its interval over units (songs, people, queries);
what comes out are two p-values: of "the true value lies outside the good region", small where the sample
shows that it passes, and of "it lies inside", small where the sample shows that it fails.

Student's t serves means of units. Where nothing varied at all, as with 24 hits of 24, it would be sure of
everything; there the exact sign test decides, and for shares of hits the exact binomial.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from soundreasons.learning.intervals import mean_interval
from soundreasons.measures import Measure

LEVEL = 0.05  # one-sided, of every decision
POWER = 0.80  # with which a run should see what it is asked to see
FEWEST = 6  # units of the outermost kind; fewer decide nothing, but by an exact test


class Sample(NamedTuple):
    """A number that was estimated from units: its standard error, degrees of freedom, values if kept."""

    mean: float
    spread: float
    freedom: float
    n_units: int | None
    exact: bool = False
    values: tuple[float, ...] = ()


class Finding(NamedTuple):
    """What a sample says of a region: the p-values of "it is not inside" and of "it is inside".

    `distance` is from the estimate to the nearest end of the region, positive inside; `is_exact` says that
    the p-values are of an exact test, or that nothing in the number is random.
    """

    passes: float
    fails: float
    estimate: float
    distance: float
    spread: float
    n_units: int | None
    is_exact: bool


def sample_of(measure: Measure, n_units: int | None = None) -> Sample | None:
    """Take a measure as a sample of units.

    Parameters
    ----------
    measure : Measure
        From a run: values over seeds, or a mean with its 95 % interval over units.
    n_units : int, optional
        How many units an interval is over, where the measure does not say.

    Returns
    -------
    Sample or None
        None if the measure has no interval: one value tells nothing.

    Examples
    --------
    >>> from soundreasons.measures import measure
    >>> sample_of(measure([1.0, 2.0, 3.0])).freedom
    2.0
    >>> sample_of(measure(2.0)) is None
    True
    """
    if measure.exact:
        return Sample(measure.mean, 0.0, math.inf, None, exact=True)
    values = np.asarray(measure.values)
    if len(values) > 1 and not _has_own_interval(measure):
        spread = float(values.std(ddof=1) / math.sqrt(len(values)))
        return Sample(measure.mean, spread, len(values) - 1.0, len(values), values=tuple(values.tolist()))
    if measure.low is None or measure.high is None:
        return None
    n = measure.n_units or n_units
    # A percentile bootstrap forgets that the mean was estimated too: its spread is too small by this factor.
    small = math.sqrt(n / (n - 1)) if n and n > 1 else 1.0
    spread = (measure.high - measure.low) / (2 * _normal(0.975)) * small
    return Sample(measure.mean, spread, max(1.0, (n or 2) - 1.0), n)


def _has_own_interval(measure: Measure) -> bool:
    """Whether the interval of several values is another than Student's: over units crossed with the seeds."""
    if measure.low is None or measure.high is None:
        return False
    student = mean_interval(measure.values)
    return not np.allclose((student.low, student.high), (measure.low, measure.high), rtol=1e-6, atol=1e-12)


def minus(second: Sample, first: Sample) -> Sample:
    """Second less first: on pairs where both hold one value for each of the same seeds, else by Welch.

    Examples
    --------
    >>> a, b = Sample(1, 0.5, 9, 10), Sample(3, 0.5, 9, 10)
    >>> [round(each, 3) for each in minus(b, a)[:3]]
    [2, 0.707, 18.0]
    """
    return _contrast(second, first, 1.0)


def times_less(numerator: Sample, null: Sample, bar: float) -> Sample:
    """Numerator less `bar` times the null: above 0 where their ratio is above the bar (Fieller, 1954).

    Raises
    ------
    ValueError
        If the null is not above 0: a ratio says nothing then.

    Examples
    --------
    >>> times_less(Sample(6, 0, 1, None, exact=True), Sample(2, 0, 1, None, exact=True), 2.5).mean
    1.0
    """
    if null.mean <= 0:
        raise ValueError(f"the null measures {null.mean:.3g}; a ratio to it needs a null above 0")
    return _contrast(numerator, null, bar)


def _contrast(second: Sample, first: Sample, factor: float) -> Sample:
    mean = second.mean - factor * first.mean
    if second.exact and first.exact:
        return Sample(mean, 0.0, math.inf, None, exact=True)
    if len(first.values) == len(second.values) > 1:
        gaps = np.asarray(second.values) - factor * np.asarray(first.values)
        spread = float(gaps.std(ddof=1) / math.sqrt(len(gaps)))
        return Sample(float(gaps.mean()), spread, len(gaps) - 1.0, len(gaps), values=tuple(gaps.tolist()))
    parts = [(second.spread**2, second), ((factor * first.spread) ** 2, first)]
    total = sum(variance for variance, _ in parts)
    counts = [each.n_units for _, each in parts if not each.exact]
    n_units = None if None in counts else min(each for each in counts if each is not None)
    if not total:
        return Sample(mean, 0.0, 1.0, n_units)
    # Welch and Satterthwaite's degrees of freedom.
    freedom = total**2 / sum(variance**2 / each.freedom for variance, each in parts)
    return Sample(mean, math.sqrt(total), freedom, n_units)


def against(sample: Sample, low: float, high: float) -> Finding:
    """Hold a sample against the region from `low` to `high`, either of which may be infinite.

    Inside two finite ends it must be shown to be above the one and below the other (two one-sided tests).

    Examples
    --------
    Six trainings, all of them near 0.9, against a bar of 0.85:

    >>> from soundreasons.measures import measure
    >>> six = sample_of(measure([0.90, 0.91, 0.89, 0.92, 0.90, 0.91]))
    >>> against(six, 0.85, math.inf).passes < 0.001
    True
    """
    inside = low <= sample.mean <= high
    distance = min(sample.mean - low, high - sample.mean)
    if sample.exact:
        passes, fails = (0.0, 1.0) if inside else (1.0, 0.0)
        return Finding(passes, fails, sample.mean, distance, 0.0, None, is_exact=True)
    above_low, below_low = _sides(sample, low)
    above_high, below_high = _sides(sample, high)
    ends = math.isfinite(low) + math.isfinite(high)
    fails = min(1.0, ends * min(below_low, above_high))
    return Finding(
        max(above_low, below_high), fails, sample.mean, distance, sample.spread, sample.n_units,
        is_exact=not sample.spread,
    )  # fmt: skip


def _sides(sample: Sample, bar: float) -> tuple[float, float]:
    """The p-values of "not above the bar" and "not below the bar"."""
    if math.isinf(bar):
        return (0.0, 1.0) if bar < 0 else (1.0, 0.0)
    if not sample.spread:  # nothing varied: all units lie on one side, and their number is all we know
        sure = 0.5 ** (sample.n_units or 0)
        return (sure if sample.mean > bar else 1.0, sure if sample.mean < bar else 1.0)
    from scipy import stats  # heavy to import, and whoever reads results needs none of it

    above = float(stats.t.sf((sample.mean - bar) / sample.spread, sample.freedom))
    return above, 1.0 - above


def share_against(hits: int, n_units: int, low: float, high: float) -> Finding:
    """Hold a share of hits against a region by the exact binomial test.

    Parameters
    ----------
    hits, n_units : int
        How many of how many.
    low, high : float in [0, 1]
        Ends of the good region; 0 and 1 are no ends.

    Examples
    --------
    All of 24 do not show a share above 0.9, all of 36 do:

    >>> [round(share_against(n, n, 0.9, 1.0).passes, 3) for n in (24, 36)]
    [0.08, 0.023]
    """
    from scipy import stats

    if not 0 <= hits <= n_units or n_units < 1:
        raise ValueError(f"{hits} hits of {n_units} units; expected 0 to that many, of one or more")

    def p(bar: float, side: str) -> float:
        return float(stats.binomtest(hits, n_units, bar, alternative=side).pvalue)

    above_low, below_low = (p(low, "greater"), p(low, "less")) if low > 0 else (0.0, 1.0)
    above_high, below_high = (p(high, "greater"), p(high, "less")) if high < 1 else (1.0, 0.0)
    ends = (low > 0) + (high < 1)
    share = hits / n_units
    return Finding(
        max(above_low, below_high), min(1.0, ends * min(below_low, above_high)), share,
        min(share - low if low > 0 else math.inf, high - share if high < 1 else math.inf),
        math.sqrt(share * (1 - share) / n_units), n_units, is_exact=True,
    )  # fmt: skip


def signs_against(values: ArrayLike, bar: float) -> Finding:
    """Hold paired units against a bar by the sign test: how many lie above it.

    Examples
    --------
    >>> round(signs_against([0.1, 0.3, 0.2, 0.4, 0.1, 0.2], 0.0).passes, 4)
    0.0156
    """
    vector = np.asarray(values, dtype=np.float64)
    apart = vector[vector != bar]
    if not len(apart):
        return Finding(1.0, 1.0, bar, 0.0, 0.0, len(vector), is_exact=True)
    found = share_against(int((apart > bar).sum()), len(apart), 0.5, 1.0)
    return found._replace(
        estimate=float(vector.mean()), distance=float(vector.mean() - bar),
        spread=float(vector.std(ddof=1) / math.sqrt(len(vector))) if len(vector) > 1 else 0.0,
    )  # fmt: skip


def smallest_visible(finding: Finding) -> float:
    """Distance from the bar that a sample of this spread would see, at the level, with power 80 %.

    Examples
    --------
    >>> round(smallest_visible(Finding(0.2, 0.8, 1, 1, 1.0, 30, False)), 2)
    2.49
    """
    return finding.spread * (_normal(1 - LEVEL) + _normal(POWER))


def units_needed(finding: Finding) -> int | None:
    """How many units would decide, with power 80 %, if estimate and spread stay; None if none would.

    Examples
    --------
    >>> units_needed(Finding(0.2, 0.8, 1, 1.0, 1.0, 30, False))
    186
    """
    if finding.n_units is None or not finding.distance or not math.isfinite(finding.distance):
        return None
    if not finding.spread:  # nothing varied: so many that the sign test sees it
        return math.ceil(math.log(LEVEL, 0.5))
    return math.ceil(finding.n_units * (smallest_visible(finding) / finding.distance) ** 2)


def _normal(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
