"""The mixture: probability, gradient and conditional means against Monte-Carlo, autograd and slow twins."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution.method import subsets

approx = pytest.approx


@pytest.fixture
def task():
    return fa.multivariate_task(5, 4, np.random.default_rng(0))


def test_two_points_by_hand():
    # Distances 0 and 1 with variance 1/2: weights 1 and e^-1.
    task = fa.MixtureTask([[0.0], [1.0]], [0, 1], variance=0.5)
    assert task.probability([[0.0]]) == approx(np.exp(-1) / (1 + np.exp(-1)), abs=1e-12)
    assert task.conditional_means([[0.0]])[0, 0] == 0.5


def test_all_conditional_means_equal_the_slow_twin(task):
    x = np.random.default_rng(1).normal(size=(7, 5))
    table = task.conditional_means(x)
    for code, mask in enumerate(subsets.members(5)):
        assert table[:, code] == approx(task.conditional_mean(x, np.flatnonzero(mask)), abs=1e-12)


def test_hybrid_values_equal_the_probability_at_hybrid_points(task):
    x, reference = np.random.default_rng(2).normal(size=(2, 6, 5))
    for floored in (task, task.with_floor(fa.method.PUBLISHED_FLOOR)):
        table = floored.hybrid_probabilities(x, reference[0])
        for code, mask in enumerate(subsets.members(5)):
            assert table[:, code] == approx(floored.probability(np.where(mask, x, reference[0])), abs=1e-10)


def test_values_far_from_all_points_are_those_of_the_nearest():
    # 60 standard deviations away in each of eight coordinates: products of exponentials vanish.
    task = fa.MixtureTask(np.array([[0.0] * 8, [1.0] * 8]), [0, 1])
    far = np.full((1, 8), 9.0)
    assert task.hybrid_probabilities(far, np.full(8, -9.0))[0, [0, -1]] == approx([0, 1], abs=1e-12)
    assert task.conditional_means(far)[0, 1:] == approx(np.ones(255), abs=1e-12)


def test_conditional_mean_is_what_monte_carlo_finds():
    # The share of label 1 among many draws whose first coordinate falls in a narrow window.
    task = fa.MixtureTask([[0.0, 0.0], [0.2, 1.0], [0.3, 0.0]], [0, 1, 1])
    x, y = task.sample(2_000_000, np.random.default_rng(3))
    window = np.abs(x[:, 0] - 0.15) < 0.005
    expected = task.conditional_mean([[0.15, 0.0]], {0})[0]
    assert window.sum() > 5_000
    # Four standard errors of a share.
    assert y[window].mean() == approx(expected, abs=4 * 0.5 / np.sqrt(window.sum()))


def test_law_of_total_variance_against_monte_carlo(task):
    # Var Y = E Var(Y|X_I) + Var E(Y|X_I), the two terms averaged over draws of X.
    x, _ = task.sample(40_000, np.random.default_rng(4))
    means = task.conditional_means(x)
    total = task.labels.mean() * (1 - task.labels.mean())
    parts = (means * (1 - means)).mean(axis=0) + means.var(axis=0)
    assert parts == approx(np.full(32, total), abs=4 * 0.5 / np.sqrt(40_000))


def test_knowing_more_leaves_less_open_on_average(task):
    # Jensen: the mean conditional variance falls along every chain of subsets.
    x, _ = task.sample(5_000, np.random.default_rng(5))
    means = task.conditional_means(x)
    left = (means * (1 - means)).mean(axis=0)
    for code in range(32):
        for feature in range(5):
            assert left[code | 1 << feature] <= left[code] + 4 * 0.25 / np.sqrt(5_000)


@pytest.mark.parametrize("variance", [None, 0.0625])
def test_gradient_is_that_of_autograd(task, variance):
    x = task.sample(20, np.random.default_rng(6))[0]
    v = task.variance if variance is None else variance
    inputs = torch.tensor(x, requires_grad=True)
    squared = ((inputs[:, None] - torch.tensor(task.points)) ** 2).sum(dim=2)
    (torch.softmax(-squared / (2 * v), dim=1) @ torch.tensor(task.labels)).sum().backward()
    assert task.gradient(x, variance) == approx(inputs.grad.numpy(), abs=1e-5)


def test_the_floor_pulls_probability_and_gradient_to_zero_far_away_only(task):
    floored = task.with_floor(fa.method.PUBLISHED_FLOOR)
    assert floored.probability(task.points) == approx(task.probability(task.points), abs=1e-5)
    far = np.full((1, 5), 30.0)
    assert floored.probability(far) == 0
    assert (floored.gradient(far, 0.0625) == 0).all()


def test_truth_by_the_plain_definition(task):
    # The definition spelled out: no point of the shape with the other label agrees on the subset.
    for row, answers in enumerate(task.true_selections()):
        others = task.points[(task.shapes == task.shapes[row]) & (task.labels != task.labels[row])]
        enough = [
            frozenset(np.flatnonzero(mask).tolist())
            for mask in subsets.members(5)
            if not (others[:, mask] == task.points[row, mask]).all(axis=1).any()
        ]
        fewest = min(map(len, enough))
        assert answers == {subset for subset in enough if len(subset) == fewest}


@pytest.mark.parametrize("dimensions", [1, 2, 5, 11])
def test_every_univariate_truth_is_the_drawn_feature(dimensions):
    for seed in range(5):
        task = fa.univariate_task(dimensions, 10, np.random.default_rng(seed))
        drawn = [{frozenset(np.flatnonzero(mask).tolist())} for mask in task.stated]
        assert task.true_selections() == drawn


def test_univariate_points_keep_their_distance():
    task = fa.univariate_task(4, 10, np.random.default_rng(0))
    for row in range(len(task)):
        feature = task.stated[row].argmax()
        other = task.points[task.labels != task.labels[row], feature]
        assert np.abs(other - task.points[row, feature]).min() >= 0.25


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 10_000))
def test_a_whole_hypercube_needs_all_its_features(dimensions, n_shapes, seed):
    task = fa.multivariate_task(dimensions, n_shapes, np.random.default_rng(seed), deletion=0.0)
    for shape in np.unique(task.shapes):
        rows = np.flatnonzero(task.shapes == shape)
        varied = frozenset(np.flatnonzero(np.ptp(task.points[rows], axis=0) > 0).tolist())
        assert len(rows) == 2 ** len(varied)
        assert all(task.true_selections()[row] == {varied} for row in rows)


@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 10_000))
def test_deleting_corners_never_makes_the_truth_larger(dimensions, n_shapes, seed):
    task = fa.multivariate_task(dimensions, n_shapes, np.random.default_rng(seed))
    for shape in np.unique(task.shapes):
        rows = np.flatnonzero(task.shapes == shape)
        varied = np.count_nonzero(np.ptp(task.points[rows], axis=0) > 0)
        assert (task.true_sizes[rows] <= varied).all()
        assert (task.true_sizes[rows] >= 1).all()


def test_no_two_shapes_share_a_coordinate():
    task = fa.multivariate_task(3, 6, np.random.default_rng(1))
    for feature in range(3):
        owners = {}
        for shape, value in zip(task.shapes, task.points[:, feature], strict=True):
            assert owners.setdefault(value, shape) == shape


def test_a_stated_set_can_be_wrong_where_paths_are_cut():
    # By brute force over many draws: wrong stated sets exist, and the ones that suffice are unique.
    tasks = [fa.multivariate_task(6, 8, np.random.default_rng(seed)) for seed in range(20)]
    found = fa.data.stated_against_truth(tasks)
    assert 0.8 < found["right"] < 0.98
    assert found["unique"] == 1


BAD = {
    "both labels": ([[0.0, 1.0], [0.0, 1.0]], [0, 1], r"points \[0, 1\] are equal and have both labels"),
    "no feature": (np.empty((2, 0)), [0, 1], r"shape \(2, 0\), expected \(n_points, n_features\)"),
    "no point": (np.empty((0, 2)), [], "with at least one of each"),
    "one class": ([[0.0], [1.0]], [1, 1], "all 2 labels are 1; a task needs both classes"),
    "nan": ([[0.0], [np.nan]], [0, 1], "the first is point 1; drop or fill them"),
    "a third label": ([[0.0], [1.0]], [0, 2], "a label is 2.0, allowed are 0 and 1"),
    "too few labels": ([[0.0], [1.0]], [0], r"expected one a point: \(2,\)"),
}


@pytest.mark.parametrize(("points", "labels", "message"), BAD.values(), ids=BAD)
def test_an_impossible_task_is_refused(points, labels, message):
    with pytest.raises(ValueError, match=message):
        fa.MixtureTask(points, labels)


def test_equal_points_with_equal_labels_are_welcome():
    task = fa.MixtureTask([[0.0], [0.0], [1.0]], [0, 0, 1])
    assert task.true_sizes.tolist() == [1, 1, 1]


def test_a_strange_subset_and_a_strange_point_are_refused(task):
    with pytest.raises(ValueError, match=r"subset \[5\] names feature 5, allowed are 0 to 4"):
        task.conditional_mean(task.points, {5})
    with pytest.raises(ValueError, match=r"expected \(n, 5\); for a single point"):
        task.probability(np.zeros(5))
    with pytest.raises(ValueError, match="not finite"):
        task.gradient(np.full((1, 5), np.inf))


def test_too_many_features_are_refused_where_all_subsets_are_tabulated():
    task = fa.MixtureTask(np.vstack([np.zeros(17), np.ones(17)]), [0, 1])
    assert task.probability(task.points) == approx([0, 1], abs=1e-12)
    with pytest.raises(ValueError, match="17 features, allowed are 1 to 16"):
        task.conditional_means(task.points)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: fa.univariate_task(0, 3, rng),
        lambda rng: fa.univariate_task(3, 0, rng),
        lambda rng: fa.multivariate_task(3, 0, rng),
    ],
)
def test_a_generator_refuses_numbers_below_one(draw):
    with pytest.raises(ValueError, match="is 0, allowed are whole numbers from 1"):
        draw(np.random.default_rng(0))


def test_a_deletion_that_is_no_probability_is_refused():
    with pytest.raises(ValueError, match=r"deletion is 1\.5"):
        fa.multivariate_task(3, 1, np.random.default_rng(0), deletion=1.5)


def test_one_selection_is_a_smallest_sufficient_one(task):
    assert fa.is_correct(task, task.one_selection()).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shapes": [0]}, r"shapes are int64 of shape \(1,\), expected one whole number a point: \(2,\)"),
        ({"shapes": [0.5, 1.0]}, "shapes are float64"),
        ({"stated": [{0}]}, "1 selections are stated for 2 points"),
        ({"stated": [{0}, {3}]}, "names feature 3"),
        ({"variance": 0.0}, "variance is 0.0"),
        ({"floor": -1.0}, "floor -1.0"),
    ],
)
def test_impossible_options_of_a_task_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fa.MixtureTask([[0.0], [1.0]], [0, 1], **options)


def test_what_is_stated_is_given_by_name_only():
    assert fa.MixtureTask([[0.0], [1.0]], [0, 1], None, 1.0, stated=[{0}, {0}]).stated.all()
    with pytest.raises(TypeError, match="positional arguments"):
        fa.MixtureTask([[0.0], [1.0]], [0, 1], None, 1.0, [{0}, {0}])


@pytest.mark.parametrize("variance", [0.0, -1.0, np.nan, np.inf])
def test_a_gradient_of_a_strange_variance_is_refused(task, variance):
    with pytest.raises(ValueError, match="expected above 0"):
        task.gradient(task.points, variance)


def test_relaxed_domains_need_not_be_nested():
    # By hand: five of six centres on the line have label 1; the point lies half-way between two of both.
    crowd = fa.MixtureTask([[0, 0], [0, 0.2], [0, 1], [0, 2], [0, 3], [0, 4], [1, 5]], [0, 1, 1, 1, 1, 1, 0])
    means = crowd.conditional_means([[0.0, 0.1]])[0]
    assert means[1] == approx(5 / 6, abs=1e-6)
    assert means[3] == approx(1 / 2, abs=1e-6)
