"""Which pairs survive: by hand, and beside the authors' own query."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd import associate, from_pairs
from soundreasons.papers.spiky_svd.experiments.pairs import rerun_counts
from soundreasons.papers.spiky_svd.fast import kept_pairs


def test_items_without_a_pair_are_dropped_and_counted():
    table = from_pairs("t", "k", ["a", "a", "b", "b", "c", "d"], [0, 1, 0, 1, 2, 3])
    association = associate(table)
    assert association.item_names.tolist() == ["a", "b"]
    assert (association.n_items, association.n_pairs, association.n_dropped) == (2, 1, 2)
    assert association.kept.tolist() == [0, 1]


def test_items_unseen_so_far_are_dropped_but_keep_their_number():
    table = from_pairs("t", "k", ["a", "b", "b", "c", "c", "z"], [9, 0, 1, 0, 1, 5])
    association = associate(table, table.item != 0)
    assert association.kept.tolist() == [1, 2]


def test_choosing_nothing_is_refused():
    table = from_pairs("t", "k", ["a", "b"], [0, 0])
    with pytest.raises(ValueError, match="no pair of t is chosen"):
        associate(table, np.zeros(2, dtype=bool))


def test_pairs_kept_on_tagging_are_exactly_those_of_the_authors_query(published):
    # The authors' query run on this table kept 375,154 pairs of 9,746 items; no item is at the cap.
    association = associate(published("hetrec_tags"))
    assert (association.n_pairs, association.n_items) == (375_154, 9_746)


def test_pairs_kept_on_listening_differ_from_the_authors_query_by_ties_only(published):
    # Their query kept 214,813 pairs of 6,584 items, with equal counts at the cap in no fixed order.
    table = published("hetrec_lastfm")
    association = associate(table)
    bounds = kept_pairs(table.incidence())
    assert bounds.certain <= 214_813 <= bounds.possible
    assert association.n_pairs == pytest.approx(214_813, abs=bounds.possible - bounds.certain)
    assert bounds.certain_items <= 6_584 <= bounds.possible_items


def test_without_a_cap_ties_do_not_matter(published):
    table = published("hetrec_tags")
    bounds = kept_pairs(table.incidence())
    assert bounds.certain == bounds.possible == associate(table).n_pairs


def test_counts_beside_the_authors_query_are_those_of_the_graph_and_its_bounds(tastes):
    graph, bounds = associate(tastes), kept_pairs(tastes.incidence())
    assert rerun_counts(tastes) == {
        "items_kept": graph.n_items,
        "pairs_kept": graph.n_pairs,
        "pairs_certain": bounds.certain,
        "pairs_possible": bounds.possible,
        "items_certain": bounds.certain_items,
        "items_possible": bounds.possible_items,
    }
