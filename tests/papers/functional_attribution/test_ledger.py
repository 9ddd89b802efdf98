"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from support import ledgers

LEDGER = ledgers.load("functional_attribution")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "family", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, family, check, holds):
    wanted = "supported" if holds else "not supported"
    assert ledgers.outcome_alone(claim, family, check, holds) == wanted


def test_what_needs_the_papers_tasks_is_not_tested_without_them():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    found = {
        name: measure(1.0, exact=True) for check in claim.expanded() for name in claims.measures_of(check)
    }
    judged = claims.judge(claim, found, profile="laptop", absent=["functional_attribution_tasks"])
    assert judged.outcome == "not tested"


def test_every_method_of_the_rerun_has_its_interval_in_the_ledger():
    # The rerun table stands once as facts, once as bars: they must agree.
    from soundreasons.papers import functional_attribution as fa

    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    for check in claim.expanded():
        if check.rule == "interval":
            what, kind, method = check.measure.removeprefix("rerun_").split(".")
            row = fa.data.rerun_table(kind).loc[method]
            assert check.low == pytest.approx(row[what] - row[f"{what}_half"], abs=1e-9)
            assert check.high == pytest.approx(row[what] + row[f"{what}_half"], abs=1e-9)
