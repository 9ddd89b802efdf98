"""The ledger: what a paper claims, the rule it is judged by, and the verdict of a run.

Each `papers/<slug>/claims.yml` holds the claims of one paper. A claim has checks, each one rule
on measures of the run; a claim is reproduced when every check that could be made holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from soundreasons.learning.statistics import paired_differences
from soundreasons.measures import Measure, measure, number
from soundreasons.naming import unknown

Provenance = Literal["paper", "authors-repository", "authors-code-rerun", "secondary", "ours", "recalled"]
Verdict = Literal["reproduced", "contradicted", "inconclusive", "not tested", "illustration"]
_Entry = TypeVar("_Entry")


class Mark(NamedTuple):
    """How a provenance is shown: words beside the number, and a sentence that explains them."""

    label: str
    meaning: str


PROVENANCE: dict[str, Mark] = {
    "paper": Mark("paper", "read in the paper, its poster or its slides"),
    "authors-repository": Mark("authors' files", "read in the authors' public repository or abstract page"),
    "authors-code-rerun": Mark("authors' code, rerun", "obtained by running the authors' own code"),
    "secondary": Mark("second-hand", "quoted by somebody else; not seen in the paper itself"),
    "ours": Mark("ours", "computed by us with our own means, outside this run"),
    "recalled": Mark("recalled, unchecked", "general knowledge or reconstruction; not checked at a source"),
}


class LedgerError(ValueError):
    """A ledger that says something impossible."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reported(_Strict):
    """A number or finding that somebody reported; `provenance` says who and how sure."""

    id: str
    value: int | float | str | None
    unit: str = ""
    what: str
    provenance: Provenance
    where: str = ""

    def text(self) -> str:
        """Value and unit, as a page shows them; a value that nobody knows is "unknown"."""
        if self.value is None:
            return "unknown"
        shown = self.value if isinstance(self.value, str) else f"{self.value:,}"
        return f"{shown}\N{NO-BREAK SPACE}{self.unit}" if self.unit else shown


class Deviation(_Strict):
    """What differs from the paper, why, and which way it should push the result."""

    what: str
    why: str
    pushes: str


class _Check(_Strict):
    for_each: dict[str, list[str]] = Field(default_factory=dict)
    needs: list[str] = Field(default_factory=list)


class _Bar(_Check):
    measure: str
    bar: float


class AtLeast(_Bar):
    """The measure is `bar` or more."""

    rule: Literal["at_least"]


class AtMost(_Bar):
    """The measure is `bar` or less."""

    rule: Literal["at_most"]


class Within(_Check):
    """The measure lies between `low` and `high`."""

    rule: Literal["interval"]
    measure: str
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Within:
        if not self.low < self.high:
            raise ValueError(f"low is {self.low} and high {self.high}: low must be smaller")
        return self


class Ordering(_Check):
    """Each measure is larger than the one before, by more than `gap`."""

    rule: Literal["ordering"]
    measures: Annotated[list[str], Field(min_length=2)]
    gap: float = Field(0.0, ge=0)


class RatioToNull(_Check):
    """The measure divided by that of a null model, `over`, is at most, or at least, a bar."""

    rule: Literal["ratio_to_null"]
    measure: str
    over: str
    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _one_bar(self) -> RatioToNull:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("give at_most or at_least, one of them")
        return self


class Exact(_Check):
    """Every value of the measure equals `value`, or the reported value named, within `tolerance`."""

    rule: Literal["exact"]
    measure: str
    value: float | None = None
    reported: str | None = None
    tolerance: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _one_value(self) -> Exact:
        if (self.value is None) == (self.reported is None):
            raise ValueError("give value or reported, one of them")
        return self


class Illustration(_Check):
    """Shown beside the claim, never counted; `reason` says why no rule can decide it."""

    rule: Literal["illustration"]
    measures: list[str]
    reason: str


Check = Annotated[
    AtLeast | AtMost | Within | Ordering | RatioToNull | Exact | Illustration, Field(discriminator="rule")
]


