"""The experiments' own arithmetic, on results that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.papers import mesonet
from soundreasons.papers.mesonet import figures
from soundreasons.papers.mesonet.experiments import blur, compression, networks, validation
from soundreasons.papers.mesonet.experiments.blur import Ideals


def found(**levels):
    """Results of Meso-4 on swaps of people seen: the same accuracy for three seeds and four scenes."""
    return {
        ("meso4", "swap", int(level[1:]), "seen"): {"total": np.full((3, 4), accuracy)}
        for level, accuracy in levels.items()
    }


def test_drops_are_differences_from_level_to_level():
    # By hand: 0.95 to 0.92 is 0.03, to 0.83 is 0.09, of which 0.06 are extra.
    drops = compression.compression_drops(
        found(q0=0.95, q23=0.92, q40=0.83), "swap", np.random.default_rng(0)
    )
    assert {name: drop.values[0] for name, drop in drops.items()} == pytest.approx(
        {"drop.swap.q0_q23": 0.03, "drop.swap.q23_q40": 0.09, "extra_drop.swap": 0.06}
    )


def test_without_one_of_the_levels_there_is_no_drop():
    assert compression.compression_drops(found(q23=0.92, q40=0.83), "swap", np.random.default_rng(0)) == {}


def test_points_are_those_of_one_forgery_and_one_group_of_people():
    points = compression.by_compression(found(q0=0.9, q40=0.7), "swap", "seen", np.random.default_rng(0))
    assert {level: point[0] for level, point in points.items()} == pytest.approx({"0": 0.9, "40": 0.7})
    assert compression.by_compression(found(q0=0.9), "swap", "unseen", np.random.default_rng(0)) == {}


def test_the_gap_of_ideal_inputs_is_one_side_less_the_other():
    weights, ratios = np.array([0.5, 0.2, -0.1, -0.4]), np.array([3.0, 5.0, 1.0, 1.0])
    gap = blur.ideal_gap(Ideals(np.zeros((4, 2, 2, 3)), weights, ratios), np.random.default_rng(0))
    assert gap is not None
    assert gap.values == [3.0]
    assert gap.interval == (2.0, 4.0)


def test_units_that_all_speak_for_the_same_give_no_gap():
    same = Ideals(np.zeros((3, 2, 2, 3)), np.array([0.5, 0.2, 0.1]), np.ones(3))
    assert blur.ideal_gap(same, np.random.default_rng(0)) is None


def test_the_layers_are_those_of_the_papers_table():
    table = networks.layer_table(mesonet.Meso4())
    assert table["numbers"].sum() == 27_977
    assert table["layer"].tolist()[:4] == ["Conv2d", "ReLU", "BatchNorm2d", "MaxPool2d"]
    assert table.iloc[15].tolist() == ["MaxPool2d", "16 x 8 x 8", 0]


def test_detail_on_the_published_scores_of_pictures_is_within_a_thousandth(real):
    real("mesonet_released")
    scores, off = networks.picture_scores()
    assert off < 1e-3
    assert scores.shape == (4, 4)


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots(2, 4)


def test_figures_draw_on_the_axes_they_are_given(axes):
    import pandas as pd

    scores, real = np.linspace(0, 1, 20), np.arange(20) > 9
    drawn = [
        figures.plot_roc(scores, real, "meso4", axes[0, 0]),
        figures.plot_calibration(validation.calibration(scores, real), "meso4", axes[0, 1]),
        figures.plot_zones(pd.DataFrame({"real": [-0.1], "forged": [0.2]}, index=["eyes"]), axes[0, 2]),
        figures.plot_transfer(pd.DataFrame([[0.5, 1.0]], index=["swap"], columns=["a", "b"]), axes[0, 3]),
        figures.plot_map(np.eye(4), axes[1, 0]),
        figures.plot_ideal(np.full((8, 8, 3), 0.5), -1.0, axes[1, 1]),
        figures.plot_change(np.eye(4), axes[1, 2], most=1.0),
    ]
    assert [ax.get_figure() for ax in drawn] == [axes[0, 0].get_figure()] * 7
    # By hand: perfectly separated scores have a curve through the upper left corner.
    line = axes[0, 0].lines[0]
    assert any(x == 0 and y == 1 for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True))
