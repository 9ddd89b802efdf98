"""The ledger: every rule can come out each way, and what it refuses."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from soundreasons import claims, project
from soundreasons import ledger as ledgers
from soundreasons.measures import Measure, measure

CHECK = TypeAdapter(ledgers.Check)


def judge(checks, found, *, profile="laptop", absent=(), **fields):
    claim = ledgers.Claim(
        id="C1",
        claim="x",
        where="x",
        why_rule="x",
        checks=[CHECK.validate_python(c) for c in checks],
        **fields,
    )
    return claims.judge(claim, found, profile=profile, absent=absent)


# Three seeds each: wholly above 0.5, wholly below, and astride (by hand: 0.5 -+ 0.5).
HIGH, LOW, ASTRIDE = measure([0.8, 0.81, 0.82]), measure([0.2, 0.21, 0.22]), measure([0.3, 0.5, 0.7])


SEVEN, EIGHT = measure(7, exact=True), measure(8, exact=True)
EXACT = {"rule": "exact", "measure": "m", "value": 7}


@pytest.mark.parametrize(
    ("check", "found", "verdict"),
    [
        ({"rule": "at_least", "measure": "m", "bar": 0.5}, HIGH, "reproduced"),
        ({"rule": "at_least", "measure": "m", "bar": 0.5}, LOW, "contradicted"),
        ({"rule": "at_least", "measure": "m", "bar": 0.5}, ASTRIDE, "inconclusive"),
        ({"rule": "at_least", "measure": "m", "bar": 0.5}, measure(0.9), "inconclusive"),
        ({"rule": "at_most", "measure": "m", "bar": 0.5}, LOW, "reproduced"),
        ({"rule": "at_most", "measure": "m", "bar": 0.5}, HIGH, "contradicted"),
        ({"rule": "at_most", "measure": "m", "bar": 0.5}, ASTRIDE, "inconclusive"),
        ({"rule": "interval", "measure": "m", "low": 0.1, "high": 0.4}, LOW, "reproduced"),
        ({"rule": "interval", "measure": "m", "low": 0.1, "high": 0.4}, HIGH, "contradicted"),
        ({"rule": "interval", "measure": "m", "low": 0.1, "high": 0.4}, ASTRIDE, "inconclusive"),
        (EXACT, SEVEN, "reproduced"),
        (EXACT, EIGHT, "contradicted"),
        (EXACT | {"tolerance": 0.5}, measure(7.5, exact=True), "reproduced"),
        (EXACT | {"tolerance": 0.5}, measure(7.6, exact=True), "contradicted"),
    ],
)
def test_a_rule_on_one_measure_can_come_out_each_way(check, found, verdict):
    assert judge([check], {"m": found}).verdict == verdict


def test_a_measure_equal_to_the_bar_reaches_it():
    bar = measure(0.5, exact=True)
    assert judge([{"rule": "at_least", "measure": "m", "bar": 0.5}], {"m": bar}).verdict == "reproduced"
    assert judge([{"rule": "at_most", "measure": "m", "bar": 0.5}], {"m": bar}).verdict == "reproduced"


def test_an_ordering_is_judged_seed_by_seed():
    # The seeds spread more than the two measures differ, but each seed has them in order by 0.01 to 0.02.
    first, second = measure([0.1, 0.5, 0.9]), measure([0.11, 0.515, 0.92])
    ordering = {"rule": "ordering", "measures": ["a", "b"]}
    assert judge([ordering], {"a": first, "b": second}).verdict == "reproduced"
    assert judge([ordering], {"a": second, "b": first}).verdict == "contradicted"
    assert judge([ordering | {"gap": 0.015}], {"a": first, "b": second}).verdict == "inconclusive"


def test_equal_measures_are_in_no_order():
    same = measure(1.0, exact=True)
    assert (
        judge([{"rule": "ordering", "measures": ["a", "b"]}], {"a": same, "b": same}).verdict
        == "contradicted"
    )


@pytest.mark.parametrize(
    ("null", "verdict"),
    [
        (measure([3.0, 3.3, 3.6]), "reproduced"),  # ratios 0.333, 0.333, 0.333 to a bar of 0.4
        (measure([1.5, 1.65, 1.8]), "contradicted"),  # ratios 0.667
        (measure([1.5, 3.3, 3.6]), "inconclusive"),  # ratios 0.667, 0.333, 0.333: the interval is wide
    ],
)
def test_a_ratio_to_a_null_is_judged_seed_by_seed(null, verdict):
    check = {"rule": "ratio_to_null", "measure": "m", "over": "n", "at_most": 0.4}
    assert judge([check], {"m": measure([1.0, 1.1, 1.2]), "n": null}).verdict == verdict


def test_unpaired_intervals_combine_by_their_ends():
    # By hand: (2 to 4) - (1 to 1.5) lies between 0.5 and 3; (2 to 4) / (1 to 1.5) between 1.333 and 4.
    first, second = measure(1.2, interval=(1.0, 1.5)), measure(3.0, interval=(2.0, 4.0))
    gap = claims.difference(first, second)
    assert (gap.low, gap.high) == pytest.approx((0.5, 3.0))
    quotient = claims.ratio(second, first)
    assert (quotient.low, quotient.high) == pytest.approx((4 / 3, 4.0))


def test_a_ratio_to_a_null_of_zero_is_refused():
    with pytest.raises(ValueError, match="needs a null above 0"):
        claims.ratio(HIGH, measure([0.0, 0.0, 0.0]))


def test_a_null_of_zero_leaves_its_check_untested_and_the_others_judged():
    ratio = {"rule": "ratio_to_null", "measure": "m", "over": "n", "at_least": 2}
    bar = {"rule": "at_least", "measure": "m", "bar": 0.5}
    judged = judge([ratio, bar], {"m": measure([1.0, 1.0, 1.0]), "n": measure([0.0, 0.0, 0.0])})
    assert [part.verdict for part in judged.parts] == ["not tested", "reproduced"]
    assert "needs a null above 0" in judged.parts[0].shown


def test_one_contradicted_check_contradicts_and_untested_ones_are_told():
    check = {"rule": "at_least", "measure": "m.{data}", "bar": 0.5, "for_each": {"data": ["a", "b", "c"]}}
    judged = judge([check], {"m.a": HIGH, "m.b": LOW}, absent=["c"])
    assert judged.verdict == "contradicted"
    assert [part.verdict for part in judged.parts] == ["reproduced", "contradicted", "not tested"]
    assert "c" in judged.parts[2].shown
    assert judge([check], {"m.a": HIGH, "m.b": HIGH}, absent=["c"]).verdict == "reproduced"
    assert judge([check], {"m.a": HIGH, "m.b": ASTRIDE}, absent=["c"]).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"profile": "smoke"}, "a smoke run gives no verdict"),
        ({"profiles": ["paper"]}, "needs the paper profile"),
        ({"needs": ["big_set"], "absent": ["big_set"]}, "big_set"),
    ],
)
def test_what_cannot_be_tested_says_why(arguments, told):
    judged = judge([{"rule": "at_least", "measure": "m", "bar": 0.5}], {"m": HIGH}, **arguments)
    assert judged.verdict == "not tested"
    assert told in judged.reason


def test_an_illustration_is_never_counted():
    check = {"rule": "illustration", "measures": ["m"], "reason": "no null fits"}
    assert judge([check], {"m": HIGH}).verdict == "illustration"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"checks": []}, "checks, or the reason"),
        ({"checks": [{"rule": "exact", "measure": "m", "reported": "r"}]}, "only recalled"),
        ({"checks": [{"rule": "exact", "measure": "m", "reported": "s"}]}, "which is not there"),
        ({"checks": [{"rule": "exact", "measure": "m"}]}, "value or reported"),
        ({"checks": [{"rule": "interval", "measure": "m", "low": 2, "high": 1}]}, "low must be smaller"),
        ({"checks": [{"rule": "ratio_to_null", "measure": "m", "over": "n"}]}, "at_most or at_least"),
        ({"checks": [{"rule": "perhaps", "measure": "m"}]}, "perhaps"),
        ({"where": None}, "where"),
        ({"wher": "x"}, "wher"),
    ],
)
def test_a_malformed_ledger_is_refused_with_its_field(tmp_path, change, told):
    claim = {
        "id": "C1", "claim": "x", "where": "x", "why_rule": "x",
        "reported": [{"id": "r", "value": 1, "what": "x", "provenance": "recalled"}],
        "checks": [{"rule": "at_least", "measure": "m", "bar": 1}],
    }  # fmt: skip
    path = tmp_path / "demo" / "claims.yml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({"paper": "demo", "title": "x", "claims": [claim | change]}))
    with pytest.raises(ledgers.LedgerError, match=r"demo/claims\.yml") as refusal:
        ledgers.load(path)
    assert told in str(refusal.value)


def contradicting(check) -> dict[str, Measure]:
    """Measures that go against a check, made from its own bar; not from the code that judges."""

    def sure(value: float) -> Measure:
        return measure([value, value, value + 1e-9])

    match check:
        case ledgers.AtLeast():
            return {check.measure: sure(check.bar - 1)}
        case ledgers.AtMost():
            return {check.measure: sure(check.bar + 1)}
        case ledgers.Within():
            return {check.measure: sure(check.high + 1)}
        case ledgers.Ordering():
            return {name: sure(-float(place)) for place, name in enumerate(check.measures)}
        case ledgers.RatioToNull():
            worse = check.at_most * 2 + 1 if check.at_most is not None else check.at_least - 1
            return {check.measure: sure(worse), check.over: sure(1.0)}
        case ledgers.Exact():
            return {check.measure: measure(-12345.678, exact=True)}
    raise AssertionError(f"no contradicting measures are known for {check.rule}")


EVERY_CHECK = [
    pytest.param(claim, check, id=f"{slug}-{claim.id}-{number}")
    for slug in project.slugs()
    for claim in ledgers.load(project.ledger(slug)).claims
    for number, check in enumerate(claim.expanded())
    if not isinstance(check, ledgers.Illustration)
]


@pytest.mark.parametrize(("claim", "check"), EVERY_CHECK)
def test_every_check_of_every_ledger_can_fail(claim, check):
    alone = claim.model_copy(update={"checks": [check], "needs": []})
    assert claims.judge(alone, contradicting(check), profile=claim.profiles[0]).verdict == "contradicted"


@pytest.mark.parametrize("slug", project.slugs())
def test_every_claim_is_cited_in_its_notebook(slug):
    text = project.notebook(slug).with_suffix(".md").read_text()
    missing = [c.id for c in ledgers.load(project.ledger(slug)).claims if f"{{claim}}`{c.id}`" not in text]
    assert not missing


@pytest.mark.parametrize("slug", project.slugs())
def test_every_data_set_of_a_ledger_is_in_the_registry(slug):
    from soundreasons import data

    assert claims.data_named(ledgers.load(project.ledger(slug))) <= set(data.names())


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=5), st.floats(-10, 10))
def test_at_least_and_at_most_never_both_fail(values, bar):
    found = {"m": measure(values)}
    least = judge([{"rule": "at_least", "measure": "m", "bar": bar}], found).verdict
    most = judge([{"rule": "at_most", "measure": "m", "bar": bar}], found).verdict
    assert (least, most) != ("contradicted", "contradicted")
