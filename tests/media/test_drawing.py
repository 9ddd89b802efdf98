"""Tables as pictures: every number there, and readable on its shade."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from soundreasons.media import drawing


def contrast(first, second) -> float:
    """Contrast ratio of WCAG 2.2, from its own formula."""
    light, dark = sorted((drawing.luminance(first), drawing.luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", ["cividis", "Blues"])
def test_every_number_can_be_read_on_its_shade(colours):
    values = np.linspace(0, 1, 60).reshape(6, 10)
    ax = drawing.plot_table(pd.DataFrame(values), Figure().add_subplot(), colours=colours)
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in values.ravel()]
    for text, value in zip(ax.texts, values.ravel(), strict=True):
        assert contrast(to_rgb(text.get_color()), colormaps[colours](value)[:3]) >= 4.5


def test_what_is_missing_is_a_dash_in_its_own_cell():
    table = pd.DataFrame([[0.1, np.nan], [np.nan, 0.9]], index=["a", "b"], columns=["x", "y"])
    ax = drawing.plot_table(table, Figure().add_subplot(), digits=1)
    shown = {(int(t.get_position()[0]), int(t.get_position()[1])): t.get_text() for t in ax.texts}
    assert shown == {(0, 0): "0.1", (1, 0): "–", (0, 1): "–", (1, 1): "0.9"}


def test_rows_and_columns_keep_their_names_and_order():
    table = pd.DataFrame(np.eye(3), index=["a", "b", "c"], columns=[1, 2, 3])
    ax = drawing.plot_table(table, Figure().add_subplot(), highest=1, digits=0)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.yaxis_inverted()  # the first row is on top


def test_luminance_agrees_with_the_published_values():
    # Ratios as contrast checkers print them: black on white, and the grey #767676 that just passes AA.
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21.0)
    assert contrast(to_rgb("#767676"), (1, 1, 1)) == pytest.approx(4.54, abs=0.005)


def test_the_palette_differs_in_lightness():
    names = ("BLACK", "BLUE", "VERMILION", "GREEN", "ORANGE", "YELLOW")
    lightness = [drawing.luminance(to_rgb(getattr(drawing, name))) for name in names]
    assert all(b > a for a, b in itertools.pairwise(lightness))
