"""Block models: what is drawn, what theory says of its embedding, and back again."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd import block_model, embed, fit_block_model


def test_expected_counts_follow_the_formula_and_popularity_has_mean_one():
    model = block_model(50, 3, 0.7, seed=2, within=0.5, between=0.1)
    for i, j in [(0, 0), (3, 17), (49, 20)]:
        same = model.community[i] == model.community[j]
        by_hand = model.popularity[i] * model.popularity[j] * (0.5 if same else 0.1)
        assert model.expected[i, j] == pytest.approx(by_hand, rel=1e-12)
    for k in range(3):
        assert model.popularity[model.community == k].mean() == pytest.approx(1.0)


def test_counts_are_symmetric_hollow_and_of_the_right_mean():
    model = block_model(400, 2, 0.0, seed=0, within=0.5, between=0.1)
    counts = model.adjacency.toarray()
    assert np.array_equal(counts, counts.T)
    assert not counts.diagonal().any()
    same = model.community[:, np.newaxis] == model.community
    np.fill_diagonal(same, False)
    # Poisson: the mean of 40,000 independent pairs has a standard error of sqrt(0.5 / 40,000) = 0.0035.
    assert counts[same].mean() == pytest.approx(0.5, abs=0.02)


def test_same_seed_same_graph_and_every_community_has_a_member():
    first, second = (block_model(8, 8, 1.0, seed=5) for _ in range(2))
    assert abs(first.adjacency - second.adjacency).nnz == 0
    assert sorted(first.community) == list(range(8))


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_communities", [2, 5])
def test_without_noise_directions_are_exact_and_norms_are_popularity(n_communities, sigma):
    # Theorem: e_i = theta_i w_z. Cosine 1 inside a community; one ratio of norm to popularity each.
    model = block_model(120, n_communities, sigma, seed=1)
    embedding = embed(model.expected, n_communities, 0)
    norms = np.linalg.norm(embedding, axis=1)
    units = embedding / norms[:, np.newaxis]
    same = model.community[:, np.newaxis] == model.community
    cosines = units @ units.T
    assert cosines[same].min() == pytest.approx(1.0, abs=1e-9)
    assert cosines[~same].max() < 0.9
    for k in range(n_communities):
        ratio = (norms / model.popularity)[model.community == k]
        assert np.ptp(ratio) < 1e-9 * ratio.max()


def test_without_scaling_by_singular_values_communities_are_orthogonal():
    # Theorem, second half: rows of U alone are orthogonal between communities whatever B is.
    model = block_model(60, 3, 0.5, seed=0, within=0.4, between=0.3)
    embedding = embed(model.expected, 3, 0)
    unscaled = embedding / np.linalg.norm(embedding, axis=0)
    different = model.community[:, np.newaxis] != model.community
    assert np.abs((unscaled @ unscaled.T)[different]).max() < 1e-9
    assert np.abs((embedding @ embedding.T)[different]).max() > 0.01


def test_unless_told_otherwise_a_community_meets_its_own_forty_times_as_often():
    affinity = block_model(6, 2, 0.0, seed=0).affinity
    assert affinity == pytest.approx(np.array([[40, 1], [1, 40]]) / 100, abs=1e-12)


def naive_fit_error(matrix, embedding, spike, dimensions):
    """Least squares of B on the dense truncated matrix, one block at a time."""
    u = embedding[:, :dimensions] / np.linalg.norm(embedding[:, :dimensions], axis=0)
    truncated = u @ (u.T @ matrix @ u) @ u.T
    radius = np.linalg.norm(embedding[:, :dimensions], axis=1)
    missed = total = 0.0
    for k in np.unique(spike[spike >= 0]):
        for other in np.unique(spike[spike >= 0]):
            block = truncated[np.ix_(spike == k, spike == other)]
            model = np.outer(radius[spike == k], radius[spike == other])
            b = (block * model).sum() / (model**2).sum()
            missed += ((block - b * model) ** 2).sum()
            total += (block**2).sum()
    return np.sqrt(missed / total)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_fit_equals_dense_least_squares(seed):
    rng = np.random.default_rng(seed)
    half = np.triu(rng.standard_normal((40, 40)), 1)
    matrix = half + half.T
    embedding = embed(matrix, 12, 0)
    spike = rng.integers(-1, 5, size=40)
    fit = fit_block_model(matrix, embedding, spike, dimensions=6)
    assert fit.error == pytest.approx(naive_fit_error(matrix, embedding, spike, 6), rel=1e-9)
    assert fit.items.tolist() == np.flatnonzero(spike >= 0).tolist()


def test_a_fit_reads_64_dimensions_unless_told_otherwise():
    # The slow twin again; on 70 random directions each further dimension changes what is missed.
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(90, 90))
    matrix = matrix + matrix.T
    embedding, spike = embed(matrix, 70, 0), rng.integers(3, size=90)
    error = fit_block_model(matrix, embedding, spike).error
    assert error == pytest.approx(naive_fit_error(matrix, embedding, spike, 64), rel=1e-9)
    assert abs(error - naive_fit_error(matrix, embedding, spike, 65)) > 1e-6


def test_a_model_without_noise_is_read_back_exactly():
    model = block_model(150, 4, 0.6, seed=4, within=0.4, between=0.05)
    embedding = embed(model.expected, 4, 0)
    fit = fit_block_model(model.expected, embedding, model.community, dimensions=4)
    assert fit.error < 1e-6
    rebuilt = fit.popularity[:, np.newaxis] * fit.affinity[fit.community][:, fit.community] * fit.popularity
    assert rebuilt == pytest.approx(model.expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((3, 4, 0.5, 0), "n_items is 3 and n_communities 4, expected"),
        ((3, 0, 0.5, 0), "n_communities 0, expected at least one"),
        ((3, 2, -0.5, 0), r"popularity_sigma is -0\.5, allowed are finite numbers from 0"),
        ((3, 2, np.nan, 0), "popularity_sigma is nan, allowed"),
    ],
)
def test_impossible_models_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        block_model(*settings)


def test_impossible_fits_are_refused():
    model = block_model(10, 2, 0.0, seed=0)
    embedding = embed(model.expected, 2, 0)
    with pytest.raises(ValueError, match="none of the 10 items is on a spike"):
        fit_block_model(model.expected, embedding, np.full(10, -1))
    with pytest.raises(ValueError, match="for the same items"):
        fit_block_model(model.expected[:5, :5], embedding, np.zeros(10, dtype=int))
