"""Attributions, selections and scores: hand-made cases, axioms, captum, shap and scikit-learn."""

from __future__ import annotations

import itertools
from math import factorial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import Ridge

from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution.method import EXACT_SELECTORS, perturbation, subsets

approx = pytest.approx


@pytest.fixture
def task():
    return fa.multivariate_task(4, 3, np.random.default_rng(0))


def as_torch(task, variance):
    points, labels = torch.tensor(task.points), torch.tensor(task.labels)

    def function(x):
        squared = ((x[:, None] - points) ** 2).sum(dim=2)
        return torch.softmax(-squared / (2 * variance), dim=1) @ labels

    return function


# -- per-feature methods ----------------------------------------------------------------------------


def test_shapley_values_by_the_sum_over_orders(task):
    # The definition: mean gain of a feature over all orders.
    table, expected = task.conditional_means(task.points), np.zeros((len(task), 4))
    for order in itertools.permutations(range(4)):
        code = 0
        for feature in order:
            expected[:, feature] += table[:, code | 1 << feature] - table[:, code]
            code |= 1 << feature
    assert fa.method.shapley_conditional(task) == approx(expected / factorial(4), abs=1e-12)


@pytest.mark.parametrize("d", [1, 4, 9, 11])
def test_shapley_values_are_efficient(d):
    task = fa.multivariate_task(d, 3, np.random.default_rng(1))
    own = task.probability(task.points)
    mean = task.probability(task.points.mean(axis=0, keepdims=True))
    assert fa.method.shapley_conditional(task).sum(axis=1) == approx(own - task.labels.mean(), abs=1e-10)
    assert fa.method.shapley_mean_point(task).sum(axis=1) == approx(own - mean, abs=1e-10)


def test_the_published_slip_breaks_efficiency(task):
    slipped = fa.experiments.rerun.shapley_mean_point_as_published(task).sum(axis=1)
    assert np.abs(slipped - fa.method.shapley_mean_point(task).sum(axis=1)).max() > 0.1


def test_mean_point_shapley_is_that_of_shap(task):
    shap = pytest.importorskip("shap")
    masker = shap.maskers.Independent(task.points.mean(axis=0, keepdims=True), max_samples=1)
    explainer = shap.explainers.Exact(task.probability, masker)
    theirs = explainer(task.points[:6]).values
    assert fa.method.shapley_mean_point(task)[:6] == approx(theirs, abs=1e-5)


def test_mean_point_shapley_is_that_of_captum(task):
    from captum.attr import ShapleyValues

    baseline = torch.tensor(task.points.mean(axis=0, keepdims=True))
    method = ShapleyValues(as_torch(task, task.variance))
    # Captum walks all orders of four features if asked for the exact value.
    theirs = method.attribute(torch.tensor(task.points), baselines=baseline).reshape(len(task), -1)
    assert fa.method.shapley_mean_point(task) == approx(theirs.numpy(), abs=1e-5)


def test_gradients_are_those_of_captum(task):
    from captum.attr import InputXGradient, Saliency

    function, inputs = (
        as_torch(task, fa.method.GRADIENT_VARIANCE),
        torch.tensor(task.points, requires_grad=True),
    )
    saliency = Saliency(function).attribute(inputs, abs=False).detach().numpy()
    assert fa.method.gradient(task) == approx(saliency, abs=1e-5)
    product = InputXGradient(function).attribute(inputs).detach().numpy()
    assert fa.method.gradient_x_input(task) == approx(product, abs=1e-5)


def test_integrated_gradients_are_those_of_captum(task):
    from captum.attr import IntegratedGradients

    baseline = torch.tensor(task.points.mean(axis=0, keepdims=True))
    method = IntegratedGradients(as_torch(task, fa.method.GRADIENT_VARIANCE))
    theirs = method.attribute(
        torch.tensor(task.points), baselines=baseline, n_steps=51, method="riemann_trapezoid"
    )
    # Captum's rule has its own steps; both are close to the integral.
    exact = fa.method.integrated_gradients(task, n_steps=5000)
    assert fa.method.integrated_gradients(task, n_steps=50) == approx(theirs.numpy(), abs=2e-2)
    fine = method.attribute(torch.tensor(task.points), baselines=baseline, n_steps=1000)
    assert exact == approx(fine.numpy(), abs=1e-5)


