"""Figures: data and Axes in, the same Axes out, and what is drawn is what was given."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from soundreasons.papers.interpretable_attribution import figures, method
from soundreasons.papers.interpretable_attribution.experiments.toys import train_toys
from soundreasons.papers.interpretable_attribution.figures import EXPERT_COLOURS, LABEL_COLOURS, mixed_colours


@pytest.fixture(scope="module")
def run():
    return train_toys("d", [0], 30)[0]


def test_colours_mix_by_weight():
    mixed = mixed_colours(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    first, second = (np.array(to_rgb(colour)) for colour in EXPERT_COLOURS[:2])
    assert mixed[0] == pytest.approx(first)
    assert mixed[1] == pytest.approx((first + second) / 2)


def test_a_toy_is_drawn_in_three_panels_with_its_second_half_apart(run):
    axes = Figure().subplots(1, 3)
    assert figures.plot_toy(run, axes) is axes
    across = np.concatenate([np.asarray(part.get_offsets())[:, 0] for part in axes[0].collections])
    # Half of the points lie around the origin, half around four.
    assert (across > 2).mean() == pytest.approx(0.5, abs=0.05)
    assert axes[0].get_xlabel() == "first feature (right half: third, shifted by 4)"
    assert len(across) == 1000


def test_a_map_and_an_expert_are_drawn(run):
    ax = Figure().subplots()
    assert figures.plot_map(run, ax, n=7) is ax
    assert ax.images[0].get_array().shape == (7, 7, 3)
    other = Figure().subplots()
    assert figures.plot_expert(run, 2, other) is other


@pytest.mark.parametrize("answer", [-1.0, 1.0])
def test_an_expert_that_gives_one_answer_only_is_drawn_whole(run, answer):
    with torch.no_grad():
        quiet = copy.deepcopy(run.experts)
        for parameter in quiet.parameters():
            parameter.zero_()
        quiet.layers[-1].bias.fill_(answer)
    ax = Figure().subplots()
    figures.plot_expert(dataclasses.replace(run, experts=quiet), 0, ax)
    (points,) = ax.collections
    assert len(points.get_offsets()) == 1000
    assert tuple(points.get_facecolor()[0][:3]) == to_rgb(LABEL_COLOURS[answer > 0])


def test_shares_are_stacked_to_the_end_and_named():
    ax = Figure().subplots()
    assert figures.plot_shares({"all": [60, 40], "some": [3, 97]}, ["one", "two"], ax) is ax
    ends = [patch.get_x() + patch.get_width() for patch in ax.patches]
    assert ends == [60, 100, 3, 100]
    assert [text.get_text() for text in ax.texts] == ["one", "two", "two"]
    assert ax.get_legend_handles_labels()[1] == ["one", "two"]


def test_contest_and_ablation_show_the_means():
    rows = pd.DataFrame(
        {"method": ["m", "m"], "toy": ["a", "a"], "right": [0.2, 0.4], "variant": "em", "accuracy": 1.0}
    )
    ax = Figure().subplots()
    assert figures.plot_contest(rows, ax) is ax
    assert np.asarray(ax.collections[0].get_offsets())[0, 0] == pytest.approx(0.3)
    axes = Figure().subplots(1, 2)
    assert figures.plot_ablation(rows, {"em": "the method"}, axes) is axes
    assert axes[0].lines[0].get_xdata().tolist() == pytest.approx([0, 0.3])


def test_bands_by_place_fill_the_whole():
    ax = Figure().subplots()
    assert figures.plot_by_place(np.full((10, 4), 0.25), ("a", "b", "c", "d"), ax) is ax
    assert len(ax.collections) == 4
    assert ax.get_ylim() == (0, 100)


def test_points_fade_with_their_weight_and_lie_where_they_were_drawn(run):
    ax = Figure().subplots()
    labels = np.arange(1000) % 2 == 0
    opacity = np.where(labels, 0.5, 0.0)
    assert figures.plot_labels(run, labels, ax, opacity) is ax
    no, yes = ax.collections
    # Half of the points each; what has no weight stays barely visible.
    assert [len(part.get_offsets()) for part in (no, yes)] == [500, 500]
    assert yes.get_alpha() == pytest.approx(np.full(500, 0.5))
    assert no.get_alpha() == pytest.approx(np.full(500, 0.03))


def test_attributions_are_drawn_in_the_mixed_colours_of_the_weights(run):
    ax = Figure().subplots()
    assert figures.plot_attribution(run, ax) is ax
    (points,) = ax.collections
    weights = method.normalised(run.weights(run.points.x[:1000])).numpy()
    assert points.get_facecolor()[:, :3] == pytest.approx(mixed_colours(weights), abs=1e-6)


def test_legends_name_the_colours_that_are_drawn():
    experts = figures.expert_handles(["one", "two", "three"])
    assert [(h.get_label(), h.get_color()) for h in experts] == list(
        zip(["one", "two", "three"], EXPERT_COLOURS, strict=True)
    )
    labels = figures.label_handles()
    assert [(h.get_label(), h.get_color()) for h in labels] == list(
        zip(["label 0", "label 1"], LABEL_COLOURS, strict=True)
    )
