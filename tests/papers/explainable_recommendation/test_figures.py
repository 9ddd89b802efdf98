"""Figures return the Axes they were given, name their axes, and draw what they are told."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from soundreasons.papers import explainable_recommendation as er

mpl.use("Agg")
MODELS = pd.DataFrame({"ndcg": [0.1, 0.2], "deletion": [0.3, 0.1]}, index=["a", "b"])
HEAT = pd.DataFrame([[1.0, 0.2], [np.nan, 0.9]], index=["x", "y"], columns=["p", "q"])
DRAWN = {
    "contributions": lambda ax: er.plot_contributions(["Can", "Neu!"], np.array([0.4, -0.1]), ax),
    "neighbours": lambda ax: er.plot_neighbours(np.array([0, 2]), np.array([7, 9]), ax),
    "paths": lambda ax: er.plot_paths(["Can"], ["krautrock"], np.array([0.2]), "Neu!", ax),
    "map": lambda ax: er.plot_map(np.eye(3)[:, :2], {"here": np.array([1])}, {1: "Can"}, ax),
    "deletion": lambda ax: er.plot_deletion({"exact": np.array([1, 0.5]), "mine": np.array([1, 0.9])}, ax),
    "heat": lambda ax: er.plot_heat(HEAT, ax, xlabel="what changed", ylabel="explainer"),
    "sanity": lambda ax: er.plot_sanity({"exact": {0.0: 1.0, 1.0: 0.0}}, ax),
    "axes": lambda ax: er.plot_axes(MODELS, "deletion", "faithful", ax),
    "talk": lambda ax: er.plot_talk({"honest": 0.5}, {"honest": 0.2}, ax),
    "newcomers": lambda ax: er.plot_newcomers(
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
    er.plot_radar(["a", "b", "c"], {"you": np.array([1.0, 0.5, 0.2])}, ax)
    x, y = ax.lines[0].get_data()
    assert (x[0], y[0]) == (x[-1], y[-1])


def test_of_two_models_close_in_accuracy_each_is_named_on_its_own_side():
    table = pd.DataFrame({"ndcg": [0.267, 0.261, 0.17], "deletion": [0.4, 0.5, 0.2]}, index=["b", "a", "far"])
    ax = er.plot_axes(table, "deletion", "faithful", Figure().subplots())
    assert {text.get_text(): text.get_ha() for text in ax.texts} == {"far": "left", "a": "right", "b": "left"}


def test_a_map_names_neighbours_by_height_on_different_sides():
    points = np.array([[1.0, 0.1], [1.0, 0.3], [1.0, 0.2]])
    ax = er.plot_map(points, {}, {0: "low", 1: "high", 2: "middle"}, Figure().subplots())
    assert [(text.get_text(), text.get_ha()) for text in ax.texts] == [
        ("low", "left"),
        ("middle", "right"),
        ("high", "left"),
    ]


def test_reasons_against_have_another_colour():
    ax = Figure().subplots()
    er.plot_contributions(["for", "against"], np.array([1.0, -1.0]), ax)
    first, second = (bar.get_facecolor() for bar in ax.patches)
    assert first != second
