"""The ledger: what a paper claims and what it reports, and the rules that its claims are judged by.

Each `papers/<slug>/claims.yml` holds the claims of one paper and the numbers that its chapter cites. A claim
says whose sentence it is, and has, for each kind of evidence that could decide it, one family of checks. A
chapter reads what it needs by name, and gets the number with its unit, its provenance and what it is:

    book = ledger.read("mesonet")
    book.claim("C7").claim            # the sentence
    book.reported("C7.meso4").number  # a value that a claim reports
    book.fact("scores_meso4_df")      # a number that the chapter cites
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from soundreasons.naming import unknown

Provenance = Literal["paper", "authors-repository", "authors-code-rerun", "secondary", "ours", "recalled"]
Kind = Literal["paper", "reading", "ours"]
Tier = Literal["authors' artefacts", "same data", "other data", "stand-in", "simulation"]
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


KINDS: dict[Kind, str] = {
    "paper": "a sentence of the paper that we have read somewhere",
    "reading": "what we take the paper to imply",
    "ours": "an extension, a limit or a conjecture of ours",
}
TIERS: dict[Tier, str] = {
    "authors' artefacts": "the authors' own weights, scores, trees, vectors or tasks, measured by our code",
    "same data": "the paper's data, our code",
    "other data": "the paper's method on public data of the same kind and comparable size, our code",
    "stand-in": "a smaller network, a toy generator or a shorter training in place of the paper's",
    "simulation": "worlds that we drew ourselves",
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

    @property
    def number(self) -> float:
        """The value as a number.

        Raises
        ------
        LedgerError
            If the value is a text, or nobody knows it.
        """
        if not isinstance(self.value, int | float):
            raise LedgerError(f"{self.id} is {self.value!r} in the ledger, no number")
        return float(self.value)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The value as a row of numbers: one, or a text of several with spaces between.

        Raises
        ------
        LedgerError
            If a word of the text is no number, or nobody knows the value.

        Examples
        --------
        >>> Reported(id="row", value="99 4 0.5", what="shares", provenance="paper").numbers
        (99.0, 4.0, 0.5)
        """
        try:
            return tuple(float(word) for word in str(self.value).split())
        except ValueError:
            raise LedgerError(f"{self.id} is {self.value!r} in the ledger, no row of numbers") from None

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
    """What all rules share; `n_units` is how many units the measures are over, where they do not say."""

    for_each: dict[str, list[str]] = Field(default_factory=dict)
    needs: list[str] = Field(default_factory=list)
    n_units: Annotated[int, Field(ge=1)] | None = None


class _Bar(_Check):
    measure: str
    bar: float
    test: Literal["interval", "binomial", "signs"] = (
        "interval"  # binomial: hits of n units; signs: of each value
    )


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
    """Shown beside the claim, never counted; `reason` says why it does not decide."""

    rule: Literal["illustration"]
    measures: list[str]
    reason: str


Check = Annotated[
    AtLeast | AtMost | Within | Ordering | RatioToNull | Exact | Illustration, Field(discriminator="rule")
]


class Bias(_Strict):
    """Which way what differs from the paper pushes the checks of a family."""

    pushes: Literal["towards", "away", "none", "unknown"] = "unknown"
    why: str = ""
    shown_by: str = ""

    @model_validator(mode="after")
    def _is_shown(self) -> Bias:
        if self.pushes in {"towards", "away"} and not self.shown_by:
            raise ValueError(
                f"bias {self.pushes} counts only with an experiment or a citation in shown_by; "
                "else it is unknown"
            )
        return self


class Control(_Strict):
    """A run with a known opposite answer, in which the checks must not pass; or why there is none."""

    what: str
    checks: list[Check] = Field(default_factory=list)
    none: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Control:
        if bool(self.checks) == bool(self.none):
            raise ValueError("give the checks of the control, or the reason in none, one of them")
        return self


