"""Outcomes: the claims of a ledger, judged by what a run measured.

A claim has one family of checks for each kind of evidence that could decide it. The closest kind whose data
are here, and whose checks rest on enough units, decides; a stand-in never overrules the authors' own files.
An outcome therefore has two sides: what came out, and how close to the paper the evidence was.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from soundreasons.evidence import families, findings
from soundreasons.evidence.families import Member, Outcome, Together
from soundreasons.evidence.findings import Finding, Sample
from soundreasons.ledger import (
    AtLeast,
    AtMost,
    Check,
    Claim,
    Exact,
    Family,
    Illustration,
    Ledger,
    Ordering,
    RatioToNull,
    Tier,
    Within,
)
from soundreasons.measures import Measure, number

OUTCOMES: tuple[Outcome, ...] = (
    "supported", "partly supported", "not supported", "undecided", "not tested",
)  # fmt: skip
# Trainings differ in more than their seed can tell; so many are asked for where they are the unit.
FEWEST_OF = {"trainings": 12}
# Student's interval holds the truth in 93 % of the draws from so many units on, by how their values lie.
FEWEST_BY_SHAPE = {"symmetric": findings.FEWEST, "bounded": 30, "skewed": 100}
# How an outcome against a claim is worded where the evidence is not the paper's own.
_ELSEWHERE = {"other data": "on other data", "stand-in": "on a stand-in", "simulation": "in simulation"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """One check as it came out: its rule in words, what was measured on how many units, its two p-values."""

    rule: str
    outcome: Outcome
    shown: str
    tier: Tier
    data: str = ""
    n_units: int | None = None
    passes: float | None = None
    fails: float | None = None
    is_control: bool = False


class Judgement(_Strict):
    """Outcome of one claim: what came out, how close the evidence was, and what decided."""

    outcome: Outcome
    reason: str
    tier: Tier | None = None
    n_passing: int = 0
    n_checks: int = 0
    decisive: str = ""
    is_favoured: bool = False
    parts: list[Part] = Field(default_factory=list)

    @property
    def words(self) -> str:
        """The outcome as a page words it.

        Examples
        --------
        >>> Judgement(outcome="partly supported", reason="", n_passing=3, n_checks=7).words
        'partly supported (3 of 7)'
        >>> Judgement(outcome="not supported", reason="", tier="stand-in").words
        'not seen on a stand-in'
        """
        if self.outcome == "partly supported":
            return f"partly supported ({self.n_passing} of {self.n_checks})"
        if self.outcome == "not supported" and self.tier in _ELSEWHERE:
            return f"not seen {_ELSEWHERE[self.tier]}"
        return self.outcome


class _Made(_Strict):
    """One check that was made, or why it could not be."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    rule: str
    shown: str
    finding: Finding | None


def _bar(check: AtLeast | AtMost, found: Mapping[str, Measure], _: Claim) -> _Made:
    result = found[check.measure]
    low, high = (check.bar, math.inf) if isinstance(check, AtLeast) else (-math.inf, check.bar)
    words = f"{check.measure} at {'least' if isinstance(check, AtLeast) else 'most'} {number(check.bar)}"
    if check.test == "signs":
        finding = findings.signs_against(result.values, check.bar)
        if isinstance(check, AtMost):
            finding = finding._replace(passes=finding.fails, fails=finding.passes, distance=-finding.distance)
        return _Made(rule=f"{words}, by signs", shown=result.text(), finding=finding)
    if check.test == "binomial":
        return _Made(rule=f"{words}, of hits", shown=result.text(), finding=_hits(check, result, low, high))
    return _Made(rule=words, shown=result.text(), finding=_region(result, check, low, high))


def _hits(check: AtLeast | AtMost, result: Measure, low: float, high: float) -> Finding | None:
    """A share of hits, or a percentage of them, against its bar; None if nobody says of how many."""
    n_units = result.n_units or check.n_units
    if n_units is None:
        return None
    scale = 100.0 if result.unit == "%" else 1.0
    hits = result.mean / scale * n_units
    if abs(hits - round(hits)) > 1e-6 * n_units:
        raise ValueError(f"{check.measure} is {result.text()}, no share of hits of {n_units}")
    return findings.share_against(round(hits), n_units, max(low / scale, 0.0), min(high / scale, 1.0))


def _region(result: Measure, check: Check, low: float, high: float) -> Finding | None:
    sample = findings.sample_of(result, check.n_units)
    return None if sample is None else findings.against(sample, low, high)


def _within(check: Within, found: Mapping[str, Measure], _: Claim) -> _Made:
    result = found[check.measure]
    words = f"{check.measure} between {number(check.low)} and {number(check.high)}"
    return _Made(rule=words, shown=result.text(), finding=_region(result, check, check.low, check.high))


