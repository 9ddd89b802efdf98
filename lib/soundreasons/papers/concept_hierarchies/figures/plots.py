"""Figures of the chapter: data and Axes in, the same Axes out.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; a source keeps its colour.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.media.drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.figures.outline import Outline

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^")


def plot_accuracy(
    accuracy: Mapping[str, NDArray[Any]], ax: Axes, *, published: Mapping[float, float] | None = None
) -> Axes:
    """Draw histograms of balanced accuracy, one outline a name; return `ax`.

    `published` gives bars by their left end (share), drawn in grey as shares of their sum.
    """
    bins = np.arange(0.2, 1.0001, 0.025)
    if published:
        heights = np.array(list(published.values()))
        ax.bar(
            list(published), heights / heights.sum(), width=0.025, align="edge", color=GREY, alpha=0.35,
            label="the paper's, read off its poster",
        )  # fmt: skip
    for (name, values), colour in zip(accuracy.items(), COLOURS, strict=False):
        share = np.histogram(values, bins)[0] / len(values)
        ax.stairs(share, bins, color=colour, linewidth=1.6, label=name)
    ax.axvline(0.5, color=BLACK, linewidth=0.8, linestyle=":")
    ax.axvline(0.7, color=BLACK, linewidth=0.8, linestyle="--")
    ax.set(xlabel="balanced accuracy on test tracks", ylabel="concepts (share)", xlim=(0.3, 1.0))
    ax.legend(fontsize=8, frameon=False)
    return ax


def plot_map(
    positions: NDArray[Any],
    group: NDArray[np.int64],
    names: Mapping[int, str],
    is_group: NDArray[np.bool_],
    ax: Axes,
) -> Axes:
    """Scatter concepts on a map; groups have colour and marker, their own concept is a large hollow one.

    `names` maps a group to the name written above its own concept, or at the middle of its members where that
    is not there. Returns `ax`.
    """
    for place, number in enumerate(sorted(set(group.tolist()) - {method.NOWHERE})):
        chosen = group == number
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place // len(COLOURS) % len(MARKERS)]
        dots = chosen & ~is_group
        ax.scatter(
            positions[dots, 0],
            positions[dots, 1],
            s=22,
            color=colour,
            marker=marker,
            alpha=0.85,
            linewidths=0,
        )
        rings = chosen & is_group
        ax.scatter(
            positions[rings, 0],
            positions[rings, 1],
            s=90,
            facecolors="none",
            edgecolors=colour,
            marker=marker,
        )
        at = positions[rings][0] if rings.any() else np.median(positions[chosen], axis=0)
        ax.annotate(
            names[number], at, xytext=(0, 8), textcoords="offset points",
            fontsize=8, color=colour, weight="bold", ha="center",
        )  # fmt: skip
    ax.set(xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")
    return ax


def plot_null(values: NDArray[Any], lines: Mapping[str, float], ax: Axes) -> Axes:
    """Draw the scores of random structures and lines for real ones, in %; return `ax`."""
    seaborn.histplot(values, bins=30, color=GREY, alpha=0.6, label="random trees", ax=ax, linewidth=0)
    for (name, value), colour in zip(lines.items(), COLOURS, strict=False):
        ax.axvline(value, color=colour, linewidth=2, label=name)
    ax.set(xlabel="edges within a family (%)", ylabel="random trees", xlim=(0, None))
    ax.legend(fontsize=8, frameon=False)
    return ax


def plot_tree(
    hierarchy: method.Hierarchy,
    names: Sequence[str],
    group: NDArray[np.int64],
    ax: Axes,
    *,
    font: float = 7.0,
) -> Axes:
    """Draw a tree with one concept a line, indented by depth; return `ax`.

    An edge within a group is a full blue line, between groups a dashed grey one.
    """
    walked = Outline(hierarchy, names).walk()
    row = {node: k for k, (_, node) in enumerate(walked)}
    depth = {node: level for level, node in walked}
    above = method.parents(hierarchy)
    for level, node in walked:
        parent = int(above[node])
        if parent != len(names):
            same = group[node] == group[parent] != method.NOWHERE
            style: dict[str, Any] = (
                {"color": BLUE, "linewidth": 1.4} if same else {"color": GREY, "linestyle": ":"}
            )
            x = depth[parent] + 0.15
            ax.plot([x, x, level], [row[parent] + 0.3, row[node], row[node]], **style)
        ax.text(level + 0.05, row[node], names[node], fontsize=font, va="center")
    ax.set(xlim=(-0.2, max(depth.values()) + 2.5), ylim=(len(walked), -1))
    ax.axis("off")
    return ax


def plot_layers(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw scores by layer (rows), one line a column, in %; return `ax`."""
    for k, column in enumerate(table.columns):
        marker = MARKERS[k % len(MARKERS)]
        ax.plot(range(len(table)), table[column], marker=marker, color=COLOURS[k], label=column)
    ax.set_xticks(range(len(table)), list(table.index))
    ax.set(xlabel="layer, from early to late", ylabel="%", ylim=(0, 100))
    ax.legend(fontsize=8, frameon=False)
    return ax


def plot_agreement(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw shares of edges that agree with an order (rows), and how far random trees go; return `ax`."""
    places = np.arange(len(table))[::-1]
    ax.barh(places, table["random, 97.5 %"], color=GREY, alpha=0.4, label="random trees, up to 97.5 %")
    ax.plot(table["P(j | i)"], places, "o", color=BLUE, label="P(j | i)")
    ax.plot(table["cosine"], places, "^", color=GREEN, label="cosine")
    ax.plot(table["transposed"], places, "s", color=VERMILION, markerfacecolor="none", label="transposed")
    ax.set_yticks(places, list(table.index))
    ax.set(xlabel="judged edges that agree (%)", xlim=(0, 100))
    ax.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return ax


def plot_over_time(values: NDArray[Any], names: Sequence[str], seconds: float, ax: Axes) -> Any:
    """Draw probabilities (rows: names, columns: moments over `seconds`) as an image; return the image."""
    image = ax.imshow(
        values, aspect="auto", cmap="cividis", vmin=0, vmax=1, extent=(0, seconds, len(names), 0)
    )
    ax.set_yticks(np.arange(len(names)) + 0.5, list(names), fontsize=8)
    ax.set(xlabel="time (s)")
    return image
