"""The metric on embeddings in which some items have no position."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd import embed, measure_spikiness
from soundreasons.papers.spiky_svd.experiments.spikes import rows_with_position, spike_ratios


def test_items_out_of_reach_of_the_leading_vectors_have_no_position():
    # Two separate pairs; one leading dimension sees the stronger pair only.
    ties = np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    embedding = embed(ties, 4, 0)
    rows = rows_with_position(embedding, dimensions=2)
    found = measure_spikiness(embedding, dimensions=2)
    assert rows.tolist() == [0, 1]
    assert found.n_items == 2
    assert set(found.peaks) <= set(rows)
    assert measure_spikiness(embedding, dimensions=4).n_items == 4


def test_at_most_the_wanted_number_of_items_is_kept_and_peaks_are_rows_of_the_whole():
    # Four communities of 50 on the axes; any 40 items need two or three spikes for more than half.
    embedding = np.repeat(np.eye(4), 50, axis=0)
    spikes = measure_spikiness(embedding, dimensions=4, max_items=40, seed=1)
    assert spikes.n_items == 40
    assert len(spikes.peaks) in (2, 3)
    assert len(set(spikes.peaks // 50)) == len(spikes.peaks)


def test_ratios_are_laid_out_by_seed_and_dimension(taste_space):
    _, embedding = taste_space
    table = spike_ratios([embedding, 2 * embedding], [2, 4])
    assert table.shape == (2, 2)
    assert table.iloc[0].tolist() == table.iloc[1].tolist()  # scale changes nothing


@pytest.mark.parametrize("cloud", [np.zeros((4, 3)), np.full((4, 3), np.nan)])
def test_a_cloud_without_any_position_is_refused_with_its_own_size(cloud):
    with pytest.raises(ValueError, match="none of the 4 rows of embedding has a position"):
        measure_spikiness(cloud)