@pytest.mark.parametrize("method", [fa.method.integrated_gradients, fa.method.deeplift])
def test_path_methods_sum_to_the_change_of_the_function(task, method):
    # Completeness (Sundararajan et al., 2017; Shrikumar et al., 2017).
    options = (
        {"n_steps": 5000}
        if method is fa.method.integrated_gradients
        else {"variance": fa.method.GRADIENT_VARIANCE}
    )
    smooth = fa.MixtureTask(task.points, task.labels, variance=fa.method.GRADIENT_VARIANCE)
    change = smooth.probability(task.points) - smooth.probability(task.points.mean(axis=0, keepdims=True))
    assert method(task, **options).sum(axis=1) == approx(change, abs=1e-5)


def test_expected_gradients_approach_the_mean_change(task):
    many = fa.method.expected_gradients(task, rng=np.random.default_rng(0), n_samples=20_000)
    smooth = fa.MixtureTask(task.points, task.labels, variance=fa.method.GRADIENT_VARIANCE)
    starts, _ = task.sample(50_000, np.random.default_rng(1))
    change = smooth.probability(task.points) - smooth.probability(starts).mean()
    assert many.sum(axis=1) == approx(change, abs=0.1)


def test_gam_is_one_column_of_the_conditional_means(task):
    expected = [task.conditional_mean(task.points, {k}) - task.labels.mean() for k in range(4)]
    assert fa.method.gam(task) == approx(np.array(expected).T, abs=1e-12)


def test_ridge_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    inputs, weights, values = rng.normal(size=(3, 40, 4)), rng.uniform(size=(3, 40)), rng.normal(size=(3, 40))
    ours = perturbation._ridge(inputs, weights, values)
    for k in range(3):
        theirs = Ridge(alpha=1.0).fit(inputs[k], values[k], sample_weight=weights[k]).coef_
        assert ours[k] == approx(theirs, abs=1e-10)


def test_lime_on_a_nearly_flat_function_finds_its_slope():
    # With a huge variance the probability is a plane: coefficients are slope times spread.
    rng = np.random.default_rng(0)
    task = fa.MixtureTask(rng.normal(size=(12, 3)), [0, 1] * 6, variance=400.0)
    found = fa.method.lime_continuous(task, rng=rng, n_samples=20_000)
    expected = task.gradient(task.points) * task.points.std(axis=0)
    assert found == approx(expected, rel=0.02, abs=1e-6)


def test_lime_continuous_is_that_of_the_package_up_to_sampling():
    # With a kernel width of 1 the package weighs by exp(-|offset|^2 / 2), as the paper's scripts do; both
    # draw 20,000 points, so coefficients agree to a few hundredths of the largest.
    from lime.lime_tabular import LimeTabularExplainer

    rng = np.random.default_rng(0)
    task = fa.MixtureTask(rng.normal(size=(12, 3)), [0, 1] * 6, variance=0.25)
    explainer = LimeTabularExplainer(
        task.points, mode="regression", kernel_width=1.0, discretize_continuous=False,
        sample_around_instance=True, feature_selection="none", random_state=0,
    )  # fmt: skip
    ours = fa.method.lime_continuous(task, rng=rng, n_samples=20_000)
    for row in range(3):
        told = explainer.explain_instance(
            task.points[row], task.probability, num_features=3, num_samples=20_000
        )
        theirs = [weight for _, weight in sorted(told.local_exp[1])]
        assert ours[row] == approx(np.array(theirs), abs=0.05 * np.abs(ours).max())


def test_sampling_methods_repeat_with_their_seed_and_differ_without(task):
    for method in (
        fa.method.lime_categorical,
        fa.method.lime_continuous,
        fa.method.expected_gradients,
        fa.method.permutation_importance,
    ):
        first = method(task, rng=np.random.default_rng(1), n_samples=50)
        assert (first == method(task, rng=np.random.default_rng(1), n_samples=50)).all()
        assert (first != method(task, rng=np.random.default_rng(2), n_samples=50)).any()


