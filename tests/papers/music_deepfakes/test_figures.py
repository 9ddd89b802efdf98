"""Figures draw what they are given, and give the Axes back."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.music_deepfakes import figures
from soundreasons.papers.music_deepfakes.experiments.calibration import Mixture
from soundreasons.papers.music_deepfakes.experiments.evidence import EvidenceMap


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_a_map_of_percentages_shows_every_number(ax):
    table = pd.DataFrame([[0.0, 100.0], [50.0, 25.4]], index=["a", "b"], columns=["x", "y"])
    assert figures.plot_percentages(table, ax) is ax
    assert [text.get_text() for text in ax.texts] == ["0", "100", "50", "25"]


def test_lines_are_drawn_one_a_decoder(ax):
    table = pd.DataFrame(
        [("a", 1.0, 0.0, 100.0), ("a", 0.1, 20.0, 50.0), ("b", 1.0, 3.0, 90.0)],
        columns=["decoder", "share", "snr", "detected"],
    )
    figures.plot_residual(table, ax)
    assert [line.get_label() for line in ax.lines[:2]] == ["a", "b"]


def test_the_other_figures_give_their_axes_back(ax):
    found = EvidenceMap(np.array([0.4, 0.6]), np.array([1e3, 2e3, 3e3]), np.full((2, 3), 0.5))
    assert figures.plot_evidence(found, ax) is ax
    assert figures.plot_bands({"real": found, "other": found}, ax) is ax
    assert figures.plot_mixture(Mixture(np.linspace(0, 1, 4), np.ones((4, 2))), ax) is ax
    rows = pd.DataFrame({"condition": ["one"], "score": [0.5], "human": [0.4], "weight": [1.0]})
    assert figures.plot_reliability(rows, ax) is ax
    assert figures.plot_comb(np.zeros(129), 8_000, [1_000, 2_000], ax) is ax
    assert figures.plot_scores(np.arange(3.0), np.array([0.1, np.nan, 0.9]), ax) is ax
    assert figures.plot_view(np.random.default_rng(0).random((64, 743)).astype(np.float32), ax) is ax
    assert figures.plot_prints({"real": np.zeros((2, 5))}, np.linspace(5e3, 16e3, 5), [ax]) == [ax]


def test_no_fake_has_the_colour_of_human_music(ax):
    found = EvidenceMap(np.array([0.4, 0.6]), np.array([1e3, 2e3, 3e3]), np.full((2, 3), 0.5))
    human, *fakes = figures.plot_bands({name: found for name in ("real", *"abcdefg")}, ax).lines
    assert human.get_color() not in {line.get_color() for line in fakes}
    assert len({(line.get_color(), line.get_linestyle()) for line in fakes}) == len(fakes)
