"""Structures, edge scores and agreement with a truth, on trees made by hand."""

import numpy as np
import pytest

from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.experiments import real_tags, tables


def tied_similarity(seed, n=25):
    """Similarities rounded to one digit, so that ties are common."""
    return np.round(np.random.default_rng(seed).random((n, n)), 1)


# Root above 0; 0 above 1 and 2; 2 above 3.
TREE = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=np.uint8)


def test_edge_scores_by_hand():
    places = np.array([[0.0, 0], [3, 4], [0, 1], [0, 3]])
    score = ch.edge_scores(TREE, places)
    assert score.per_edge.tolist() == [5, 1, 2]
    assert score.mean == pytest.approx(8 / 3)
    # Deviations 7/3, -5/3, -2/3 from the mean: variance (49 + 25 + 4) / 27.
    assert score.half_width == pytest.approx(1.96 * np.sqrt(78 / 27) / np.sqrt(3))
    cosines = ch.edge_scores(TREE, np.array([[1.0, 0], [2, 0], [0, 5], [-1, 0]]), "cosine")
    assert cosines.per_edge.tolist() == [1, 0, 0]


def test_edges_to_the_root_do_not_count():
    lonely = np.array([[0, 0], [0, 0], [1, 1]])
    with pytest.raises(ValueError, match="no edge but to the root"):
        ch.edge_scores(lonely, np.ones((2, 3)))


@pytest.mark.parametrize(
    ("embedding", "kind", "message"),
    [(np.ones((3, 2)), "euclidean", r"expected \(4, n_dims\)"), (np.full((4, 2), np.nan), "euclidean", "NaN"),
     (np.zeros((4, 2)), "cosine", "zero vector"),
     (np.ones((4, 2)), "manhattan", "expected 'euclidean' or 'cosine'")],
)  # fmt: skip
def test_impossible_embeddings_are_refused(embedding, kind, message):
    with pytest.raises(ValueError, match=message):
        ch.edge_scores(TREE, embedding, kind)


def test_random_structures_never_join_a_concept_to_itself():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert np.diag(ch.method.random_partners(7, rng)).sum() == 0
        assert np.diag(ch.method.random_pairs(7, rng)).sum() == 0
    assert ch.method.random_pairs(11, rng, 0.1).sum() == 11
    with pytest.raises(ValueError, match="expected 2 or more"):
        ch.method.random_partners(1, rng)


def test_the_second_tables_structures_are_what_they_say():
    S = tied_similarity(2)
    found = tables.structures(S, np.random.default_rng(0))
    off = ~np.eye(len(S), dtype=bool)
    assert (found["similarity"] == ((S > 0.5) & off)).all()
    assert (found["sparse"] == ((S > 0.66) & off)).all()
    assert (found["top_1"].sum(axis=1) == 1).all()
    for row, partner in enumerate(found["top_1"].argmax(axis=1)):
        assert S[row, partner] == S[row, off[row]].max()
    assert found["hierarchy"].shape == (26, 25)


def test_a_tree_from_clear_groups_stays_within_them():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(3), 6)
    vectors = 10 * np.eye(3)[group] + rng.normal(scale=0.1, size=(18, 3))
    for kind in ("cosine", "euclidean"):
        assert ch.same_group_share(tables.embedding_hierarchy(vectors, kind), group) == 1


def test_agreement_by_hand():
    group = np.array([0, 0, 1, ch.NOWHERE])
    assert ch.same_group_share(TREE, group) == 0.5  # 0-1 yes, 0-2 no, 2-3 not judged
    assert ch.method.true_parent_share(TREE, np.array([ch.NOWHERE, 0, 0, 0])) == pytest.approx(2 / 3)
    # Found: 0>1, 0>2, 0>3, 2>3. True: 0>1, 0>2, 0>3. F1 = 2 * 3 / 7.
    assert ch.method.ancestor_f1(TREE, np.array([ch.NOWHERE, 0, 0, 0])) == pytest.approx(6 / 7)
    related = np.zeros((4, 4), dtype=bool)
    related[0, 1] = True
    assert ch.method.related_share(TREE, related, np.array([True, True, False, True])) == 1


def test_a_graph_that_is_no_tree_is_judged_by_shared_branches():
    branches = {
        "organ": frozenset({"keyboard", "wind"}),
        "flute": frozenset({"wind"}),
        "piano": frozenset({"keyboard"}),
    }
    related, known = ch.data.relation(["Organ", "flutes", "piano", "zither"], branches)
    assert related[0].tolist() == [True, True, True, False]
    assert not related[1, 2]
    assert known.tolist() == [True, True, True, False]


def test_chance_is_what_it_should_be():
    # Twenty concepts in two equal groups: a partner is of the same group 9 times in 19.
    group = np.repeat([0, 1], 10)
    null = ch.random_null(lambda t: ch.same_group_share(t, group), 20, np.random.default_rng(0), 400)
    assert null.mean == pytest.approx(9 / 19, abs=0.02)
    exchanged = ch.method.permuted_null(
        lambda t: ch.same_group_share(t, group),
        ch.method.random_tree(20, np.random.default_rng(1)),
        np.random.default_rng(0),
        400,
    )
    assert exchanged.mean == pytest.approx(9 / 19, abs=0.02)
    with pytest.raises(ValueError, match="no random structure"):
        ch.random_null(lambda t: float("nan"), 5, np.random.default_rng(0), 3)


def test_exchanging_labels_keeps_the_shape():
    tree = ch.method.random_tree(12, np.random.default_rng(3))
    seen = []
    ch.method.permuted_null(
        lambda t: seen.append(sorted(t.sum(axis=1).tolist())) or 1.0, tree, np.random.default_rng(0), 3
    )
    assert all(counts == sorted(tree.sum(axis=1).tolist()) for counts in seen)


def test_cooccurrence_by_hand_and_vectors_of_two_worlds():
    labels = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], dtype=bool)
    assert real_tags.cooccurrence(labels)[0].tolist() == pytest.approx([1, 2 / 3, 0, 0])
    vectors = tables.cooccurrence_vectors(labels, 4)
    assert ch.method.nearest_in_group(vectors, np.array([0, 0, 1, 1])) == 1
    with pytest.raises(ValueError, match="concept 0 has no track"):
        real_tags.cooccurrence(np.zeros((3, 2), dtype=bool))


def test_siblings_and_strangers_by_hand():
    assert ch.method.sibling_distances(np.array([[0.0], [2], [7]]), np.array([0, 0, 1])) == (2, 6)


def test_the_interval_of_a_share_knows_how_few_edges_there_are():
    # Wilson's interval by hand for 3 of 14: centre (3 + z²/2) / (14 + z²), z = 1.96.
    low, high = ch.method.share_interval(3 / 14, 14)
    z2 = 1.959964**2
    centre, width = (3 + z2 / 2) / (14 + z2), 1.959964 / (14 + z2) * np.sqrt(3 * 11 / 14 + z2 / 4)
    assert (low, high) == pytest.approx((centre - width, centre + width), abs=1e-5)
    many = ch.method.share_interval(300 / 1400, 1400)
    assert many[1] - many[0] < (high - low) / 8
    assert ch.method.share_interval(0.0, 5)[0] == 0
    for share, n in ((float("nan"), 0), (0.3, 14), (0.5, 0)):
        with pytest.raises(ValueError, match="is no share of"):
            ch.method.share_interval(share, n)
