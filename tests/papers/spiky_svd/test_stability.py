"""Overlap of neighbours against sorted lists, and the growth of a small data set."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.spiky_svd import (
    Growth,
    from_pairs,
    grow,
    grow_by_time,
    grow_by_users,
    moments,
    nearest,
    neighbour_overlap,
    norm_groups,
    overlap_by_norm,
    stability,
    time_passed,
    users_revealed,
    without_leading,
)


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
def test_overlap_equals_that_of_sorted_lists(k, similarity, include_query, monkeypatch):
    monkeypatch.setattr(stability, "_BLOCK", 7)
    rng = np.random.default_rng(k)
    before, after = rng.standard_normal((30, 5)), rng.standard_normal((30, 6))
    queries = rng.permutation(30)[:20]
    found = neighbour_overlap(before, after, queries, k, similarity, include_query=include_query)
    expected = [slow_overlap(before, after, q, k, similarity, include_query) for q in queries]
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 1000), st.sampled_from(["dot", "cosine"]), st.integers(1, 20))
def test_a_rotated_embedding_keeps_every_neighbour(seed, similarity, k):
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((20, 4))
    rotation, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    assert (neighbour_overlap(before, before @ rotation, np.arange(20), k, similarity) == 1).all()


def test_a_query_is_in_its_own_cosine_list_and_often_not_in_its_dot_list():
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((2, 500, 8))
    # By construction nothing else is kept: with k = 1 the only cosine neighbour is the query.
    assert neighbour_overlap(before, after, np.arange(500), 1, "cosine").mean() == 1
    assert neighbour_overlap(before, after, np.arange(500), 1, "dot").mean() < 0.3


def test_the_score_is_an_overlap_and_not_jaccard():
    before = np.diag([4.0, 3.0, 2.0, 1.0]) + 1
    order = np.array([[9.0], [8.0], [1.0], [2.0]])
    after = np.hstack([order, np.zeros((4, 1))])
    first = np.argsort(-(before @ before[0]))[:3].tolist()
    assert sorted(first) == [0, 1, 2]
    # By hand: {0, 1, 2} against {0, 1, 3} share two of three; Jaccard would be one half.
    assert neighbour_overlap(before, after, np.array([0]), 3)[0] == pytest.approx(2 / 3)


def test_norm_groups_are_equal_parts_from_short_to_long():
    groups = norm_groups(np.arange(1.0, 13.0)[::-1, np.newaxis], n_groups=5)
    assert np.bincount(groups).tolist() == [3, 2, 3, 2, 2]  # floor(5 r / 12) for ranks r = 0 ... 11
    assert (np.diff(groups) <= 0).all()


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
def test_bad_questions_are_refused_with_what_was_given(arguments, message):
    with pytest.raises(ValueError, match=message):
        neighbour_overlap(*arguments)


def test_the_query_cannot_be_left_out_of_lists_that_hold_everyone():
    with pytest.raises(ValueError, match="k is 6, allowed are 1 to 5"):
        neighbour_overlap(ROWS, ROWS, QUERIES, 6, include_query=False)


def test_more_groups_than_items_are_refused():
    with pytest.raises(ValueError, match="n_groups is 7, allowed are 1 to 6"):
        norm_groups(ROWS, 7)


def two_tastes(n_users=80, seed=0):
    """Users of two tastes who pick from twelve items each; times follow the user's number."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(n_users), 5)
    items = rng.integers(12, size=len(users)) + 12 * (users % 2)
    return from_pairs("two tastes", "items by users", items, users, times=users)


def test_users_are_revealed_whole_and_cumulatively():
    table = two_tastes()
    known = users_revealed(table, [0.25, 0.5, 1.0], np.random.default_rng(0))
    assert [len(np.unique(table.context[chosen])) for chosen in known] == [20, 40, 80]
    assert all((later >= earlier).all() for earlier, later in pairwise(known))
    hidden = set(table.context[~known[0]])
    assert not hidden & set(table.context[known[0]])


def test_time_passes_in_the_order_of_the_data():
    table = two_tastes()
    half, everything = time_passed(table, [0.5, 1.0])
    assert table.time[half].max() < table.time[~half].min()
    assert everything.all()
    assert np.mean(half) == pytest.approx(0.5, abs=0.02)