class Claim(_Strict):
    """One claim of a paper, in our words, and how it is judged."""

    id: str
    claim: str
    where: str
    reported: list[Reported] = Field(default_factory=list)
    why_rule: str
    checks: list[Check] = Field(default_factory=list)
    not_tested: str = ""
    needs: list[str] = Field(default_factory=list)
    profiles: list[Literal["laptop", "paper"]] = ["laptop", "paper"]
    deviations: list[Deviation] = Field(default_factory=list)

    @model_validator(mode="after")
    def _judgeable(self) -> Claim:
        if bool(self.checks) == bool(self.not_tested):
            raise ValueError(f"claim {self.id}: give checks, or the reason in not_tested, one of them")
        values = {reported.id: reported for reported in self.reported}
        for check in self.checks:
            if isinstance(check, Exact) and check.reported is not None:
                self._usable(values.get(check.reported), check.reported)
        return self

    def _usable(self, reported: Reported | None, name: str) -> None:
        if reported is None:
            raise ValueError(f"claim {self.id}: check names the reported value {name!r}, which is not there")
        if reported.provenance == "recalled":
            raise ValueError(f"claim {self.id}: {name!r} is only recalled, it cannot decide a verdict")
        if not isinstance(reported.value, int | float):
            raise ValueError(
                f"claim {self.id}: {name!r} is {reported.value!r}, an exact check needs a number"
            )

    def expanded(self) -> list[Check]:
        """Checks with every `for_each` spelled out."""
        return [single for check in self.checks for single in _expand(check)]


class Ledger(_Strict):
    """All claims of one paper, and the numbers its chapter cites."""

    paper: str
    title: str
    claims: list[Claim]
    facts: list[Reported] = Field(default_factory=list)

    @model_validator(mode="after")
    def _unique(self) -> Ledger:
        for kind, ids in (("claim", [c.id for c in self.claims]), ("fact", [f.id for f in self.facts])):
            twice = {name for name in ids if ids.count(name) > 1}
            if twice:
                raise ValueError(f"{kind} ids stand twice: {', '.join(sorted(twice))}")
        return self

    def claim(self, claim_id: str) -> Claim:
        """Claim called `claim_id`.

        Raises
        ------
        LedgerError
            If there is none; with the nearest and those there are.
        """
        return _named(f"claim of {self.paper}", claim_id, {claim.id: claim for claim in self.claims})

    def value(self, name: str) -> Reported:
        """Reported value called `claim.id`, or fact called `id`.

        Raises
        ------
        LedgerError
            If there is none; with the nearest and those there are.
        """
        table = {fact.id: fact for fact in self.facts}
        table |= {f"{claim.id}.{value.id}": value for claim in self.claims for value in claim.reported}
        return _named(f"cited value of {self.paper}", name, table)


def _named(kind: str, name: str, table: Mapping[str, _Entry]) -> _Entry:
    if name not in table:
        raise LedgerError(unknown(kind, name, table))
    return table[name]


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


def load(path: Path) -> Ledger:
    """Read a ledger.

    Raises
    ------
    LedgerError
        With the file, the field and what is wrong.
    """
    try:
        return Ledger.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise LedgerError(f"{path.parent.name}/{path.name}, {place or 'top'}: {first['msg']}") from None
    except yaml.YAMLError as error:
        raise LedgerError(f"{path.parent.name}/{path.name} is no YAML: {error}") from None


def _fill(value: Any, names: Mapping[str, str]) -> Any:
    """Put names into the braces of every string."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace("{" + name + "}", text)
        return value
    return [_fill(entry, names) for entry in value] if isinstance(value, list) else value


def _expand(check: Check) -> list[Check]:
    fields = check.model_dump(exclude={"for_each"})
    singles = []
    for combination in itertools.product(*check.for_each.values()):
        names = dict(zip(check.for_each, combination, strict=True))
        filled = {name: _fill(value, names) for name, value in fields.items()}
        if "data" in names:
            filled["needs"] = [*filled["needs"], names["data"]]
        singles.append(type(check).model_validate(filled))
    return singles


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
    result = ratio(found[check.measure], found[check.over])
    if check.at_most is not None:
        good, bar = (-np.inf, check.at_most), f"at most {number(check.at_most)}"
    else:
        assert check.at_least is not None  # the schema asks for one of them
        good, bar = (check.at_least, np.inf), f"at least {number(check.at_least)}"
    words = f"{check.measure} over {check.over} {bar}"
    return Part(rule=words, verdict=_judge_measure(result, *good), shown=result.text())


def _judge_exact(check: Exact, found: Mapping[str, Measure], claim: Claim) -> Part:
    result = found[check.measure]
    expected = check.value
    if expected is None:
        expected = float(next(r.value for r in claim.reported if r.id == check.reported))  # type: ignore[arg-type]
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
