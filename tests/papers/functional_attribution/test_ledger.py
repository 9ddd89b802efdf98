"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from soundreasons import claims
from soundreasons.measures import measure

LEDGER = claims.load(Path(str(resources.files("soundreasons.papers.functional_attribution") / "claims.yml")))
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
            return {check.measure: check.value + (0 if holds else check.tolerance + 0.01)}
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


def test_what_needs_the_papers_tasks_is_not_tested_without_them():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    found = {
        name: measure(1.0, exact=True) for check in claim.expanded() for name in claims.measures_of(check)
    }
    judged = claims.judge(claim, found, profile="laptop", absent=["functional_attribution_tasks"])
    assert judged.verdict == "not tested"


def test_every_method_of_the_rerun_has_its_interval_in_the_ledger():
    # The rerun table stands once as facts, once as bars: they must agree.
    from soundreasons.papers import functional_attribution as fa

    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    for check in claim.expanded():
        if check.rule == "interval":
            what, kind, method = check.measure.removeprefix("rerun_").split(".")
            row = fa.rerun_table(kind).loc[method]
            assert check.low == pytest.approx(row[what] - row[f"{what}_half"], abs=1e-9)
            assert check.high == pytest.approx(row[what] + row[f"{what}_half"], abs=1e-9)
