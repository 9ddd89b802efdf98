"""Who contains whom, and what experts count: known tables, properties, bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import interpretable_attribution as ia
from soundreasons.papers.interpretable_attribution.film_models import FILM_SUBSETS
from soundreasons.papers.interpretable_attribution.streaming import GIVEN_SUBSETS

FULL = [(0,), (1,), (0, 1)]
# By hand, from the three lists that the paper uses: toys, films, sessions.
PUBLISHED = {
    "toys": (FULL, [[1, 0, 1], [0, 1, 1], [0, 0, 1]]),
    "films": (list(FILM_SUBSETS), [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]]),
    "sessions": (
        list(GIVEN_SUBSETS),
        [
            [1, 0, 0, 0, 1, 0, 1, 1],
            [0, 1, 0, 0, 1, 0, 1, 1],
            [0, 0, 1, 0, 0, 1, 1, 1],
            [0, 0, 0, 1, 0, 1, 0, 1],
            [0, 0, 0, 0, 1, 0, 1, 1],
            [0, 0, 0, 0, 0, 1, 0, 1],
            [0, 0, 0, 0, 0, 0, 1, 1],
            [0, 0, 0, 0, 0, 0, 0, 1],
        ],
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_inclusion_matrix_of_the_published_lists(name):
    subsets, expected = PUBLISHED[name]
    assert ia.inclusion_matrix(subsets).astype(int).tolist() == expected


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_inclusion_is_an_order_and_agrees_with_integer_codes(seed):
    rng = np.random.default_rng(seed)
    table = np.unique(rng.random((6, 4)) < 0.5, axis=0)
    table = np.concatenate([table[table.any(axis=1)], np.ones((1, 4), dtype=bool)])
    table = np.unique(table, axis=0)
    inclusion = ia.inclusion_matrix(table)
    assert inclusion.diagonal().all()
    assert not (inclusion & inclusion.T & ~np.eye(len(table), dtype=bool)).any()
    # An independent way to say the same: bit i of a code is group i, i -> j iff code_i & ~code_j == 0.
    codes = table @ (1 << np.arange(4))
    assert (inclusion == ((codes[:, None] & ~codes[None, :]) == 0)).all()


@pytest.mark.parametrize(
    ("subsets", "message"),
    [
        ([], "list of subsets is empty"),
        ([(0,), ()], "subset 1 names no group"),
        ([(0,), (0, 3)], r"subset 1, \(0, 3\), names group 3; groups are numbered 0 to 1"),
        ([(0,), (0,)], r"subset 1 stands twice: \(0,\)"),
        (np.ones((1, 3), dtype=bool), "speak of 3 groups, but there are 2"),
        (np.ones(3), r"array of float64 with shape \(3,\)"),
    ],
)
def test_impossible_subsets_are_refused_by_name(subsets, message):
    with pytest.raises(ValueError, match=message):
        ia.subset_table(subsets, 2)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([], "list of groups is empty"),
        ([[0], []], "group 1 has no column"),
        ([[0, 1], [1, 2]], "groups 0 and 1 overlap in column 1"),
        ([[0], [5]], "group 1 names column 5; columns are numbered 0 to 2"),
    ],
)
def test_impossible_groups_are_refused_by_name(groups, message):
    with pytest.raises(ValueError, match=message):
        ia.check_groups(groups, 3)


def test_a_list_without_the_full_set_warns():
    with pytest.warns(UserWarning, match="no subset holds all groups"):
        ia.subset_table([(0,), (1,)])


def test_gates_at_known_points():
    # By hand: |F|, F^2, 2 F^4 / (1 + |F|^3); the shifted gate is 0 at q = 0.3 and 1 at q = 1.
    half = torch.tensor(-0.5)
    assert float(ia.confidence(half, "L1")) == 0.5
    assert float(ia.confidence(half, "L2")) == 0.25
    assert float(ia.confidence(half, "Lp")) == pytest.approx(2 / 16 / (1 + 1 / 8))
    assert float(ia.confidence(torch.tensor(1.0), "shifted")) == pytest.approx(1.0)
    assert float(ia.confidence(torch.tensor(-0.4), "shifted")) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="gate is 'L3', expected one of L1, L2"):
        ia.confidence(half, "L3")


outputs_of = st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8)


@given(outputs_of, st.sampled_from(ia.GATES), st.booleans())
@settings(max_examples=60, deadline=None)
def test_weights_follow_the_formula_and_sum_to_one(values, gate, keep_own):
    outputs = torch.tensor([values])
    weights = ia.gate_weights(outputs, list(GIVEN_SUBSETS), gate, keep_own=keep_own)
    sure = ia.confidence(outputs, gate)[0].tolist()
    children = ia.strict_children(list(GIVEN_SUBSETS))
    for parent in range(8):  # the formula, spelled out
        expected = sure[parent] if keep_own else 1.0
        for child in np.flatnonzero(children[:, parent]):
            expected *= 1 - sure[child]
        assert float(weights[0, parent]) == pytest.approx(expected, abs=1e-5)
    assert float(ia.normalised(weights).sum()) == pytest.approx(1, abs=1e-5)
    assert -1.00001 <= float(ia.mixture(outputs, weights)) <= 1.00001


@pytest.mark.parametrize("gate", ia.GATES)
def test_a_certain_child_leaves_its_parent_exactly_nothing(gate):
    weights = ia.gate_weights(torch.tensor([[1.0, 0.3, 0.9]]), FULL, gate)
    if gate == "shifted":  # one only up to rounding
        assert float(weights[0, 2]) == pytest.approx(0, abs=1e-6)
    else:
        assert float(weights[0, 2]) == 0.0


def test_children_may_be_told_and_must_be_others():
    outputs = torch.tensor([[0.5, 0.5, 0.5]])
    none = np.zeros((3, 3), dtype=bool)
    assert ia.gate_weights(outputs, FULL, "L1", children=none).tolist() == [[0.5, 0.5, 0.5]]
    with pytest.raises(ValueError, match="expert 0 is its own child"):
        ia.gate_weights(outputs, FULL, children=np.eye(3, dtype=bool))
    with pytest.raises(ValueError, match="outputs have 2 columns, but children are"):
        ia.gate_weights(outputs[:, :2], FULL)


def test_gates_pass_no_gradient():
    outputs = torch.tensor([[0.5, -0.2, 0.9]], requires_grad=True)
    assert not ia.gate_weights(outputs, FULL).requires_grad
    ia.mixture(outputs, ia.gate_weights(outputs, FULL)).sum().backward()
    # Weights are constants, so the gradient of the mixture is the normalised weights.
    expected = ia.normalised(ia.gate_weights(outputs, FULL))
    assert torch.allclose(outputs.grad, expected, atol=1e-6)


def test_an_undecided_crowd_is_mixed_to_undecided():
    zero = torch.zeros(2, 3)
    assert ia.mixture(zero, ia.gate_weights(zero, FULL)).tolist() == [0.0, 0.0]
    assert ia.normalised(ia.gate_weights(zero, FULL)).sum(dim=1).tolist() == pytest.approx([1, 1])


def test_reading_by_group_family_and_size():
    weights = torch.tensor([[0.2, 0.2, 0.6]])
    assert ia.group_attribution(weights, FULL).round(6).tolist() == [[0.8, 0.8]]
    assert ia.family_attribution(weights, [[0, 1], [2]]).round(6).tolist() == [[0.4, 0.6]]
    assert ia.explaining_subset(weights).tolist() == [2]
    assert ia.selected_size(weights, FULL).tolist() == [2.0]
