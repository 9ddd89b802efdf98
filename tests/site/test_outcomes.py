"""What pages show of the ledger: both sides of an outcome, whose sentence it is, and what decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soundreasons import freezing
from soundreasons import ledger as ledgers
from soundreasons.claims import Judgement
from soundreasons.measures import measure
from soundreasons.site import outcomes
from soundreasons.site.edition import Edition
from support.records import record

FAMILY = {
    "tier": "other data",
    "what": "how loud it is",
    "unit": "songs",
    "n_units": 30,
    "margin": "two, since one is quiet",
    "control": {"what": "silence", "none": "nothing to hear"},
    "beside": "level",
    "checks": [{"rule": "at_least", "measure": "m", "bar": 2}],
}
THEIRS = {
    "id": "C1",
    "kind": "paper",
    "claim": "Songs are loud.",
    "where": "Table 1",
    "known": "recalled",
    "mind": "A quiet song.",
    "families": [FAMILY],
    "reported": [{"id": "level", "value": 3, "unit": "dB", "what": "loudness", "provenance": "secondary"}],
    "shown": [{"rule": "illustration", "measures": ["shown"], "reason": "one song alone"}],
}
OURS = {
    "id": "E1",
    "kind": "ours",
    "claim": "So is noise.",
    "where": "here",
    "known": "ours",
    "not_tested": "no noise",
}


@pytest.fixture
def edition(tmp_path, monkeypatch) -> Edition:
    monkeypatch.setattr(freezing, "lock_file", lambda slug: tmp_path / f"{slug}.lock")
    ledger = ledgers.Ledger.model_validate({"paper": "demo", "title": "Demo", "claims": [THEIRS, OURS]})
    found = {"m": measure(1.0, interval=(0.5, 1.5)), "shown": measure(4, exact=True)}
    run = record().model_copy(update={"slug": "demo", "profile": "laptop", "measures": found})
    return Edition(slug="demo", ledger=ledger, run=run, folder=Path(), reference=None)


def test_a_badge_says_the_outcome_in_the_words_of_its_closeness():
    toy = Judgement(outcome="not supported", reason="", tier="stand-in")
    assert outcomes.badge(toy) == "[not seen on a stand-in]{.verdict .verdict-not-supported}"
    assert outcomes.closeness(toy) == "[stand-in]{.closeness .closeness-4}"
    theirs = Judgement(outcome="not supported", reason="", tier="authors' artefacts")
    assert outcomes.badge(theirs).startswith("[not supported]")


def test_the_box_holds_sentence_outcome_closeness_number_and_what_would_change_our_mind(edition):
    box = outcomes.box(edition)
    for part in (
        "1 sentence of the paper: 1 not supported.",
        "[not seen on other data]",
        "[other data]",
        "[exploratory]",
        "Songs are loud.",
        "0.500 to 1.50",
        "reported: 3",
        "second-hand",
        "What would change our mind: A quiet song.",
    ):
        assert part in box
    before, fold, after = box.partition("Our readings and extensions: 1 not tested")
    assert fold
    assert "So is noise." in after
    assert "So is noise." not in before


def test_the_headline_counts_the_papers_sentences_alone(edition):
    assert outcomes.headline(edition) == "1 not supported"
    assert outcomes.glance([edition]).startswith("This build, 1 sentence of the papers: 1 not supported.")
    assert "demo:E1" not in outcomes.glance([edition])


def test_the_matrix_puts_a_claim_where_outcome_and_closeness_meet(edition):
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]] for row in outcomes.matrix([edition]).splitlines()
    ]
    assert rows[0] == ["outcome", "other data"]
    assert rows[2] == ["not supported", "{mark}`demo:C1 not supported`"]
    assert "{mark}`demo:E1 not tested`" in outcomes.matrix([edition], outcomes.OTHERS)


def test_the_scoreboard_tells_unit_bar_control_rule_and_what_is_only_shown(edition):
    page = outcomes.scoreboard([edition])
    for part in (
        "how loud it is",
        "songs, 30",
        "two, since one is quiet",
        "nothing to hear",
        "never frozen",
        "one song alone",
        "general knowledge or reconstruction",
        "(claim-demo-c1)=",
    ):
        assert part in page


def test_programs_read_the_same(edition):
    theirs, ours = json.loads(outcomes.as_json([edition]))
    assert (theirs["outcome"], theirs["words"], theirs["closeness"], theirs["rules"]) == (
        "not supported",
        "not seen on other data",
        "other data",
        "exploratory",
    )
    assert (ours["kind"], ours["outcome"], ours["closeness"]) == ("ours", "not tested", None)


def test_authors_are_asked_to_look_at_what_we_do_not_see_and_only_recall(edition):
    page = outcomes.to_the_authors([edition])
    assert "we do not see it; we only recall the sentence" in page
    assert "E1" not in page
