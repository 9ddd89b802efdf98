"""Similarity, centrality and tree, against slow twins, networkx and trees made by hand."""

import networkx as nx
import numpy as np
import pytest

from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.experiments import choices


def tied_similarity(seed, n=25):
    """Similarities rounded to one digit, so that ties are common."""
    return np.round(np.random.default_rng(seed).random((n, n)), 1)


def slow_tree(S, centrality, min_similarity=0.2, parents_per_node=1, slack=0.2, max_children=20):
    """The rules, one after the other, on Python lists; nothing shared with the library."""
    n = len(S)
    order = sorted(range(n), key=lambda k: (centrality[k], k), reverse=True)
    above = {k: [] for k in range(n)}
    placed = []
    for node in order:
        open_ones = [p for p in placed if sum(p in up for up in above.values()) < max_children]
        ranked = sorted(open_ones, key=lambda p: (S[p][node], p), reverse=True)[:parents_per_node]
        for p in ranked:
            if S[p][node] > min_similarity and S[p][node] > S[ranked[0]][node] - slack:
                above[node].append(p)
        placed.append(node)
    tree = np.zeros((n + 1, n), dtype=int)
    for node, up in above.items():
        for p in up or [n]:
            tree[p, node] = 1
    return tree


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "options",
    [{}, {"max_children": 2}, {"min_similarity": 0.7}, {"parents_per_node": 3},
     {"parents_per_node": 2, "slack": 0.05}, {"parents_per_node": 3, "max_children": 3}],
)  # fmt: skip
def test_the_tree_equals_a_slow_one_ties_included(seed, options):
    S = tied_similarity(seed)
    centrality = np.round(np.random.default_rng(seed).random(len(S)), 1)
    assert (ch.build_hierarchy(S, centrality, **options) == slow_tree(S, centrality, **options)).all()


def test_the_tree_reads_tracks_of_the_parent_and_probe_of_the_child():
    # Only S[0, 1] is large: 1 goes below 0. Read the other way round it would go below the root.
    S = np.array([[1.0, 0.9], [0.0, 1.0]])
    assert ch.build_hierarchy(S, np.array([1.0, 0.0])).tolist() == [[0, 1], [0, 0], [1, 0]]
    assert ch.build_hierarchy(S.T.copy(), np.array([1.0, 0.0])).tolist() == [[0, 0], [0, 0], [1, 1]]


def test_equal_centrality_lets_the_higher_number_in_first():
    assert ch.entry_order(np.zeros(4)).tolist() == [3, 2, 1, 0]


def test_a_similarity_of_exactly_the_least_is_not_enough():
    S = np.array([[1.0, 0.2], [0.2, 1.0]])
    assert ch.build_hierarchy(S, np.array([1.0, 0.0]))[-1].tolist() == [1, 1]


def test_when_all_are_full_a_concept_goes_below_the_root():
    tree = ch.build_hierarchy(np.ones((4, 4)), np.arange(4.0), max_children=1)
    assert (tree[:-1].sum(axis=1) <= 1).all()
    assert tree.sum(axis=0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4, 0.9])
@pytest.mark.parametrize("n", [3, 40])
@pytest.mark.parametrize("betweenness", [ch.betweenness, ch.method.betweenness], ids=["fast", "plain"])
def test_betweenness_equals_networkx(betweenness, n, share):
    graph = np.random.default_rng(n).random((n, n)) < share
    undirected = nx.Graph((graph | graph.T) & ~np.eye(n, dtype=bool))
    expected = nx.betweenness_centrality(undirected)
    assert betweenness(graph) == pytest.approx([expected[k] for k in range(n)], abs=1e-12)


