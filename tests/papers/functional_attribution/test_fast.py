"""What is computed for all subsets at once, against one subset at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution import fast
from soundreasons.papers.functional_attribution.method import subsets


def draw(seed: int, n_features: int) -> fa.MixtureTask:
    rng = np.random.default_rng(seed)
    return fa.MixtureTask(rng.normal(size=(6, n_features)), [0, 1, 0, 1, 1, 0], variance=rng.uniform(0.1, 1))


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_every_column_is_the_mean_given_one_subset(seed, n_features):
    task, x = draw(seed, n_features), np.random.default_rng(seed + 1).normal(size=(3, n_features))
    at_once = fast.hybrid_values(task, x)
    for code, mask in enumerate(subsets.members(n_features)):
        one = task.conditional_mean(x, np.flatnonzero(mask))
        np.testing.assert_allclose(at_once[:, code], one, atol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_every_column_is_the_probability_where_the_others_are_at_the_reference(seed, n_features):
    task = draw(seed, n_features).with_floor(1e-3)
    x, reference = np.random.default_rng(seed + 1).normal(size=(2, 3, n_features))
    at_once = fast.hybrid_values(task, x, reference[:1])
    for code, mask in enumerate(subsets.members(n_features)):
        one = task.probability(np.where(mask, x, reference[0]))
        np.testing.assert_allclose(at_once[:, code], one, atol=1e-10)


def test_a_floor_is_counted_in_units_of_the_scaled_weights():
    # p(x) = sum of exp(-|x - c|^2 / 2v) / (n (2 pi v)^(d/2)); the weights lack what is below the fraction's
    # bar, and exp(log_scale) was taken out of them.
    task = fa.MixtureTask([[0.0, 0.0], [1.0, 0.0]], [0, 1]).with_floor(0.01)
    expected = 0.01 * 2 * (2 * np.pi * 0.5) * np.exp(0.7)
    assert fast.scaled_floor(task, np.array([0.7]), 0.5) == pytest.approx(expected)
    squared = 0.01 * (2 * (2 * np.pi * 0.5)) ** 2 * np.exp(0.7)
    assert fast.scaled_floor(task, np.array([0.7]), 0.5, power=2) == pytest.approx(squared)


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_marks_spread_to_all_subsets_and_products_run_over_them(seed, n_features):
    rng = np.random.default_rng(seed)
    marked, values = rng.random((2, 1 << n_features)) < 0.2, rng.uniform(0.5, 2, (2, 1 << n_features))
    spread, product = fast.spread_down(marked), fast.product_over_subsets(values)
    for code in range(1 << n_features):
        above = [other for other in range(1 << n_features) if other & code == code]
        below = [other for other in range(1 << n_features) if other & code == other]
        assert (spread[:, code] == marked[:, above].any(axis=1)).all()
        np.testing.assert_allclose(product[:, code], values[:, below].prod(axis=1))
