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
    assert sd.figures.plot_ladder(LADDER, ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert len(ax.lines) == 3  # two marks, one interval
    assert sd.figures.add_published({"BERT": 24.3}, ax) is ax
    assert len(ax.lines) == 4


def test_side_by_side_each_ladder_keeps_the_labels_of_its_own_points():
    figure, axes = plt.subplots(1, 2)
    other = LADDER.assign(recall=[40.0, 90.0]).sort_values("recall", ascending=False)
    for table, ax in zip((LADDER, other), axes, strict=True):
        sd.figures.plot_ladder(table, ax)
    for table, ax in zip((LADDER, other), axes, strict=True):
        recall = dict(zip(table["label"], table["recall"], strict=True))
        marks = {line.get_ydata()[0]: line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1}
        drawn = {label.get_text(): marks[label.get_position()[1]] for label in ax.get_yticklabels()}
        assert drawn == recall
    plt.close(figure)


def test_a_ladder_refuses_axes_that_share_their_labels():
    figure, axes = plt.subplots(1, 2, sharey=True)
    with pytest.raises(ValueError, match="share no y axis"):
        sd.figures.plot_ladder(LADDER, axes[0])
    plt.close(figure)


def test_of_published_names_that_are_close_the_second_moves(ax):
    sd.figures.add_published({"msmarco": 50.7, "BERT": 16.3, "MiniLM": 48.3}, ax)
    assert [(text.get_text(), text.xyann[0] > 0) for text in ax.texts] == [
        ("BERT", False), ("MiniLM", False), ("msmarco", True)
    ]  # fmt: skip


def test_losses_are_drawn_as_shares_of_the_first(ax):
    assert sd.figures.plot_losses({"margin": np.array([2.0, 1.0, 0.5])}, ax) is ax
    (line,) = ax.lines
    assert (line.get_label(), line.get_xdata().tolist()) == ("tuned, soft labels", [1, 2, 3])
    assert line.get_ydata().tolist() == [1, 0.5, 0.25]


def test_groups_have_a_line_a_rung(ax):
    table = pd.DataFrame({"low": [10.0, 20.0], "high": [30.0, 40.0]}, index=["tfidf", "margin"])
    assert sd.figures.plot_groups(table, ax) is ax
    assert [line.get_label() for line in ax.lines] == ["tf-idf", "tuned, soft labels"]
    assert [list(line.get_ydata()) for line in ax.lines] == [[10, 30], [20, 40]]


def test_two_rungs_of_one_stage_do_not_look_alike(ax):
    table = pd.DataFrame({"low": [10.0, 20.0], "high": [30.0, 40.0]}, index=["contrastive", "margin"])
    sd.figures.plot_groups(table, ax)
    first, second = ax.lines
    assert first.get_markerfacecolor() != second.get_markerfacecolor()
    assert first.get_linewidth() != second.get_linewidth()


def test_pairs_are_arrows(ax):
    table = pd.DataFrame({"before": [10.0, 20.0], "after": [30.0, 10.0]}, index=["a", "b"])
    assert sd.figures.plot_pairs(table, ax) is ax
    arrows = [(text.xyann, text.xy) for text in ax.texts]  # an arrow is an annotation without text
    assert arrows == [((10, 0), (30, 0)), ((20, 1), (10, 1))]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_cost_names_every_rung(ax):
    table = LADDER.assign(speed=[100.0, 300.0], megabytes=[92.0, 72.0])
    assert sd.figures.plot_cost(table, ax) is ax
    assert [text.get_text() for text in ax.texts] == ["a, 92 MB", "b, 72 MB"]
    assert [mark.get_offsets().tolist() for mark in ax.collections] == [[[100, 80]], [[300, 50]]]


def test_names_of_two_costs_that_are_close_stand_apart(ax):
    table = pd.DataFrame(
        {"label": ["slow", "a", "b"], "stage": ["retrieval", "music", "music"], "recall": [66.0, 68.0, 67.0],
         "speed": [30.0, 280.0, 281.0], "megabytes": 92.0}
    )  # fmt: skip
    sd.figures.plot_cost(table, ax)
    _, above, below = (text.xyann[1] for text in ax.texts)
    assert above - below > 10  # points: more than the height of a name


def test_types_say_how_many_queries(ax):
    table = pd.DataFrame({"queries": [3, 5], "tfidf": [50.0, 60.0]}, index=["mood", "genre"])
    assert sd.figures.plot_types(table, ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["mood (3)", "genre (5)"]
    assert list(ax.lines[0].get_xdata()) == [50, 60]


def test_every_stage_has_a_colour_and_a_marker():
    from soundreasons.papers.song_descriptors import figures

    assert set(sd.data.STAGES) == set(figures.STAGE_COLOURS)
    assert set(figures.STAGE_COLOURS) == set(figures.STAGE_MARKERS)


def test_what_a_picture_shows_is_said_in_words(ax):
    sd.figures.plot_ladder(LADDER, ax)
    assert sd.figures.alt_of_rows([ax]).endswith("recall@10, %: a 80, b 50.")
    figure, (lines, points) = plt.subplots(1, 2)
    sd.figures.plot_losses({"margin": np.array([2.0, 3.0, 0.5])}, lines)
    said = sd.figures.alt_of_lines([lines])
    assert said.endswith("loss, share of the first: tuned, soft labels 1 to 0.25.")
    sd.figures.plot_cost(LADDER.assign(speed=[100.0, 300.0], megabytes=[92.0, 72.0]), points)
    assert sd.figures.alt_of_points(points).endswith("a, 92 MB (100, 80), b, 72 MB (300, 50).")
    plt.close(figure)