@pytest.mark.parametrize("name", ["lime_categorical", "lime_continuous"])
def test_scores_do_not_depend_on_how_many_points_fit_in_memory_together(name, task, monkeypatch):
    at_once = fa.attributions[name](task)
    monkeypatch.setattr(perturbation, "_CELLS", 1)
    assert fa.attributions[name](task) == approx(at_once, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "effort"),
    [
        ("lime_categorical", {"n_samples": 1000}),
        ("lime_continuous", {"n_samples": 1000}),
        ("integrated_gradients", {"n_steps": 50}),
        ("expected_gradients", {"n_samples": 500}),
    ],
)
def test_unless_told_a_method_takes_as_many_samples_or_steps_as_in_the_papers_scripts(name, effort, task):
    assert (fa.attributions[name](task) == fa.attributions[name](task, **effort)).all()


def test_a_variance_goes_to_gradient_methods_only(task):
    assert fa.with_variance("gradient", 1.0)(task) == approx(task.gradient(task.points, 1.0))
    with pytest.raises(ValueError, match="method is 'gam', expected one of gradient"):
        fa.with_variance("gam", 1.0)


@pytest.mark.parametrize("name", fa.attributions)
def test_every_method_gives_a_finite_number_a_feature(name, task):
    assert fa.attributions[name](task).shape == task.points.shape
    assert np.isfinite(fa.attributions[name](task)).all()


def test_symmetric_scores_cannot_tell_each_from_both():
    # The two relations of the chapter's proof: equal shares at 00, other answers.
    each = fa.MixtureTask([[0, 0], [1, 1]], [0, 1])
    both = fa.MixtureTask([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 0, 1, 1])
    assert each.true_selections()[0] == {frozenset({0}), frozenset({1})}
    assert both.true_selections()[0] == {frozenset({0, 1})}
    for task in (each, both):
        scores = np.abs(fa.method.shapley_conditional(task)[0])
        assert scores / scores.sum() == approx([0.5, 0.5])


# -- decision rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "expected"), [(0.0, {0}), (0.49, {0}), (0.5, {0, 1}), (0.79, {0, 1}), (0.8, {0, 1, 2})]
)
def test_the_share_must_exceed_the_level(level, expected):
    # Shares .5, .3, .2: at exactly one half the first is not enough.
    chosen = fa.select([[0.5, -0.3, 0.2]], level)
    assert set(np.flatnonzero(chosen[0]).tolist()) == expected


def test_small_scores_select_nothing():
    assert not fa.select([[0.009, 0.009]], 0.5).any()
    assert fa.select([[0.009, 0.009]], 0.5, floor=1e-4).all()
    assert not fa.select([[0.0, 0.0]], 0.5, floor=1e-4).any()


@given(arrays(float, (3, 4), elements=st.floats(-10, 10)), st.floats(0, 0.98), st.floats(0.01, 1))
def test_a_higher_level_never_selects_less(scores, level, more):
    low, high = fa.select(scores, level), fa.select(scores, min(level + more, 0.99))
    assert (low <= high).all()


@given(arrays(float, (3, 4), elements=st.floats(-10, 10)))
def test_a_sweep_cuts_the_ranking_where_the_rule_does(scores):
    # The slow twin: the rule itself, level by level.
    levels = [0.0, 0.3, 0.5, 0.7, 0.98]
    expected = [subsets.codes(fa.select(scores, level)).tolist() for level in levels]
    assert fa.method.select_codes(scores, levels).tolist() == expected
    with pytest.raises(ValueError, match="level is 1"):
        fa.method.select_codes(scores, [0.5, 1.0])


@pytest.mark.parametrize("scores", [[[np.nan, 1.0]], [1.0, 2.0], [[]]])
def test_strange_scores_are_refused(scores):
    with pytest.raises(ValueError, match="scores"):
        fa.select(scores, 0.5)


@pytest.mark.parametrize("level", [-0.1, 1.0, np.nan])
def test_a_strange_level_is_refused(level):
    with pytest.raises(ValueError, match="level is"):
        fa.select([[1.0]], level)


