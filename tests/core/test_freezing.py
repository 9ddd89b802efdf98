"""Rules that were fixed before their data were seen, and rules that were not."""

from __future__ import annotations

import datetime
import json

import pytest
import yaml

from soundreasons import freezing, project
from soundreasons import ledger as ledgers
from soundreasons.measures import measure
from support.records import record

DAY = datetime.date(2026, 1, 2)


def claim_with(bar: float = 0.5, unit: str = "songs", n_units: int | None = None, n_checks: int = 1) -> dict:
    control = {"what": "none", "none": "none"}
    checks = [{"rule": "at_least", "measure": f"m{k}", "bar": bar} for k in range(n_checks)]
    family = {
        "tier": "same data",
        "what": "x",
        "unit": unit,
        "n_units": n_units,
        "margin": "x",
        "control": control,
        "checks": checks,
    }
    return {
        "id": "C1",
        "kind": "ours",
        "claim": "x",
        "where": "x",
        "known": "ours",
        "mind": "x",
        "families": [family],
    }


@pytest.fixture
def write(tmp_path, monkeypatch):
    (tmp_path / "_toc.yml").write_text("format: jb-book")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "demo.md").write_text("")
    monkeypatch.setenv("SOUNDREASONS_ROOT", str(tmp_path))

    def ledger(claim: dict) -> ledgers.Ledger:
        path = project.ledger("demo")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"paper": "demo", "title": "x", "claims": [claim]}))
        return ledgers.load(path)

    return ledger


def measured(*names: str) -> None:
    found = record().model_copy(
        update={
            "slug": "demo",
            "profile": "laptop",
            "measures": {name: measure([1.0, 2.0]) for name in names},
        }
    )
    path = project.reference("demo", "laptop")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.model_dump_json())


def state_of(ledger: ledgers.Ledger) -> str:
    return freezing.state(ledger.claims[0], "same data", freezing.read("demo"))


def test_a_rule_is_frozen_before_its_measure_is_taken(write):
    ledger = write(claim_with())
    assert state_of(ledger) == "exploratory"  # nobody has frozen it yet
    measured("something_else")
    freezing.freeze("demo", today=DAY)
    assert state_of(ledger) == "frozen"
    assert (
        json.loads(freezing.lock_file("demo").read_text())["rules"]["C1, same data"]["date"] == "2026-01-02"
    )


def test_a_rule_that_came_after_its_measure_is_exploratory(write):
    ledger = write(claim_with())
    measured("m0")
    freezing.freeze("demo", today=DAY)
    assert state_of(ledger) == "exploratory"
    assert "laptop" in freezing.read("demo").rules["C1, same data"].seen


def test_a_changed_rule_is_exploratory_until_it_is_frozen_anew_and_the_old_one_is_named(write):
    write(claim_with())
    freezing.freeze("demo", today=DAY)
    changed = write(claim_with(bar=0.4))
    assert state_of(changed) == "exploratory"
    measured("m0")
    freezing.freeze("demo", today=DAY + datetime.timedelta(days=1))
    rule = freezing.read("demo").rules["C1, same data"]
    assert (state_of(changed), len(rule.replaced)) == ("exploratory", 1)


def test_what_did_not_change_keeps_its_day_and_prose_does_not_count(write):
    claim = claim_with()
    write(claim)
    freezing.freeze("demo", today=DAY)
    measured("m0")
    claim["families"][0]["what"] = "the same in other words"
    ledger = write(claim | {"claim": "y", "mind": "z"})
    freezing.freeze("demo", today=DAY + datetime.timedelta(days=1))
    rule = freezing.read("demo").rules["C1, same data"]
    assert (state_of(ledger), rule.date) == ("frozen", "2026-01-02")


@pytest.mark.parametrize("change", [{"unit": "artists"}, {"bar": 0.6}, {"n_units": 50}, {"n_checks": 2}])
def test_what_can_change_an_outcome_counts(write, change):
    one, other = write(claim_with()), write(claim_with(**change))
    digests = [freezing.digest_of(ledger.claims[0].families[0]) for ledger in (one, other)]
    assert digests[0] != digests[1]


def test_a_family_that_could_never_decide_is_refused(write):
    write(claim_with(n_units=6, n_checks=24))
    with pytest.raises(ValueError, match="24 checks on 6 songs"):
        freezing.freeze("demo", today=DAY)


def test_a_damaged_lock_is_named_with_its_field(write):
    write(claim_with())
    freezing.lock_file("demo").write_text('{"paper": "demo", "rules": {"C1": {"digest": 3}}}')
    with pytest.raises(ValueError, match=r"demo/claims\.lock, rules\.C1"):
        freezing.read("demo")
