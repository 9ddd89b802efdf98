"""Figures return the Axes they were given, name their axes, and draw what they are told."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from soundreasons.papers.spiky_svd import spikiness
from soundreasons.papers.spiky_svd.experiments.climbing import ItemPosition
from soundreasons.papers.spiky_svd.figures import (
    METHOD_COLOURS,
    caption,
    looks,
    plot_clustering_profile,
    plot_consecutive,
    plot_consecutive_3d,
    plot_item_position,
    plot_norm_spread,
    plot_overlap,
    plot_pairwise,
    plot_spectrum,
    plot_spike_ratio,
    words,
)

mpl.use("Agg")
CLOUD = np.random.default_rng(0).normal(size=(50, 4))
OVERLAPS = pd.DataFrame(
    [(m, 0.5 + m / 2, g, 0.1 * g + 0.2, 0.01) for m in (0, 1) for g in range(5)],
    columns=["moment", "share", "group", "overlap", "margin"],
)
STEP = ItemPosition(2.0, CLOUD[:, 0], np.abs(CLOUD[:, 1]), 12.0, 3.0, 0.5)
DRAWN = {
    "consecutive": lambda ax: plot_consecutive(CLOUD, 1, ax, highlights={"a spike": np.arange(3)}),
    "profile": lambda ax: plot_clustering_profile({"data": spikiness(CLOUD)}, ax),
    "ratio": lambda ax: plot_spike_ratio({"mine": pd.DataFrame([[0.1, 0.2]], columns=[2, 4])}, ax),
    "spectrum": lambda ax: plot_spectrum({"a": np.array([4.0, 2.0])}, {"b": pd.Series([9.0], [1])}, ax),
    "overlap": lambda ax: plot_overlap(OVERLAPS, ax),
    "norms": lambda ax: plot_norm_spread({"flat": np.ones(9)}, ax),
    "item": lambda ax: plot_item_position(STEP, 3, ax),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN.keys())
def test_a_figure_returns_its_axes_with_both_named(draw):
    ax = Figure().subplots()
    assert draw(ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.has_data()


def test_three_dimensions_return_their_axes():
    ax = Figure().add_subplot(projection="3d")
    assert plot_consecutive_3d(CLOUD, 0, ax) is ax
    assert (ax.get_xlabel(), ax.get_zlabel()) == ("dim 1", "dim 3")


def test_pairwise_panels_go_on_where_the_last_ended():
    axes = Figure().subplots(1, 3)
    assert plot_pairwise(CLOUD, 0, axes) is axes
    assert [ax.get_ylabel() for ax in axes] == [f"dimension {k} (nats)" for k in (2, 3, 4)]


def test_the_profile_is_the_cover_curve_in_shares():
    ax = Figure().subplots()
    found = spikiness(CLOUD)
    plot_clustering_profile({"gaussian": found}, ax)
    line = ax.get_lines()[0]
    assert line.get_ydata() == pytest.approx(found.cover_curve / 50)
    assert line.get_xdata()[-1] == pytest.approx(100 * found.ratio)
    assert line.get_color() == METHOD_COLOURS["gaussian"]


def test_each_norm_group_is_one_curve_from_its_own_rows():
    ax = Figure().subplots()
    plot_overlap(OVERLAPS, ax)
    heights = [line.get_ydata()[0] for line in ax.get_lines()]
    assert heights == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6])


def test_methods_have_colours_of_their_own():
    assert len(set(METHOD_COLOURS.values())) == len(METHOD_COLOURS)


def test_a_spectrum_starts_at_rank_one_and_its_largest_value_is_one():
    ax = Figure().subplots()
    plot_spectrum({"a": np.array([4.0, 2.0, 1.0])}, {"b": pd.Series([9.0, 3.0], [1, 64])}, ax)
    ours, theirs = ax.get_lines()
    assert (ours.get_xdata().tolist(), ours.get_ydata().tolist()) == ([1, 2, 3], [1.0, 0.5, 0.25])
    assert (theirs.get_xdata().tolist(), theirs.get_ydata().tolist()) == (
        [1, 64],
        [1.0, pytest.approx(1 / 3)],
    )


def test_spiky_curves_are_means_over_seeds_in_per_cent():
    # By hand: (1 + 3) / 2 = 2 % and (10 + 30) / 2 = 20 %.
    ax = Figure().subplots()
    plot_spike_ratio({"mine": pd.DataFrame([[0.01, 0.1], [0.03, 0.3]], columns=[2, 64])}, ax)
    (line,) = ax.get_lines()
    assert line.get_xdata().tolist() == [2, 64]
    assert line.get_ydata() == pytest.approx([2.0, 20.0])


def test_the_star_stands_where_the_item_is():
    ax = Figure().subplots()
    plot_item_position(STEP, 3, ax)
    star, ray = ax.get_lines()
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (STEP.along[3], STEP.across[3])
    assert ray.get_xdata().tolist() == [0, STEP.along[3]]


def test_highlighted_rows_are_drawn_in_a_colour_of_their_own():
    ax = Figure().subplots()
    plot_consecutive(CLOUD, 1, ax, highlights={"a spike": np.array([4, 7])})
    everyone, spike = ax.collections
    assert len(everyone.get_offsets()) == 50
    assert spike.get_offsets().tolist() == CLOUD[[4, 7], 1:3].tolist()
    assert spike.get_label() == "a spike"


def test_words_name_what_was_drawn_and_no_brace_is_left():
    assert "nearest 10," in words("stability", cutoff=10)["caption"]
    assert words("pairwise", looks=looks(["aotm2003"]))["alt"].endswith("data set. Songs lie on the axes.")
    assert caption("block-models").startswith("Block models with noise")
    with pytest.raises(KeyError):
        words("tastes")