# -- subset methods ---------------------------------------------------------------------------------


@pytest.fixture
def parity():
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    return fa.MixtureTask(corners, corners.sum(axis=1) % 2)


def test_parity_needs_all_and_only_the_unlimited_rule_finds_it(parity):
    # By hand: given fewer than three features, both labels are equally likely.
    means = parity.conditional_means(parity.points)
    assert means[:, :7] == approx(np.full((8, 7), 0.5), abs=1e-9)
    assert EXACT_SELECTORS["fanova"](parity, 0.9).all()
    assert EXACT_SELECTORS["ga2m"](parity, 0.9).sum(axis=1).tolist() == [2] * 8
    assert EXACT_SELECTORS["boosted"](parity, 0.3).all()
    assert EXACT_SELECTORS["archipelago"](parity, 0.5).all()


@pytest.mark.parametrize("largest", [1, 2, 3, 4])
def test_a_truncated_method_never_selects_more_features_than_its_order(largest):
    # Only all five features together decide.
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=5)))
    task = fa.MixtureTask(corners, corners.sum(axis=1) % 2)
    assert EXACT_SELECTORS["fanova"](task, 0.9).all()
    assert (EXACT_SELECTORS[f"ga{largest}m"](task, 0.9).sum(axis=1) == largest).all()


def test_the_unlimited_rule_may_answer_nothing():
    # Neighbours half a standard deviation apart: nothing is certain.
    task = fa.MixtureTask([[0.0, 0.0], [0.06, 0.0]], [0, 1])
    assert not EXACT_SELECTORS["fanova"](task, 0.9).any()
    assert EXACT_SELECTORS["ga1m"](task, 0.9).sum(axis=1).tolist() == [1, 1]


def test_the_smallest_confident_set_by_brute_force(task):
    means, level = task.conditional_means(task.points), 0.76
    for row, chosen in enumerate(EXACT_SELECTORS["fanova"](task, level)):
        sure = {code: max(m, 1 - m) for code, m in enumerate(means[row]) if code}
        good = [code for code in sure if sure[code] > level]
        fewest = min((code.bit_count() for code in good), default=0)
        best = max((code for code in good if code.bit_count() == fewest), key=sure.__getitem__, default=0)
        assert subsets.codes(chosen) == best


def test_mixture_weights_by_their_definition(task):
    means, weights = task.conditional_means(task.points), fa.method.mixture_weights(task)
    known = 4 * (means - 0.5) ** 2
    for code in range(16):
        below = [c for c in range(16) if c & code == c and c != code]
        expected = known[:, code] * np.prod(1 - known[:, below], axis=1)
        assert weights[:, code] == approx(expected, abs=1e-9)


def test_pair_strength_by_its_definition(task):
    means, found = task.conditional_means(task.points), fa.method.pair_strength(task)
    for i, j in itertools.permutations(range(4), 2):
        a, b = 1 << i, 1 << j
        alone = means[:, a | b] - means[:, a] - means[:, b] + means[:, 0]
        among = means[:, 15] - means[:, 15 ^ b] - means[:, 15 ^ a] + means[:, 15 ^ a ^ b]
        assert found[:, i, j] == approx((abs(alone) + abs(among)) / 2, abs=1e-12)


def test_shapley_interactions_of_single_features_are_shapley_values(task):
    # Grabisch and Roubens (1999): the index extends the Shapley value.
    index = fa.method.shapley_interactions(task)
    assert index[:, [1, 2, 4, 8]] == approx(fa.method.shapley_conditional(task), abs=1e-10)


@pytest.mark.parametrize("level", [0.6, 1.0])
def test_a_level_is_a_share_of_the_largest_interaction_to_be_reached(level):
    # Exclusive or: the output is known (0 or 1) from both features and open (1/2) from less, so the index
    # of the pair is 1/2 in absolute value and that of each feature 1/4. The largest itself is enough.
    task = fa.MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    index = np.abs(fa.method.shapley_interactions(task)[:, 1:])
    assert index == approx(np.tile([0.25, 0.25, 0.5], (4, 1)), abs=1e-9)
    assert fa.method.strongest_interaction(task, level).all()
    assert fa.method.strongest_interaction(task, 0.49).sum(axis=1).tolist() == [1, 1, 1, 1]


