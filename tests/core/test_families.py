"""What checks say together: the table of outcomes by hand, and false alarms by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from soundreasons.evidence.families import Member, cannot_decide, holm, together
from soundreasons.evidence.findings import Finding, Sample, against, share_against


def member(passes: float, fails: float, *, n: int | None = 30, bias="none", void=False) -> Member:
    side = 1.0 if passes < fails else -1.0
    return Member(Finding(passes, fails, side, side, 0.5, n, is_exact=False), bias, is_void=void)


YES, NO, MAYBE, ABSENT = member(0.001, 0.999), member(0.999, 0.001), member(0.3, 0.7), Member(None)


@pytest.mark.parametrize(
    ("members", "quantifier", "outcome"),
    [
        ([YES], "all", "supported"),
        ([NO], "all", "not supported"),
        ([MAYBE], "all", "undecided"),
        ([ABSENT], "all", "not tested"),
        ([YES, YES, MAYBE], "all", "undecided"),
        ([YES, YES, NO], "all", "not supported"),
        ([YES, YES, ABSENT], "all", "partly supported"),
        ([NO, ABSENT], "all", "not supported"),
        ([NO, NO, YES], "any", "supported"),
        ([NO, NO], "any", "not supported"),
        ([NO, MAYBE], "any", "undecided"),
        ([NO, ABSENT], "any", "undecided"),
        ([YES] * 5, "most", "supported"),
        ([YES] * 4 + [NO], "most", "undecided"),
        ([YES] * 4, "most", "undecided"),
        ([NO] * 5, "most", "not supported"),
        ([YES] * 5 + [ABSENT], "most", "partly supported"),
        # Too few units, none of them exact.
        ([member(0.001, 0.999, n=5)], "all", "undecided"),
        ([member(0.999, 0.001, n=5)], "all", "undecided"),
        # Its control passes too.
        ([member(0.001, 0.999, void=True)], "all", "undecided"),
        # Our set-up pushes away from the claim: failing does not count, passing does.
        ([member(0.999, 0.001, bias="away")], "all", "undecided"),
        ([member(0.001, 0.999, bias="away")], "all", "supported"),
        ([member(0.999, 0.001, bias="towards")], "all", "not supported"),
        ([member(0.999, 0.001, bias="unknown")], "all", "not supported"),
    ],
)  # fmt: skip
def test_the_table_of_outcomes(members, quantifier, outcome):
    assert together(members, quantifier).outcome == outcome


def test_partly_supported_says_of_how_many():
    joint = together([YES, ABSENT, ABSENT], "all")
    assert (joint.n_passing, joint.n_members) == (1, 3)


def test_what_is_pushed_towards_the_claim_is_favoured():
    assert together([member(0.001, 0.999, bias="towards")], "all").is_favoured
    assert not together([YES], "all").is_favoured
    assert together([member(0.999, 0.001, bias="away")], "all").is_spared


def test_all_of_24_hits_do_not_show_nine_in_ten_and_all_of_36_do():
    both = [together([Member(share_against(n, n, 0.9, 1.0))], "all").outcome for n in (24, 36)]
    assert both == ["undecided", "supported"]


@pytest.mark.parametrize(("p", "outcome"), [(0.004, "not supported"), (0.006, "undecided")])
def test_one_of_ten_fails_only_below_a_tenth_of_the_level(p, outcome):
    assert together([YES] * 9 + [member(1 - p, p)], "all").outcome == outcome


def test_one_of_24_fails_only_below_its_holm_level():
    outcomes = [together([YES] * 23 + [member(1 - p, p)], "all").outcome for p in (0.002, 0.0022)]
    assert outcomes == ["not supported", "undecided"]


def test_holm_as_by_hand():
    # 5 x .01, 4 x .02, 3 x .03, 2 x .04, 1 x .05, and none smaller than the one before it.
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([0.05, 0.01]) == pytest.approx([0.05, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_family_that_could_never_decide_is_known():
    assert cannot_decide(24, 6, "all")
    assert not cannot_decide(24, 12, "all")
    assert cannot_decide(4, 1000, "most")


@pytest.mark.parametrize("n_units", [6, 12, 30])
def test_24_checks_at_the_bar_are_falsely_refuted_in_at_most_one_draw_of_15(n_units):
    rng, n_checks, n_draws = np.random.default_rng(7), 24, 2000
    values = rng.normal(size=(n_draws, n_checks, n_units))
    mean, spread = values.mean(axis=2), values.std(axis=2, ddof=1) / math.sqrt(n_units)
    below = stats.t.cdf(mean / spread, n_units - 1)
    wrong = 0
    for draw in below:
        members = [member(float(1 - p), float(p), n=n_units) for p in draw]
        wrong += together(members, "all").outcome == "not supported"
    assert wrong / n_draws <= 0.065


def test_the_simulation_makes_its_p_values_as_findings_does():
    found = against(Sample(-0.4, 0.2, 11, 12), 0.0, math.inf)
    assert found.fails == pytest.approx(stats.t.cdf(-2.0, 11))
