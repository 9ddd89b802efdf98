"""Rules that were fixed before their data were seen, and rules that were not: `claims.lock`.

A bar that was set after a look at the number that it judges proves little. `soundreasons freeze CHAPTER`
writes down the digest of every family's rules, the day, and whether the committed results already held its
measures. A rule that was frozen before anything was measured is *frozen*; one that was set, or changed, after
that is *exploratory*, and says so wherever its outcome stands. Prose does not count: only what can change an
outcome.
"""

from __future__ import annotations

import datetime
import functools
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soundreasons import claims, files, freshness, project, results
from soundreasons import ledger as ledgers
from soundreasons.evidence import families

State = Literal["frozen", "exploratory"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """One family's rules as they were frozen; `seen` names the run that had measured it by then."""

    digest: str
    date: str
    seen: str = ""
    replaced: list[str] = Field(default_factory=list)


class Lock(_Strict):
    """All frozen rules of a paper, by claim and tier."""

    paper: str
    rules: dict[str, Rule] = Field(default_factory=dict)


def name_of(claim: ledgers.Claim, family: ledgers.Family) -> str:
    """How a lock names a family.

    Examples
    --------
    >>> claim = ledgers.read("mesonet").claim("C7")
    >>> name_of(claim, claim.families[0])
    "C7, authors' artefacts"
    """
    return f"{claim.id}, {family.tier}"


def digest_of(family: ledgers.Family) -> str:
    """Digest of what can change an outcome: rules, unit, tier, bias, margin, control; no prose."""
    counted = family.model_dump(
        mode="json", include={"tier", "unit", "quantifier", "n_units", "shape", "margin", "checks", "needs"}
    )
    counted |= {
        "pushes": family.bias.pushes,
        "control": [c.model_dump(mode="json") for c in family.control.checks],
    }
    return freshness.digest(counted)


def lock_file(slug: str) -> Path:
    """Where a paper's lock lies."""
    return project.ledger(slug).with_suffix(".lock")


def read(slug: str) -> Lock:
    """Read a paper's lock; an empty one if nothing was frozen yet.

    Raises
    ------
    ValueError
        If the file is no lock; with the field.
    """
    path = lock_file(slug)
    return _parsed(path, path.stat().st_mtime_ns) if path.is_file() else Lock(paper=slug)


@functools.lru_cache(maxsize=32)
def _parsed(path: Path, modified_ns: int) -> Lock:
    try:
        return Lock.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top"
        raise ValueError(f"{path.parent.name}/{path.name}, {place}: {first['msg']}") from None


def state(claim: ledgers.Claim, tier: str | None, lock: Lock) -> State:
    """Say whether the rules that decided a claim had been fixed before their data were seen."""
    family = next((each for each in claim.families if each.tier == tier), None)
    rule = lock.rules.get(name_of(claim, family)) if family else None
    if family is None or rule is None or rule.seen or rule.digest != digest_of(family):
        return "exploratory"
    return "frozen"


def freeze(slug: str, *, today: datetime.date | None = None) -> Path:
    """Freeze every rule of a paper as it stands; what was frozen before and did not change keeps its day.

    Returns
    -------
    Path
        The lock that was written.

    Raises
    ------
    ValueError
        If the chapter is unknown, or a family could never decide: even the clearest outcome of its units
        would miss the level that its number of checks asks for.
    """
    project.require_chapter(slug)
    ledger, before = ledgers.load(project.ledger(slug)), read(slug)
    hopeless = [
        f"{name_of(claim, family)}: {len(family.expanded())} checks on {family.n_units} {family.unit}"
        for claim in ledger.claims
        for family in claim.families
        if family.n_units
        and family.unit != "none"
        and families.cannot_decide(len(family.expanded()), family.n_units, family.quantifier)
    ]
    if hopeless:
        raise ValueError(
            f"these could never decide: {'; '.join(hopeless)}; ask for more units, or fewer checks"
        )
    day = (today or datetime.datetime.now(datetime.UTC).date()).isoformat()
    runs = _committed(slug)
    rules = {
        name_of(claim, family): _frozen(family, before.rules.get(name_of(claim, family)), day, runs)
        for claim in ledger.claims
        for family in claim.families
    }
    text = json.dumps(Lock(paper=slug, rules=rules).model_dump(mode="json"), indent=1, sort_keys=True)
    files.write(lock_file(slug), text + "\n")
    return lock_file(slug)


def _frozen(family: ledgers.Family, before: Rule | None, day: str, runs: list[results.Results]) -> Rule:
    digest = digest_of(family)
    if before and before.digest == digest:
        return before
    wanted = {name for check in family.expanded() for name in claims.measures_of(check)}
    seen = [
        f"{run.profile}, seed {run.seeds[0]}, {run.started[:10]}"
        for run in runs
        if wanted & run.measures.keys()
    ]
    replaced = [*before.replaced, f"{before.digest} of {before.date}"] if before else []
    return Rule(digest=digest, date=day, seen="; ".join(seen), replaced=replaced)


def _committed(slug: str) -> list[results.Results]:
    paths = (project.reference(slug, profile) for profile in project.PROFILES)
    return [results.read(path) for path in paths if path.is_file()]
