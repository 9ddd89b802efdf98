"""What the ledger tests of all chapters share: values under which a check holds, and fails."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons import ledger as ledgers
from soundreasons.measures import Measure, measure


def load(slug: str) -> ledgers.Ledger:
    """Ledger of a paper, as it ships with the library."""
    return ledgers.read(slug)


def countable(ledger: ledgers.Ledger) -> list:
    """One test parameter a check that can decide an outcome: its claim, its family, itself."""
    return [
        pytest.param(claim, family, check, id=f"{claim.id}-{family.tier}-{number}".replace(" ", "_"))
        for claim in ledger.claims
        for family in claim.families
        for number, check in enumerate(family.expanded())
    ]


def values(check, claim, holds: bool) -> dict[str, float]:
    """Numbers under which the check holds, or fails, made from its own bar; not by the code that judges."""
    sign = 1 if holds else -1
    match check.rule:
        case "at_least":
            return {check.measure: check.bar + sign * 0.01}
        case "at_most":
            return {check.measure: check.bar - sign * 0.01}
        case "interval":
            return {check.measure: (check.low + check.high) / 2 if holds else check.high + 0.01}
        case "exact":
            wanted = check.value
            if wanted is None:
                (wanted,) = [value.value for value in claim.reported if value.id == check.reported]
            return {check.measure: wanted + (0 if holds else check.tolerance + 0.01)}
        case "ordering":
            return {name: sign * (check.gap + 0.1) * place for place, name in enumerate(check.measures)}
        case "ratio_to_null":
            bar = check.at_least if check.at_least is not None else check.at_most
            up = sign if check.at_least is not None else -sign
            return {check.measure: bar + up * 0.1, check.over: 1.0}
    raise AssertionError(f"no values for {check.rule}")


def alone(claim: ledgers.Claim, family: ledgers.Family, check) -> ledgers.Claim:
    """The claim with this one check, nothing in its way: no control, no bias, no data that may be absent."""
    single = check.model_copy(update={"for_each": {}, "needs": [], "n_units": check.n_units or 40})
    if single.rule in {"at_least", "at_most"}:
        single = single.model_copy(update={"test": "interval"})
    only = family.model_copy(
        update={
            "checks": [single], "needs": [], "bias": ledgers.Bias(), "quantifier": "all",
            "control": ledgers.Control(what="none", none="none"),
        }
    )  # fmt: skip
    return claim.model_copy(update={"families": [only], "needs": []})


def outcome_alone(claim, family, check, holds: bool) -> str:
    """Outcome of a claim that has this check only, on numbers without doubt that satisfy it, or do not."""
    found = {name: measure(value, exact=True) for name, value in values(check, claim, holds).items()}
    return claims.judge(alone(claim, family, check), found, profile=claim.profiles[0]).outcome


def of_all(ledger: ledgers.Ledger, value: float = 0.0) -> dict[str, Measure]:
    """Every measure that a check of the ledger reads, all with one exact value."""
    return {
        name: measure(value, exact=True)
        for claim in ledger.claims
        for check in claim.expanded()
        for name in claims.measures_of(check)
    }
