"""The paper, definition by definition: known tables, formulas by hand, properties, bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.data.public_sessions import GIVEN_SUBSETS
from soundreasons.papers.interpretable_attribution.experiments.film_networks import FILM_SUBSETS

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
OUTPUTS = torch.tensor([[0.5, -0.5, 0.1], [0.9, 0.0, 0.3]])
BOTH = pytest.mark.parametrize("gate_weights", [method.gate_weights, fast.gate_weights])

outputs_of = st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_inclusion_matrix_of_the_published_lists(name):
    subsets, expected = PUBLISHED[name]
    assert method.inclusion_matrix(subsets).astype(int).tolist() == expected


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_inclusion_is_an_order_and_agrees_with_integer_codes(seed):
    rng = np.random.default_rng(seed)
    table = np.unique(rng.random((6, 4)) < 0.5, axis=0)
    table = np.concatenate([table[table.any(axis=1)], np.ones((1, 4), dtype=bool)])
    table = np.unique(table, axis=0)
    inclusion = method.inclusion_matrix(table)
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
        method.subset_table(subsets, 2)


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
        method.check_groups(groups, 3)


def test_a_list_without_the_full_set_warns_where_it_is_declared():
    with pytest.warns(UserWarning, match="no subset holds all groups"):
        method.RestrictedExperts([[0], [1]], [(0,), (1,)], [4])
    small = method.TransformerSize(8, 2, 1)
    with pytest.warns(UserWarning, match="no subset holds all groups"):
        method.RestrictedTransformer([[0], [1]], [[0], [1]], [(0,), (1,)], size=small)


def test_gates_at_known_points():
    # By hand: |F|, F^2, 2 F^4 / (1 + |F|^3); the shifted gate is 0 at q = 0.3 and 1 at q = 1.
    half = torch.tensor(-0.5)
    assert float(method.confidence(half, "L1")) == 0.5
    assert float(method.confidence(half, "L2")) == 0.25
    assert float(method.confidence(half, "Lp")) == pytest.approx(2 / 16 / (1 + 1 / 8))
    assert float(method.confidence(torch.tensor(1.0), "shifted")) == pytest.approx(1.0)
    assert float(method.confidence(torch.tensor(-0.4), "shifted")) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="gate is 'L3', expected one of L1, L2"):
        method.confidence(half, "L3")


@BOTH
@given(outputs_of, st.sampled_from(method.GATES), st.booleans())
@settings(max_examples=60, deadline=None)
def test_weights_follow_the_formula_and_sum_to_one(gate_weights, values, gate, keep_own):
    outputs = torch.tensor([values])
    weights = gate_weights(outputs, list(GIVEN_SUBSETS), gate, keep_own=keep_own)
    sure = method.confidence(outputs, gate)[0].tolist()
    children = method.strict_children(list(GIVEN_SUBSETS))
    for parent in range(8):  # the formula, spelled out
        expected = sure[parent] if keep_own else 1.0
        for child in np.flatnonzero(children[:, parent]):
            expected *= 1 - sure[child]
        assert float(weights[0, parent]) == pytest.approx(expected, abs=1e-5)
    assert float(method.normalised(weights).sum()) == pytest.approx(1, abs=1e-5)
    assert -1.00001 <= float(method.mixture(outputs, weights)) <= 1.00001


@BOTH
@pytest.mark.parametrize("gate", method.GATES)
def test_a_certain_child_leaves_its_parent_exactly_nothing(gate_weights, gate):
    weights = gate_weights(torch.tensor([[1.0, 0.3, 0.9]]), FULL, gate)
    if gate == "shifted":  # one only up to rounding
        assert float(weights[0, 2]) == pytest.approx(0, abs=1e-6)
    else:
        assert float(weights[0, 2]) == 0.0


@BOTH
def test_children_may_be_told_and_must_be_others(gate_weights):
    outputs = torch.tensor([[0.5, 0.5, 0.5]])
    none = np.zeros((3, 3), dtype=bool)
    assert gate_weights(outputs, FULL, "L1", children=none).tolist() == [[0.5, 0.5, 0.5]]
    with pytest.raises(ValueError, match="expert 0 is its own child"):
        gate_weights(outputs, FULL, children=np.eye(3, dtype=bool))
    with pytest.raises(ValueError, match="outputs have 2 columns, but children are"):
        gate_weights(outputs[:, :2], FULL)


@BOTH
def test_gates_pass_no_gradient(gate_weights):
    outputs = torch.tensor([[0.5, -0.2, 0.9]], requires_grad=True)
    assert not gate_weights(outputs, FULL).requires_grad
    method.mixture(outputs, gate_weights(outputs, FULL)).sum().backward()
    # Weights are constants, so the gradient of the mixture is the normalised weights.
    expected = method.normalised(gate_weights(outputs, FULL))
    assert torch.allclose(outputs.grad, expected, atol=1e-6)


@BOTH
def test_an_undecided_crowd_is_mixed_to_undecided(gate_weights):
    zero = torch.zeros(2, 3)
    assert method.mixture(zero, gate_weights(zero, FULL)).tolist() == [0.0, 0.0]
    assert method.normalised(gate_weights(zero, FULL)).sum(dim=1).tolist() == pytest.approx([1, 1])


def test_reading_by_group_family_and_size():
    weights = torch.tensor([[0.2, 0.2, 0.6]])
    assert method.group_attribution(weights, FULL).round(6).tolist() == [[0.8, 0.8]]
    assert method.family_attribution(weights, [[0, 1], [2]]).round(6).tolist() == [[0.4, 0.6]]
    assert method.explaining_subset(weights).tolist() == [2]


def test_scales_of_the_e_step():
    weights = method.gate_weights(OUTPUTS, FULL, "L2")
    per_sample = weights / weights.sum(dim=1, keepdim=True)
    by_hand = {
        "expert": per_sample / per_sample.sum(dim=0),
        "sample": per_sample / 2,
        "batch": weights / weights.sum(),
    }
    for scale, expected in by_hand.items():
        found = method.responsibilities(weights, scale)
        assert torch.allclose(found, expected, atol=1e-4), scale
        assert float(found.sum()) == pytest.approx(3 if scale == "expert" else 1, abs=1e-3)
    with pytest.raises(ValueError, match="scale is 'epoch', expected one of expert"):
        method.responsibilities(weights, "epoch")


def test_dropping_the_own_factor_gives_an_undecided_start_to_everybody():
    zero = torch.zeros(4, 3)
    found = method.responsibilities(method.gate_weights(zero, FULL, keep_own=False), "batch")
    assert found.flatten().tolist() == pytest.approx([1 / 12] * 12, rel=1e-3)


@pytest.mark.parametrize("scale", ["expert", "sample", "batch"])
def test_padded_places_get_nothing(scale):
    valid = torch.tensor([True, False])
    found = method.responsibilities(method.gate_weights(OUTPUTS, FULL), scale, valid)
    assert found[1].tolist() == [0, 0, 0]
    assert float(found[0].sum()) > 0.9


def test_the_loss_of_an_expert_is_the_log_loss_of_its_share():
    logits, labels = torch.randn(20, 3), (torch.rand(20) < 0.5).float()
    share = (torch.tanh(logits) + 1) / 2
    expected = functional.binary_cross_entropy(share, labels[:, None].expand(-1, 3), reduction="none")
    assert torch.allclose(method.expert_losses(logits, labels), expected, atol=1e-5)


def test_the_m_step_moves_an_expert_by_its_responsibility_alone():
    logits = torch.tensor([[0.4, -0.2, 0.1]], requires_grad=True)
    labels = torch.ones(1)
    shares = method.responsibilities(method.gate_weights(torch.tanh(logits), FULL))
    method.em_loss(logits, labels, shares).backward()
    # d/dz of the log-loss with p = sigmoid(2 z) and y = 1 is 2 (p - 1).
    expected = shares * 2 * (torch.sigmoid(2 * logits) - 1)
    assert torch.allclose(logits.grad, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 1, -1], "label 2 is -1, expected 0 or 1"), ([[0, 2]], r"label \(0, 1\) is 2")],
)
def test_other_labels_are_refused_by_name(labels, message):
    with pytest.raises(ValueError, match=message):
        method.check_labels(torch.tensor(labels))


def test_session_scores_by_hand():
    right = [[1, 1], [1, 0], [0, 1]]
    assert method.session_accuracy(right) == pytest.approx(4 / 6)
    assert method.first_accuracy(right) == pytest.approx(2 / 3)
    # All right: 1; right then wrong: .5; wrong then right: .25.
    assert method.mean_average_accuracy(right) == pytest.approx((1 + 0.5 + 0.25) / 3)


def test_sessions_of_unequal_length_count_equally():
    right, valid = [[1, 0, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 1]]
    assert method.mean_average_accuracy(right, valid) == 1.0
    # The public definition, spelled out for one session of three with the second wrong.
    assert method.mean_average_accuracy([[1, 0, 1]]) == pytest.approx((1 + 0 + 2 / 3) / 3)


@pytest.mark.parametrize(
    ("correct", "valid", "message"),
    [
        ([1, 0], None, r"shape \(2,\)"),
        ([[1, 0]], [[0, 0]], "session 0 has no first asked track"),
        ([[1, 0, 1]], [[1, 0, 1]], "session 0 goes on after it has ended"),
        ([[1, 0]], [[1]], "they must agree"),
    ],
)
def test_impossible_sessions_are_refused(correct, valid, message):
    with pytest.raises(ValueError, match=message):
        method.mean_average_accuracy(correct, valid)
