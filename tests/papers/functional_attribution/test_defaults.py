"""What is done when nothing is said, and what happens at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution.method import (
    gradients,
    perturbation,
    relaxed,
    subset_methods,
    subsets,
)

TASK = fa.MixtureTask([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 1])


def test_the_way_is_walked_in_fifty_steps():
    told = gradients.integrated_gradients(TASK, n_steps=50)
    assert np.array_equal(gradients.integrated_gradients(TASK), told)
    assert not np.array_equal(gradients.integrated_gradients(TASK, n_steps=51), told)


@pytest.mark.parametrize("lime", [perturbation.lime_categorical, perturbation.lime_continuous])
def test_lime_draws_a_thousand_samples(lime):
    told = lime(TASK, rng=np.random.default_rng(3), n_samples=1000)
    assert np.array_equal(lime(TASK, rng=np.random.default_rng(3)), told)
    assert not np.array_equal(lime(TASK, rng=np.random.default_rng(3), n_samples=999), told)


def test_rows_of_many_columns_are_told_apart_beyond_what_an_integer_holds():
    # 2 to the 70th cells; the rows differ in the first column, in the last, or in none.
    rows = np.zeros((4, 70), dtype=np.int64)
    rows[1, 0] = rows[2, -1] = 1
    rows[3] = 1
    assert len(set(relaxed.cells(np.vstack([rows, rows[:1]]), range(70)).tolist())) == 4
    assert relaxed.cells(np.vstack([rows, rows[:1]]), range(70))[[0, 4]].tolist() == [0, 0]


def test_each_additive_method_allows_subsets_of_its_own_size():
    sizes = {
        name: method.keywords["largest"]
        for name, method in subset_methods.EXACT_SELECTORS.items()
        if name.startswith("ga")
    }
    assert sizes == {"ga1m": 1, "ga2m": 2, "ga3m": 3, "ga4m": 4}


def test_the_table_of_all_subsets_is_shared_and_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        subsets.members(3)[0, 0] = True


def test_rows_of_feature_numbers_are_no_table_of_booleans():
    assert subsets.as_masks(np.array([[0, 2], [1, 1]]), 3).astype(int).tolist() == [[1, 0, 1], [0, 1, 0]]


def test_what_a_task_states_is_given_by_name():
    with pytest.raises(TypeError):
        fa.MixtureTask([[0.0], [1.0]], [0, 1], None, 0.1, None)
