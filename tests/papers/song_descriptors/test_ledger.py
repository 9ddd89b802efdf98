"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from support import ledgers

LEDGER = ledgers.load("song_descriptors")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    assert ledgers.verdict_alone(claim, check, holds) == ("reproduced" if holds else "contradicted")


def test_no_claim_but_ours_is_tested_without_the_papers_data():
    for claim in LEDGER.claims:
        found = {
            name: measure(100.0, exact=True)
            for check in claim.expanded()
            for name in claims.measures_of(check)
        }
        judged = claims.judge(claim, found, profile="laptop", absent=["lp_musiccaps_mc"])
        expected = "reproduced" if claim.id == "G1" else "not tested"
        assert judged.verdict == expected, claim.id


def test_the_illustration_is_never_counted():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "D6"]
    found = {"step.contrastive_over_margin.mc_reco": measure(-9.0, exact=True)}
    assert claims.judge(claim, found, profile="laptop").verdict == "illustration"


def test_reported_differences_are_those_of_the_papers_table():
    # The differences stand in the claims, the table in the facts: they must agree.
    facts = {fact.id: fact.value for fact in LEDGER.facts}
    told = {value.id: value.value for claim in LEDGER.claims for value in claim.reported}
    for system in ("tfidf", "minilm", "msmarco", "tuned"):
        assert told[f"drop_{system}"] == pytest.approx(facts[f"{system}_mc"] - facts[f"{system}_mc_reco"])
    for task in ("mc", "mc_reco"):
        assert told[f"gain_{task}"] == pytest.approx(facts[f"tuned_{task}"] - facts[f"msmarco_{task}"])
        assert told[f"lead_{task}"] == pytest.approx(facts[f"tfidf_{task}"] - facts[f"tuned_{task}"])
