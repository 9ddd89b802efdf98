"""Overlap of neighbours, plain and fast, against sorted lists and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.spiky_svd import fast, method
from soundreasons.papers.spiky_svd.method import norm_groups


@pytest.fixture(scope="module", params=[method, fast], ids=["method", "fast"])
def form(request):
    """Both forms of the definitions: what is true of one is true of the other."""
    return request.param


def slow_overlap(before, after, query, k, similarity, include_query=True):
    kept = []
    for vectors in (before, after):
        if similarity == "cosine":
            vectors = [v / np.sqrt(v @ v) for v in vectors]
        scores = [(float(v @ vectors[query]), row) for row, v in enumerate(vectors)]
        ranked = [row for _, row in sorted(scores, reverse=True) if include_query or row != query]
        kept.append(set(ranked[:k]))
    return len(kept[0] & kept[1]) / k


@pytest.mark.parametrize("include_query", [True, False])
@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize("k", [1, 7, 29])
def test_overlap_equals_that_of_sorted_lists(form, k, similarity, include_query, monkeypatch):
    monkeypatch.setattr(fast.neighbours, "_BLOCK", 7)
    rng = np.random.default_rng(k)
    before, after = rng.standard_normal((30, 5)), rng.standard_normal((30, 6))
    queries = rng.permutation(30)[:20]
    found = form.neighbour_overlap(before, after, queries, k, similarity, include_query=include_query)
    expected = [slow_overlap(before, after, q, k, similarity, include_query) for q in queries]
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 1000), st.sampled_from(["dot", "cosine"]), st.integers(1, 20))
def test_a_rotated_embedding_keeps_every_neighbour(form, seed, similarity, k):
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((20, 4))
    rotation, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    assert (form.neighbour_overlap(before, before @ rotation, np.arange(20), k, similarity) == 1).all()


def test_a_query_is_in_its_own_cosine_list_and_often_not_in_its_dot_list(form):
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((2, 500, 8))
    # By construction nothing else is kept: with k = 1 the only cosine neighbour is the query.
    assert form.neighbour_overlap(before, after, np.arange(500), 1, "cosine").mean() == 1
    assert form.neighbour_overlap(before, after, np.arange(500), 1, "dot").mean() < 0.3


def test_the_score_is_an_overlap_and_not_jaccard(form):
    before = np.diag([4.0, 3.0, 2.0, 1.0]) + 1
    order = np.array([[9.0], [8.0], [1.0], [2.0]])
    after = np.hstack([order, np.zeros((4, 1))])
    first = np.argsort(-(before @ before[0]))[:3].tolist()
    assert sorted(first) == [0, 1, 2]
    # By hand: {0, 1, 2} against {0, 1, 3} share two of three; Jaccard would be one half.
    assert form.neighbour_overlap(before, after, np.array([0]), 3)[0] == pytest.approx(2 / 3)


def test_norm_groups_are_equal_parts_from_short_to_long():
    groups = norm_groups(np.arange(1.0, 13.0)[::-1, np.newaxis], n_groups=5)
    assert np.bincount(groups).tolist() == [3, 2, 3, 2, 2]  # floor(5 r / 12) for ranks r = 0 ... 11
    assert (np.diff(groups) <= 0).all()


def test_norm_groups_are_fifths_unless_told_otherwise_and_may_be_one():
    embedding = np.arange(1.0, 11.0)[:, np.newaxis]
    assert norm_groups(embedding).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]  # the paper's quintiles
    assert norm_groups(embedding, 1).tolist() == [0] * 10


ROWS = np.random.default_rng(0).normal(size=(6, 3))


QUERIES = np.array([0, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ROWS, ROWS[:5], QUERIES, 2), "before has 6 items and after 5, expected the same items"),
        ((ROWS, ROWS, QUERIES, 7), "k is 7, allowed are 1 to 6"),
        ((ROWS, ROWS, QUERIES, 0), "k is 0, allowed are 1 to 6"),
        ((ROWS, ROWS, np.array([6]), 2), "row numbers, 0 to 5"),
        ((ROWS, ROWS, np.array([-1]), 2), "row numbers, 0 to 5"),
        ((ROWS, ROWS, np.array([], dtype=int), 2), "at least one"),
        ((ROWS, ROWS, QUERIES, 2, "jaccard"), "similarity is 'jaccard', expected 'dot' or 'cosine'"),
        ((ROWS, np.where(ROWS > 1, np.nan, ROWS), QUERIES, 2), "after has shape .* expected finite"),
        ((np.zeros((6, 3)), ROWS, QUERIES, 2, "cosine"), r"before has 6 zero row\(s\), which have no cosine"),
    ],
)
def test_bad_questions_are_refused_with_what_was_given(form, arguments, message):
    with pytest.raises(ValueError, match=message):
        form.neighbour_overlap(*arguments)


def test_the_query_cannot_be_left_out_of_lists_that_hold_everyone(form):
    with pytest.raises(ValueError, match="k is 6, allowed are 1 to 5"):
        form.neighbour_overlap(ROWS, ROWS, QUERIES, 6, include_query=False)


def test_more_groups_than_items_are_refused():
    with pytest.raises(ValueError, match="n_groups is 7, allowed are 1 to 6"):
        norm_groups(ROWS, 7)


def test_nearest_come_nearest_first(form):
    assert (
        form.nearest(np.array([[1.0, 0], [3, 0], [2, 0]]), np.array([0, 2]), k=3).tolist() == [[1, 2, 0]] * 2
    )
    with pytest.raises(ValueError, match="k is 4, allowed are 1 to 3"):
        form.nearest(np.eye(3), np.array([0]), k=4)


@pytest.mark.parametrize("queries", [np.array([True, False, True]), np.array([0.0, 1.0])])
def test_queries_are_row_numbers_and_no_mask(form, queries):
    with pytest.raises(ValueError, match=r"expected row numbers; for a mask pass np\.flatnonzero"):
        form.neighbour_overlap(np.eye(3), np.eye(3), queries, 1)


def test_whole_numbers_are_vectors_too(form):
    vectors = np.array([[1, 0], [3, 0], [2, 0]])
    kept = form.neighbour_overlap(vectors, vectors, np.array([0]), 2, include_query=False)
    assert kept.tolist() == [1.0]


def test_norm_groups_refuse_what_is_not_finite():
    with pytest.raises(ValueError, match=r"1 row\(s\) that are not finite"):
        norm_groups(np.array([[1.0], [np.nan]]), 2)


@given(st.integers(0, 10_000), st.integers(2, 25), st.sampled_from(["dot", "cosine"]), st.booleans())
def test_the_fast_form_gives_what_the_plain_one_gives(seed, n_items, similarity, include_query):
    # Normal numbers: no two items are equally near.
    rng = np.random.default_rng(seed)
    before, after = rng.standard_normal((2, n_items, 4))
    k = int(rng.integers(1, n_items))
    queries = rng.permutation(n_items)
    told = (queries, k, similarity)
    plain = method.neighbour_overlap(before, after, *told, include_query=include_query)
    found = fast.neighbour_overlap(before, after, *told, include_query=include_query)
    assert found.tolist() == plain.tolist()
    lists = [form.nearest(before, *told, include_query=include_query) for form in (method, fast)]
    assert lists[0].tolist() == lists[1].tolist()


def test_of_equally_near_items_the_lower_row_comes_first_in_the_plain_form():
    assert method.nearest(np.ones((4, 1)), np.array([2]), k=3).tolist() == [[0, 1, 2]]


def test_what_lists_share_is_counted_up_to_the_cut_off():
    # By hand: of the first two, {7, 5} and {5, 9} share one; of all three, {7, 5, 3} and {5, 9, 7} share two.
    lists = np.array([[7, 5, 3]]), np.array([[5, 9, 7]])
    assert [fast.shared_part(*lists, k).item() for k in (2, 3)] == pytest.approx([1 / 2, 2 / 3])
