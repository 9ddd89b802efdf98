"""Numbers of the recipe, and what is refused at its edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.papers.music_deepfakes.method import combs, fakeprints, front_ends


def test_strides_below_a_whole_number_are_refused_too():
    with pytest.raises(ValueError, match="whole numbers"):
        combs.comb_frequencies([1.5, 2], 16_000)
    with pytest.raises(ValueError, match="whole numbers"):
        combs.comb_frequencies([2, 2.5], 16_000)


def test_one_sample_a_second_is_a_rate():
    assert combs.comb_frequencies([2], 1).tolist() == [0.5]
    assert fakeprints.print_frequencies(1).tolist() == []


def test_no_more_than_three_minutes_of_a_track_are_looked_at(monkeypatch):
    assert fakeprints.LONGEST_SECONDS == 180
    rate = 44_100
    start = np.random.default_rng(0).normal(size=rate) * 0.1
    longer = np.concatenate([start, np.sin(np.arange(rate))])
    whole = fakeprints.fakeprint(longer, rate)
    monkeypatch.setattr(fakeprints, "LONGEST_SECONDS", 1)
    assert np.array_equal(fakeprints.fakeprint(longer, rate), fakeprints.fakeprint(start, rate))
    assert not np.array_equal(fakeprints.fakeprint(longer, rate), whole)


def test_bins_end_at_sixteen_kilohertz():
    assert (front_ends.HIGHEST, front_ends.N_BINS, front_ends.N_FRAMES) == (16_000, 743, 64)


def test_an_empty_bin_has_angle_zero():
    silent = front_ends.features(torch.zeros(1, front_ends.SNIPPET), "phase")
    assert (silent[:, 0] == 1).all()
    assert (silent[:, 1] == 0).all()
