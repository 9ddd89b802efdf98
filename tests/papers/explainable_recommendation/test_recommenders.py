"""Recommenders: one list of checks for all seven, twins, libraries, and bad input."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

from soundreasons.papers import explainable_recommendation as er

PERSONAL = ["tags", "knn", "pagerank", "als", "ease", "hybrid"]
ALL = ["popularity", *PERSONAL]


@pytest.mark.parametrize("name", ALL)
def test_scores_has_one_finite_number_an_item(models, name):
    scores = models[name].scores(3)
    assert scores.shape == (12,)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", PERSONAL)
def test_a_listener_is_recommended_what_is_left_of_the_own_taste(models, name):
    # By construction: four of six items of a taste were picked, two are left.
    for user in range(8):
        left = np.setdiff1d(np.arange(6) + 6 * (user % 2), models[name].history(user))
        assert set(er.top(models[name], user, 2)) == set(left)


@pytest.mark.parametrize("name", ALL)
def test_scores_of_a_user_are_those_of_the_users_history(models, name):
    model = models[name]
    assert np.allclose(model.scores(5), model.scores_of(model.interactions[5])[0])
    history = model.history(5)
    parts = model.scores_of_parts(history, np.ones((1, len(history))), np.arange(12))
    assert np.allclose(parts[0], model.scores(5), atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_fitting_twice_gives_the_same(tastes_matrix, context, name):
    first, second = (
        er.fast.lineup.recommender_makers(context.tags)[name]().fit(tastes_matrix).scores(2) for _ in range(2)
    )
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", ALL)
def test_counts_do_not_matter_and_duplicates_are_merged(tastes_matrix, context, name):
    doubled = sp.coo_matrix(tastes_matrix)
    twice = sp.csr_matrix(
        (np.tile(doubled.data, 2), (np.tile(doubled.row, 2), np.tile(doubled.col, 2))), doubled.shape
    )
    make = er.fast.lineup.recommender_makers(context.tags)[name]
    assert np.allclose(make().fit(twice).scores(1), make().fit(tastes_matrix).scores(1))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.array([[1.0, -2.0], [0, 1]]), r"interactions hold -2\.0, expected counts of 0 or more"),
        (np.array([[1.0, np.nan], [0, 1]]), "interactions hold nan"),
        (np.zeros((2, 2)), r"shape \(2, 2\) hold no pair"),
    ],
)
def test_impossible_interactions_are_refused(context, name, matrix, message):
    with pytest.raises(ValueError, match=message):
        er.fast.lineup.recommender_makers(context.tags)[name]().fit(sp.csr_matrix(matrix))


@pytest.mark.parametrize("name", PERSONAL)
def test_a_user_without_history_is_told_what_to_do(tastes_matrix, context, name):
    lonely = sp.csr_matrix(sp.vstack([tastes_matrix, sp.csr_matrix((1, 12))]))
    model = er.fast.lineup.recommender_makers(context.tags)[name]().fit(lonely)
    with pytest.raises(ValueError, match=r"user 40 has no history; .*Popularity"):
        model.scores(40)
    with pytest.raises(ValueError, match=r"user is 41, expected 0 to 40"):
        model.scores(41)


def test_popularity_serves_a_user_without_history(tastes_matrix):
    lonely = sp.csr_matrix(sp.vstack([tastes_matrix, sp.csr_matrix((1, 12))]))
    model = er.Popularity().fit(lonely)
    assert np.array_equal(model.scores(40), model.popularity)


@pytest.mark.parametrize("name", ["knn", "pagerank", "als", "ease"])
def test_an_item_nobody_played_scores_nothing_and_breaks_nothing(tastes_matrix, context, name):
    wider = sp.csr_matrix(sp.hstack([tastes_matrix, sp.csr_matrix((40, 1))]))
    tags = sp.csr_matrix(sp.vstack([context.tags, sp.csr_matrix((1, 4))]))
    assert er.fast.lineup.recommender_makers(tags)[name]().fit(wider).scores(0)[12] == pytest.approx(
        0, abs=1e-12
    )


def test_tags_reach_an_item_nobody_played(tastes_matrix, context):
    wider = sp.csr_matrix(sp.hstack([tastes_matrix, sp.csr_matrix((40, 1))]))
    tags = sp.csr_matrix(sp.vstack([context.tags, context.tags[0]]))
    model = er.TagContent(tags=tags).fit(wider)
    assert model.scores(0)[12] == pytest.approx(model.scores(0)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: er.ItemKNN(neighbours=0), "neighbours is 0"),
        (lambda: er.EASE(regularisation=0), "regularisation is 0"),
        (lambda: er.PageRank(restart=1), "restart is 1"),
        (lambda: er.ALS(factors=0), "factors is 0"),
        (lambda: er.ALS(regularisation=-1), "regularisation is -1"),
        (lambda: er.Hybrid(tags=sp.csr_matrix((2, 2)), share=2), "share is 2"),
        (lambda: er.TagContent(tags=sp.csr_matrix((2, 2))).fit(sp.eye(3)), "tags describe 2 items"),
        (lambda: er.top(er.Popularity().fit(sp.eye(3)), 0, 0), "n is 0"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_ease_is_the_closed_form(tastes_matrix):
    # The definition, by plain inversion: off the diagonal -P / diag(P), P the inverse of G + lambda.
    dense = tastes_matrix.toarray()
    inverse = np.linalg.inv(dense.T @ dense + 7 * np.eye(12))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.allclose(er.EASE(regularisation=7).fit(tastes_matrix).weights, expected)


def test_knn_is_the_cosine_of_scikit_learn_cut_to_the_nearest(tastes_matrix):
    cosine = cosine_similarity(tastes_matrix.T)
    np.fill_diagonal(cosine, 0)
    weights = er.ItemKNN(neighbours=3).fit(tastes_matrix).weights.toarray()
    for item in range(12):
        # Kept are the three largest of the column, in their own places; of equal ones the lowest numbers.
        nearest = np.argsort(-cosine[:, item].round(12), kind="stable")[:3]
        expected = np.where(np.isin(np.arange(12), nearest), cosine[:, item], 0)
        assert np.allclose(np.sort(weights[:, item]), np.sort(expected))
        apart = ~np.isclose(cosine[:, item], cosine[nearest[-1], item])
        assert np.allclose(weights[apart, item], expected[apart])


def test_pagerank_is_where_a_long_walk_ends_up(tastes_matrix):
    # Slow twin: power iteration of the walk with restart, from one item.
    dense = tastes_matrix.toarray()
    step = (dense / dense.sum(axis=0)).T @ (dense / dense.sum(axis=1, keepdims=True))
    start = np.eye(12)[4]
    place = start
    for _ in range(300):
        place = 0.3 * start + 0.7 * place @ step
    assert np.allclose(er.PageRank(restart=0.3).fit(tastes_matrix).weights[4], place)


def test_als_solves_the_normal_equations_of_each_user(tastes_matrix):
    model = er.ALS(factors=4, seed=3).fit(tastes_matrix)
    factors, confidence = model.item_factors, 1 + 20 * tastes_matrix.toarray()[7]
    left = factors.T @ (confidence[:, None] * factors) + 5 * np.eye(4)
    solved = np.linalg.solve(left, factors.T @ (confidence * tastes_matrix.toarray()[7]))
    assert np.allclose(model.scores(7), factors @ solved, atol=1e-12)


def test_als_lowers_its_loss_with_every_iteration(tastes_matrix):
    losses = []
    for n in (1, 2, 4, 8):
        model = er.ALS(factors=3, iterations=n).fit(tastes_matrix)
        users = model._solve(tastes_matrix, model.item_factors)
        truth = tastes_matrix.toarray()
        error = (1 + 20 * truth) * (truth - users @ model.item_factors.T) ** 2
        losses.append(error.sum() + 5 * ((users**2).sum() + (model.item_factors**2).sum()))
    assert losses == sorted(losses, reverse=True)


def test_als_ranks_as_the_library_does_on_two_tastes(tastes_matrix):
    import implicit

    library = implicit.als.AlternatingLeastSquares(
        factors=4, alpha=20, regularization=5, iterations=8, random_state=0, use_gpu=False, num_threads=1
    )
    library.fit(tastes_matrix, show_progress=False)
    ours = er.ALS(factors=4).fit(tastes_matrix)
    for user in range(10):
        theirs, _ = library.recommend(user, tastes_matrix[user], N=2)
        assert set(theirs) == set(er.top(ours, user, 2))


def test_hybrid_with_no_share_of_tags_ranks_as_ease(models, context, tastes_matrix):
    plain = er.Hybrid(tags=context.tags, share=0).fit(tastes_matrix)
    assert np.array_equal(np.argsort(plain.scores(0)), np.argsort(models["ease"].scores(0)))


def test_ties_go_to_the_lower_number():
    assert er.fast.ranking.rank(np.array([1.0, 2, 2, 1]), np.array([], dtype=int), 4).tolist() == [1, 2, 0, 3]


# -- accuracy -----------------------------------------------------------------------------------------


class Fixed(er.Recommender):
    """Gives every user the same scores."""

    def __init__(self, scores):
        self._fixed = np.asarray(scores, dtype=float)

    def _learn(self, interactions):
        pass

    def scores_of(self, histories, items=None):
        return np.tile(self._fixed, (histories.shape[0], 1))


def test_accuracy_of_one_hit_at_rank_3_by_hand():
    # Item 0 was played and is left out; of the others the hidden one is third: nDCG is 1 / log2(4).
    model = Fixed([9, 4, 3, 2, 1]).fit(sp.csr_matrix([[1, 0, 0, 0, 0]]))
    (row,) = er.fast.accuracy.accuracy(model, sp.csr_matrix([[0, 0, 0, 1, 0]])).itertuples()
    assert (row.user, row.recall, row.ndcg) == (0, 1, pytest.approx(0.5, abs=1e-12))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_ndcg_of_a_model_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, hidden = rng.permutation(15).astype(float), 1 + rng.choice(14, 4, replace=False)
    model = Fixed(scores).fit(sp.csr_matrix(np.eye(15)[:1]))
    test = sp.csr_matrix(np.isin(np.arange(15), hidden).astype(float)[np.newaxis])
    expected = ndcg_score(test.toarray()[:, 1:], scores[np.newaxis, 1:], k=10)
    found = er.fast.accuracy.accuracy(model, test)
    assert found.loc[0, "ndcg"] == pytest.approx(expected, abs=1e-12)
    assert found.loc[0, "recall"] == len(set(np.argsort(-scores[1:])[:10] + 1) & set(hidden)) / 4


def test_recall_is_over_what_ten_places_can_hold():
    # Twenty are hidden, five of them among the first ten: half of what was possible.
    scores = np.r_[0, np.arange(30, 0, -1.0)]
    model = Fixed(scores).fit(sp.csr_matrix(np.eye(31)[:1]))
    test = sp.csr_matrix(((np.arange(31) >= 6) & (np.arange(31) < 26)).astype(float)[np.newaxis])
    assert er.fast.accuracy.accuracy(model, test).loc[0, "recall"] == 0.5


def test_accuracy_never_recommends_what_was_seen(models, tastes_matrix):
    # If seen items counted, hiding nothing new would give a recall of 1.
    assert er.fast.accuracy.accuracy(models["ease"], tastes_matrix)["recall"].max() == 0


def test_lastfm_is_within_two_hundredths_of_the_prototype(lastfm):
    # The linear model alone, one split; all models and five splits are the ledger's R1.
    train, test = er.data.split(lastfm.interactions, 0)
    found = er.fast.accuracy.accuracy(er.EASE().fit(train), test)
    assert found["ndcg"].mean() == pytest.approx(0.264, abs=0.02)


# -- large matrices -----------------------------------------------------------------------------------


def test_the_inverse_on_another_device_is_the_same():
    # The path of a graphics processor, run here on the processor: same library call, same precision.
    from soundreasons.papers.explainable_recommendation.fast import inverses

    rng = np.random.default_rng(0)
    square = rng.normal(size=(30, 30))
    definite = square @ square.T + np.eye(30)
    assert np.allclose(
        inverses._by_torch(definite, "cpu"), inverses.inverse_of_definite(definite.copy()), atol=1e-12
    )
    assert np.allclose(inverses._by_torch(square, "cpu"), inverses.inverse(square), atol=1e-9)


def test_a_matrix_that_is_not_definite_is_refused():
    from soundreasons.papers.explainable_recommendation.fast import inverses

    with pytest.raises(ValueError, match="not positive definite"):
        inverses.inverse_of_definite(np.array([[1.0, 2.0], [2.0, 1.0]]))


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, -np.inf]), min_size=2, max_size=12),
    st.integers(1, 12),
    st.data(),
)
def test_a_list_is_that_of_a_full_sort_with_many_ties(scores, n, data):
    seen = np.array(sorted(data.draw(st.sets(st.integers(0, len(scores) - 1)))), dtype=np.int64)
    unseen = [
        i for i in np.argsort(-np.array(scores), kind="stable") if i not in seen and np.isfinite(scores[i])
    ]
    assert er.fast.ranking.rank(np.array(scores), seen, n).tolist() == unseen[:n]
