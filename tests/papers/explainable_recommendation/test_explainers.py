"""Explainers: sums, efficiency, theorems of the chapter, counterfactuals, and nobody told of."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from soundreasons.papers import explainable_recommendation as er
from support.two_tastes import context_of

ADDITIVE = ["tags", "knn", "pagerank", "ease", "hybrid"]
FAST = settings(max_examples=25, deadline=None)


def drawn(seed, n_users=30, n_items=10, density=0.35):
    """A random matrix in which every user has something."""
    rng = np.random.default_rng(seed)
    matrix = (rng.random((n_users, n_items)) < density).astype(float)
    matrix[np.arange(n_users), rng.integers(n_items, size=n_users)] = 1
    return sp.csr_matrix(matrix)


def score(model, user, item):
    return model.scores(user)[item]


@FAST
@given(st.integers(0, 10_000), st.sampled_from([*ADDITIVE, "als"]))
def test_exact_terms_add_up_to_the_score(seed, name):
    matrix = drawn(seed)
    context = context_of(matrix)
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(matrix)
    for user in (0, 7):
        for item in range(10):
            found = er.fast.exact.exact(model, user, item, context)
            assert found.total == pytest.approx(score(model, user, item), abs=1e-9)
            assert set(found.items) == set(model.history(user))


@FAST
@given(st.integers(0, 10_000), st.sampled_from(ADDITIVE))
def test_for_an_additive_model_exact_influence_and_shapley_are_one(seed, name):
    # Proposition of the chapter.
    matrix = drawn(seed)
    context = context_of(matrix, n_samples=60)
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(matrix)
    item = int(er.top(model, 0, 1)[0]) if len(model.history(0)) < 10 else 0
    by_item = {}
    for how in ("exact", "influence", "shapley"):
        found = er.explainers[how](model, 0, item, context)
        by_item[how] = found.weights[np.argsort(found.items)]
    assert np.allclose(by_item["exact"], by_item["influence"], atol=1e-9)
    assert np.allclose(by_item["exact"], by_item["shapley"], atol=1e-9)


@FAST
@given(st.integers(0, 10_000))
def test_influence_of_the_factorisation_is_the_closed_form(seed):
    # Second proposition: influence = exact (1 - a / (1 + a) s(u, j)) / (1 - a h_j).
    matrix = drawn(seed)
    model = er.ALS(factors=4, seed=seed).fit(matrix)
    table = er.experiments.faithful.term_and_influence(model, range(5), context_of(matrix))
    assert np.allclose(table["influence"], table["formula"], atol=1e-9)
    # In other words: influence = exact (1 - a / (1 + a) s), s being what the rest gives to the artist.
    share = model.alpha / (1 + model.alpha)
    assert np.allclose(table["influence"], table["exact"] * (1 - share * table["foretold"]), atol=1e-9)


def test_foretold_is_the_score_from_a_history_without_the_artist(tastes_matrix, context):
    model = er.ALS(factors=4, seed=0).fit(tastes_matrix)
    for (user, item), row in zip(
        er.pairs(model, range(5)),
        er.experiments.faithful.term_and_influence(model, range(5), context).itertuples(),
        strict=True,
    ):
        history = model.history(user)
        first = history[np.argmax(model.contributions(history, np.array([item]))[:, 0])]
        rest = np.zeros((1, tastes_matrix.shape[1]))
        rest[0, history[history != first]] = 1
        assert np.isclose(model.scores_of(rest, np.array([first]))[0, 0], row.foretold)


@FAST
@given(st.integers(0, 10_000), st.sampled_from(["als", "ease", "popularity"]))
def test_shapley_values_add_up_however_few_orders_are_drawn(seed, name):
    matrix = drawn(seed)
    context = context_of(matrix, n_samples=1, seed=seed)
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(matrix)
    found = er.fast.perturbation.shapley(model, 1, 3, context)
    assert found.total == pytest.approx(score(model, 1, 3), abs=1e-9)


def test_shapley_is_the_mean_over_all_orders():
    # Slow twin: every one of the 24 orders of a history of four.
    from itertools import permutations

    matrix = sp.csr_matrix(np.vstack([[1, 1, 1, 1, 0, 0], drawn(1, 20, 6).toarray()]))
    context = context_of(matrix, n_samples=40_000)
    model = er.ALS(factors=3).fit(matrix)
    expected = np.zeros(4)
    for order in permutations(range(4)):
        curve = er.fast.pairs.insertion_curve(model, np.arange(4), 5, np.array(order))
        expected[list(order)] += np.diff(curve) / 24
    found = er.fast.perturbation.shapley(model, 0, 5, context)
    assert np.allclose(found.weights[np.argsort(found.items)], expected, atol=0.01 * np.abs(expected).max())


def test_lime_is_the_weighted_ridge_of_scikit_learn(models, context):
    from soundreasons.papers.explainable_recommendation.fast import perturbation

    item = int(er.top(models["als"], 4, 1)[0])
    asked = perturbation._ask(models["als"], 4, item, context, "lime")
    near = np.exp(-(((1 - asked.masks.mean(axis=1)) / 0.75) ** 2))
    answers = asked.scores[:, asked.items == item][:, 0]
    twin = Ridge(alpha=1e-3).fit(asked.masks, answers, sample_weight=near)
    found = er.fast.perturbation.lime(models["als"], 4, item, context)
    assert np.allclose(found.weights[np.argsort(found.items)], twin.coef_, atol=1e-8)
    assert found.base == pytest.approx(twin.intercept_, abs=1e-8)


@FAST
@given(st.integers(0, 10_000), st.sampled_from(["als", "ease", "knn"]))
def test_a_counterfactual_really_removes_the_item(seed, name):
    matrix = drawn(seed, n_users=60, n_items=30, density=0.25)
    context = context_of(matrix)
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(matrix)
    for user, item in er.pairs(model, [0, 1]):
        removed = er.fast.exact.counterfactual(model, user, item, context)
        if len(removed.items):
            history = model.history(user)
            rest = np.setdiff1d(history, removed.items)
            # Scored anew from the definition: what is left as the history, nothing of the old one shown.
            scores = model.scores_of(er.fast.evidence.with_row(sp.csr_matrix((1, 30)), 0, rest))[0]
            assert item not in er.fast.ranking.rank(scores, history, 10)
            assert er.fast.pairs.place_without(model, user, item, removed.items) >= 10


def test_a_counterfactual_of_up_to_three_is_the_smallest_of_its_candidates(lastfm):
    from itertools import combinations

    train, _ = er.data.split(lastfm.interactions, 0)
    context = er.Context(train, lastfm.tags, lastfm.friends, lastfm.graph)
    model = er.EASE().fit(train)
    found = 0
    for user, item in er.pairs(model, range(40)):
        removed = er.fast.exact.counterfactual(model, user, item, context).items
        if len(removed) in (2, 3):
            found += 1
            heaviest = er.fast.exact.influence(model, user, item, context).items[:8]
            for few in combinations(heaviest, len(removed) - 1):
                assert er.fast.pairs.place_without(model, user, item, np.array(few)) < 10
    assert found


@pytest.mark.parametrize("name", ["ease", "als"])
def test_contrast_adds_up_to_the_difference_of_the_scores(name):
    matrix = drawn(5, 60, 30)
    context = context_of(matrix)
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(matrix)
    item = int(er.top(model, 2, 1)[0])
    found = er.fast.exact.contrastive(model, 2, item, context)
    assert found.total == pytest.approx(score(model, 2, item) - score(model, 2, found.instead), abs=1e-9)
    assert found.instead not in er.top(model, 2, 10)


def test_tags_of_the_tag_model_add_up_to_its_score(models, context):
    item = int(er.top(models["tags"], 3, 1)[0])
    found = er.fast.words.tags(models["tags"], 3, item, context)
    assert found.total * len(models["tags"].history(3)) == pytest.approx(score(models["tags"], 3, item))


def test_hooks_are_the_two_heaviest_and_the_discovery_is_little_known(models, context):
    item = int(er.top(models["ease"], 0, 1)[0])
    found = er.fast.exact.hooks_and_discovery(models["ease"], 0, item, context)
    heaviest = er.fast.exact.exact(models["ease"], 0, item, context)
    assert found.items[:2].tolist() == heaviest.items[:2].tolist()
    assert all(context.popularity[found.items[2:]] <= np.median(context.popularity))


def test_a_path_starts_in_the_history_and_its_link_is_shared(models, context):
    item = int(er.top(models["ease"], 0, 1)[0])
    for path in er.fast.paths.all_paths(models["ease"], 0, item, context):
        if path.relation == "tag":
            assert path.start in models["ease"].history(0)
            assert context.item_tags[path.start, path.middle] > 0
            assert context.item_tags[item, path.middle] > 0
        if path.relation == "music.artist.origin":
            of = context.graph.set_index("item")["value"]
            assert of[path.start] == of[item] == path.middle
        assert 0 <= path.score <= 1


def test_a_rule_counts_who_plays_one_and_is_recommended_the_other(models, context):
    model = models["ease"]
    given = er.fast.surrogates.recommended(model, 10)
    rules = er.fast.surrogates.rules(model, context)
    j, i = (int(k[0]) for k in rules.support.nonzero())
    together = int(model.interactions[:, [j]].multiply(given[:, [i]]).sum())
    assert rules.support[j, i] == together >= 5
    assert rules.confidence[j, i] == pytest.approx(together / model.popularity[j])


@pytest.mark.parametrize("name", list(er.explainers))
def test_every_explainer_answers_with_evidence_for_every_personal_model(models, context, name):
    for model in ("als", "ease", "tags"):
        item = int(er.top(models[model], 6, 1)[0])
        found = er.explainers[name](models[model], 6, item, context)
        assert found.kind in ("artists", "tags", "listeners", "friends")
        assert np.isfinite(found.weights).all()
        assert (np.diff(found.weights) <= 0).all(), "the weightiest first"
        if found.kind == "artists":
            assert np.isin(found.items, models[model].history(6)).all()


@pytest.mark.parametrize("name", list(er.explainers))
def test_a_user_without_history_is_refused_by_every_explainer(tastes_matrix, name):
    lonely = sp.csr_matrix(sp.vstack([tastes_matrix, sp.csr_matrix((1, 12))]))
    model = er.EASE().fit(lonely)
    with pytest.raises(ValueError, match="user 40 has no history"):
        er.explainers[name](model, 40, 0, context_of(lonely))


@pytest.mark.parametrize("name", ["exact", "influence", "lime", "shapley", "tags", "paths", "listeners"])
def test_an_item_nobody_played_is_explained_by_nothing_or_by_zeros(tastes_matrix, context, name):
    wider = sp.csr_matrix(sp.hstack([tastes_matrix, sp.csr_matrix((40, 1))]))
    bare = er.Context(
        wider, sp.csr_matrix(sp.vstack([context.tags, sp.csr_matrix((1, 4))])), context.friends, context.graph
    )
    found = er.explainers[name](er.EASE().fit(wider), 0, 12, bare)
    assert np.allclose(found.weights, 0, atol=1e-12)


def test_popularity_has_no_exact_reasons_and_says_who_has(models, context):
    with pytest.raises(ValueError, match=r"Popularity does not add up .* 'shapley' or 'lime'"):
        er.fast.exact.exact(models["popularity"], 0, 1, context)


# -- nobody is told of --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 8))
def test_no_group_below_the_limit_is_ever_told_of(seed, n_friends, least):
    rng = np.random.default_rng(seed)
    matrix = drawn(seed, n_users=25, n_items=8, density=0.3)
    friends = np.zeros((25, 25))
    chosen = rng.choice(np.arange(1, 25), n_friends, replace=False)
    friends[0, chosen] = friends[chosen, 0] = 1
    tags = context_of(matrix).tags
    graph = pd.DataFrame({"item": [], "relation": [], "value": []})
    context = er.Context(matrix, tags, sp.csr_matrix(friends), graph, anonymity=least)
    model = er.EASE().fit(matrix)
    for item in range(8):
        for how in ("listeners", "friends"):
            found = er.explainers[how](model, 0, item, context)
            assert (found.weights >= least).all()
            assert (found.items < 3).all(), "a level, never a person"
        told = er.experiments.audiences.audience_of(model, item, context)
        assert told is None or told[0] >= least
        for path in er.fast.paths.all_paths(model, 0, item, context):
            assert path.start >= 0 or path.middle >= least
    assert (er.fast.surrogates.rules(model, context).support.data >= 5).all()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(1, 9))
def test_merging_loses_nobody_and_leaves_no_small_group(counts, least):
    merged = er.fast.people.merge_small(np.array(counts), least)
    assert all(size >= least for _, size in merged)
    assert sum(size for _, size in merged) == (sum(counts) if sum(counts) >= least else 0)


# -- evidence and context -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: er.Evidence(np.arange(2), np.ones(3), "tags"), r"\(2,\) items and \(3,\) weights"),
        (lambda: er.Evidence(np.arange(2), np.ones(2), "moods"), "kind is 'moods', expected one of"),
        (lambda: er.Evidence(np.arange(1), np.array([np.nan]), "tags"), "weight is not finite"),
        (lambda: er.Context(sp.eye(2).tocsr(), sp.csr_matrix((3, 1)), None, None), "tags describe 3 items"),
        (
            lambda: er.Context(sp.eye(2).tocsr(), sp.csr_matrix((2, 1)), sp.csr_matrix((1, 1)), None),
            r"friends has shape \(1, 1\), expected \(2, 2\)",
        ),
    ],
)
def test_impossible_evidence_and_contexts_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_edited_history_changes_one_user_of_a_copy(models):
    model = models["als"]
    changed = er.fast.evidence.edited(model, 3, np.array([1, 2]))
    assert changed.history(3).tolist() == [1, 2]
    assert np.array_equal(changed.history(4), model.history(4))
    assert len(model.history(3)) == 4
    assert changed.origin is model


def test_samples_are_not_mixed_up_between_edited_models(models, context):
    # What LIME asked of one history must not answer for another.
    for history in ([0, 1, 2], [0, 1, 3]):
        changed = er.fast.evidence.edited(models["als"], 0, np.array(history))
        found = er.fast.perturbation.lime(changed, 0, 5, context)
        assert sorted(found.items.tolist()) == history


def test_love_is_the_rank_by_plays(tastes_matrix, context):
    plays = tastes_matrix.copy()
    history = np.sort(plays[0].indices)
    plays.data[plays.indptr[0] : plays.indptr[1]] = 1 + np.arange(4)
    told = er.Context(tastes_matrix, context.tags, context.friends, context.graph, plays=plays)
    row = plays[0].toarray().ravel()
    assert told.love(0, history).tolist() == (row[history] / 4).tolist()