class Family(_Strict):
    """The checks by which one kind of evidence decides a claim, fixed before they are made.

    `what` says what they measure and why that is what the claim says; `margin` where the bar comes from;
    `unit` what was drawn at random, "none" where nothing was; `shape` how its values lie: near a symmetrical
    bell (differences on pairs, mostly), bounded (each unit's own share of hits) or skewed (reciprocal ranks);
    `beside` names a reported value that the deciding number stands next to.
    """

    tier: Tier
    what: str
    unit: str
    margin: str
    control: Control
    quantifier: Literal["all", "any", "most"] = "all"
    bias: Bias = Bias()
    n_units: Annotated[int, Field(ge=1)] | None = None
    needs: list[str] = Field(default_factory=list)
    shape: Literal["symmetric", "bounded", "skewed"] = "symmetric"
    beside: str = ""
    checks: Annotated[list[Check], Field(min_length=1)]

    @model_validator(mode="after")
    def _counts(self) -> Family:
        if any(isinstance(check, Illustration) for check in [*self.checks, *self.control.checks]):
            raise ValueError("an illustration counts nowhere; put it under shown")
        return self

    def expanded(self) -> list[Check]:
        """Checks with every `for_each` spelled out, each with the family's number of units and data."""
        return self._expanded(self.checks)

    def controls(self) -> list[Check]:
        """Checks of the control, spelled out alike."""
        return self._expanded(self.control.checks)

    def _expanded(self, checks: Sequence[Check]) -> list[Check]:
        singles = [single for check in checks for single in _expand(check)]
        return [
            single.model_copy(
                update={"n_units": single.n_units or self.n_units, "needs": [*self.needs, *single.needs]}
            )
            for single in singles
        ]


class Claim(_Strict):
    """One claim, in our words: whose sentence it is, how we know it, and how it is judged.

    `mind` says what would change our mind; `shown` is measured beside the claim and decides nothing.
    """

    id: str
    kind: Kind
    claim: str
    where: str
    known: Provenance | Literal["inferred"]
    reported: list[Reported] = Field(default_factory=list)
    families: list[Family] = Field(default_factory=list)
    shown: list[Illustration] = Field(default_factory=list)
    mind: str = ""
    not_tested: str = ""
    needs: list[str] = Field(default_factory=list)
    profiles: list[Literal["laptop", "paper"]] = ["laptop", "paper"]
    deviations: list[Deviation] = Field(default_factory=list)

    @model_validator(mode="after")
    def _judgeable(self) -> Claim:
        if bool(self.families) == bool(self.not_tested):
            raise ValueError(f"claim {self.id}: give families, or the reason in not_tested, one of them")
        if self.families and not self.mind:
            raise ValueError(f"claim {self.id}: say in mind what would change our mind")
        if self.kind == "paper" and self.known in {"inferred", "ours"}:
            raise ValueError(
                f"claim {self.id}: known is {self.known}; a sentence that nobody read is a reading"
            )
        tiers = [family.tier for family in self.families]
        if sorted(tiers, key=list(TIERS).index) != tiers or len(set(tiers)) != len(tiers):
            raise ValueError(f"claim {self.id}: one family a tier, the closest first; got {', '.join(tiers)}")
        values = {reported.id: reported for reported in self.reported}
        for family in self.families:
            if family.beside and family.beside not in values:
                raise ValueError(f"claim {self.id}: beside names {family.beside!r}, which is not reported")
            for check in family.checks:
                if isinstance(check, Exact) and check.reported is not None:
                    self._usable(values.get(check.reported), check.reported)
        return self

    @property
    def checks(self) -> list[Check]:
        """All checks of all families, each with the data that its family needs."""
        return [
            check.model_copy(update={"needs": [*family.needs, *check.needs]})
            for family in self.families
            for check in family.checks
        ]

    def _usable(self, reported: Reported | None, name: str) -> None:
        if reported is None:
            raise ValueError(f"claim {self.id}: check names the reported value {name!r}, which is not there")
        if reported.provenance == "recalled":
            raise ValueError(f"claim {self.id}: {name!r} is only recalled, it cannot decide a verdict")
        if not isinstance(reported.value, int | float):
            raise ValueError(
                f"claim {self.id}: {name!r} is {reported.value!r}, an exact check needs a number"
            )

    def reported_with(self, prefix: str = "") -> dict[str, Reported]:
        """Values beside this claim whose id begins with `prefix`, by the rest of the id, in their order.

        Raises
        ------
        LedgerError
            If there is none.

        Examples
        --------
        >>> read("explainable_recommendation").claim("R1").reported_with("ndcg_")["ease"].number
        0.264
        """
        return _with_prefix(f"value of claim {self.id}", prefix, self.reported)

    def expanded(self) -> list[Check]:
        """Checks of all families with every `for_each` spelled out."""
        return [single for family in self.families for single in family.expanded()]

    def illustrated(self) -> list[Illustration]:
        """What is shown beside the claim, with every `for_each` spelled out."""
        return [single for each in self.shown for single in _expand(each)]  # type: ignore[misc]


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

    def reported(self, name: str) -> Reported:
        """Value that a claim reports, called `claim.id`, or a fact, called by its id.

        Raises
        ------
        LedgerError
            If there is none; with the nearest and those there are.

        Examples
        --------
        >>> read("mesonet").reported("C7.meso4").number
        27977.0
        """
        return _named(f"cited value of {self.paper}", name, self.cited())

    def cited(self) -> dict[str, Reported]:
        """Everything that somebody reported, by the name it is cited with: facts, then values of claims.

        Examples
        --------
        >>> {"deezer_items", "C1.deezer_peaks"} <= set(read("spiky_svd").cited())
        True
        """
        table = {fact.id: fact for fact in self.facts}
        return table | {f"{claim.id}.{value.id}": value for claim in self.claims for value in claim.reported}

    def fact(self, name: str) -> Reported:
        """Fact called `name`.

        Raises
        ------
        LedgerError
            If there is none; with the nearest and those there are.

        Examples
        --------
        >>> read("spiky_svd").fact("rank").number
        128.0
        """
        return _named(f"fact of {self.paper}", name, {fact.id: fact for fact in self.facts})

    def facts_with(self, prefix: str = "") -> dict[str, Reported]:
        """Facts whose id begins with `prefix`, by the rest of the id, in the order of the ledger.

        Raises
        ------
        LedgerError
            If there is none.

        Examples
        --------
        >>> read("functional_attribution").facts_with("level_")["fanova"].number
        0.76
        """
        return _with_prefix(f"fact of {self.paper}", prefix, self.facts)


