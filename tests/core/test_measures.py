"""Measures and the statistics under them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.learning.intervals import bootstrap_interval, mean_interval, paired_differences
from soundreasons.measures import measure, number

finite = st.floats(-1e6, 1e6)


def test_students_interval_of_three_values_by_hand():
    # mean 2, standard deviation 1, t(0.975, 2) = 4.302653 (tables): 2 -+ 4.302653 / sqrt(3).
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2.0, 2 - 2.484138, 2 + 2.484138), abs=1e-6)


def test_students_interval_holds_the_true_mean_as_often_as_it_says():
    # 2,000 samples: an interval of 95 % misses the mean in 5 % of them, -+ 4 standard errors of half a point.
    samples = np.random.default_rng(0).normal(size=(2000, 4))
    intervals = [mean_interval(sample) for sample in samples]
    missed = np.mean([not low <= 0 <= high for _, low, high in intervals])
    assert missed == pytest.approx(0.05, abs=0.02)


@given(st.lists(finite, min_size=2, max_size=8), st.floats(-100, 100))
def test_the_interval_moves_with_the_values(values, shift):
    here, there = mean_interval(values), mean_interval([value + shift for value in values])
    assert there.low - here.low == pytest.approx(shift, abs=1e-6 * (1 + max(map(abs, values))))


def test_the_bootstrap_agrees_with_the_normal_interval_on_a_large_sample():
    # For 2,000 normals the mean's 95 % interval is close to +- 1.96 / sqrt(2000) = 0.0438.
    sample = np.random.default_rng(1).normal(size=2000)
    mean, low, high = bootstrap_interval(sample, np.random.default_rng(2))
    assert high - low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(2000), rel=0.08)
    assert low < mean < high


@pytest.mark.parametrize(
    ("values", "told"),
    [([], "expected a list of 2"), ([1.0], "expected a list of 2"), ([1.0, np.nan], "not finite")],
)
def test_an_interval_of_nothing_one_or_nan_is_refused(values, told):
    with pytest.raises(ValueError, match=told):
        mean_interval(values)
    with pytest.raises(ValueError, match=told):
        bootstrap_interval(values, np.random.default_rng(0))


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_outside_zero_to_one_is_refused(level):
    with pytest.raises(ValueError, match="level is"):
        mean_interval([1.0, 2.0], level=level)
    with pytest.raises(ValueError, match="level is"):
        bootstrap_interval([1.0, 2.0], np.random.default_rng(0), level=level)


def test_differences_of_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="3 values against 2"):
        paired_differences([1, 2, 3], [1, 2])


def test_one_seed_alone_has_no_interval():
    assert not measure(0.5).has_interval


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"values": []}, "finite numbers"),
        ({"values": [1.0, float("inf")]}, "finite numbers"),
        ({"values": [1.0, 2.0], "exact": True}, "called exact"),
        ({"values": 3.0, "interval": (4.0, 5.0)}, "does not hold the mean"),
        ({"values": 3.0, "interval": (4.0, 2.0)}, "does not hold the mean"),
    ],
)
def test_an_impossible_measure_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        measure(**arguments)


@given(finite.filter(lambda value: abs(value) > 1e-6))
def test_a_shown_number_is_right_to_three_digits(value):
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5.1e-3)
