"""One number against a bar: by hand, by scipy, and by simulation at the bar."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from soundreasons.claims import FEWEST_BY_SHAPE
from soundreasons.evidence import findings
from soundreasons.evidence.findings import Sample, against, sample_of, share_against, signs_against
from soundreasons.measures import measure, sampled

UP = (0.0, math.inf)


def test_a_mean_over_seeds_is_held_against_a_bar_by_students_test():
    values = [0.2, -0.1, 0.4, 0.3, 0.1, 0.2]
    found = against(sample_of(measure(values)), *UP)
    assert found.passes == pytest.approx(stats.ttest_1samp(values, 0, alternative="greater").pvalue)
    assert found.fails == pytest.approx(stats.ttest_1samp(values, 0, alternative="less").pvalue)
    assert (found.n_units, found.is_exact) == (6, False)


def test_an_interval_over_units_gives_back_the_spread_that_it_was_made_of():
    values = np.random.default_rng(1).normal(1.0, 2.0, 400)
    kept = sampled(values, "users", np.random.default_rng(0))
    assert sample_of(kept).spread == pytest.approx(values.std(ddof=1) / 20, rel=0.05)
    assert sample_of(kept).n_units == 400


def test_an_interval_crossed_over_seeds_and_units_counts_its_units_and_not_its_seeds():
    crossed = measure([0.5, 0.6, 0.7], interval=(0.55, 0.65))
    assert sample_of(crossed, 40).n_units == 40
    assert sample_of(measure([0.5, 0.6, 0.7]), 40).n_units == 3


def test_one_value_alone_tells_nothing():
    assert sample_of(measure(0.7)) is None


def test_what_is_not_random_is_certain():
    seven = sample_of(measure(7, exact=True))
    assert against(seven, 7, math.inf)[:2] == (0.0, 1.0)
    assert against(seven, 7.5, math.inf)[:2] == (1.0, 0.0)


@pytest.mark.parametrize(("n", "p"), [(3, 0.125), (5, 0.03125)])
def test_units_that_all_agree_are_as_sure_as_the_sign_test(n, p):
    found = against(sample_of(measure([0.9] * n)), 0.8, math.inf)
    assert (found.passes, found.fails, found.is_exact) == (p, 1.0, True)


def test_equivalence_asks_both_ends():
    # Six near 0.02: inside -0.1 to 0.1 on both sides, but not shown to be above 0.
    values = measure([0.02, -0.01, 0.05, 0.03, 0.0, 0.03])
    assert against(sample_of(values), -0.1, 0.1).passes < 0.001
    assert against(sample_of(values), 0.015, 0.1).passes > 0.05
    # Far outside: failing is looked for at both ends, so the p-value is doubled.
    far = against(sample_of(values), 0.5, 0.6)
    one = stats.ttest_1samp(values.values, 0.5, alternative="less").pvalue
    assert far.fails == pytest.approx(2 * one, abs=1e-12)


def test_shares_of_hits_are_held_against_their_bar_exactly():
    # All of 24: the chance of that at .9 is .9 ** 24.
    assert share_against(24, 24, 0.9, 1.0).passes == pytest.approx(0.9**24)
    assert share_against(24, 24, 0.9, 1.0).is_exact
    assert share_against(0, 10, 0.0, 0.2).passes == pytest.approx(0.8**10)
    with pytest.raises(ValueError, match="5 hits of 4"):
        share_against(5, 4, 0.5, 1.0)


def test_signs_count_and_ties_say_nothing():
    found = signs_against([1, 2, 3, 4, 5, 0.0], 0.0)
    assert found.passes == pytest.approx(0.5**5)
    assert signs_against([0.0, 0.0], 0.0).passes == 1.0


def test_pairs_are_compared_by_their_differences_and_others_by_welch():
    first, second = [0.1, 0.5, 0.9, 0.2, 0.4, 0.7], [0.12, 0.53, 0.91, 0.22, 0.43, 0.71]
    paired = findings.minus(sample_of(measure(second)), sample_of(measure(first)))
    assert against(paired, *UP).passes == pytest.approx(
        stats.ttest_rel(second, first, alternative="greater").pvalue
    )
    longer = [*second, 0.6]
    apart = findings.minus(sample_of(measure(longer)), sample_of(measure(first)))
    assert against(apart, *UP).passes == pytest.approx(
        stats.ttest_ind(longer, first, equal_var=False, alternative="greater").pvalue
    )


def test_a_ratio_is_a_difference_from_so_many_times_the_null():
    numerator, null = measure([1.0, 1.1, 1.2]), measure([3.0, 3.3, 3.6])
    contrast = findings.times_less(sample_of(numerator), sample_of(null), 0.4)
    assert contrast.mean == pytest.approx(np.mean([1 - 1.2, 1.1 - 1.32, 1.2 - 1.44]))
    with pytest.raises(ValueError, match="needs a null above 0"):
        findings.times_less(sample_of(numerator), sample_of(measure([0.0, 0.0])), 0.4)


def test_how_much_would_be_seen_and_how_many_would_decide():
    found = against(Sample(0.1, 0.1, 24, 25), *UP)
    # 1.645 + 0.842 standard errors; and (that over the distance) squared times the units.
    assert findings.smallest_visible(found) == pytest.approx(0.2486, abs=1e-3)
    assert findings.units_needed(found) == 155
    assert findings.units_needed(against(Sample(0.0, 0.1, 24, 25), *UP)) is None


KINDS = {
    "differences on pairs": (
        "symmetric",
        0.1,
        lambda rng, size: rng.binomial(10, 0.8, size) / 10 - rng.binomial(10, 0.7, size) / 10,
    ),
    "bell": ("symmetric", 0.0, lambda rng, size: rng.normal(size=size)),
    "flat": ("symmetric", 0.5, lambda rng, size: rng.uniform(size=size)),
    "a share of each unit": ("bounded", 0.8, lambda rng, size: rng.binomial(10, rng.beta(4, 1, size)) / 10),
    "reciprocal ranks": (
        "skewed",
        float(np.mean(1 / np.arange(1, 21))),
        lambda rng, size: 1 / rng.integers(1, 21, size),
    ),
}


@pytest.mark.parametrize("n_units", [6, 12, 30, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_where_an_interval_may_decide_it_holds_the_truth_in_93_draws_of_100(kind, n_units):
    shape, truth, draw = KINDS[kind]
    values = draw(np.random.default_rng(0), (8000, n_units))
    half = stats.t.ppf(0.975, n_units - 1) * values.std(axis=1, ddof=1) / math.sqrt(n_units)
    coverage = np.mean(np.abs(values.mean(axis=1) - truth) <= half)
    if n_units >= FEWEST_BY_SHAPE[shape]:
        assert coverage >= 0.93 - 2 * math.sqrt(0.93 * 0.07 / 8000)
    elif shape == "skewed":
        assert coverage < 0.93
