"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import pytest

from soundreasons import claims, project
from support import ledgers

LEDGER = ledgers.load("interpretable_attribution")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    assert ledgers.verdict_alone(claim, check, holds) == ("reproduced" if holds else "contradicted")


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