def _ordering(check: Ordering, found: Mapping[str, Measure], _: Claim) -> _Made:
    samples = [findings.sample_of(found[name], check.n_units) for name in check.measures]
    words = " < ".join(check.measures) + (f", each by more than {number(check.gap)}" if check.gap else "")
    shown = " < ".join(found[name].text() for name in check.measures)
    if None in samples:
        return _Made(rule=words, shown=shown, finding=None)
    # A step must be strictly above the gap: the smallest float above it is the good region's end.
    low = math.nextafter(check.gap, math.inf)
    steps = [
        findings.against(findings.minus(second, first), low, math.inf)
        for first, second in itertools.pairwise(samples)
        if first and second
    ]
    weakest = max(steps, key=lambda step: step.passes)
    fails = min(1.0, len(steps) * min(step.fails for step in steps))
    return _Made(rule=words, shown=shown, finding=weakest._replace(fails=fails))


def _ratio(check: RatioToNull, found: Mapping[str, Measure], _: Claim) -> _Made:
    bar = check.at_least if check.at_least is not None else check.at_most
    assert bar is not None  # the schema asks for one of them
    side = "least" if check.at_least is not None else "most"
    words = f"{check.measure} over {check.over} at {side} {number(bar)}"
    first, second = found[check.measure], found[check.over]
    shown = f"{first.text()} over {second.text()}"
    samples = [findings.sample_of(each, check.n_units) for each in (first, second)]
    if None in samples:
        return _Made(rule=words, shown=shown, finding=None)
    contrast: Sample = findings.times_less(*samples, bar)  # type: ignore[arg-type]
    ends = (0.0, math.inf) if check.at_least is not None else (-math.inf, 0.0)
    return _Made(rule=words, shown=shown, finding=findings.against(contrast, *ends))


def _exact(check: Exact, found: Mapping[str, Measure], claim: Claim) -> _Made:
    result = found[check.measure]
    expected = check.value
    if expected is None:
        expected = next(value.number for value in claim.reported if value.id == check.reported)
    worst = max(abs(value - expected) for value in result.values)
    certain = Sample(worst, 0.0, math.inf, None, exact=True)
    within = f" within {number(check.tolerance)}" if check.tolerance else ""
    words = f"{check.measure} equals {number(expected)}{within}"
    return _Made(
        rule=words, shown=result.text(), finding=findings.against(certain, -math.inf, check.tolerance)
    )


_RULES = {
    "at_least": _bar, "at_most": _bar, "interval": _within, "ordering": _ordering, "ratio_to_null": _ratio,
    "exact": _exact,
}  # fmt: skip


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


def _made(check: Check, claim: Claim, found: Mapping[str, Measure], absent: set[str]) -> _Made:
    """Make one check; data that is not here, or a measure that the run did not take, leaves it out."""
    rule = " / ".join(measures_of(check))
    lacking = [name for name in check.needs if name in absent]
    missing = [name for name in measures_of(check) if name not in found]
    if lacking or missing:
        what = f"data not here: {', '.join(lacking)}" if lacking else f"not measured: {', '.join(missing)}"
        return _Made(rule=rule, shown=what, finding=None)
    try:
        made: _Made = _RULES[check.rule](check, found, claim)  # type: ignore[operator]
    except ValueError as error:  # a run that was made very small: its other claims can still be judged
        return _Made(rule=rule, shown=str(error), finding=None)
    return made


class _Decision(_Strict):
    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    family: Family
    together: Together
    members: list[Member]
    parts: list[Part]
    is_void: bool

    @property
    def is_here(self) -> bool:
        """Whether some check of it was made on enough units to decide."""
        return any(member.has_enough for member in self.members)


def _decide(family: Family, claim: Claim, found: Mapping[str, Measure], absent: set[str]) -> _Decision:
    fewest = max(FEWEST_OF.get(family.unit, 0), FEWEST_BY_SHAPE[family.shape])
    controls = [_made(check, claim, found, absent) for check in family.controls()]
    control_parts = [_part(made, family, "", fewest, is_control=True) for made in controls]
    is_void = any(part.outcome == "supported" for part in control_parts)
    members, parts = [], []
    for check in family.expanded():
        made = _made(check, claim, found, absent)
        members.append(Member(made.finding, family.bias.pushes, fewest, is_void))
        parts.append(_part(made, family, ", ".join(check.needs), fewest))
    return _Decision(
        family=family, together=families.together(members, family.quantifier), members=members,
        parts=[*parts, *control_parts], is_void=is_void,
    )  # fmt: skip


