"""Who is on a spike, on four tastes that never mix."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from soundreasons.papers.spiky_svd import measure_spikiness
from soundreasons.papers.spiky_svd.experiments.pairs import Association
from soundreasons.papers.spiky_svd.experiments.tastes import (
    companions,
    largest_spikes,
    spike_members,
    spike_of_items,
)


def test_every_taste_is_a_spike(taste_space):
    # By construction the tastes never meet: four communities, four directions.
    association, embedding = taste_space
    table = largest_spikes(association, embedding, dimensions=4, n_spikes=4, n_members=20)
    for row in table.itertuples():
        taste = row.head[:7]
        assert all(name.startswith(taste) for name in row.members.split(", ") if name)
    assert len(measure_spikiness(embedding, dimensions=4, coverage=0.7).peaks) <= 4


def test_companions_share_the_taste(taste_space):
    association, embedding = taste_space
    name = str(association.item_names[0])
    row = companions(association, embedding, [name], dimensions=4).iloc[0]
    assert row["head"].startswith(name[:7])
    assert all(other.startswith(name[:7]) for other in row["companions"].split(", "))
    assert name not in row["companions"].split(", ")
    with pytest.raises(ValueError, match="no item is called 'Can'"):
        companions(association, embedding, ["Can"], dimensions=4)


def test_tables_hold_plain_text_for_the_page(taste_space):
    association, embedding = taste_space
    frame = largest_spikes(association, embedding, dimensions=4)
    assert isinstance(frame, pd.DataFrame)
    assert frame["items"].sum() <= association.n_items


def test_members_of_the_largest_spikes_are_rows_of_their_taste_largest_first(taste_space):
    association, embedding = taste_space
    members = spike_members(association, embedding, dimensions=4, n_spikes=3)
    sizes = [len(rows) for rows in members.values()]
    assert len(sizes) <= 3
    assert sizes == sorted(sizes, reverse=True)
    for head, rows in members.items():
        assert all(name.startswith(head[:7]) for name in association.item_names[rows])


def test_items_without_a_position_are_on_no_spike():
    # By hand: rows 1 and 3 lie on the first axis, row 2 on the other, row 0 nowhere.
    embedding = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert spike_of_items(embedding, np.array([1])).tolist() == [-1, 0, -1, 0]


def test_the_spike_with_most_items_comes_first_whatever_the_length_of_its_head():
    # By hand: two long vectors on one axis, three short ones on the other: heads by length, spikes by size.
    embedding = np.array([[9.0, 0.0], [8.0, 0.0], [0.0, 1.0], [0.0, 3.0], [0.0, 2.0]])
    graph = Association("mine", sp.csr_matrix((5, 5)), np.array(list("abcde")), np.arange(5), 0)
    assert {head: rows.tolist() for head, rows in spike_members(graph, embedding).items()} == {
        "d": [2, 3, 4],
        "a": [0, 1],
    }
    table = largest_spikes(graph, embedding)
    assert table.to_numpy().tolist() == [["d", 3, "e, c"], ["a", 2, "b"]]