def _named(kind: str, name: str, table: Mapping[str, _Entry]) -> _Entry:
    if name not in table:
        raise LedgerError(unknown(kind, name, table))
    return table[name]


def _with_prefix(kind: str, prefix: str, values: Sequence[Reported]) -> dict[str, Reported]:
    found = {value.id.removeprefix(prefix): value for value in values if value.id.startswith(prefix)}
    if not found:
        names = ", ".join(value.id for value in values) or "none"
        raise LedgerError(f"the id of no {kind} begins with {prefix!r}; there are: {names}")
    return found


def papers() -> list[str]:
    """Papers that ship with the library, in the order of their names.

    Examples
    --------
    >>> "spiky_svd" in papers()
    True
    """
    folders = resources.files("soundreasons.papers").iterdir()
    return sorted(folder.name for folder in folders if folder.joinpath("claims.yml").is_file())


@functools.cache
def read(slug: str) -> Ledger:
    """Read the ledger of a paper that ships with the library; once a process.

    Parameters
    ----------
    slug : str
        The paper.

    Returns
    -------
    Ledger
        Its claims and facts.

    Raises
    ------
    LedgerError
        If there is no such paper, with the nearest; or the file says something impossible.

    Examples
    --------
    >>> read("spiky_svd").paper
    'spiky_svd'
    """
    if slug not in papers():
        raise LedgerError(unknown("paper", slug, papers()))
    return _parsed(resources.files("soundreasons.papers").joinpath(slug, "claims.yml"), f"{slug}/claims.yml")


def load(path: Path) -> Ledger:
    """Read a ledger from a file, as of a book in another folder.

    Parameters
    ----------
    path : Path
        A `claims.yml`.

    Returns
    -------
    Ledger
        Its claims and facts.

    Raises
    ------
    LedgerError
        With the file, the field and what is wrong.
    """
    return _parsed(path, f"{path.parent.name}/{path.name}")


def _parsed(file: Traversable | Path, name: str) -> Ledger:
    try:
        return Ledger.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise LedgerError(f"{name}, {place or 'top'}: {first['msg']}") from None
    except yaml.YAMLError as error:
        raise LedgerError(f"{name} is no YAML: {error}") from None


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
