"""What the ledger tests of all chapters share: values under which a check holds, and fails."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons import ledger as ledgers
from soundreasons.measures import measure


def load(slug: str) -> ledgers.Ledger:
    """Ledger of a paper, as it ships with the library."""
    return ledgers.read(slug)


def countable(ledger: ledgers.Ledger) -> list:
    """One test parameter a check that can decide a verdict."""
    return [
        pytest.param(claim, check, id=f"{claim.id}-{number}")
        for claim in ledger.claims
        for number, check in enumerate(claim.expanded())
        if check.rule != "illustration"
    ]


def values(check, claim, holds: bool) -> dict[str, float]:
    """Exact measures under which the check holds, or fails."""
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
        case "ratio_to_null" if check.at_least is not None:
            return {check.measure: check.at_least + sign * 0.1, check.over: 1.0}
    raise AssertionError(f"no values for {check.rule}")


def verdict_alone(claim, check, holds: bool) -> str:
    """Verdict of a claim that has this check only, on values that satisfy it, or do not."""
    found = {name: measure(value, exact=True) for name, value in values(check, claim, holds).items()}
    alone = claim.model_copy(update={"checks": [check.model_copy(update={"for_each": {}})]})
    return claims.judge(alone, found, profile=claim.profiles[0]).verdict
