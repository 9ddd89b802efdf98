"""Verdicts: the claims of a ledger, judged by what a run measured.

A claim has checks, each one rule on measures of the run; a claim is reproduced when every check
that could be made holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from soundreasons.learning.intervals import paired_differences
from soundreasons.ledger import (
    AtLeast,
    AtMost,
    Check,
    Claim,
    Exact,
    Illustration,
    Ledger,
    Ordering,
    RatioToNull,
    Within,
)
from soundreasons.measures import Measure, measure, number

Verdict = Literal["reproduced", "contradicted", "inconclusive", "not tested", "illustration"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """Outcome of one check: its verdict, the rule in words, and what was measured."""

    rule: str
    verdict: Verdict
    shown: str
    data: str = ""


class Judgement(_Strict):
    """Outcome of one claim."""

    verdict: Verdict
    reason: str
    parts: list[Part] = Field(default_factory=list)


def _position(low: float, high: float, good_low: float, good_high: float) -> Verdict:
    """Where an interval lies against the good region."""
    if good_low <= low and high <= good_high:
        return "reproduced"
    return "contradicted" if high < good_low or low > good_high else "inconclusive"


def _judge_measure(result: Measure, good_low: float, good_high: float) -> Verdict:
    if result.low is None or result.high is None:
        return "inconclusive"
    return _position(result.low, result.high, good_low, good_high)


def difference(first: Measure, second: Measure) -> Measure:
    """Second minus first: paired by seed where both have the same seeds, else from the intervals' ends.

    Examples
    --------
    >>> difference(measure([1.0, 2.0]), measure([2.0, 3.5])).mean
    1.25
    """
    if len(first.values) == len(second.values) > 1 and not (first.exact and second.exact):
        return measure(paired_differences(first.values, second.values).tolist())
    return _combine(first, second, lambda a, b: b - a)


def ratio(numerator: Measure, null: Measure) -> Measure:
    """Measure over null: paired by seed where both have the same seeds, else from the intervals' ends.

    Raises
    ------
    ValueError
        If the null is not positive: a ratio says nothing then.
    """
    paired = len(numerator.values) == len(null.values) > 1 and not (numerator.exact and null.exact)
    if min(null.values) <= 0 or (not paired and null.low is not None and null.low <= 0):
        raise ValueError(f"the null measures {null.text()}; a ratio to it needs a null above 0")
    if paired:
        return measure((np.asarray(numerator.values) / np.asarray(null.values)).tolist())
    return _combine(null, numerator, lambda a, b: b / a)


def _combine(first: Measure, second: Measure, of: Callable[[float, float], float]) -> Measure:
    """A function that falls with `first` and rises with `second`: its value, and its ends from theirs."""
    value = of(first.mean, second.mean)
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return measure(value)
    low, high = of(first.high, second.low), of(first.low, second.high)
    # With a negative numerator a ratio's ends swap places; rounding may put the value just outside.
    return measure(value, interval=(min(low, high, value), max(low, high, value)))


def _judge_bar(check: AtLeast | AtMost, found: Mapping[str, Measure], _: Claim) -> Part:
    result = found[check.measure]
    least = isinstance(check, AtLeast)
    good = (check.bar, np.inf) if least else (-np.inf, check.bar)
    words = f"{check.measure} at {'least' if least else 'most'} {number(check.bar)}"
    return Part(rule=words, verdict=_judge_measure(result, *good), shown=result.text())


def _judge_within(check: Within, found: Mapping[str, Measure], _: Claim) -> Part:
    result = found[check.measure]
    words = f"{check.measure} between {number(check.low)} and {number(check.high)}"
    return Part(rule=words, verdict=_judge_measure(result, check.low, check.high), shown=result.text())


def _judge_ordering(check: Ordering, found: Mapping[str, Measure], _: Claim) -> Part:
    steps = [difference(found[first], found[second]) for first, second in itertools.pairwise(check.measures)]
    # A step must be strictly above the gap: the smallest float above it is the good region's end.
    verdicts = [_judge_measure(step, float(np.nextafter(check.gap, np.inf)), np.inf) for step in steps]
    words = " < ".join(check.measures) + (f", each by more than {number(check.gap)}" if check.gap else "")
    return Part(
        rule=words, verdict=_all_of(verdicts), shown=" < ".join(found[m].text() for m in check.measures)
    )


def _judge_ratio(check: RatioToNull, found: Mapping[str, Measure], _: Claim) -> Part:
    if check.at_most is not None:
        good, bar = (-np.inf, check.at_most), f"at most {number(check.at_most)}"
    else:
        assert check.at_least is not None  # the schema asks for one of them
        good, bar = (check.at_least, np.inf), f"at least {number(check.at_least)}"
    words = f"{check.measure} over {check.over} {bar}"
    try:
        result = ratio(found[check.measure], found[check.over])
    except ValueError as error:  # a run that was made very small: its other claims can still be judged
        return Part(rule=words, verdict="not tested", shown=str(error))
    return Part(rule=words, verdict=_judge_measure(result, *good), shown=result.text())


def _judge_exact(check: Exact, found: Mapping[str, Measure], claim: Claim) -> Part:
    result = found[check.measure]
    expected = check.value
    if expected is None:
        expected = next(value.number for value in claim.reported if value.id == check.reported)
    holds = all(abs(value - expected) <= check.tolerance for value in result.values)
    within = f" within {number(check.tolerance)}" if check.tolerance else ""
    words = f"{check.measure} equals {number(expected)}{within}"
    return Part(rule=words, verdict="reproduced" if holds else "contradicted", shown=result.text())


def _judge_illustration(check: Illustration, found: Mapping[str, Measure], _: Claim) -> Part:
    shown = "; ".join(f"{name} {found[name].text()}" for name in check.measures)
    return Part(rule=f"shown, not counted: {check.reason}", verdict="illustration", shown=shown)


_JUDGES: dict[str, Any] = {
    "at_least": _judge_bar,
    "at_most": _judge_bar,
    "interval": _judge_within,
    "ordering": _judge_ordering,
    "ratio_to_null": _judge_ratio,
    "exact": _judge_exact,
    "illustration": _judge_illustration,
}


def measures_of(check: Check) -> list[str]:
    """Names of the measures that a check reads.

    Examples
    --------
    >>> measures_of(AtLeast(rule="at_least", measure="accuracy", bar=0.9))
    ['accuracy']
    """
    if isinstance(check, Ordering | Illustration):
        return check.measures
    return [check.measure, check.over] if isinstance(check, RatioToNull) else [check.measure]


def _judge_check(check: Check, claim: Claim, found: Mapping[str, Measure], absent: set[str]) -> Part:
    """One check; data that is not here, or a measure that the run did not take, leaves it not tested."""
    data = ", ".join(check.needs)
    missing_data = [name for name in check.needs if name in absent]
    missing = [name for name in measures_of(check) if name not in found]
    if missing_data or missing:
        what = (
            f"data not here: {', '.join(missing_data)}"
            if missing_data
            else f"not measured: {', '.join(missing)}"
        )
        return Part(rule=" / ".join(measures_of(check)), verdict="not tested", shown=what, data=data)
    part: Part = _JUDGES[check.rule](check, found, claim)
    return part.model_copy(update={"data": data})


def _all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """One contradiction contradicts; one doubt leaves a doubt; what could not be tested is left out."""
    for verdict in ("contradicted", "inconclusive", "reproduced", "illustration"):
        if verdict in verdicts:
            return verdict
    return "not tested"


def judge(
    claim: Claim, found: Mapping[str, Measure], *, profile: str, absent: Sequence[str] = ()
) -> Judgement:
    """Judge one claim by what a run measured.

    Parameters
    ----------
    claim : Claim
        From the ledger.
    found : mapping of name to Measure
        What the run measured.
    profile : str
        A smoke run never gives a verdict.
    absent : sequence of str
        Data sets that no source on the machine of the run supplied.

    Returns
    -------
    Judgement
        Verdict, reason in words, and the outcome of each check.
    """
    if claim.not_tested:
        return Judgement(verdict="not tested", reason=claim.not_tested)
    if profile == "smoke":
        return Judgement(verdict="not tested", reason="a smoke run gives no verdict")
    if profile not in claim.profiles:
        return Judgement(verdict="not tested", reason=f"needs the {' or '.join(claim.profiles)} profile")
    lacking = [name for name in claim.needs if name in absent]
    if lacking:
        return Judgement(verdict="not tested", reason=f"needs data that is not here: {', '.join(lacking)}")
    parts = [_judge_check(check, claim, found, set(absent)) for check in claim.expanded()]
    return Judgement(verdict=_all_of([part.verdict for part in parts]), reason=_reason(parts), parts=parts)


_OUTCOMES: dict[Verdict, tuple[str, str]] = {
    "reproduced": ("holds", "hold"),
    "contradicted": ("fails", "fail"),
    "inconclusive": ("undecided", "undecided"),
    "not tested": ("not tested", "not tested"),
    "illustration": ("shown only", "shown only"),
}


def _reason(parts: Sequence[Part]) -> str:
    """How many checks came out how."""
    counts = {verdict: sum(part.verdict == verdict for part in parts) for verdict in _OUTCOMES}
    if len(parts) == 1:
        return f"one check: {_OUTCOMES[parts[0].verdict][0]}"
    told = [f"{n} {_OUTCOMES[verdict][n > 1]}" for verdict, n in counts.items() if n]
    return f"{len(parts)} checks: {', '.join(told)}"


def judge_all(
    ledger: Ledger, found: Mapping[str, Measure], *, profile: str, absent: Sequence[str] = ()
) -> dict[str, Judgement]:
    """Judge every claim of a ledger; see `judge`."""
    return {claim.id: judge(claim, found, profile=profile, absent=absent) for claim in ledger.claims}


def data_named(ledger: Ledger) -> set[str]:
    """Data sets that the checks of a ledger need."""
    needs = {name for claim in ledger.claims for name in claim.needs}
    return needs | {name for claim in ledger.claims for check in claim.expanded() for name in check.needs}
