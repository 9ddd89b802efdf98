"""Items that become more popular: what changes, and what must not."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd import block_model
from soundreasons.papers.spiky_svd.experiments.climbing import follow_item, follow_items, grow_item


def test_growing_an_item_adds_links_to_it_alone():
    model = block_model(80, 2, 0.3, seed=0)
    grown = grow_item(model, 7, 10.0, np.random.default_rng(1))
    gain = (grown.adjacency - model.adjacency).toarray()
    assert (gain >= 0).all()
    assert not np.delete(np.delete(gain, 7, axis=0), 7, axis=1).any()
    assert np.array_equal(gain, gain.T)
    assert grown.expected[7, 8] == pytest.approx(10 * model.expected[7, 8])
    assert grown.expected[7, 7] == pytest.approx(100 * model.expected[7, 7])
    # Poisson with mean 9 times the old one: the mean of 400 draws is within four standard errors of it.
    mean = 9 * (model.expected[7].sum() - model.expected[7, 7])
    rng = np.random.default_rng(2)
    gains = [(grow_item(model, 7, 10.0, rng).adjacency - model.adjacency)[7].sum() for _ in range(400)]
    assert np.mean(gains) == pytest.approx(mean, abs=4 * np.sqrt(mean / 400))
    assert model.popularity[7] == pytest.approx(grown.popularity[7] / 10)


def test_an_item_that_grows_tenfold_climbs_its_spike():
    model = block_model(500, 4, 0.5, seed=3)
    item = int(np.argmin(model.popularity))
    start = model.popularity[item]
    steps = follow_item(model, item, [start, 3 * start, 10 * start], k=20, seed=0)
    norms = [step.norm for step in steps]
    assert norms == sorted(norms)
    assert steps[-1].angle < steps[0].angle
    # Theorem: the norm is proportional to popularity, up to noise.
    assert norms[-1] / norms[0] == pytest.approx(10, rel=0.5)
    assert np.isnan(steps[-1].overlap)
    assert all(0 <= step.overlap <= 1 for step in steps[:-1])


def test_obscure_items_that_grow_turn_towards_their_spike():
    table = follow_items(
        lambda seed: block_model(600, 4, 1.0, seed), [1.0, 3.0, 10.0], [0, 1], n_chosen=3, k=10
    )
    assert len(table) == 2 * 3 * 3
    mean = table.groupby("factor")[["angle", "norm"]].mean()
    assert mean.loc[10.0, "angle"] < mean.loc[1.0, "angle"]
    assert mean["norm"].is_monotonic_increasing
    assert table.loc[table["factor"] == 10.0, "overlap"].isna().all()


def test_growth_that_takes_links_away_is_refused():
    model = block_model(10, 2, 0.0, seed=0)
    with pytest.raises(ValueError, match="item is 10, allowed are 0 to 9"):
        grow_item(model, 10, 2.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"factor is 0\.5, allowed are numbers from 1"):
        grow_item(model, 1, 0.5, np.random.default_rng(0))
