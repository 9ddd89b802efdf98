"""What is fast is equal to what is plain, on small random input."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import explainable_recommendation as er
from soundreasons.papers.explainable_recommendation import method
from soundreasons.papers.explainable_recommendation.fast import criteria, exact, lineup, perturbation
from support.two_tastes import context_of

FAST = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 10_000)
PERSONAL = ("tags", "knn", "pagerank", "als", "ease", "hybrid")


def drawn(seed, n_users=25, n_items=14):
    rng = np.random.default_rng(seed)
    matrix = (rng.random((n_users, n_items)) < 0.3).astype(float)
    matrix[np.arange(n_users), rng.integers(n_items, size=n_users)] = 1
    return sp.csr_matrix(matrix)


def scores_of(model):
    """The model as the definitions know it: from a history to scores."""

    def scores(part):
        row = np.zeros((1, model.interactions.shape[1]))
        row[0, part] = 1
        return model.scores_of(row)[0]

    return scores


def fitted(name, seed):
    matrix = drawn(seed)
    context = context_of(matrix, n_samples=40, seed=seed)
    return lineup.recommender_makers(context.tags)[name]().fit(matrix), context


@FAST
@given(SEEDS)
def test_weights_of_the_additive_models_are_those_of_the_definitions(seed):
    taste = drawn(seed)
    dense, tags = taste.toarray(), context_of(taste).tags
    by_tags = method.tag_weights(tags.toarray())
    linear = method.ease_weights(dense, regularisation=200.0)
    plain = {
        "knn": method.neighbour_weights(dense, neighbours=50),
        "ease": linear,
        "tags": by_tags,
        "pagerank": method.walk_weights(dense, restart=0.3),
        "hybrid": method.mixed_weights(linear, by_tags, dense, share=0.2),
    }
    for name, model in lineup.fit_all(tags, taste).items():
        if name in plain:
            history = model.history(3)
            assert np.allclose(model.terms(history), plain[name][history], atol=1e-12), name
            assert np.allclose(model.terms(history, np.array([2, 5])), plain[name][history][:, [2, 5]])
            terms = method.additive_terms(plain[name], history, 5)
            assert np.allclose(exact.contributions(model, 3, np.array([5]))[1][:, 0], terms)


@FAST
@given(SEEDS)
def test_few_neighbours_are_the_same_ones(seed):
    taste = drawn(seed)
    found = er.ItemKNN(neighbours=3).fit(taste).weights.toarray()
    plain = method.neighbour_weights(taste.toarray(), neighbours=3)
    cosines = method.neighbour_weights(taste.toarray(), neighbours=14)
    for item in range(14):
        last = np.sort(cosines[:, item])[-3]
        tied = np.isclose(cosines[:, item], last)  # of equal cosines rounding decides which is kept
        assert np.allclose(found[~tied, item], plain[~tied, item])
        assert np.allclose(found[tied & (found[:, item] > 0), item], last)
        assert (found[:, item] > 0).sum() == (plain[:, item] > 0).sum()


@FAST
@given(SEEDS)
def test_tag_vectors_are_those_of_the_definition(seed):
    tags = np.random.default_rng(seed).poisson(0.6, size=(8, 5)).astype(float)
    found = er.fast.additive.tag_vectors(sp.csr_matrix(tags)).toarray()
    assert np.allclose(found, method.tag_vectors(tags))


@FAST
@given(SEEDS)
def test_the_factorisation_alternates_half_steps_of_the_definition(seed):
    taste, alone = drawn(seed), {"alpha": 20.0, "regularisation": 5.0}
    dense = taste.toarray().astype(bool)
    histories = [np.flatnonzero(row) for row in dense]
    listeners = [np.flatnonzero(column) for column in dense.T]
    vectors = np.random.default_rng(7).normal(scale=0.01, size=(taste.shape[1], 3))
    for _ in range(2):
        users = method.user_vectors(histories, vectors, **alone)
        vectors = method.user_vectors(listeners, users, **alone)
    model = er.ALS(factors=3, iterations=2, seed=7).fit(taste)
    assert np.allclose(model.item_factors, vectors, atol=1e-9)
    terms = method.factorisation_terms(vectors, histories[4], 2, **alone)
    assert np.allclose(model.contributions(histories[4], np.array([2]))[:, 0], terms)
    lost = method.influence_in_closed_form(vectors, histories[4], 2, **alone)
    assert np.allclose(exact.influence_of(model, histories[4], 2), lost, atol=1e-9)


@FAST
@given(SEEDS, st.sampled_from(PERSONAL))
def test_influence_and_counterfactual_are_those_of_the_definitions(seed, name):
    model, context = fitted(name, seed)
    history, scores = model.history(1), scores_of(model)
    item = int(np.setdiff1d(np.arange(14), history)[0])
    found = exact.influence(model, 1, item, context)
    expected = method.influence(scores, history, item)
    assert np.allclose(found.weights[np.argsort(found.items)], expected, atol=1e-9)
    removed = exact.counterfactual(model, 1, item, context).items
    if len(removed):
        assert method.place(scores, history, item, removed) >= 10
    # Where no two artists have nearly the same influence, both search in the same order.
    if len(history) > 1 and np.diff(np.sort(expected)).min() > 1e-9:
        assert set(removed) == set(method.counterfactual(scores, history, item))


@FAST
@given(SEEDS, st.sampled_from(PERSONAL))
def test_places_are_those_of_the_definition_for_every_part(seed, name):
    model, _ = fitted(name, seed)
    history = model.history(2)
    item = int(np.setdiff1d(np.arange(14), history)[-1])
    masks = np.random.default_rng(seed).integers(0, 2, size=(6, len(history))).astype(float)
    found = exact.places(model, history, masks, item)
    scores = {k: model.scores_of_parts(history, masks[[k]], np.arange(14))[0] for k in range(6)}
    for k, mask in enumerate(masks):
        removed = history[mask == 0]
        assert found[k] == method.place(lambda part, k=k: scores[k], history, item, removed)


@FAST
@given(SEEDS)
def test_lime_is_that_of_the_definition_on_the_parts_it_drew(seed):
    model, context = fitted("als", seed)
    asked = perturbation._ask(model, 1, 3, context, "lime")
    found = perturbation.lime(model, 1, 3, context)
    expected = method.lime(scores_of(model), model.history(1), 3, asked.masks.astype(bool))
    assert np.allclose(found.weights[np.argsort(found.items)], expected, atol=1e-6)


def test_shapley_of_many_orders_is_that_of_all_orders():
    # About 1,300 orders: a mean over them is within a few hundredths of the largest weight.
    model, _ = fitted("als", 1)
    history = model.history(1)[:5]
    short = er.fast.evidence.edited(model, 1, history)
    rich = context_of(short.interactions, n_samples=8000)
    found = perturbation.shapley(short, 1, 13, rich)
    expected = method.shapley(scores_of(model), history, 13)
    assert np.allclose(found.weights[np.argsort(found.items)], expected, atol=0.05 * np.abs(expected).max())


@FAST
@given(SEEDS, st.sampled_from(PERSONAL))
def test_criteria_are_those_of_the_definitions(seed, name):
    model, context = fitted(name, seed)
    pairs = er.fast.pairs.explained(model, exact.exact, [1], context)
    lost, lacking = (
        judge(model, exact.exact, [1], context)
        for judge in (criteria.comprehensiveness, criteria.sufficiency)
    )
    for pair, one, two in zip(pairs, lost, lacking, strict=True):
        cited, scores = pair.cited[:3], scores_of(model)
        if not np.isnan(one):
            asked = (scores, pair.history, pair.item, cited)
            assert one == pytest.approx(method.comprehensiveness(*asked), abs=1e-9)
            assert two == pytest.approx(method.sufficiency(*asked), abs=1e-9)
            curve = er.fast.pairs.deletion_curve(model, pair.history, pair.item, cited)
            assert np.allclose(curve, method.deletion_curve(*asked), atol=1e-12)
            (dropped,) = {er.fast.pairs.place_without(model, 1, pair.item, cited)}
            leaves = criteria.leaves(model, exact.exact, [1], context)[pairs.index(pair)]
            assert leaves == (dropped >= 10)
