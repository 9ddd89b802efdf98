"""Functional dependence on finite data: the properties that are proved in the chapter."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution.method import relaxed, subsets

tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.tuples(st.tuples(*[st.integers(0, 2)] * width), st.integers(0, 1)), min_size=1, max_size=12
    )
)

approx = pytest.approx


def made(rows):
    return fa.relation([list(x) for x, _ in rows], [y for _, y in rows])


@given(tables)
def test_domains_are_nested_and_constant_on_fibres(rows):
    relation = made(rows)
    domains, member = relation.domains(), subsets.members(relation.n_features)
    for small in range(len(member)):
        for large in range(len(member)):
            if small & large == small:
                assert (domains[:, small] <= domains[:, large]).all()
        chosen = np.flatnonzero(member[small])
        for a in range(len(rows)):
            for b in range(len(rows)):
                if (relation.inputs[a, chosen] == relation.inputs[b, chosen]).all():
                    assert domains[a, small] == domains[b, small]


@given(tables)
def test_a_projection_is_functional_exactly_for_selections(rows):
    relation = made(rows)
    for mask in subsets.members(relation.n_features):
        chosen = np.flatnonzero(mask)
        projected = relation.project(chosen)
        is_functional = len({x for x, _ in projected}) == len(projected)
        assert relation.is_selection(chosen) == is_functional


@given(st.lists(st.integers(0, 1), min_size=8, max_size=8))
def test_on_a_full_domain_the_solution_is_unique_and_holds_every_local_answer(outputs):
    points = [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    relation = fa.relation(points, outputs)
    (whole,) = relation.selections()
    assert all(answer <= whole for answers in relation.solutions() for answer in answers)


def test_a_doubled_feature_gives_two_solutions():
    assert fa.relation([[0, 0], [1, 1]], ["no", "yes"]).selections() == [frozenset({0}), frozenset({1})]


def test_a_constant_output_needs_nothing_and_a_contradiction_has_no_answer():
    assert fa.relation([[0], [1]], ["a", "a"]).selections() == [frozenset()]
    contradiction = fa.relation([[0], [0]], ["a", "b"])
    assert contradiction.selections() == []
    assert contradiction.solutions() == [set(), set()]


def test_a_relation_agrees_with_the_truth_of_a_task():
    # Two implementations of the same definition: by sorting fibres, and by spreading agreements.
    for seed in range(10):
        task = fa.multivariate_task(4, 1, np.random.default_rng(seed))
        relation = fa.relation(task.points.tolist(), task.labels.tolist())
        assert relation.solutions() == task.true_selections()


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([[0, 1], [0]], [0, 1], r"rows have \[1, 2\] columns"),
        ([], [], r"rows have \[\] columns"),
        ([[]], [1], r"rows have \[0\] columns"),
        ([[1]], [1, 2], "2 outputs for 1 rows"),
    ],
)
def test_a_strange_table_is_refused(inputs, outputs, message):
    with pytest.raises(ValueError, match=message):
        fa.relation(inputs, outputs)


def test_ishigami_on_a_grid_is_the_closed_form():
    # Ishigami and Homma (1990); published first-order indices .3139 and .4424 for a = 7, b = 0.1.
    table = fa.experiments.knowing_more.ishigami_unexplained().set_index("subset")
    assert table["grid"].to_numpy() == approx(table["closed form"].to_numpy(), abs=2e-3)
    assert 1 - table.loc["{1}", "closed form"] == approx(0.3139, abs=5e-5)
    assert 1 - table.loc["{2}", "closed form"] == approx(0.4424, abs=5e-5)
    assert table.loc["{3}", "grid"] == approx(1, abs=2e-3)


def test_variance_left_open_by_hand():
    # Outputs 0 0 0 1: variance 3/16; knowing column 0 leaves (0 + 1/4) / 2 = 1/8 of it open: 2/3.
    assert fa.unexplained([[0], [0], [1], [1]], [0, 0, 0, 1], [0]) == approx(2 / 3)
    assert fa.unexplained([[0], [0], [1], [1]], [0, 0, 0, 1], []) == approx(1)
    with pytest.raises(ValueError, match="no variance to explain"):
        fa.unexplained([[0], [1]], [1, 1], [0])


def test_cells_of_columns_too_long_to_be_written_side_by_side_in_64_bits_stay_apart():
    # 2**40 and 0 side by side are 2**40 (2**40 + 1), which is 2**40 modulo 2**64: the code of 0 and 2**40.
    long = 2**40
    table = np.array([[0, 0], [0, long], [long, 0], [long, long], [0, long]])
    assert relaxed.cells(table, [0, 1]).tolist() == [0, 1, 2, 3, 1]


def test_seen_falls_with_every_column_and_unseen_is_honest():
    # Ten columns of noise explain nothing of other rows, whatever they explain of their own.
    rng = np.random.default_rng(0)
    noise = fa.data.DecisionTable(
        "noise", tuple("abcdef"), rng.integers(4, size=(400, 6)), rng.integers(2, size=400) * 1.0
    )
    gap = fa.experiments.real_data.estimate_gap(noise, rng)
    assert gap.iloc[-1]["seen"] < 0.2
    assert gap.iloc[-1]["unseen"] > 0.95
    best = fa.experiments.real_data.best_of_size(gap, "seen")["seen"].to_numpy()
    assert (np.diff(best) <= 1e-12).all()


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="table is 'titanic', expected one of"):
        fa.data.decision_table("titanic")


def test_all_domains_at_once_are_the_domains_one_by_one():
    rng = np.random.default_rng(0)
    relation = fa.relation(rng.integers(3, size=(40, 4)).tolist(), rng.integers(2, size=40).tolist())
    for column, mask in zip(relation.domains().T, subsets.members(4), strict=True):
        assert (column == relation.functionality_domain(np.flatnonzero(mask))).all()


def test_a_table_with_too_many_subsets_is_refused_before_it_is_made():
    relation = fa.relation([[0] * 16, [1] * 16] * 1000, [0, 1] * 1000)
    with pytest.raises(
        ValueError, match=r"2,000 rows times 2\*\*16 subsets .* give fewer rows, or leave columns out"
    ):
        relation.domains()


def test_no_optimal_selector_keeps_the_property_on_the_example():
    # By hand: the tie lies between a neighbour that can only say {1} and two that can only say {2}.
    example = fa.figure_relation()
    task = fa.MixtureTask(example.inputs, example.outputs)
    every = itertools.product(*task.true_selections())
    assert sorted(fa.property_score(task, answers) for answers in every) == approx([4 / 6, 5 / 6])


def test_a_relaxed_selection_is_the_smallest_that_leaves_little_enough_open():
    columns = {"size": [0, 1, 1, 2], "columns": ["none", "a", "b", "ab"], "seen": [1.0, 0.6, 0.5, 0.1]}
    gaps = pd.DataFrame(columns)
    assert fa.experiments.real_data.relaxed_selection(gaps, 0.5)["columns"] == "b"
    assert fa.experiments.real_data.relaxed_selection(gaps, 0.4)["columns"] == "ab"
    with pytest.raises(ValueError, match=r"no set of columns leaves at most 0\.05 open, the least is 0\.100"):
        fa.experiments.real_data.relaxed_selection(gaps, 0.05)
