"""What drawn graphs show of the theory, against what the theory says and by hand."""

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.spiky_svd import block_model
from soundreasons.papers.spiky_svd.experiments.spikes_from_communities import (
    beside_earlier_draws,
    exact_spikes,
    hub_effect,
    model_measures,
    noisy_spikes,
    norm_spread,
)


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


def test_a_hub_takes_a_dimension_and_one_more_brings_the_community_back():
    # Davis and Kahan's picture: a vector is one item's own where that item dwarfs a community.
    table = hub_effect(2000, 16, 1.0, [0, 1, 2]).set_index("seed")
    assert table.loc[[1, 2], "share"].min() > 0.5 > table.loc[0, "share"]
    assert (table.loc[[1, 2], "worst"] < 0.9).all()
    assert (table.loc[[1, 2], "worst_with_one_more"] > 0.95).all()


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


def test_measures_of_models_are_named_as_in_the_ledger_and_hold_a_value_a_seed():
    drawn = noisy_spikes(120, communities=[2], popularity_sigmas=[0.0, 0.5], seeds=[3, 4])
    found = model_measures(drawn)
    assert found["peaks.block_model.k2_sigma050"] == drawn["peaks"].tolist()[2:]
    assert "correlation.block_model.k2_sigma000" not in found  # flat popularity correlates with nothing
    # By definition: peaks over half of the two communities, which is one.
    assert found["peaks_over_half.block_model.k2_sigma000"] == found["peaks.block_model.k2_sigma000"]


def test_norms_are_spread_around_the_mean_of_their_community():
    model = block_model(200, 3, 1.0, seed=2)
    spread = norm_spread(model)
    means = [spread[model.community == k].mean() for k in range(3)]
    assert means == pytest.approx([1, 1, 1])
    # Theorem: with unequal popularity the norms spread as the popularities do, here by about as much again.
    assert np.corrcoef(spread, model.popularity)[0, 1] > 0.9
