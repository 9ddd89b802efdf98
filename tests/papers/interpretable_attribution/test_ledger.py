"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from soundreasons import claims, project
from soundreasons.measures import measure

LEDGER = claims.load(
    Path(str(resources.files("soundreasons.papers.interpretable_attribution") / "claims.yml"))
)
CHECKS = [
    pytest.param(claim, check, id=f"{claim.id}-{number}")
    for claim in LEDGER.claims
    for number, check in enumerate(claim.expanded())
]


def values(check, claim, holds):
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
            return {name: sign * 0.1 * place for place, name in enumerate(check.measures)}
        case "ratio_to_null":
            return {check.measure: check.at_least + sign * 0.1, check.over: 1.0}
    raise AssertionError(f"no values for {check.rule}")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), CHECKS)
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    found = {name: measure(value, exact=True) for name, value in values(check, claim, holds).items()}
    alone = claim.model_copy(update={"checks": [check.model_copy(update={"for_each": {}})]})
    judged = claims.judge(alone, found, profile="laptop")
    assert judged.verdict == ("reproduced" if holds else "contradicted")


def test_every_claim_is_cited_in_the_chapter():
    source = project.notebook("interpretable_attribution").with_suffix(".md").read_text()
    assert not [claim.id for claim in LEDGER.claims if f"{{claim}}`{claim.id}`" not in source]


def test_what_cannot_be_tested_says_why():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "C6"]
    judged = claims.judge(claim, {}, profile="laptop")
    assert judged.verdict == "not tested"
    assert "may not be passed on" in judged.reason


def test_the_bars_of_the_rerun_are_the_reported_values_and_their_margins():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    reported = {value.id: value.value for value in claim.reported}
    for check in claim.expanded():
        what, toy = check.measure.split(".toy_")
        key = "alone_c" if what == "alone" and toy == "d" else f"{what}_{toy}"
        margin = {"accuracy": 0.005, "right": 0.04, "alone": 0.03}[what]
        assert check.low == pytest.approx(reported[key] - margin)
        assert check.high == pytest.approx(reported[key] + margin)
