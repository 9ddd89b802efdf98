"""Block models: what is drawn, what theory says of its embedding, and back again."""

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.spiky_svd import (
    beside_earlier_draws,
    block_model,
    climb,
    climbs,
    embed,
    exact_spikes,
    fit_block_model,
    grow_item,
    hub_effect,
    noisy_spikes,
)


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


def test_exact_spikes_reports_the_worst_case():
    table = exact_spikes(90, 3, 0.8, seeds=[0, 1])
    assert table["lowest_cosine"].min() == pytest.approx(1.0, abs=1e-9)
    assert table["lowest_correlation"].min() == pytest.approx(1.0, abs=1e-9)


def test_noisy_spikes_covers_the_grid_and_flat_popularity_has_no_correlation():
    table = noisy_spikes(300, communities=[2, 3], popularity_sigmas=[0.0, 0.5], seeds=[0])
    assert len(table) == 4
    assert table.set_index("popularity_sigma")["correlation"].isna().tolist() == [True, False] * 2
    # Spread of a log-normal with sigma 0.5: sqrt(exp(0.25) - 1) = 0.53; flat: noise alone.
    by_sigma = table.groupby("popularity_sigma")["variation"].mean()
    assert by_sigma[0.0] < 0.35 < by_sigma[0.5]


def test_growing_an_item_adds_links_to_it_alone():
    model = block_model(80, 2, 0.3, seed=0)
    grown = grow_item(model, 7, 10.0, np.random.default_rng(1))
    gain = (grown.adjacency - model.adjacency).toarray()
    assert (gain >= 0).all()
    assert not np.delete(np.delete(gain, 7, axis=0), 7, axis=1).any()
    assert np.array_equal(gain, gain.T)
    assert grown.expected[7, 8] == pytest.approx(10 * model.expected[7, 8])
    assert grown.expected[7, 7] == pytest.approx(100 * model.expected[7, 7])
    # Poisson with mean 9 times the old one: within five standard deviations of it.
    mean = 9 * (model.expected[7].sum() - model.expected[7, 7])
    assert gain[7].sum() == pytest.approx(mean, abs=5 * np.sqrt(mean))
    assert model.popularity[7] == pytest.approx(grown.popularity[7] / 10)


def test_an_item_that_grows_tenfold_climbs_its_spike():
    model = block_model(500, 4, 0.5, seed=3)
    item = int(np.argmin(model.popularity))
    start = model.popularity[item]
    steps = climb(model, item, [start, 3 * start, 10 * start], k=20, seed=0)
    norms = [step.norm for step in steps]
    assert norms == sorted(norms)
    assert steps[-1].angle < steps[0].angle
    # Theorem: the norm is proportional to popularity, up to noise.
    assert norms[-1] / norms[0] == pytest.approx(10, rel=0.5)
    assert np.isnan(steps[-1].overlap)
    assert all(0 <= step.overlap <= 1 for step in steps[:-1])


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


def test_impossible_growth_and_fits_are_refused():
    model = block_model(10, 2, 0.0, seed=0)
    with pytest.raises(ValueError, match="item is 10, allowed are 0 to 9"):
        grow_item(model, 10, 2.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"factor is 0\.5, allowed are numbers from 1"):
        grow_item(model, 1, 0.5, np.random.default_rng(0))
    embedding = embed(model.expected, 2, 0)
    with pytest.raises(ValueError, match="none of the 10 items is on a spike"):
        fit_block_model(model.expected, embedding, np.full(10, -1))
    with pytest.raises(ValueError, match="for the same items"):
        fit_block_model(model.expected[:5, :5], embedding, np.zeros(10, dtype=int))


def test_a_hub_takes_a_dimension_and_one_more_brings_the_community_back():
    # Davis and Kahan's picture: a vector is one item's own where that item dwarfs a community.
    table = hub_effect(2000, 16, 1.0, [0, 1, 2]).set_index("seed")
    assert table.loc[[1, 2], "share"].min() > 0.5 > table.loc[0, "share"]
    assert (table.loc[[1, 2], "worst"] < 0.9).all()
    assert (table.loc[[1, 2], "worst_with_one_more"] > 0.95).all()


def test_obscure_items_that_grow_turn_towards_their_spike():
    table = climbs(600, 4, 1.0, [1.0, 3.0, 10.0], [0, 1], n_chosen=3, k=10)
    assert len(table) == 2 * 3 * 3
    mean = table.groupby("factor")[["angle", "norm"]].mean()
    assert mean.loc[10.0, "angle"] < mean.loc[1.0, "angle"]
    assert mean["norm"].is_monotonic_increasing
    assert table.loc[table["factor"] == 10.0, "overlap"].isna().all()


def test_draws_are_counted_inside_an_earlier_range_to_its_digits():
    # By hand: 4 is no "2 to 3"; 0.99964 rounds to 0.9996, inside, 0.99951 to 0.9995, outside.
    drawn = pd.DataFrame(
        {
            "model": ["k4_sigma050", "k4_sigma100"],
            "peaks": [2, 4],
            "cosine": [0.99964, 0.99951],
            "correlation": [0.96, 0.97],
            "variation": [0.53, 1.2],
        }
    )
    table = beside_earlier_draws(drawn).set_index(["quantity", "models"])
    assert table.loc[("spikes", "4 communities"), "inside, %"] == 50
    assert table.loc[("cosine", "4 communities"), "inside, %"] == 50
    assert table.loc[("variation of norms", "wide spread"), ["here", "inside, %"]].tolist() == [
        "1.20 to 1.20",
        0,
    ]


def test_draws_of_unknown_kinds_are_refused():
    unknown = pd.DataFrame({"model": ["k2_sigma030"]}).assign(peaks=1, cosine=1, correlation=1, variation=1)
    with pytest.raises(ValueError, match="no draw is of a kind that the ledger knows"):
        beside_earlier_draws(unknown)
