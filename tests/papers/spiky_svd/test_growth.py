"""The growth of a small data set, and the neighbours that its items keep."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.spiky_svd.data import from_pairs
from soundreasons.papers.spiky_svd.experiments.growth import (
    Growth,
    grow,
    grow_by_time,
    grow_by_users,
    time_passed,
    users_revealed,
    without_leading,
)
from soundreasons.papers.spiky_svd.experiments.pairs import associate
from soundreasons.papers.spiky_svd.experiments.stability import final_overlaps, overlap_by_norm
from soundreasons.papers.spiky_svd.method import neighbour_overlap, norm_groups


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
    growth = grow(
        [associate(table, chosen) for chosen in known], [0.5, 0.75, 1.0], rank=6, seed=0, dimensions=6
    )
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
    growth = grow([associate(table, chosen) for chosen in known], [0.5, 1.0], rank=6, seed=0, dimensions=6)
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


def test_final_overlaps_are_those_of_the_last_moment_one_a_seed():
    # By hand: the gap is dot less cosine, without the query; earlier moments do not count.
    columns = ["moment", "cutoff", "group", "similarity", "overlap", "without_query"]
    rows = [(0, 10, 0, "dot", 1.0, 1.0), (0, 10, 0, "cosine", 1.0, 1.0)]
    seeds = [
        pd.DataFrame([*rows, (1, 10, 0, "dot", a, a - 0.1), (1, 10, 0, "cosine", b, b)], columns=columns)
        for a, b in ((0.5, 0.25), (0.75, 0.5))
    ]
    found = final_overlaps(seeds)
    assert found["overlap10", "dot_q1"] == [0.5, 0.75]
    assert found["overlap10", "cosine_q1"] == [0.25, 0.5]
    assert found["overlap10_gap", "q1"] == pytest.approx([0.15, 0.15])
