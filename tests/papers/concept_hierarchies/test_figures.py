"""Figures show the numbers that they are given."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.concept_hierarchies import figures
from soundreasons.papers.concept_hierarchies.experiments.network_alone import OverTime
from soundreasons.papers.concept_hierarchies.figures import plots
from support.hand_made_concepts import GROUP, NAMES, kept

matplotlib.use("agg")


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_accuracy_is_drawn_as_shares_of_each_name_and_of_the_poster(ax):
    accuracy = np.array([0.51, 0.51, 0.91, 0.91, 0.91])
    assert plots.plot_accuracy({"ours": accuracy}, ax, published={0.9: 30, 0.5: 10}) is ax
    (steps,) = (patch for patch in ax.patches if patch.get_label() == "ours")
    drawn = dict(zip(np.round(steps.get_data().edges[:-1], 3), steps.get_data().values, strict=True))
    assert (drawn[0.5], drawn[0.9]) == (0.4, 0.6)
    assert sorted(bar.get_height() for bar in ax.containers[0]) == [0.25, 0.75]


def test_a_null_is_a_histogram_and_each_structure_a_line_at_its_value(ax):
    plots.plot_null(np.array([1.0, 1.0, 2.0]), {"ours": 40.0, "Top-1": 70.0}, ax)
    at = {line.get_label(): line.get_xdata()[0] for line in ax.lines}
    assert sorted(at.values()) == [40.0, 70.0]
    assert sum(patch.get_height() for patch in ax.patches) == pytest.approx(3)


def test_a_tree_has_a_line_a_concept_indented_by_depth_and_full_within_a_family(ax):
    plots.plot_tree(kept().tree, NAMES, GROUP, ax)
    indent = {text.get_text(): round(text.get_position()[0] - 0.05) for text in ax.texts}
    assert indent == {"Reed family": 0, "Oboe": 1, "Flute": 1, "Strings family": 1, "Violin": 2, "Cello": 2}
    rows = [text.get_text() for text in sorted(ax.texts, key=lambda text: text.get_position()[1])]
    walked = figures.Outline(kept().tree, NAMES).walk()
    assert rows == [NAMES[node] for _, node in walked]
    assert [level for level, _ in walked] == [indent[name] for name in rows]
    styles = [line.get_linestyle() for line in ax.lines]
    assert (styles.count("-"), styles.count(":")) == (4, 1)  # 4 of 5 edges stay in a family


def test_layers_and_agreements_are_drawn_at_their_values(ax):
    table = pd.DataFrame({"accuracy": [80.0, 60.0]}, index=["pool3", "tags"])
    plots.plot_layers(table, ax)
    assert ax.lines[0].get_ydata().tolist() == [80.0, 60.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["pool3", "tags"]


def agreements():
    columns = {"P(j | i)": [60.0, 30.0], "transposed": [50.0, 20.0], "cosine": [20.0, 70.0]}
    table = pd.DataFrame(columns | {"random, 97.5 %": [40.0, 35.0]}, index=["a.b", "c.d"])
    return table.rename_axis("tags and order")


def test_an_agreement_lies_beyond_its_bar_or_within(ax):
    plots.plot_agreement(agreements(), ax)
    assert [bar.get_width() for bar in ax.patches] == [40.0, 35.0]
    by_label = {line.get_label(): line.get_xdata() for line in ax.lines}
    assert list(by_label["P(j | i)"]) == [60.0, 30.0]
    shown = figures.orders(agreements())
    assert "in 1 of 2 rows, that of the cosine in 1." in shown["alt"]
    plt.close(shown["figure"])


def test_probabilities_over_time_are_an_image_with_a_row_a_name(ax):
    values = np.array([[0.1, 0.9, 0.4], [0.2, 0.2, 0.3]])
    image = plots.plot_over_time(values, ["loud", "soft"], 9.0, ax)
    assert (image.get_array() == values).all()
    assert image.get_extent() == [0, 9.0, 2, 0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["loud", "soft"]


def heard():
    return OverTime(NAMES, np.linspace(1, 0, 12).reshape(6, 2))


def drawn():
    """Every figure of the page, of hand-made input."""
    shown = {"family": kept(), "independent": kept()}
    return [
        figures.tags_over_time(heard(), 6.0),
        figures.concepts_over_time(heard(), 6.0, "Strings family"),
        figures.accuracy({"ours": np.array([0.6, 0.8])}),
        figures.concept_map(shown, 0),
        figures.chance(shown, {name: np.array([10.0, 20.0]) for name in shown}),
        figures.trees(shown),
        figures.layers(pd.DataFrame({"accuracy": [80.0, 60.0]}, index=["pool3", "tags"])),
        figures.orders(agreements()),
    ]


def test_every_figure_of_the_page_has_a_name_and_says_what_it_shows(needs):
    needs("gm_programs")
    found = drawn()
    assert len({each["name"] for each in found}) == len(found) == 8
    for each in found:
        assert set(each) == {"figure", "name", "caption", "alt"}
        assert each["caption"].endswith(".")
        assert each["alt"].endswith(".")
        plt.close(each["figure"])


def test_captions_and_alternative_texts_tell_what_was_drawn(needs):
    needs("gm_programs")
    tags, strings, accuracy, _, chance, trees, layers, _ = drawn()
    plt.close("all")
    assert "Strongest on average: Violin, Cello, Oboe." in tags["caption"]
    assert "First comes Violin; the Strings family is number 5 of 6." in strings["caption"]
    assert "is not asked" in figures.concepts_over_time(heard(), 6.0, "Gong")["caption"]
    assert accuracy["alt"] == "Histograms: ours around 0.70."
    assert "family: random trees around 15 %, our tree at 80 %, Top-1 at 100 %" in chance["alt"]
    assert "80 % of the lines full (family)" in trees["alt"]
    assert layers["alt"] == "Lines over four layers: accuracy from 80 to 60 %."
    plt.close("all")
