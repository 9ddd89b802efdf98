"""The definitions: where they come from, theorems, what is refused. Smallest cases are in the docstrings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers.explainable_recommendation import method

HISTORY = np.array([0, 2, 3])
SEEDS = st.integers(0, 10_000)
FAST = settings(max_examples=30, deadline=None)


def either_or(part):
    """Item 4 needs artist 0 and one of 2 and 3; item 5 likes artist 3."""
    return np.array([0, 0, 0, 0, float(0 in part and (2 in part or 3 in part)), 0.5 * (3 in part)])


def drawn(seed, n_users=9, n_items=6):
    rng = np.random.default_rng(seed)
    return (rng.random((n_users, n_items)) < 0.5).astype(float)


def factors(seed, n_items=7, n_factors=3):
    return np.random.default_rng(seed).normal(size=(n_items, n_factors))


@FAST
@given(SEEDS)
def test_ease_weights_rebuild_each_artist_best_of_all_weights(seed):
    # The definition by its own minimum: no small change of a weight off the diagonal lowers the loss.
    taste = drawn(seed)
    weights = method.ease_weights(taste, regularisation=2.0)

    def loss(each):
        return ((taste - taste @ each) ** 2).sum() + 2.0 * (each**2).sum()

    assert not weights.diagonal().any()
    rng = np.random.default_rng(seed)
    for _ in range(5):
        change = rng.normal(scale=0.01, size=weights.shape)
        np.fill_diagonal(change, 0)
        assert loss(weights + change) > loss(weights)


@FAST
@given(SEEDS)
def test_a_walk_of_many_steps_ends_up_at_the_walk_weights(seed):
    taste = drawn(seed)
    taste[0] = 1  # every artist has a listener
    step = (taste / taste.sum(axis=0)).T @ (taste / np.maximum(taste.sum(axis=1, keepdims=True), 1))
    place = start = np.eye(6)[2]
    for _ in range(400):
        place = 0.3 * start + 0.7 * place @ step
    assert np.allclose(method.walk_weights(taste, restart=0.3)[2], place)


def test_only_nearest_artists_speak_and_ties_go_to_the_lower_number():
    # Item 0 shares one of its two listeners with each of the others, which have one listener each.
    weights = method.neighbour_weights(np.array([[1.0, 1, 0], [1, 0, 1]]), neighbours=2)
    assert np.allclose(weights, np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]]) / np.sqrt(2))


def test_tags_that_everybody_gives_tell_nothing():
    weights = method.tag_weights(np.array([[1.0, 1, 0], [1, 0, 1], [1, 0, 2]]))
    assert np.allclose(weights, [[1, 0, 0], [0, 1, 1], [0, 1, 1]])


def test_a_mix_has_scores_of_spread_one_at_both_ends():
    taste, rng = drawn(3), np.random.default_rng(3)
    linear, by_tags = rng.normal(size=(2, 6, 6))
    for share in (0.0, 1.0):
        mixed = method.mixed_weights(linear, by_tags, taste, share=share)
        assert (taste @ mixed).std() == pytest.approx(1)


@FAST
@given(SEEDS)
def test_terms_of_the_factorisation_add_up_to_the_score_of_the_normal_equations(seed):
    vectors = factors(seed)
    confidence = np.ones(7)
    confidence[HISTORY] += 20
    left = vectors.T @ (confidence[:, None] * vectors) + 5 * np.eye(3)
    user = np.linalg.solve(left, vectors.T @ (confidence * np.isin(np.arange(7), HISTORY)))
    terms = method.factorisation_terms(vectors, HISTORY, 5, alpha=20.0, regularisation=5.0)
    assert terms.sum() == pytest.approx(user @ vectors[5])
    (found,) = method.user_vectors([HISTORY], vectors, alpha=20.0, regularisation=5.0)
    assert np.allclose(found, user)


@FAST
@given(SEEDS)
def test_the_closed_form_is_what_is_lost_when_the_user_is_solved_anew(seed):
    # Second proposition of the page.
    vectors, settings_ = factors(seed), {"alpha": 20.0, "regularisation": 5.0}

    def scores(part):
        return method.user_vectors([part], vectors, **settings_)[0] @ vectors.T

    found = method.influence_in_closed_form(vectors, HISTORY, 6, **settings_)
    assert np.allclose(found, method.influence(scores, HISTORY, 6), atol=1e-12)


@FAST
@given(SEEDS)
def test_for_a_sum_influence_and_shapley_are_the_terms_and_lime_ranks_them_alike(seed):
    # First proposition of the page.
    weights = np.random.default_rng(seed).permutation(36).reshape(6, 6).astype(float)

    def scores(part):
        return weights[part].sum(axis=0)

    terms = method.additive_terms(weights, HISTORY, 4)
    assert np.allclose(method.influence(scores, HISTORY, 4), terms)
    assert np.allclose(method.shapley(scores, HISTORY, 4), terms)
    parts = np.array([[i >> k & 1 for k in range(3)] for i in range(8)], dtype=bool)
    assert np.argsort(method.lime(scores, HISTORY, 4, parts)).tolist() == np.argsort(terms).tolist()


def test_shapley_shares_out_what_two_can_do_for_each_other():
    # By hand: of the six orders 0 completes the pair in four, 2 and 3 in one each.
    assert np.allclose(method.shapley(either_or, HISTORY, 4), np.array([4, 1, 1]) / 6)
    assert method.influence(either_or, HISTORY, 4).tolist() == [1, 0, 0]


def test_a_counterfactual_takes_out_what_all_hang_on():
    assert method.place(either_or, HISTORY, 4, np.array([2])) == 0
    assert method.place(either_or, HISTORY, 4, np.array([0])) == 2  # behind item 5, and item 1 by number
    assert method.counterfactual(either_or, HISTORY, 4, n=1).tolist() == [0]
    assert method.counterfactual(lambda part: np.arange(6.0), HISTORY, 5, n=1).tolist() == []


def test_a_smaller_removal_is_found_than_the_greedy_one():
    # By hand: 0 and 2 have the same influence, so 0 goes first; without it item 4 has 4, item 5 has 3.5,
    # and 2 must follow. But without 2 alone item 4 has 4 and item 5 still 4.5.
    def scores(part):
        four = 3.0 * (0 in part) + 2.0 * (2 in part) + 1.0 * (3 in part) + (0 not in part) * 1.0
        return np.array([0, 0, 0, 0, four, 4.5 if 0 in part else 3.5])

    assert method.influence(scores, HISTORY, 4).tolist() == [2, 2, 1]
    assert method.counterfactual(scores, HISTORY, 4, n=1).tolist() == [2]


TEN = np.arange(10)


def needs(*artists):
    """Item 20 owes 10 to artist 0, 9 to artist 1 and so on; item 21 overtakes when all `artists` are gone."""

    def scores(part):
        found = np.zeros(22)
        found[20] = (10.0 - part).sum()
        found[21] = 10.5 + 100 * (not np.isin(artists, part).any())
        return found

    return scores


@pytest.mark.parametrize(
    ("artists", "expected"),
    [
        # By hand: greedily 10 + 9 + 8 + 7 + 6 of 55 leave 15, more than 10.5; six artists must go.
        ((7,), [7]),
        ((8,), [0, 1, 2, 3, 4, 5]),  # the ninth is not among the eight that are combined
        ((5, 6, 7), [5, 6, 7]),
        ((4, 5, 6, 7), [0, 1, 2, 3, 4, 5]),  # four are not tried together
    ],
)
def test_up_to_three_of_the_eight_heaviest_are_combined(artists, expected):
    assert method.counterfactual(needs(*artists), TEN, 20, n=1).tolist() == expected


@pytest.mark.parametrize(("rival", "n_removed"), [(5.5, 25), (4.5, 0)])
def test_a_removal_holds_25_artists_at_most(rival, n_removed):
    # By hand: of 30 equal artists 25 must go to leave 5, and 26, one too many, to leave 4.
    def scores(part):
        return np.array([*np.zeros(30), len(part), rival])

    assert len(method.counterfactual(scores, np.arange(30), 30, n=1)) == n_removed


def test_a_list_is_ten_long_unless_told_otherwise():
    # By hand: without artist 0 ten others stand before item 1, so it is the eleventh.
    def scores(part):
        return np.array([0, float(0 in part), *np.full(10, 0.5)])

    assert method.counterfactual(scores, np.array([0]), 1).tolist() == [0]
    assert method.counterfactual(lambda part: scores(part)[:11], np.array([0]), 1).tolist() == []


def test_all_orders_of_eight_artists_are_still_gone_through():
    class AskedError(Exception):
        pass

    def scores(part):
        raise AskedError

    with pytest.raises(AskedError):
        method.shapley(scores, np.arange(8), 9)


def test_criteria_of_three_cited_artists_by_hand():
    def scores(part):
        return np.array([0, 0, 0, 0, 5.0 * (0 in part) + 3.0 * (2 in part) + 2.0 * (3 in part)])

    assert method.deletion_curve(scores, HISTORY, 4, np.array([2, 0])).tolist() == [10, 7, 2]
    assert method.comprehensiveness(scores, HISTORY, 4, np.array([0, 3])) == pytest.approx(0.7)
    assert method.sufficiency(scores, HISTORY, 4, np.array([3, 0])) == pytest.approx(0.3)


ONES = np.ones((2, 2))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: method.additive_terms(ONES, np.array([], dtype=int), 0), "the history is empty"),
        (lambda: method.ease_weights(ONES, regularisation=0), "regularisation is 0"),
        (lambda: method.ease_weights(2 * ONES, regularisation=1), "expected ones and zeros"),
        (lambda: method.neighbour_weights(ONES, neighbours=0), "neighbours is 0"),
        (lambda: method.tag_vectors(-ONES), r"tags hold -1\.0"),
        (lambda: method.walk_weights(ONES, restart=1), "restart is 1"),
        (lambda: method.mixed_weights(ONES, ONES, ONES, share=2), "share is 2"),
        (lambda: method.user_matrix(ONES, np.array([0]), alpha=0, regularisation=1), "alpha is 0"),
        (lambda: method.user_matrix(ONES, np.array([0]), alpha=1, regularisation=-1), "regularisation -1"),
        (lambda: method.influence(either_or, HISTORY[:0], 4), "the history is empty"),
        (lambda: method.shapley(either_or, np.arange(9), 4), "holds 9 artists, at most 8"),
        (lambda: method.lime(either_or, HISTORY, 4, np.ones((4, 2), bool)), r"expected \(n_parts, 3\)"),
        (lambda: method.place(either_or, HISTORY, 2, HISTORY), "item 2 is in the history"),
        (lambda: method.deletion_curve(either_or, HISTORY, 4, np.array([1])), "1 is not in the history"),
        (lambda: method.comprehensiveness(either_or, HISTORY, 1, HISTORY), r"the score is 0\.0"),
        (lambda: method.sufficiency(either_or, HISTORY, 1, HISTORY), r"the score is 0\.0"),
        (lambda: method.remainder(np.ones(2), 0.0, 0.0), r"the score is 0\.0"),
        (lambda: method.novelty(np.array([0]), np.zeros(1), 3), "one whom nobody plays"),
        (lambda: method.length(np.zeros(2)), "no reason speaks"),
        (lambda: method.jaccard(ONES, HISTORY), r"shapes \(2, 2\) and \(3,\)"),
        (lambda: method.jaccard(HISTORY, np.array(1)), r"shapes \(3,\) and \(\)"),
    ],
)
def test_what_is_impossible_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
