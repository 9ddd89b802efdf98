"""Figures return the Axes they were given, name their axes, and draw what they are told."""

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from soundreasons import project
from soundreasons.papers import explainable_recommendation as er

mpl.use("Agg")
MODELS = pd.DataFrame({"ndcg": [0.1, 0.2], "deletion": [0.3, 0.1]}, index=["a", "b"])
HEAT = pd.DataFrame([[1.0, 0.2], [np.nan, 0.9]], index=["x", "y"], columns=["p", "q"])
DRAWN = {
    "contributions": lambda ax: er.figures.plot_contributions(["Can", "Neu!"], np.array([0.4, -0.1]), ax),
    "neighbours": lambda ax: er.figures.plot_neighbours(np.array([0, 2]), np.array([7, 9]), ax),
    "paths": lambda ax: er.figures.plot_paths(["Can"], ["krautrock"], np.array([0.2]), "Neu!", ax),
    "map": lambda ax: er.figures.plot_map(np.eye(3)[:, :2], {"here": np.array([1])}, {1: "Can"}, ax),
    "deletion": lambda ax: er.figures.plot_deletion(
        {"exact": np.array([1, 0.5]), "mine": np.array([1, 0.9])}, ax
    ),
    "heat": lambda ax: er.figures.plot_heat(HEAT, ax, xlabel="what changed", ylabel="explainer"),
    "sanity": lambda ax: er.figures.plot_sanity({"exact": {0.0: 1.0, 1.0: 0.0}}, ax),
    "axes": lambda ax: er.figures.plot_axes(MODELS, "deletion", "faithful", ax),
    "talk": lambda ax: er.figures.plot_talk({"honest": 0.5}, {"honest": 0.2}, ax),
    "newcomers": lambda ax: er.figures.plot_newcomers(
        pd.DataFrame({"length": [1, 2], "recall": [0.1, 0.2], "people": [0.5, 0.9]}), ax
    ),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN.keys())
def test_a_figure_returns_its_axes_with_both_named(draw):
    ax = Figure().subplots()
    assert draw(ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.has_data() or ax.texts


def test_a_radar_closes_its_rings():
    ax = Figure().add_subplot(projection="polar")
    er.figures.plot_radar(["a", "b", "c"], {"you": np.array([1.0, 0.5, 0.2])}, ax)
    x, y = ax.lines[0].get_data()
    assert (x[0], y[0]) == (x[-1], y[-1])


def test_of_two_models_close_in_accuracy_each_is_named_on_its_own_side():
    table = pd.DataFrame({"ndcg": [0.267, 0.261, 0.17], "deletion": [0.4, 0.5, 0.2]}, index=["b", "a", "far"])
    ax = er.figures.plot_axes(table, "deletion", "faithful", Figure().subplots())
    assert {text.get_text(): text.get_ha() for text in ax.texts} == {"far": "left", "a": "right", "b": "left"}


def test_a_map_names_neighbours_by_height_on_different_sides():
    points = np.array([[1.0, 0.1], [1.0, 0.3], [1.0, 0.2]])
    ax = er.figures.plot_map(points, {}, {0: "low", 1: "high", 2: "middle"}, Figure().subplots())
    assert [(text.get_text(), text.get_ha()) for text in ax.texts] == [
        ("low", "left"),
        ("middle", "right"),
        ("high", "left"),
    ]


def test_reasons_against_have_another_colour():
    ax = Figure().subplots()
    er.figures.plot_contributions(["for", "against"], np.array([1.0, -1.0]), ax)
    first, second = (bar.get_facecolor() for bar in ax.patches)
    assert first != second


def test_a_criterion_s_dots_stand_at_their_means_with_their_ends():
    judged = pd.DataFrame(
        [("a", "novelty", 2.0, 1.0, 4.0), ("b", "novelty", 3.0, 3.0, 3.0), ("c", "length", 1.0, 1.0, 1.0)],
        columns=["explainer", "criterion", "mean", "low", "high"],
    )
    ax = er.figures.plot_dots(judged, "novelty", Figure().subplots())
    (dots,), (bars,) = ax.containers[0].lines[0].get_data()[:1], ax.containers[0].lines[2]
    assert dots.tolist() == [2, 3]
    assert ax.containers[0].lines[0].get_ydata().tolist() == [2, 1]  # the first on top, "c" has no row
    assert bars.get_segments()[0][:, 0].tolist() == [1, 4]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["c", "b", "a"]


def test_every_figure_of_the_page_has_its_words_and_every_words_a_figure():
    page = project.notebook("explainable_recommendation").with_suffix(".md").read_text(encoding="utf-8")
    drawn = re.findall(r'run.figure\(fig, "([\w-]+)", \*\*figures.texts\("([\w-]+)"', page)
    assert {one for one, _ in drawn} == {two for _, two in drawn} == set(er.figures._TEXTS)
    with pytest.raises(KeyError):
        er.figures.texts("pies")
