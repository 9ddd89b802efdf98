"""Metrics: known shapes, bounds, and explainers whose value is known beforehand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers import explainable_recommendation as er
from soundreasons.papers.explainable_recommendation.fast import changes, criteria

USERS = range(12)


def ask(models, context, criterion, explainer, model="ease"):
    judge = er.criteria[criterion] if isinstance(criterion, str) else criterion
    given_ = er.explainers[explainer] if isinstance(explainer, str) else explainer
    return judge(models[model], given_, USERS, context)


@pytest.mark.parametrize("criterion", list(er.criteria))
@pytest.mark.parametrize("explainer", ["exact", "tags", "listeners", "counterfactual"])
def test_a_metric_has_one_value_a_pair_and_never_an_infinite_one(models, context, criterion, explainer):
    values = ask(models, context, criterion, explainer)
    assert len(values) == len(er.pairs(models["ease"], USERS))
    assert not np.isinf(values).any()


def test_the_curve_of_a_perfect_explainer_is_what_is_left_of_a_sorted_sum(models, context):
    # Known shape: for a sum, the steepest of all orders is by weight; it ends at nothing.
    model = models["ease"]
    for user, item in er.pairs(model, USERS):
        found = er.explainers["exact"](model, user, item, context)
        curve = er.fast.pairs.deletion_curve(model, model.history(user), item, found.items)
        assert np.allclose(curve, np.append(found.total, found.total - np.cumsum(found.weights)), atol=1e-12)
        assert curve[-1] == pytest.approx(0, abs=1e-12)
        rng = np.random.default_rng(user)
        other = er.fast.pairs.deletion_curve(model, model.history(user), item, rng.permutation(found.items))
        assert (curve <= other + 1e-12).all()


def test_the_mean_curve_of_random_orders_is_a_straight_line(models):
    # Known shape: each place of a random order holds each artist equally often.
    from itertools import permutations

    model = models["pagerank"]
    history = model.history(0)
    item = int(er.top(model, 0, 1)[0])
    curves = [
        er.fast.pairs.deletion_curve(model, history, item, np.array(order)) for order in permutations(history)
    ]
    whole = curves[0][0]
    assert np.allclose(np.mean(curves, axis=0), whole * np.linspace(1, 0, len(history) + 1))


def test_insertion_of_everything_gives_the_score(models):
    history = models["als"].history(1)
    curve = er.fast.pairs.insertion_curve(models["als"], history, 3, history)
    assert curve[0] == pytest.approx(0, abs=1e-12)
    assert curve[-1] == pytest.approx(models["als"].scores(1)[3])


def test_a_stranger_cannot_be_taken_out(models):
    history = models["ease"].history(0)
    stranger = np.setdiff1d(np.arange(12), history)[:1]
    with pytest.raises(ValueError, match=f"item {stranger[0]} is not in the history"):
        er.fast.pairs.deletion_curve(models["ease"], history, 0, stranger)


def test_exact_reasons_of_a_sum_are_at_least_as_comprehensive_as_any(models, context):
    best = ask(models, context, criteria.comprehensiveness, "exact")
    for other in ("random", "tags", "paths", "prototypes"):
        values = ask(models, context, criteria.comprehensiveness, other)
        both = ~np.isnan(values)
        assert (best[both] >= values[both] - 1e-12).all()


def test_of_a_sum_what_is_lost_and_what_is_lacking_add_up_to_one(models, context):
    lost = ask(models, context, criteria.comprehensiveness, "exact")
    lacking = ask(models, context, criteria.sufficiency, "exact")
    scored = ~np.isnan(lost)
    assert scored.any()
    assert np.allclose((lost + lacking)[scored], 1)


def test_remainder_is_nothing_for_terms_that_add_up_and_all_for_none(models, context):
    assert np.nanmax(ask(models, context, criteria.remainder, "exact")) < 1e-12
    silent = lambda model, user, item, context: er.Evidence(  # noqa: E731
        model.history(user), np.zeros(len(model.history(user))), "artists"
    )
    left = ask(models, context, criteria.remainder, silent)
    assert np.allclose(left[~np.isnan(left)], 1)


def test_reasons_that_do_not_look_at_the_item_are_perfectly_consistent(models, context):
    always = lambda model, user, item, context: er.Evidence(  # noqa: E731
        model.history(user), np.arange(len(model.history(user)), 0, -1.0), "artists"
    )
    assert np.allclose(ask(models, context, changes.consistency, always), 1)


def test_where_people_are_the_reason_nothing_can_be_taken_out(models, context):
    told = (criteria.deletion, changes.stability, criteria.novelty, criteria.remainder, criteria.plausibility)
    for criterion in told:
        assert np.isnan(ask(models, context, criterion, "listeners")).all()


def test_novelty_counts_bits(models, context):
    def cited(model, user, item, context):
        return er.Evidence(model.history(user)[:1], np.ones(1), "artists")

    first = [models["ease"].history(user)[0] for user, _ in er.pairs(models["ease"], USERS)]
    expected = -np.log2(context.popularity[first] / 40)
    assert np.allclose(ask(models, context, criteria.novelty, cited), expected)


def test_length_counts_the_reasons_that_carry_four_fifths(models, context):
    weights = lambda model, user, item, context: er.Evidence(  # noqa: E731
        model.history(user), np.array([8.0, 1.0, 0.5, 0.5]), "artists"
    )
    assert set(ask(models, context, criteria.length, weights)) == {1.0}


def test_stability_of_random_reasons_is_low_and_of_fixed_ones_is_one(models, context):
    def first(model, user, item, context):
        return er.Evidence(context.interactions[user].indices[:1], np.ones(1), "artists")

    assert np.nanmin(ask(models, context, changes.stability, first)) == 1


def test_what_is_said_of_every_item_has_no_variety_and_one_template(models, context):
    def first(model, user, item, context):
        return er.Evidence(model.history(user)[:2], np.ones(2), "artists")

    assert np.allclose(ask(models, context, changes.variety, first), 0)
    assert np.allclose(ask(models, context, changes.template_entropy, first), 0)


def test_two_templates_used_equally_often_are_one_bit(models, context):
    kinds = {item: n % 2 + 1 for n, item in enumerate(range(12))}

    def by_item(model, user, item, context):
        return er.Evidence(model.history(user)[: kinds[item]], np.ones(kinds[item]), "artists")

    used = np.array([kinds[item] for _, item in er.pairs(models["ease"], USERS)])
    share = np.mean(used == 1)
    expected = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    assert np.mean(ask(models, context, changes.template_entropy, by_item)) == pytest.approx(expected)


def test_a_path_has_the_template_of_its_link(context):
    path = er.Evidence(
        np.array([1, 2]), np.array([1.0, 2.0]), "artists", notes=("tag:3", "people.profession:4")
    )
    assert er.fast.changes.template(path) == ("artists", 2, "people.profession", False)
    assert er.fast.changes.template(er.Evidence(np.array([1]), np.array([-1.0]), "tags")) == (
        "tags",
        0,
        "",
        False,
    )


def test_an_explanation_is_asked_for_once_however_many_metrics_judge_it(models, context):
    calls = []

    def counted(model, user, item, context):
        calls.append((user, item))
        return er.explainers["exact"](model, user, item, context)

    for criterion in ("comprehensiveness", "deletion", "plausibility", "length", "personalisation"):
        ask(models, context, criterion, counted)
    assert len(calls) == len(set(calls)) == len(er.pairs(models["ease"], USERS))


def test_plausible_tags_are_those_that_hidden_taggers_gave(models, context):
    assert np.nanmin(ask(models, context, criteria.plausibility, "tags")) == 1
    silent = er.Context(
        context.interactions, context.tags, context.friends, context.graph, held_tags=context.tags * 0
    )
    assert np.isnan(ask(models, silent, "plausibility", "tags")).all()


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30).filter(any))
def test_gini_lies_between_equality_and_monopoly(counts):
    n = len(counts)
    assert -1e-9 <= er.method.criteria.gini(np.array(counts)) <= 1 - 1 / n + 1e-9
    assert er.method.criteria.gini(np.array(counts) * 3) == pytest.approx(
        er.method.criteria.gini(np.array(counts))
    )


@pytest.mark.parametrize("counts", [[0, 0], [-1, 2]])
def test_gini_of_nothing_or_less_is_refused(counts):
    with pytest.raises(ValueError, match="expected some, none negative"):
        er.method.criteria.gini(np.array(counts))


def test_explainability_precision_is_one_when_everybody_alike_plays_it_all(models, context):
    precision, recall = er.experiments.axes.explainability(models["ease"], USERS, context, least=1, n=2)
    assert precision.min() == 1
    assert ((recall > 0) & (recall <= 1)).all()