def _part(made: _Made, family: Family, data: str, fewest: int, *, is_control: bool = False) -> Part:
    finding = made.finding
    if finding is None:
        return Part(
            rule=made.rule, outcome="not tested", shown=made.shown, tier=family.tier, data=data,
            is_control=is_control,
        )  # fmt: skip
    alone = families.together([Member(finding, "none", fewest)], "all").outcome
    return Part(
        rule=made.rule, outcome=alone, shown=made.shown, tier=family.tier, data=data, n_units=finding.n_units,
        passes=finding.passes, fails=finding.fails, is_control=is_control,
    )  # fmt: skip


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
        A smoke run decides nothing.
    absent : sequence of str
        Data sets that no source on the machine of the run supplied.

    Returns
    -------
    Judgement
        Outcome, the kind of evidence that decided, the reason in words, and every check.
    """
    if claim.not_tested:
        return Judgement(outcome="not tested", reason=claim.not_tested)
    if profile == "smoke":
        return Judgement(outcome="not tested", reason="a smoke run decides nothing")
    if profile not in claim.profiles:
        return Judgement(outcome="not tested", reason=f"needs the {' or '.join(claim.profiles)} profile")
    lacking = [name for name in claim.needs if name in absent]
    if lacking:
        return Judgement(outcome="not tested", reason=f"needs data that is not here: {', '.join(lacking)}")
    decisions = [_decide(family, claim, found, set(absent)) for family in claim.families]
    # The closest that can decide; else the closest of which something was measured.
    made = [each for each in decisions if each.together.outcome != "not tested"]
    able = [each for each in decisions if each.is_here and not each.is_void]
    chosen = next(iter(able or made or decisions))
    parts = [part for each in decisions for part in each.parts]
    joint = chosen.together
    shown = chosen.parts[joint.decisive] if joint.decisive is not None else None
    return Judgement(
        outcome=joint.outcome,
        reason=_reason(chosen),
        tier=chosen.family.tier if joint.outcome != "not tested" else None,
        n_passing=joint.n_passing,
        n_checks=joint.n_members,
        decisive=f"{shown.rule}: {shown.shown}" if shown else "",
        is_favoured=joint.is_favoured,
        parts=parts,
    )


def _reason(decision: _Decision) -> str:
    """Why it came out so: how many checks pass, and of what is undecided, what is missing."""
    joint, family = decision.together, decision.family
    n = joint.n_members
    if joint.outcome == "not tested":
        return next(
            (part.shown for part in decision.parts if part.outcome == "not tested"), "nothing was measured"
        )
    if decision.is_void:
        return f"void: its control, {family.control.what}, passes too"
    untested = sum(member.finding is None for member in decision.members)
    told = f"{joint.n_passing} of {n} checks pass" if n > 1 else {
        "supported": "its check passes", "not supported": "its check fails"
    }.get(joint.outcome, "its check decides nothing")  # fmt: skip
    if untested:
        told += f", {untested} could not be made"
    if joint.is_favoured:
        told += "; favoured by our set-up"
    if joint.outcome != "undecided":
        return told
    return f"{told}; {_what_is_missing(decision)}"


def _what_is_missing(decision: _Decision) -> str:
    joint, family = decision.together, decision.family
    if joint.is_spared:
        return f"what fails is pushed that way by our set-up: {family.bias.why}"
    if joint.decisive is None:
        return f"too few cases to tell most from half: {joint.n_passing} of {joint.n_members}"
    member = decision.members[joint.decisive]
    finding = member.finding
    if finding is None:
        return "nothing was measured"
    if not member.has_enough:
        if finding.n_units is None:
            return f"nobody says over how many {family.unit} its interval is"
        return f"{finding.n_units} {family.unit} are too few, {member.fewest} are needed"
    seen = number(findings.smallest_visible(finding)) if finding.spread else ""
    needed = findings.units_needed(finding)
    told = (
        f"the smallest distance from the bar that it would see is {seen}" if seen else "its units do not vary"
    )
    if needed and finding.n_units and needed > finding.n_units:
        told += f"; about {needed:,} {family.unit} would decide, of which it had {finding.n_units:,}"
    return told


def judge_all(
    ledger: Ledger, found: Mapping[str, Measure], *, profile: str, absent: Sequence[str] = ()
) -> dict[str, Judgement]:
    """Judge every claim of a ledger; see `judge`."""
    return {claim.id: judge(claim, found, profile=profile, absent=absent) for claim in ledger.claims}


def data_named(ledger: Ledger) -> set[str]:
    """Data sets that the checks of a ledger need."""
    needs = {name for claim in ledger.claims for name in claim.needs}
    checks = [check for claim in ledger.claims for check in [*claim.expanded(), *claim.illustrated()]]
    return needs | {name for check in checks for name in check.needs}
