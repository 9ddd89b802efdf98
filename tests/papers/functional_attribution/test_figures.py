"""What the figures draw, on data written by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons.media.drawing import BLUE, GREY
from soundreasons.papers import functional_attribution as fa


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    figure.canvas.draw()
    plt.close(figure)


def points(ax) -> list[list[float]]:
    return [list(map(float, offset)) for marks in ax.collections for offset in marks.get_offsets()]


def test_a_relation_has_a_mark_a_row_and_a_tint_where_a_feature_decides(ax):
    fa.figures.plot_relation(fa.relation([[0, 0], [0, 1], [1, 0]], [0, 1, 1]), ax, known=[0])
    assert points(ax) == [[0, 0], [0, 1], [1, 0]]
    faces = [patch.get_facecolor() for patch in ax.patches]
    assert faces[0] == faces[1] != faces[2]  # at (1, 0) alone feature 1 is enough


def test_a_projection_shows_each_output_once_where_it_occurs(ax):
    fa.figures.plot_projection(fa.relation([[0, 0], [0, 1], [1, 0]], [0, 1, 1]), 0, ax)
    # Value 0 occurs with both outputs, value 1 with one.
    assert [round(x, 6) for x, _ in points(ax)] == [-0.2, 0.2, 1.0]


def test_methods_stand_at_their_means_with_their_intervals(ax):
    means = pd.DataFrame(
        {"mean": [0.5, 0.8], "low": [0.4, 0.7], "high": [0.7, 0.85]}, index=["gam", "fanova"]
    )
    fa.figures.plot_methods(means, ax)
    marks = [bar.lines[0] for bar in ax.containers]
    assert [(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks] == [(0.5, 0), (0.8, 1)]
    ends = [bar.lines[2][0].get_segments()[0][:, 0].tolist() for bar in ax.containers]
    assert np.allclose(ends, [[0.4, 0.7], [0.7, 0.85]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["GAM (scores)", "functional ANOVA"]


def test_pairs_are_joined_from_the_first_to_the_second(ax):
    first, second = pd.Series({"gam": 0.2, "gradient": 0.9}), pd.Series({"gam": 0.6, "gradient": 0.3})
    fa.figures.plot_pairs(first, second, ("a", "b"), ax)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0.2, 0.9], [0.6, 0.3]]
    segments = ax.collections[0].get_segments()
    assert [segment[:, 0].tolist() for segment in segments] == [[0.2, 0.6], [0.9, 0.3]]


def test_accuracy_stands_over_the_property_score(ax):
    fa.figures.plot_accuracy_property(pd.DataFrame({"accuracy": [0.7], "property": [0.9]}, index=["gam"]), ax)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0.9, 0.7]], [[0, 0], [1, 1]]]


def test_a_sweep_is_the_curve_and_its_mark_stands_on_it_at_the_level(ax):
    curve = pd.DataFrame({"level": [0.0, 1.0], "accuracy": [0.2, 0.6]})
    fa.figures.plot_sweeps({"gam": curve}, {"gam": 0.25}, ax)
    drawn = [np.atleast_2d(line.get_xydata()).tolist() for line in ax.lines if len(line.get_xdata())]
    assert np.allclose(drawn[0], [[0, 0.2], [1, 0.6]])
    assert np.allclose(drawn[1], [[0.25, 0.3]])


def test_a_trend_is_the_mean_at_each_number_of_features(ax):
    table = pd.DataFrame({"method": ["gam"] * 3, "features": [2, 2, 3], "accuracy": [0.2, 0.4, 0.9]})
    fa.figures.plot_trend(table, "features", ["gam"], ax)
    assert np.allclose(ax.lines[0].get_xydata(), [[2, 0.3], [3, 0.9]])


def test_bars_are_confidences_and_those_above_the_level_stand_out(ax):
    task = fa.MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [0, 1, 1])
    fa.figures.plot_confidences(task, np.array([0.0, 1.0]), 0.76, ax)
    # At (0, 1): two of three labels are 1; feature 1 is a toss; feature 2 and both are certain.
    assert np.allclose([bar.get_height() for bar in ax.patches], [2 / 3, 0.5, 1, 1], atol=1e-6)
    assert [bar.get_facecolor()[:3] for bar in ax.patches] == [
        plt.matplotlib.colors.to_rgb(colour) for colour in (GREY, GREY, BLUE, BLUE)
    ]


def test_what_is_left_open_is_drawn_for_the_best_set_of_each_size(ax):
    gaps = pd.DataFrame({"size": [0, 1, 1], "seen": [1.0, 0.4, 0.3], "unseen": [1.0, 0.5, 0.7]})
    best = fa.experiments.real_data.best_of_size
    fa.figures.plot_gap(gaps, best(gaps, "seen"), best(gaps, "unseen"), ax)
    curves = {line.get_label(): line.get_xydata().tolist() for line in ax.lines[2:]}
    assert list(curves.values()) == [[[0, 1.0], [1, 0.3]], [[0, 1.0], [1, 0.5]]]


def test_a_learned_selector_is_a_mark_of_prediction_and_selection(ax):
    table = pd.DataFrame({"method": ["l2x", "l2x"], "predictor": [0.9, 0.8], "selection": [0.1, 0.6]})
    fa.figures.plot_learned(table, ax)
    assert ax.lines[0].get_xydata().tolist() == [[0.9, 0.1], [0.8, 0.6]]


def test_accuracies_by_size_are_written_into_their_shades(ax):
    fa.figures.plot_by_size(pd.DataFrame({1: [0.25], 2: [1.0]}, index=["gam"]), ax)
    assert {"0.25", "1.00"} <= {text.get_text() for text in ax.texts}