def test_the_strongest_interaction_of_parity_is_the_whole(parity):
    assert fa.method.strongest_interaction(parity, 0.9).all()


# -- scores -----------------------------------------------------------------------------------------


def test_the_truth_is_right_and_keeps_the_property_where_it_is_unique():
    for seed in range(10):
        task = fa.multivariate_task(5, 5, np.random.default_rng(seed), deletion=0.0)
        truth = [next(iter(answers)) for answers in task.true_selections()]
        assert fa.is_correct(task, truth).all()
        assert fa.property_score(task, truth) == 1


def test_everything_always_keeps_the_property_and_any_answer_counts():
    task = fa.MixtureTask([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    assert fa.property_score(task, [{0, 1}] * 2) == 1
    assert fa.is_correct(task, [{0}, {1}]).all()
    assert not fa.is_correct(task, [{0, 1}, set()]).any()


def test_a_contradiction_counts_inside_a_shape_only():
    points = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    answers = [{0}, {1}, {1}]
    one = fa.MixtureTask(points, [0, 1, 1])
    assert fa.property_score(one, answers) == approx(2 / 3)
    apart = fa.MixtureTask(points, [0, 1, 1], [0, 1, 1])
    assert fa.property_score(apart, answers) == 1


def test_an_array_of_numbers_names_features_and_one_of_booleans_marks_them():
    named = subsets.as_masks(np.array([[0, 2], [1, 1]]), 3)
    assert named.astype(int).tolist() == [[1, 0, 1], [0, 1, 0]]
    assert (subsets.as_masks(named, 3) == named).all()


def test_the_table_of_subsets_that_all_share_cannot_be_written_to():
    assert subsets.members(3) is subsets.members(3)
    assert not subsets.members(3).flags.writeable


def test_strange_selections_are_refused(task):
    with pytest.raises(ValueError, match="names feature 4, allowed are 0 to 3"):
        fa.property_score(task, [{4}] * len(task))
    with pytest.raises(ValueError, match=r"1 selections for \d+ points"):
        fa.is_correct(task, [{0}])
    with pytest.raises(ValueError, match="one column a feature"):
        fa.property_score(task, np.zeros((len(task), 3), dtype=bool))
    with pytest.raises(ValueError, match="against is 'hearsay'"):
        fa.is_correct(task, [{0}] * len(task), against="hearsay")


@pytest.mark.parametrize("name", [*EXACT_SELECTORS, "strongest_interaction"])
@pytest.mark.parametrize("level", [-0.1, 1.1, np.nan])
def test_a_level_outside_its_range_is_refused_by_subset_methods(name, level, task):
    selector = EXACT_SELECTORS.get(name, fa.method.strongest_interaction)
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        selector(task, level)


# --- at the level itself: "exceeds" ---------------------------------------------------------------------

XOR = fa.MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])


def test_a_confidence_that_only_reaches_the_level_is_not_enough():
    level = float(fa.method.confidence(XOR)[0, 3])
    assert not fa.most_confident(XOR, level)[0].any()
    assert fa.most_confident(XOR, np.nextafter(level, 0))[0].all()


def test_a_weight_that_only_reaches_the_level_lets_larger_sets_be_seen():
    task = fa.multivariate_task(3, 3, np.random.default_rng(0))
    weights = fa.method.mixture_weights(task)
    single, pair = weights[:, [1, 2, 4]].max(axis=1), weights[:, [3, 5, 6]].max(axis=1)
    point = int(np.argmax(pair - single))
    level = float(single[point])
    assert 0 < level < pair[point]
    assert fa.method.boosted(task, level)[point].sum() > 1
    assert fa.method.boosted(task, np.nextafter(level, 0))[point].sum() == 1


def test_the_strongest_pair_does_not_exceed_itself():
    assert fa.method.archipelago(XOR, 1.0).sum(axis=1).tolist() == [1, 1, 1, 1]
    assert fa.method.archipelago(XOR, 0.99).all()
