"""Rankings: against scikit-learn, against stable sorts, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from soundreasons.learning.ranking import (
    average_precision,
    hits,
    hits_of_ranks,
    ndcg_at_k,
    ranks_of_first,
    recall_at_k,
    reciprocal_rank,
    top_k,
)

# Few values, so that scores are often equal.
tables = st.integers(1, 9).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=1, max_size=4)
)


@given(tables, st.integers(1, 10), st.sampled_from([np.float64, np.float32, np.int64, np.uint8]))
def test_the_best_are_those_of_a_stable_sort(table, k, dtype):
    scores = np.array(table, dtype=dtype)
    expected = np.argsort(-scores.astype(float), axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_k(scores, k), expected)


@given(tables, st.integers(1, 10), st.randoms())
def test_equal_scores_go_by_the_numbers_where_these_are_given(table, k, random):
    scores = np.array(table)
    numbers = np.array([random.sample(range(20), scores.shape[1]) for _ in table])
    expected = [
        sorted(range(len(row)), key=lambda column: (-row[column], own[column]))[:k]
        for row, own in zip(scores.tolist(), numbers.tolist(), strict=True)
    ]
    assert top_k(scores, k, numbers=numbers).tolist() == expected


def test_what_must_not_be_found_comes_last():
    assert top_k([[-np.inf, 1.0, -np.inf, 2.0]], 3).tolist() == [[3, 1, 0]]


@pytest.fixture
def found():
    """Scores of 200 rankings of 15 items without ties, what is relevant, hits of the whole, counts."""
    rng = np.random.default_rng(0)
    scores = np.argsort(rng.random((200, 15)), axis=1).astype(float)
    relevant = [set(rng.choice(15, rng.integers(1, 15), replace=False).tolist()) for _ in scores]
    truth = np.array([[item in wanted for item in range(15)] for wanted in relevant], dtype=float)
    return scores, truth, hits(top_k(scores, 15), relevant), np.array([len(wanted) for wanted in relevant])


@pytest.mark.parametrize("k", [1, 5, 10, 15, 40])
def test_gain_is_that_of_scikit_learn(found, k):
    scores, truth, is_hit, sizes = found
    theirs = [ndcg_score(own[None], score[None], k=k) for own, score in zip(truth, scores, strict=True)]
    np.testing.assert_allclose(ndcg_at_k(is_hit, sizes, k), theirs, atol=1e-12)


def test_average_precision_of_the_whole_ranking_is_that_of_scikit_learn(found):
    scores, truth, is_hit, sizes = found
    theirs = [average_precision_score(own, score) for own, score in zip(truth, scores, strict=True)]
    np.testing.assert_allclose(average_precision(is_hit, sizes, 15), theirs, atol=1e-12)


def test_measures_of_one_ranking_by_hand():
    # Hits at ranks 2 and 3; three are relevant, one is not among the four ranked.
    is_hit = hits([[4, 7, 9, 1]], [{7, 9, 30}])
    assert is_hit.tolist() == [[False, True, True, False]]
    assert recall_at_k(is_hit, 3, 2).tolist() == [1 / 3]
    assert recall_at_k(is_hit, 3, 2, of_possible=True).tolist() == [1 / 2]
    assert recall_at_k(is_hit, 3, 4, of_possible=True).tolist() == [2 / 3]
    assert reciprocal_rank(is_hit, 4).tolist() == [1 / 2]
    assert reciprocal_rank(is_hit, 1).tolist() == [0.0]
    assert average_precision(is_hit, 3, 4) == pytest.approx([(1 / 2 + 2 / 3) / 3])
    gain, ideal = 1 / np.log2(3) + 1 / 2, 1 + 1 / np.log2(3) + 1 / 2
    assert ndcg_at_k(is_hit, 3, 4) == pytest.approx([gain / ideal])


@pytest.mark.parametrize("n", range(1, 13))
def test_a_perfect_ranking_scores_exactly_one_and_a_useless_one_zero(n):
    best, worst = hits([range(12)], [range(n)]), hits([range(12)], [range(20, 20 + n)])
    for is_hit, expected in ((best, 1.0), (worst, 0.0)):
        assert ndcg_at_k(is_hit, n, 10).tolist() == [expected]
        assert recall_at_k(is_hit, n, 10, of_possible=True).tolist() == [expected]
        assert reciprocal_rank(is_hit, 10).tolist() == [expected]
        assert average_precision(is_hit, n, 10).tolist() == [expected]


def test_a_shorter_ranking_ends_in_misses():
    assert hits([[5], [6, 7]], [[5], [7]]).tolist() == [[True, False], [False, True]]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(1, 10))
def test_hit_ratio_and_gain_of_ranks_alone_are_those_of_the_formula(ranks, k):
    # One relevant item: recall is 1 within the first k, gain is 1 / log2(rank + 1) there.
    is_hit = hits_of_ranks(ranks, k)
    inside = np.array(ranks) <= k
    np.testing.assert_array_equal(recall_at_k(is_hit, 1, k), inside)
    np.testing.assert_array_equal(
        ndcg_at_k(is_hit, 1, k), np.where(inside, 1 / np.log2(np.array(ranks) + 1), 0)
    )


def test_equals_stand_before_the_right_item():
    assert ranks_of_first([[0.5, 0.5, 0.5], [1.0, 0.0, 2.0]]).tolist() == [3, 2]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: top_k([[1.0, np.nan]], 1), "1 scores are NaN"),
        (lambda: top_k([1.0, 2.0], 1), r"shape \(2,\), expected \(n_queries, n_items\)"),
        (lambda: top_k(np.ones((2, 0)), 1), r"shape \(2, 0\)"),
        (lambda: top_k([[1.0]], 0), "k is 0, expected 1 or more"),
        (lambda: hits([[1]], []), "1 rankings for 0 queries"),
        (lambda: hits([[1], [2]], [{1}, set()]), "query 1 has no relevant item"),
        (lambda: recall_at_k([True], 1, 1), r"hits have shape \(1,\)"),
        (lambda: recall_at_k([[True]], [1, 2], 1), r"n_relevant has shape \(2,\), expected one count for 1"),
        (lambda: ndcg_at_k([[True]], 0, 1), "n_relevant is 0 for a query"),
        (lambda: average_precision([[True]], 1, 0), "k is 0"),
        (lambda: hits_of_ranks([0, 1], 3), "expected a list of one or more integers from 1"),
        (lambda: ranks_of_first([[1.0]]), "with an other item or more"),
        (lambda: ranks_of_first([[1.0, np.inf]]), "1 values that are not finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(ask, told):
    with pytest.raises(ValueError, match=told):
        ask()