def test_betweenness_of_a_star_a_path_and_no_edges():
    star = np.zeros((6, 6))
    star[0, 1:] = 1
    assert ch.betweenness(star).tolist() == [1, 0, 0, 0, 0, 0]
    # A path of 200 is sparse: position k lies between k nodes on one side and 199 - k on the other.
    path = np.diag(np.ones(199), 1)
    k = np.arange(200)
    assert ch.betweenness(path) == pytest.approx(k * (199 - k) * 2 / (199 * 198))
    assert ch.betweenness(np.zeros((5, 5))).tolist() == [0] * 5


def test_closeness_equals_networkx():
    graph = np.random.default_rng(1).random((30, 30)) < 0.05
    links = (graph | graph.T) & ~np.eye(30, dtype=bool)
    expected = nx.closeness_centrality(nx.Graph(links))
    assert choices.closeness(links) == pytest.approx([expected[k] for k in range(30)])


def test_a_graph_without_edges_still_gives_a_tree():
    S = np.full((4, 4), 0.1)
    graph = ch.similarity_graph(S)
    assert graph.sum() == 0
    assert ch.build_hierarchy(S, ch.betweenness(graph))[-1].tolist() == [1, 1, 1, 1]


def test_parts_that_nothing_joins_hang_side_by_side():
    S = np.kron(np.eye(2), np.full((3, 3), 0.9))
    tree = ch.build_hierarchy(S, ch.betweenness(ch.similarity_graph(S)))
    assert tree[-1].sum() == 2
    assert ch.method.n_components(tree) == 2


@pytest.mark.parametrize(
    ("S", "message"),
    [(np.full((2, 2), np.nan), "4 of 4 similarities are NaN"), (np.ones((2, 3)), "expected"),
     (np.ones((0, 0)), "n at least 1")],
)  # fmt: skip
def test_impossible_similarities_are_refused(S, message):
    with pytest.raises(ValueError, match=message):
        ch.build_hierarchy(S, np.zeros(len(S)))
    with pytest.raises(ValueError, match=message):
        ch.similarity_graph(S)


def test_impossible_options_are_refused():
    with pytest.raises(ValueError, match="expected 1 or more"):
        ch.build_hierarchy(np.ones((2, 2)), np.zeros(2), max_children=0)
    with pytest.raises(ValueError, match=r"centrality has shape \(3,\)"):
        ch.build_hierarchy(np.ones((2, 2)), np.zeros(3))


def test_similarity_is_a_mean_over_the_tracks_of_the_row():
    # By hand: concept 0 has tracks 0 and 1, concept 1 has track 2.
    asked = np.array([[0.8, 0.1], [0.6, 0.3], [0.5, 0.9]])
    has = np.array([[True, False], [True, False], [False, True]])
    assert ch.concept_similarity(asked, has) == pytest.approx(np.array([[0.7, 0.2], [0.5, 0.9]]))
    with pytest.raises(ValueError, match="concept 1 has no track"):
        ch.concept_similarity(asked, has & [True, False])
    with pytest.raises(ValueError, match="not finite"):
        ch.concept_similarity(asked * np.nan, has)


def test_threshold_for_a_share_gives_that_share():
    S = np.random.default_rng(0).random((50, 50))
    graph = ch.similarity_graph(S, ch.method.threshold_for(S, 0.1))
    assert ch.density(graph) == pytest.approx(0.1, abs=1 / 2500)


def test_depth_ancestors_and_edges_of_a_chain():
    chain = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]])
    assert ch.method.depths(chain).tolist() == [1, 2, 3]
    assert ch.method.ancestors(chain).sum() == 3
    assert ch.edges(chain).tolist() == [[0, 1], [1, 2]]
    assert str(ch.figures.Outline(chain, ["a", "b", "c"])) == "a\n  b\n    c"


def test_an_outline_escapes_names_and_marks_families():
    page = ch.figures.Outline(
        np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]]), ["<b>", "b", "c"], np.array([0, 0, 1])
    )._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert page.count("\N{CHECK MARK}") == 1
    assert page.count("\N{WHITE CIRCLE}") == 1
    assert "<script" not in page
