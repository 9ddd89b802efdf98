"""The ledger judged: every rule can come out each way, the closest evidence decides, and what is refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from soundreasons import claims, project
from soundreasons import ledger as ledgers
from soundreasons.measures import measure
from support import ledgers as shared

CHECK = TypeAdapter(ledgers.Check)
AT_LEAST = {"rule": "at_least", "measure": "m", "bar": 0.5}
NO_CONTROL = {"what": "none", "none": "none here"}


def family(checks, *, tier="same data", **fields):
    settings = {"what": "x", "unit": "songs", "margin": "x", "control": NO_CONTROL, "n_units": 40} | fields
    return ledgers.Family.model_validate({"tier": tier, "checks": checks, **settings})


def claim_of(*families, **fields):
    settings = {"id": "C1", "kind": "paper", "claim": "x", "where": "x", "known": "secondary", "mind": "x"}
    return ledgers.Claim(**(settings | fields), families=list(families))


def judge(checks, found, *, profile="laptop", absent=(), **fields):
    return claims.judge(claim_of(family(checks, **fields)), found, profile=profile, absent=absent)


# Six units each: wholly above 0.5, wholly below, and astride.
HIGH, LOW = (measure([level + step / 100 for step in range(6)]) for level in (0.8, 0.2))
ASTRIDE = measure([0.3, 0.4, 0.5, 0.6, 0.7, 0.5])
SEVEN, EIGHT = measure(7, exact=True), measure(8, exact=True)
EXACT = {"rule": "exact", "measure": "m", "value": 7}
WITHIN = {"rule": "interval", "measure": "m", "low": 0.1, "high": 0.4}
AT_MOST = AT_LEAST | {"rule": "at_most"}


@pytest.mark.parametrize(
    ("check", "found", "outcome"),
    [
        (AT_LEAST, HIGH, "supported"),
        (AT_LEAST, LOW, "not supported"),
        (AT_LEAST, ASTRIDE, "undecided"),
        (AT_LEAST, measure(0.9), "not tested"),  # one value has no interval
        (AT_LEAST, measure(0.9, interval=(0.8, 1.0)), "supported"),
        (AT_MOST, LOW, "supported"),
        (AT_MOST, HIGH, "not supported"),
        (AT_MOST, ASTRIDE, "undecided"),
        (WITHIN, LOW, "supported"),
        (WITHIN, HIGH, "not supported"),
        (WITHIN, ASTRIDE, "not supported"),
        (WITHIN | {"high": 0.5}, ASTRIDE, "undecided"),
        (EXACT, SEVEN, "supported"),
        (EXACT, EIGHT, "not supported"),
        (EXACT | {"tolerance": 0.5}, measure(7.5, exact=True), "supported"),
        (EXACT | {"tolerance": 0.5}, measure(7.6, exact=True), "not supported"),
        (AT_LEAST | {"test": "binomial", "n_units": 24, "bar": 0.9}, measure(1.0), "undecided"),
        (AT_LEAST | {"test": "binomial", "n_units": 36, "bar": 0.9}, measure(1.0), "supported"),
        (AT_LEAST | {"test": "binomial", "n_units": 36, "bar": 90}, measure(100, unit="%"), "supported"),
        (AT_MOST | {"test": "binomial", "n_units": 36, "bar": 0.2}, measure(0.5), "not supported"),
        (AT_LEAST | {"test": "signs"}, HIGH, "supported"),
        (AT_MOST | {"test": "signs"}, HIGH, "not supported"),
    ],
)
def test_a_rule_on_one_measure_can_come_out_each_way(check, found, outcome):
    assert judge([check], {"m": found}).outcome == outcome


def test_a_measure_equal_to_the_bar_reaches_it():
    bar = measure(0.5, exact=True)
    assert judge([AT_LEAST], {"m": bar}).outcome == "supported"
    assert judge([AT_MOST], {"m": bar}).outcome == "supported"


def test_an_ordering_is_judged_on_pairs():
    # The seeds spread more than the two measures differ, but each seed has them in order by 0.01 to 0.03.
    first = measure([0.1, 0.3, 0.5, 0.6, 0.7, 0.9])
    second = measure([0.11, 0.32, 0.53, 0.61, 0.72, 0.93])
    ordering = {"rule": "ordering", "measures": ["a", "b"]}
    assert judge([ordering], {"a": first, "b": second}).outcome == "supported"
    assert judge([ordering], {"a": second, "b": first}).outcome == "not supported"
    assert judge([ordering | {"gap": 0.02}], {"a": first, "b": second}).outcome == "undecided"


def test_equal_measures_are_in_no_order():
    same = measure(1.0, exact=True)
    ordering = {"rule": "ordering", "measures": ["a", "b"]}
    assert judge([ordering], {"a": same, "b": same}).outcome == "not supported"


def test_a_null_of_zero_leaves_its_check_untested_and_the_others_judged():
    ratio = {"rule": "ratio_to_null", "measure": "m", "over": "n", "at_least": 2}
    judged = judge([ratio, AT_LEAST], {"m": HIGH, "n": measure([0.0, 0.0, 0.0])})
    assert [part.outcome for part in judged.parts] == ["not tested", "supported"]
    assert (judged.outcome, judged.words) == ("partly supported", "partly supported (1 of 2)")
    assert "needs a null above 0" in judged.parts[0].shown


def test_what_could_not_be_made_is_counted_and_named():
    check = {**AT_LEAST, "measure": "m.{data}", "for_each": {"data": ["a", "b", "c"]}}
    judged = judge([check], {"m.a": HIGH, "m.b": HIGH}, absent=["c"])
    assert (judged.outcome, judged.n_passing, judged.n_checks) == ("partly supported", 2, 3)
    assert "1 could not be made" in judged.reason
    assert "c" in judged.parts[2].shown
    assert judge([check], {"m.a": HIGH, "m.b": LOW}, absent=["c"]).outcome == "not supported"
    assert judge([check], {"m.a": HIGH, "m.b": ASTRIDE}, absent=["c"]).outcome == "undecided"


def test_the_closest_evidence_that_is_here_decides_and_a_stand_in_never_overrules_it():
    theirs = family([AT_LEAST], tier="authors' artefacts", needs=["files"])
    toy = family([{**AT_LEAST, "measure": "toy"}], tier="stand-in")
    both = claim_of(theirs, toy)
    found = {"m": HIGH, "toy": LOW}
    judged = claims.judge(both, found, profile="laptop")
    assert (judged.outcome, judged.tier) == ("supported", "authors' artefacts")
    without = claims.judge(both, found, profile="laptop", absent=["files"])
    assert (without.outcome, without.tier, without.words) == (
        "not supported",
        "stand-in",
        "not seen on a stand-in",
    )


def test_too_few_units_leave_the_decision_to_the_next_kind_of_evidence():
    few = family([AT_LEAST], tier="same data", n_units=4)
    more = family([{**AT_LEAST, "measure": "b"}], tier="stand-in")
    found = {"m": measure(0.9, interval=(0.8, 1.0)), "b": HIGH}
    assert claims.judge(claim_of(few, more), found, profile="laptop").tier == "stand-in"
    alone = claims.judge(claim_of(few), found, profile="laptop")
    assert (alone.outcome, alone.tier) == ("undecided", "same data")
    assert "4 songs are too few, 6 are needed" in alone.reason


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [({"unit": "trainings"}, "undecided"), ({"shape": "bounded"}, "undecided"), ({}, "supported")],
)
def test_trainings_and_shares_need_more_units(fields, outcome):
    assert judge([AT_LEAST], {"m": HIGH}, **fields).outcome == outcome


def test_a_control_that_passes_too_makes_the_check_void():
    control = {"what": "labels exchanged", "checks": [{**AT_LEAST, "measure": "shuffled"}]}
    judged = judge([AT_LEAST], {"m": HIGH, "shuffled": HIGH}, control=control)
    assert judged.outcome == "undecided"
    assert judged.reason == "void: its control, labels exchanged, passes too"
    assert judge([AT_LEAST], {"m": HIGH, "shuffled": LOW}, control=control).outcome == "supported"


def test_what_our_set_up_pushes_away_cannot_count_against_the_claim():
    bias = {"pushes": "away", "why": "a tenth of the steps", "shown_by": "a run with half of them loses more"}
    judged = judge([AT_LEAST], {"m": LOW}, bias=bias)
    assert judged.outcome == "undecided"
    assert "a tenth of the steps" in judged.reason
    towards = bias | {"pushes": "towards"}
    assert "favoured by our set-up" in judge([AT_LEAST], {"m": HIGH}, bias=towards).reason


def test_what_is_undecided_says_what_would_decide():
    judged = judge([AT_LEAST | {"bar": 0.45}], {"m": ASTRIDE})
    assert judged.outcome == "undecided"
    assert "the smallest distance from the bar that it would see" in judged.reason
    assert "songs would decide, of which it had 6" in judged.reason


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"profile": "smoke"}, "a smoke run decides nothing"),
        ({"needs": ["big_set"], "absent": ["big_set"]}, "big_set"),
    ],
)
def test_what_cannot_be_tested_says_why(arguments, told):
    judged = judge([AT_LEAST], {"m": HIGH}, **arguments)
    assert (judged.outcome, judged.tier) == ("not tested", None)
    assert told in judged.reason


def test_a_claim_of_another_profile_is_not_tested():
    paper = claim_of(family([AT_LEAST]), profiles=["paper"])
    assert "needs the paper profile" in claims.judge(paper, {"m": HIGH}, profile="laptop").reason


FAMILY = {
    "tier": "same data",
    "what": "x",
    "unit": "songs",
    "margin": "x",
    "control": NO_CONTROL,
    "checks": [AT_LEAST],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"families": []}, "families, or the reason"),
        ({"families": [FAMILY | {"checks": []}]}, "at least 1 item"),
        (
            {"families": [FAMILY | {"checks": [{"rule": "exact", "measure": "m", "reported": "r"}]}]},
            "only recalled",
        ),
        (
            {"families": [FAMILY | {"checks": [{"rule": "exact", "measure": "m", "reported": "s"}]}]},
            "not there",
        ),
        ({"families": [FAMILY | {"checks": [{"rule": "exact", "measure": "m"}]}]}, "value or reported"),
        ({"families": [FAMILY | {"checks": [{**WITHIN, "low": 2}]}]}, "low must be smaller"),
        ({"families": [FAMILY | {"checks": [{"rule": "perhaps", "measure": "m"}]}]}, "perhaps"),
        ({"families": [FAMILY | {"bias": {"pushes": "away"}}]}, "shown_by"),
        ({"families": [FAMILY | {"control": {"what": "x"}}]}, "the control"),
        ({"families": [FAMILY | {"beside": "s"}]}, "not reported"),
        ({"families": [FAMILY, FAMILY]}, "one family a tier"),
        ({"families": [FAMILY, FAMILY | {"tier": "authors' artefacts"}]}, "the closest first"),
        ({"mind": ""}, "change our mind"),
        ({"known": "inferred"}, "is a reading"),
        ({"where": None}, "where"),
        ({"wher": "x"}, "wher"),
    ],
)
def test_a_malformed_ledger_is_refused_with_its_field(tmp_path, change, told):
    claim = {
        "id": "C1",
        "kind": "paper",
        "claim": "x",
        "where": "x",
        "known": "secondary",
        "mind": "x",
        "reported": [{"id": "r", "value": 1, "what": "x", "provenance": "recalled"}],
        "families": [FAMILY],
    }
    path = tmp_path / "demo" / "claims.yml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({"paper": "demo", "title": "x", "claims": [claim | change]}))
    with pytest.raises(ledgers.LedgerError, match=r"demo/claims\.yml") as refusal:
        ledgers.load(path)
    assert told in str(refusal.value)


def test_an_illustration_counts_nowhere():
    with pytest.raises(ValidationError, match="counts nowhere"):
        family([{"rule": "illustration", "measures": ["m"], "reason": "no null fits"}])


EVERY_CHECK = [
    pytest.param(*each.values, id=f"{slug}-{each.id}")
    for slug in project.slugs()
    for each in shared.countable(ledgers.load(project.ledger(slug)))
]


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "family", "check"), EVERY_CHECK)
def test_every_check_of_every_ledger_can_pass_and_can_fail(claim, family, check, holds):
    assert shared.outcome_alone(claim, family, check, holds) == ("supported" if holds else "not supported")


@pytest.mark.parametrize("slug", project.slugs())
def test_every_claim_is_cited_in_its_notebook(slug):
    text = project.notebook(slug).with_suffix(".md").read_text()
    missing = [c.id for c in ledgers.load(project.ledger(slug)).claims if f"{{claim}}`{c.id}`" not in text]
    assert not missing


@pytest.mark.parametrize("slug", project.slugs())
def test_every_data_set_of_a_ledger_is_in_the_registry(slug):
    from soundreasons import data

    assert claims.data_named(ledgers.load(project.ledger(slug))) <= set(data.names())


@pytest.mark.parametrize("slug", project.slugs())
def test_the_shipped_ledger_says_how_many_units_each_measured_interval_is_over(slug):
    from soundreasons import results

    found = results.read(project.reference(slug, "laptop"))
    nobody_says = [
        f"{name}: {part.rule}"
        for name, judgement in found.verdicts.items()
        for part in judgement.parts
        if part.passes is not None and part.n_units is None and 0 < part.passes < 1
    ]
    assert nobody_says == []


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8), st.floats(-10, 10))
def test_at_least_and_at_most_never_both_fail(values, bar):
    found = {"m": measure(values)}
    both = [judge([check | {"bar": bar}], found).outcome for check in (AT_LEAST, AT_MOST)]
    assert both != ["not supported", "not supported"]
