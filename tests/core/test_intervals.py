"""Bootstrap intervals, against scipy's, against slow twins, and for what must hold of any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from soundreasons.learning.intervals import bootstrap_interval, column_bootstrap, crossed_bootstrap

finite = st.floats(-1e6, 1e6)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n", [2, 50, 5000])
@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_the_interval_is_scipys(n, statistic):
    sample = rng(n).normal(size=n)
    theirs = stats.bootstrap(
        (sample,), statistic, n_resamples=2000, method="percentile", rng=rng(), batch=500
    ).confidence_interval
    ours = bootstrap_interval(sample, rng(), statistic=statistic)
    assert (ours.low, ours.high) == (min(theirs.low, ours.mean), max(theirs.high, ours.mean))


def test_a_statistic_without_an_axis_gives_the_same_as_one_with():
    sample = rng(2).normal(size=30)
    slow = bootstrap_interval(sample, rng(), statistic=lambda values: values.mean(), n_resamples=200)
    assert slow == pytest.approx(bootstrap_interval(sample, rng(), n_resamples=200), abs=1e-12)


def test_a_ratio_of_sums_is_resampled_as_by_hand():
    right, asked = np.array([1.0, 3.0, 2.0, 0.0]), np.array([2.0, 3.0, 4.0, 1.0])
    drawn = rng().integers(4, size=(300, 4))
    slow = [right[rows].sum() / asked[rows].sum() for rows in drawn]
    found = bootstrap_interval(
        (right, asked), rng(), statistic=lambda a, b, axis: a.sum(axis) / b.sum(axis), n_resamples=300
    )
    assert found == pytest.approx((0.6, *np.quantile(slow, [0.025, 0.975])), abs=1e-12)


def test_rows_of_more_dimensions_keep_the_units_along_the_first():
    rows = rng(3).normal(size=(12, 5))
    whole = bootstrap_interval(rows, rng(), statistic=lambda values: values.mean(), n_resamples=100)
    means = bootstrap_interval(rows.mean(axis=1), rng(), n_resamples=100)
    assert whole == pytest.approx(means, abs=1e-12)


def test_copies_of_a_person_do_not_make_the_interval_narrower():
    # Each value stands three times: drawn by person, the interval is that of the values themselves.
    people = rng(4).normal(size=20)
    copies, names = np.repeat(people, 3), np.repeat(np.arange(20), 3)
    alone = bootstrap_interval(people, rng())
    assert bootstrap_interval(copies, rng(), groups=names) == pytest.approx(alone, abs=1e-12)
    naive = bootstrap_interval(copies, rng())
    assert naive.high - naive.low < 0.7 * (alone.high - alone.low)  # 1 / sqrt(3) = 0.58


def test_a_group_brings_all_its_rows_or_none():
    # Groups of one row and of three: sums by hand are 0 or 10 of one, 0 or 3 of the other.
    values, names = np.array([10.0, 1.0, 1.0, 1.0]), np.array(["a", "b", "b", "b"])
    seen = set()

    def total(drawn):
        seen.add(float(drawn.sum()))
        return drawn.sum()

    bootstrap_interval(values, rng(), groups=names, statistic=total, n_resamples=50)
    assert seen == {20.0, 13.0, 6.0}


def test_strata_are_drawn_as_two_samples():
    high, low = rng(5).normal(1, size=11), rng(6).normal(size=8)
    draws = rng()
    slow = [draws.choice(high, 11).mean() - draws.choice(low, 8).mean() for _ in range(500)]
    found = bootstrap_interval(
        np.r_[high, low],
        rng(),
        strata=np.repeat(["high", "low"], [11, 8]),
        statistic=lambda values: values[:11].mean() - values[11:].mean(),
        n_resamples=500,
    )
    assert found == pytest.approx((high.mean() - low.mean(), *np.quantile(slow, [0.025, 0.975])), abs=1e-12)


def test_a_crossed_design_is_resampled_along_both_axes():
    table = rng(7).normal(size=(3, 9))
    draws = rng()
    seeds, clips = draws.integers(3, size=(400, 3)), draws.integers(9, size=(400, 9))
    slow = [table[np.ix_(own, others)].mean() for own, others in zip(seeds, clips, strict=True)]
    found = crossed_bootstrap(table, rng(), n_resamples=400)
    assert found == pytest.approx((table.mean(), *np.quantile(slow, [0.025, 0.975])), abs=1e-12)


def test_columns_have_the_intervals_that_each_has_alone():
    # Other draws of the same law: ends agree within the noise of 20,000 resamples (5 % of the width).
    table = rng(8).normal(size=(40, 2))
    for column, found in zip(table.T, column_bootstrap(table, rng(), n_resamples=20_000), strict=True):
        alone = bootstrap_interval(column, rng(9), n_resamples=20_000)
        assert found == pytest.approx(alone, abs=0.05 * (alone.high - alone.low))


def test_a_unit_of_which_a_column_says_nothing_is_left_out():
    table = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    known, silent = column_bootstrap(table, rng())
    assert known.mean == 2.0
    assert 1.0 <= known.low < known.high <= 3.0
    assert np.isnan(silent).all()


@given(st.lists(finite, min_size=2, max_size=8), st.floats(0.5, 0.99))
def test_an_interval_holds_its_number_and_stays_within_the_values(values, level):
    mean, low, high = bootstrap_interval(values, rng(), level=level, n_resamples=50)
    assert low <= mean <= high
    slack = 1e-9 * max(map(abs, values))
    assert min(values) - slack <= low
    assert high <= max(values) + slack


def test_a_higher_level_gives_a_wider_interval():
    sample = rng(10).normal(size=30)
    narrow, wide = (bootstrap_interval(sample, rng(), level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"values": ([1.0, 2.0], [1.0, 2.0, 3.0])}, "2 units against 3"),
        ({"values": [1.0, 2.0], "groups": ["a", "a"]}, "one group has no interval"),
        (
            {"values": [1.0, 2.0], "groups": ["a"]},
            r"groups have shape \(1,\), expected one label for each of 2",
        ),
        ({"values": [1.0, 2.0], "strata": ["a", "b"], "groups": ["a", "b"]}, "both given"),
        ({"values": [1.0, 2.0], "n_resamples": 0}, "n_resamples is 0"),
        ({"values": [[1.0, np.inf], [1.0, 2.0]]}, "1 of 4 values are not finite"),
        ({"values": 3.0}, "expected a list of 2"),
    ],
)
def test_an_impossible_resampling_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        bootstrap_interval(rng=rng(), **arguments)


def test_a_matrix_of_one_column_and_a_table_of_no_unit_are_refused():
    with pytest.raises(ValueError, match="2 columns or more"):
        crossed_bootstrap(np.ones((3, 1)), rng())
    with pytest.raises(ValueError, match=r"table has shape \(0, 2\)"):
        column_bootstrap(np.ones((0, 2)), rng())
    with pytest.raises(ValueError, match="finite or NaN"):
        column_bootstrap([[np.inf]], rng())
