"""The ledger and the map: every rule can hold and can fail, every work cited is in the bibliography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from support import ledgers

REPOSITORY = Path(__file__).resolve().parents[3]
LEDGER = ledgers.load("explainable_recommendation")
NOTEBOOK = (REPOSITORY / "notebooks" / "explainable_recommendation.md").read_text(encoding="utf-8")
MAP = (REPOSITORY / "book" / "literature-map.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    assert ledgers.verdict_alone(claim, check, holds) == ("reproduced" if holds else "contradicted")


@pytest.mark.parametrize("claim", LEDGER.claims, ids=lambda claim: claim.id)
def test_without_the_listening_a_claim_is_not_tested(claim):
    found = {
        name: measure(1.0, exact=True) for check in claim.expanded() for name in claims.measures_of(check)
    }
    judged = claims.judge(claim, found, profile="laptop", absent=["hetrec_lastfm", "lastfm_360k"])
    assert judged.verdict == ("illustration" if claim.id == "B8" else "not tested")


def test_the_targets_of_the_prototype_stand_once_as_values_and_once_as_bars():
    (claim,) = [claim for claim in LEDGER.claims if claim.id == "R1"]
    reported = {value.id: value.value for value in claim.reported}
    for check in claim.expanded():
        what, _, model = check.measure.split(".")
        assert check.low == pytest.approx(reported[f"{what}_{model}"] - 0.02)
        assert check.high == pytest.approx(reported[f"{what}_{model}"] + 0.02)


def cited(text):
    return {key.strip() for keys in re.findall(r"\{cite:[tp]\}`([^`]+)`", text) for key in keys.split(",")}


def test_every_work_cited_is_in_the_bibliography_with_authors_title_and_year():
    bibliography = (REPOSITORY / "book" / "references.bib").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}", bibliography, re.DOTALL | re.MULTILINE))
    works = cited(NOTEBOOK) | cited(MAP)
    assert works <= set(entries)
    for key in works:
        for field in ("title", "author", "year"):
            assert re.search(rf"^\s+{field}\s+= \{{.+\}}", entries[key], re.MULTILINE), (key, field)


def test_every_category_of_the_map_names_works_and_a_section_of_the_page():
    table = MAP[MAP.index(":class: literature") :].split(":::")[0]
    rows = table.split("\n* - ")[2:]
    assert len(rows) >= 15
    labels = set(re.findall(r"^\((er-[\w-]+)\)=$", NOTEBOOK, re.MULTILINE))
    for row in rows:
        assert cited(row), row
        here = set(re.findall(r"\{ref\}`(er-[\w-]+)`", row))
        assert here <= labels
        assert here or "no audio in this data" in row


def test_the_page_names_no_file_of_this_machine_and_no_user():
    assert not re.search(r"/(home|work|tmp)/", NOTEBOOK)
    assert "user_id" not in NOTEBOOK
