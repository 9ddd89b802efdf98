"""Figures: data and Axes in, the same Axes out, and what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from soundreasons.papers import interpretable_attribution as ia
from soundreasons.papers.interpretable_attribution.figures import EXPERT_COLOURS, mixed_colours


@pytest.fixture(scope="module")
def run():
    return ia.train_toy("d", 0, 30)


def test_colours_mix_by_weight():
    mixed = mixed_colours(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    first, second = (np.array(to_rgb(colour)) for colour in EXPERT_COLOURS[:2])
    assert mixed[0] == pytest.approx(first)
    assert mixed[1] == pytest.approx((first + second) / 2)


def test_a_toy_is_drawn_in_three_panels_with_its_second_half_apart(run):
    axes = Figure().subplots(1, 3)
    assert ia.plot_toy(run, axes) is axes
    across = np.concatenate([np.asarray(part.get_offsets())[:, 0] for part in axes[0].collections])
    # Half of the points lie around the origin, half around four.
    assert (across > 2).mean() == pytest.approx(0.5, abs=0.05)
    assert axes[0].get_xlabel() == "first feature (right half: third, shifted by 4)"
    assert len(across) == 1000


def test_a_map_and_an_expert_are_drawn(run):
    ax = Figure().subplots()
    assert ia.plot_map(run, ax, n=7) is ax
    assert ax.images[0].get_array().shape == (7, 7, 3)
    other = Figure().subplots()
    assert ia.plot_expert(run, 2, other) is other


def test_shares_are_stacked_to_the_end_and_named():
    ax = Figure().subplots()
    assert ia.plot_shares({"all": [60, 40], "some": [3, 97]}, ["one", "two"], ax) is ax
    ends = [patch.get_x() + patch.get_width() for patch in ax.patches]
    assert ends == [60, 100, 3, 100]
    assert [text.get_text() for text in ax.texts] == ["one", "two", "two"]
    assert ax.get_legend_handles_labels()[1] == ["one", "two"]


def test_contest_and_ablation_show_the_means():
    rows = pd.DataFrame(
        {"method": ["m", "m"], "toy": ["a", "a"], "right": [0.2, 0.4], "variant": "em", "accuracy": 1.0}
    )
    ax = Figure().subplots()
    assert ia.plot_contest(rows, ax) is ax
    assert np.asarray(ax.collections[0].get_offsets())[0, 0] == pytest.approx(0.3)
    axes = Figure().subplots(1, 2)
    assert ia.plot_ablation(rows, {"em": "the method"}, axes) is axes
    assert axes[0].lines[0].get_xdata().tolist() == pytest.approx([0, 0.3])


def test_bands_by_place_fill_the_whole():
    ax = Figure().subplots()
    assert ia.plot_by_place(np.full((10, 4), 0.25), ("a", "b", "c", "d"), ax) is ax
    assert len(ax.collections) == 4
    assert ax.get_ylim() == (0, 100)
