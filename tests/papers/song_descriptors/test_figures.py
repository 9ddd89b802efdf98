"""Figures: the same Axes comes back, with the data on it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons.papers import song_descriptors as sd


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


LADDER = pd.DataFrame(
    {"label": ["a", "b"], "stage": ["music", "similarity"], "recall": [80.0, 50.0], "low": [78.0, np.nan],
     "high": [82.0, np.nan]}
)  # fmt: skip


def test_the_ladder_has_a_row_a_rung(ax):
    assert sd.plot_ladder(LADDER, ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert len(ax.lines) == 3  # two marks, one interval
    assert sd.add_published({"BERT": 24.3}, ax) is ax
    assert len(ax.lines) == 4


def test_groups_have_a_line_a_rung(ax):
    table = pd.DataFrame({"low": [10.0, 20.0], "high": [30.0, 40.0]}, index=["tfidf", "margin"])
    assert sd.plot_groups(table, sd.rung_labels(), sd.rung_stages(), ax) is ax
    assert [line.get_label() for line in ax.lines] == ["tf-idf", "tuned, soft labels"]


def test_two_rungs_of_one_stage_do_not_look_alike(ax):
    table = pd.DataFrame({"low": [10.0, 20.0], "high": [30.0, 40.0]}, index=["contrastive", "margin"])
    sd.plot_groups(table, sd.rung_labels(), sd.rung_stages(), ax)
    first, second = ax.lines
    assert first.get_markerfacecolor() != second.get_markerfacecolor()
    assert first.get_linewidth() != second.get_linewidth()


def test_pairs_are_arrows(ax):
    table = pd.DataFrame({"before": [10.0, 20.0], "after": [30.0, 10.0]}, index=["a", "b"])
    assert sd.plot_pairs(table, ["music", "shared words"], ax) is ax
    assert len(ax.texts) == 2  # an arrow is an annotation without text


def test_cost_names_every_rung(ax):
    table = LADDER.assign(speed=[100.0, 300.0], megabytes=[92.0, 72.0])
    assert sd.plot_cost(table, ax) is ax
    assert [text.get_text() for text in ax.texts] == ["a, 92 MB", "b, 72 MB"]


def test_types_say_how_many_queries(ax):
    table = pd.DataFrame({"queries": [3, 5], "tfidf": [50.0, 60.0]}, index=["mood", "genre"])
    assert sd.plot_types(table, sd.rung_labels(), ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["mood (3)", "genre (5)"]


def test_every_stage_has_a_colour_and_a_marker():
    from soundreasons.papers.song_descriptors import figures

    assert set(sd.rung_stages().values()) <= set(figures.STAGE_COLOURS)
    assert set(figures.STAGE_COLOURS) == set(figures.STAGE_MARKERS)
