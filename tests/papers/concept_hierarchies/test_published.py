"""What was published, measured: on a publication made by hand, with two groups of two genres."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.concept_hierarchies.data import published as files
from soundreasons.papers.concept_hierarchies.experiments import published

# a above b and c, b above d; a and b are of one group, c and d of the other.
NODES = pd.DataFrame(
    {"graph": "apm_genres", "node": list("1234"), "label": list("abcd"), "group": list("rrgg")}
)
LINKS = pd.DataFrame({"graph": "apm_genres", "parent": list("112"), "child": list("234")})
VECTORS = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
USAGE = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])


@pytest.fixture
def small(monkeypatch):
    """A publication of one tree; d has no usage vector, and only layer pool5 knows the groups."""
    deaf = VECTORS[[0, 2, 1, 3]]
    concepts = SimpleNamespace(names=tuple("abcd"), vectors=(deaf, deaf, VECTORS, deaf))
    record = SimpleNamespace(
        nodes=NODES, links=LINKS, concepts={"apm_genres": concepts}, usage=USAGE, usage_ids=tuple("123")
    )
    monkeypatch.setattr(files.data, "open", lambda name: record)
    for cached in (files.published_concepts, files.published_graph):
        cached.cache_clear()
    yield record
    for cached in (files.published_concepts, files.published_graph):
        cached.cache_clear()


def test_a_published_tree_is_one_of_ours_with_a_root(small):
    graph = files.published_graph("apm_genres")
    assert graph.structure.tolist() == [[0, 1, 1, 0], [0, 0, 0, 1], [0] * 4, [0] * 4]
    assert graph.hierarchy[-1].tolist() == [1, 0, 0, 0]
    assert files.published_concepts() is small
    # Within a group: a-b; between: a-c and b-d.
    facts = published.tree_table(["apm_genres"]).loc["apm_genres"]
    expected = {"nodes": 4, "groups": 2, "edges": 3, "same group, %": 100 / 3, "depth": 2, "leaves": 2}
    assert facts.to_dict() == pytest.approx(expected | {"most children": 2})


def test_usage_is_measured_where_both_ends_have_a_vector(small):
    structure, usage = files.with_usage(files.published_graph("apm_genres"))
    assert structure.tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert usage.tolist() == USAGE.tolist()
    # Pairs of three playlists: 5, 2 and the root of 9 + 4.
    found = published.random_usage_distance(np.random.default_rng(0), 20_000)
    assert found == pytest.approx((5 + 2 + np.sqrt(13)) / 3, rel=0.02)


def test_the_share_within_a_group_has_an_interval_of_so_many_edges_and_a_null(small):
    found = published.agreement_measures("apm_genres", np.random.default_rng(0), 600)
    share = found["same_group.apm_genres"]
    assert share["values"] == pytest.approx(100 / 3)
    low, high = share["interval"]
    assert low < 10 < 70 < high  # three edges tell little
    # With names exchanged any pair is within a group in 2 of 6 cases.
    assert found["same_group.apm_genres.permuted"]["values"] == pytest.approx(100 / 3, abs=2)


def test_layers_are_compared_by_the_nearest_of_each_concept(small):
    vectors, group = files.published_vectors("apm_genres", "pool5")
    assert (vectors == VECTORS).all()
    assert group.tolist() == [1, 1, 0, 0]
    table = published.layer_table(["apm_genres"])
    assert table.loc["apm_genres"].to_dict() == {"pool3": 0, "pool4": 0, "pool5": 100, "tags": 0}
    rngs = [np.random.default_rng(k) for k in range(300)]
    found = published.layer_measures("apm_genres", table.loc["apm_genres"], rngs)
    assert found["nearest.apm_genres"]["values"] == 100
    assert found["published_nearest.apm_genres.pool3"]["values"] == 0
    # The nearest is one of three others, one of the same group.
    assert found["nearest.apm_genres.permuted"]["values"] == pytest.approx(100 / 3, abs=5)


def test_our_greedy_step_on_the_published_vectors_stays_beside_theirs(small):
    # Cosines join a-b and c-d alone: every edge is within a group.
    assert published.trees_from_vectors("apm_genres") == pytest.approx(
        {"ours": 100, "top_1": 100, "theirs": 100 / 3}
    )
    beside = published.with_trees(published.layer_table(["apm_genres"]))
    assert list(beside) == ["pool3", "pool4", "pool5", "tags", "tree: ours", "tree: top_1", "tree: theirs"]


def test_sources_are_named_and_measured_with_their_interval():
    table = pd.DataFrame(
        {"reported": [0.8], "usage": [0.9], "usage_half": [0.1], "words": [0.3], "words_half": [0.05]},
        index=["deezer_graph"],
    )
    found = published.source_measures(table)
    assert found["usage.deezer_graph"] == {"values": 0.9, "interval": pytest.approx((0.8, 1.0))}
    assert found["words.deezer_graph"]["interval"] == pytest.approx((0.25, 0.35))
    table.loc["simtop"] = table.loc["random"] = table.loc["deezer_graph"]
    shown = published.named_sources(table)
    assert shown["built from"].tolist() == ["audio", "Top-1", "chance"]
    assert "usage in the paper" in shown
