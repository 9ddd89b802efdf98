"""Each null keeps what it says and takes away the rest."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.spiky_svd.experiments import chance
from soundreasons.papers.spiky_svd.experiments.chance import flip_signs, gaussian_rows, null_cloud, rewire


def random_graph(seed, n_items=30, density=0.2):
    rng = np.random.default_rng(seed)
    half = np.triu(rng.random((n_items, n_items)) * (rng.random((n_items, n_items)) < density), k=1)
    return sp.csr_matrix(half + half.T)


@given(st.integers(0, 1000), st.sampled_from([0.1, 0.3, 0.8]))
def test_rewiring_keeps_degrees_values_and_symmetry(seed, density):
    graph = random_graph(seed, density=density)
    shuffled = rewire(graph, np.random.default_rng(seed), rounds=3)
    assert np.array_equal(np.diff(shuffled.indptr), np.diff(graph.indptr))
    assert np.allclose(np.sort(shuffled.data), np.sort(graph.data))
    assert abs(shuffled - shuffled.T).nnz == 0
    assert not shuffled.diagonal().any()


def test_rewiring_moves_nearly_every_link_of_a_sparse_graph():
    graph = random_graph(0, n_items=400, density=0.02)
    shuffled = rewire(graph, np.random.default_rng(0), rounds=10)
    # By chance a link comes back with probability about density, 2 %.
    assert shuffled.astype(bool).multiply(graph.astype(bool)).nnz < 0.06 * graph.nnz


def test_rewiring_mixes_both_kinds_of_ends():
    # A bipartite graph: if first and second ends stayed apart, it would stay bipartite for ever.
    left_right = np.zeros((40, 40))
    left_right[:20, 20:] = np.random.default_rng(0).random((20, 20)) < 0.3
    graph = sp.csr_matrix(left_right + left_right.T)
    shuffled = rewire(graph, np.random.default_rng(0), rounds=10)
    assert shuffled[:20, :20].nnz > 0


@pytest.mark.parametrize("dense_from", [0.0, 1.0])
def test_rewiring_draws_all_graphs_of_the_same_degrees_alike(dense_from, monkeypatch):
    # Six items with two links each: 60 hexagons and 10 pairs of triangles (counted by hand), so a uniform
    # draw gives two triangles once in seven; of 1,400 draws 200, give or take four standard deviations of 13.
    monkeypatch.setattr(chance, "_DENSE_FROM", dense_from)
    ring = sp.csr_matrix(np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0))
    rng = np.random.default_rng(0)
    draws = [rewire(ring, rng, rounds=12).toarray() for _ in range(1400)]
    triangles = sum(np.trace(draw @ draw @ draw) > 0 for draw in draws)
    assert triangles == pytest.approx(200, abs=52)


def test_a_dense_graph_is_mixed_though_most_swaps_would_be_refused():
    graph = random_graph(0, n_items=80, density=0.6)
    shuffled = rewire(graph, np.random.default_rng(0), rounds=20)
    degrees = np.diff(graph.indptr)
    # By chance a link comes back about as often as two items are linked: 60 %, give or take 5.
    back = shuffled.astype(bool).multiply(graph.astype(bool)).nnz / graph.nnz
    assert back == pytest.approx(degrees.mean() / 79, abs=0.05)


def test_a_complete_graph_cannot_be_rewired_and_stays():
    graph = sp.csr_matrix(np.ones((6, 6)) - np.eye(6))
    assert abs(rewire(graph, np.random.default_rng(0)) - graph).nnz == 0


@given(st.integers(0, 1000))
def test_sign_flips_keep_sizes_and_symmetry(seed):
    graph = random_graph(seed)
    flipped = flip_signs(graph, np.random.default_rng(seed))
    assert abs(abs(flipped) - graph).nnz == 0
    assert abs(flipped - flipped.T).nnz == 0


def test_about_half_of_the_signs_are_flipped():
    graph = random_graph(1, n_items=200)
    flipped = flip_signs(graph, np.random.default_rng(1))
    # Binomial: half, give or take five standard deviations of 0.5 / sqrt(number of links).
    assert np.mean(flipped.data < 0) == pytest.approx(0.5, abs=2.5 / np.sqrt(graph.nnz / 2))


def test_gaussian_rows_have_no_preferred_direction():
    cloud = gaussian_rows(20_000, 5, np.random.default_rng(0))
    # Covariance of a standard normal: the identity, with a standard error of about 0.01.
    assert np.cov(cloud.T) == pytest.approx(np.eye(5), abs=0.05)


@pytest.mark.parametrize("null", [rewire, flip_signs])
def test_graphs_that_ppmi_would_not_return_are_refused(null):
    rng = np.random.default_rng(0)
    for matrix in (np.triu(np.ones((4, 4)), 1), np.ones((4, 4)), np.ones((2, 4))):
        with pytest.raises(ValueError, match="not a symmetric matrix with zero diagonal"):
            null(sp.csr_matrix(matrix), rng)
    with pytest.raises(ValueError, match=r"graph has 1 edge\(s\), expected at least 2"):
        null(sp.csr_matrix(np.array([[0, 1], [1, 0]])), rng)


def test_no_round_is_refused():
    with pytest.raises(ValueError, match="rounds is 0, allowed are integers from 1"):
        rewire(random_graph(0), np.random.default_rng(0), rounds=0)


@pytest.mark.parametrize("null", ["gaussian", "rewired", "signflip"])
def test_nulls_follow_their_seed(taste_space, null):
    association, _ = taste_space
    first, second, other = (null_cloud(association, null, 8, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.allclose(np.abs(first), np.abs(other))


def test_an_unknown_null_is_refused(taste_space):
    with pytest.raises(ValueError, match="null is 'shuffled', expected one of gaussian, rewired, signflip"):
        null_cloud(taste_space[0], "shuffled", 8, 0)