def test_growth_keeps_the_same_items_at_every_moment():
    table = two_tastes()
    known = users_revealed(table, [0.5, 0.75, 1.0], np.random.default_rng(1))
    growth = grow(moments(table, known), [0.5, 0.75, 1.0], rank=6, seed=0, dimensions=6)
    assert {len(vectors) for vectors in growth.embeddings} == {len(growth.item_names)}
    assert growth.shares == [0.5, 0.75, 1.0]
    assert len(growth.spike_ratios) == len(growth.n_items_then) == 3
    overlaps = overlap_by_norm(growth, [2], np.random.default_rng(0), n_groups=2, n_queries=5)
    assert len(overlaps) == 3 * 2 * 2
    # A moment compared with itself keeps everything.
    assert (overlaps.loc[overlaps["moment"] == 0, ["overlap", "without_query"]] == 1).all(axis=None)
    assert overlaps["overlap"].between(0, 1).all()


@pytest.mark.parametrize("shares", [[], [0.5, 0.5], [0.0, 1.0], [0.5, 1.1]])
def test_shares_that_do_not_rise_to_one_are_refused(shares):
    with pytest.raises(ValueError, match="expected increasing numbers above 0, at most 1"):
        users_revealed(two_tastes(), shares, np.random.default_rng(0))


def test_time_is_refused_where_the_data_has_none():
    table = from_pairs("timeless", "items by users", [1, 2], [1, 1])
    with pytest.raises(ValueError, match="timeless has no times; reveal its users instead"):
        time_passed(table, [0.5, 1.0])


def test_overlaps_of_growth_are_those_of_neighbour_overlap_in_each_group():
    # The slow way: one call a cut-off, on the rows of one norm group, with every item as a query.
    table = two_tastes()
    known = users_revealed(table, [0.5, 1.0], np.random.default_rng(2))
    growth = grow(moments(table, known), [0.5, 1.0], rank=6, seed=0, dimensions=6)
    found = overlap_by_norm(growth, [1, 3], np.random.default_rng(0), n_groups=2)
    groups = norm_groups(growth.embeddings[0], 2)
    for row in found.itertuples():
        before, after = (growth.embeddings[moment][groups == row.group] for moment in (0, row.moment))
        queries = np.arange(len(before))
        kept = neighbour_overlap(before, after, queries, row.cutoff, row.similarity)
        bare = neighbour_overlap(before, after, queries, row.cutoff, row.similarity, include_query=False)
        assert row.overlap == pytest.approx(kept.mean())
        assert row.without_query == pytest.approx(bare.mean())
        assert row.margin == pytest.approx(1.96 * kept.std() / np.sqrt(len(queries)))


def test_nearest_come_nearest_first():
    assert nearest(np.array([[1.0, 0], [3, 0], [2, 0]]), np.array([0, 2]), k=3).tolist() == [[1, 2, 0]] * 2
    with pytest.raises(ValueError, match="k is 4, allowed are 1 to 3"):
        nearest(np.eye(3), np.array([0]), k=4)


def test_growth_by_users_follows_its_seed():
    shares = [0.5, 1.0]
    first, same, other = (grow_by_users(two_tastes(), shares, 6, seed).embeddings[0] for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    # Other users are revealed, so other pairs count: not the same matrix up to signs.
    assert first.shape != other.shape or not np.allclose(np.abs(first), np.abs(other))


def test_growth_by_time_cuts_once_and_embeds_for_each_seed():
    grown = grow_by_time(two_tastes(), [0.5, 1.0], 6, [0, 1])
    assert [growth.item_names.tolist() for growth in grown] == [grown[0].item_names.tolist()] * 2
    lengths = [np.linalg.norm(growth.embeddings[1], axis=1) for growth in grown]
    # Another seed draws another random projection of the same matrix: the same lengths, nearly.
    assert lengths[0] == pytest.approx(lengths[1], rel=0.05)


def test_dropping_the_leading_dimension_keeps_items_and_moments():
    growth = Growth(
        "x", [0.5, 1.0], [np.eye(3), 2 * np.eye(3)], np.array(["a", "b", "c"]), [1.0, 1.0], [3, 3]
    )
    seen = without_leading(growth)
    assert [vectors.shape for vectors in seen.embeddings] == [(3, 2), (3, 2)]
    assert seen.item_names.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("queries", [np.array([True, False, True]), np.array([0.0, 1.0])])
def test_queries_are_row_numbers_and_no_mask(queries):
    with pytest.raises(ValueError, match=r"expected row numbers; for a mask pass np\.flatnonzero"):
        neighbour_overlap(np.eye(3), np.eye(3), queries, 1)


def test_whole_numbers_are_vectors_too():
    vectors = np.array([[1, 0], [3, 0], [2, 0]])
    kept = neighbour_overlap(vectors, vectors, np.array([0]), 2, include_query=False)
    assert kept.tolist() == [1.0]


def test_norm_groups_refuse_what_is_not_finite():
    with pytest.raises(ValueError, match=r"1 row\(s\) that are not finite"):
        norm_groups(np.array([[1.0], [np.nan]]), 2)
