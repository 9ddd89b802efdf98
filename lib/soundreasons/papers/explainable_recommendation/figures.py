"""Figures of the chapter: data and Axes in, the same Axes out.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; an explainer keeps its colour.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.media.drawing import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    plot_table,
)

COLOURS = {
    "exact": BLUE,
    "influence": SKY,
    "lime": ORANGE,
    "shapley": VERMILION,
    "tags": GREEN,
    "random": GREY,
    "paths": PURPLE,
}
MARKERS = {
    "exact": "o",
    "influence": "s",
    "lime": "^",
    "shapley": "D",
    "tags": "v",
    "random": "x",
    "paths": "P",
}


def plot_contributions(names: Sequence[str], weights: NDArray[Any], ax: Axes) -> Axes:
    """Draw reasons as bars, the weightiest on top, those against in another colour; return `ax`."""
    places = np.arange(len(names))[::-1]
    ax.barh(places, weights, color=[BLUE if weight >= 0 else VERMILION for weight in weights])
    ax.set_yticks(places, names)
    ax.axvline(0, color=BLACK, linewidth=0.8)
    ax.set(xlabel="adds to the score (score units)", ylabel="artist of the history")
    return ax


def plot_radar(words: Sequence[str], rings: Mapping[str, NDArray[Any]], ax: Any) -> Any:
    """Draw values of the same tags for several things around a circle (polar `ax`); return `ax`."""
    angles = np.linspace(0, 2 * np.pi, len(words), endpoint=False)
    closed = np.append(angles, angles[0])
    for (name, values), colour, style in zip(
        rings.items(), (BLUE, VERMILION, GREEN), ("-", "--", ":"), strict=False
    ):
        ring = np.append(values, values[0])
        ax.plot(closed, ring, color=colour, linestyle=style, label=name)
        ax.fill(closed, ring, color=colour, alpha=0.12)
    ax.set_xticks(angles, words)
    ax.set_yticklabels([])
    return ax


def plot_neighbours(levels: NDArray[Any], counts: NDArray[Any], ax: Axes) -> Axes:
    """Draw how many people alike listen, by level of likeness (0 the most alike); return `ax`."""
    labels = np.array(["most alike", "alike", "less alike"])
    order = np.argsort(levels)
    ax.bar(labels[np.asarray(levels, dtype=int)[order]], np.asarray(counts)[order], color=BLUE, width=0.6)
    ax.set(xlabel="the fifty listeners most like you, in groups", ylabel="of them listen (of fifty in all)")
    return ax


def plot_paths(
    starts: Sequence[str], links: Sequence[str], scores: NDArray[Any], item: str, ax: Axes
) -> Axes:
    """Draw paths from "you" over an artist and what links it to the item; return `ax`.

    Line widths follow the scores.
    """
    columns, n_paths = (0.0, 1.0, 2.0, 3.0), len(starts)
    middle = (n_paths - 1) / 2
    width = 1 + 4 * np.asarray(scores) / np.max(scores)
    for row, (start, link) in enumerate(zip(starts, links, strict=True)):
        height = n_paths - 1 - row
        ax.plot(
            columns, [middle, height, height, middle], color=BLUE, linewidth=width[row], alpha=0.5, zorder=1
        )
        for column, text in ((1.0, start), (2.0, link)):
            _label(ax, column, height, text)
    _label(ax, 0.0, middle, "you")
    _label(ax, 3.0, middle, item)
    ax.set(
        xlim=(-0.4, 3.5), ylim=(-0.7, n_paths - 0.3), xlabel="steps of the path", ylabel="paths, best on top"
    )
    ax.set_xticks(columns, ["start", "an artist you play", "what links them", "recommended"])
    ax.set_yticks([])
    return ax


def _label(ax: Axes, x: float, y: float, text: str) -> None:
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": BLUE, "linewidth": 0.8}
    ax.text(x, y, text, ha="center", va="center", fontsize=8, bbox=box, zorder=2)


def plot_map(
    points: NDArray[Any], groups: Mapping[str, NDArray[Any]], names: Mapping[int, str], ax: Axes
) -> Axes:
    """Scatter items on a plane, mark groups of them, and name some; return `ax`.

    `points` has shape (n_items, 2); `groups` maps a label to row numbers.
    """
    ax.scatter(points[:, 0], points[:, 1], s=4, color=GREY, alpha=0.3, linewidths=0)
    styles = zip((BLUE, VERMILION, GREEN), ("o", "^", "s"), strict=True)
    for (label, rows), (colour, marker) in zip(groups.items(), styles, strict=False):
        ax.scatter(points[rows, 0], points[rows, 1], s=36, color=colour, marker=marker, label=label)
    for number, row in enumerate(sorted(names, key=lambda row: points[row, 1])):
        left = number % 2 == 1  # neighbours by height are named on different sides
        ax.annotate(
            names[row],
            points[row],
            xytext=(-7 if left else 7, -3),
            textcoords="offset points",
            fontsize=9,
            ha="right" if left else "left",
        )
    ax.margins(x=0.25)
    ax.set(xlabel="second direction of taste", ylabel="third direction of taste")
    return ax


def plot_deletion(curves: Mapping[str, NDArray[Any]], ax: Axes, *, what: str = "taken out") -> Axes:
    """Draw the share of the score left against the artists taken out, one curve an explainer; return `ax`."""
    for name, shares in curves.items():
        colour, marker = COLOURS.get(name, BLACK), MARKERS.get(name, ".")
        ax.plot(np.arange(len(shares)), shares, color=colour, marker=marker, markersize=4, label=name)
    ax.set(xlabel=f"cited artists {what}", ylabel="score left (share)")
    return ax


def plot_heat(table: pd.DataFrame, ax: Axes, *, xlabel: str, ylabel: str) -> Axes:
    """Draw a table of values from 0 to 1 as shades with the numbers in them; return `ax`."""
    plot_table(table, ax)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return ax


def plot_sanity(curves: Mapping[str, Mapping[float, float]], ax: Axes) -> Axes:
    """Draw how like the old explanations stay as the model forgets, one curve an explainer; return `ax`."""
    for name, curve in curves.items():
        shares = 100 * np.array(list(curve))
        ax.plot(
            shares,
            list(curve.values()),
            color=COLOURS.get(name, BLACK),
            marker=MARKERS.get(name, "."),
            label=name,
        )
    ax.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(
        xlabel="items whose factors were exchanged (%)",
        ylabel="rank correlation with before",
        ylim=(-0.15, 1.08),
    )
    return ax


def plot_axes(table: pd.DataFrame, across: str, label: str, ax: Axes) -> Axes:
    """Scatter a quality of the explanations against accuracy, one named point a model; return `ax`."""
    ax.scatter(table["ndcg"], table[across], color=BLUE)
    ordered = table.sort_values("ndcg")
    gaps = np.diff(ordered["ndcg"], prepend=-np.inf, append=np.inf)
    close = np.ptp(ordered["ndcg"]) / 8
    for number, (name, row) in enumerate(ordered.iterrows()):
        # Of a close pair, the left one is named on the left.
        left = gaps[number + 1] < min(gaps[number], close)
        ax.annotate(
            str(name),
            (row["ndcg"], row[across]),
            xytext=(-5, -8) if left else (3, 5),
            textcoords="offset points",
            fontsize=8,
            ha="right" if left else "left",
        )
    ax.margins(x=0.34, y=0.15)
    ax.set(xlabel="nDCG at ten", ylabel=label)
    return ax


def plot_talk(acceptance: Mapping[str, float], effectiveness: Mapping[str, float], ax: Axes) -> Axes:
    """Draw how often listeners say yes against how well they decide, one point a way to talk; return `ax`."""
    for name, colour, marker in zip(acceptance, (BLUE, VERMILION, GREY), ("o", "^", "x"), strict=False):
        ax.scatter(acceptance[name], effectiveness[name], s=60, color=colour, marker=marker, label=name)
    ax.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="accepted (share)", ylabel="helps to decide (difference of shares)", xlim=(0, 1.05))
    return ax


def plot_newcomers(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw recall, and how often people alike may be told of, by length of the history; return `ax`."""
    ax.plot(table["length"], table["recall"], color=BLUE, marker="o", label="recall at ten")
    ax.plot(
        table["length"], table["people"], color=VERMILION, marker="^", label="people alike may be told of"
    )
    ax.set(xlabel="artists in the history", ylabel="share", ylim=(0, 1.05))
    return ax


def plot_dots(judged: pd.DataFrame, criterion: str, ax: Axes) -> Axes:
    """Draw a criterion's mean and interval, one row an explainer; return `ax`.

    `judged` has `explainer`, `criterion`, `mean`, `low`, `high`; where the criterion says nothing of an
    explainer, its row is empty.
    """
    names = list(judged["explainer"].unique())
    rows = judged[judged["criterion"] == criterion]
    places = [len(names) - 1 - names.index(name) for name in rows["explainer"]]
    ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["mean"].to_numpy())
    ax.errorbar(rows["mean"], places, xerr=ends, fmt="o", markersize=4, color=BLUE, ecolor=GREY)
    ax.set_yticks(range(len(names)), names[::-1])
    ax.set(ylim=(-0.6, len(names) - 0.4), title=criterion.replace("_", " "))
    ax.grid(axis="y", linewidth=0.4)
    return ax


# A caption, and what is seen; names in braces come from the run.
_TEXTS = {
    "bars": (
        "Why {item}? Terms of the score of two models, and what the second loses without each artist.",
        "Three bar charts, one bar an artist of the history. The longest bars are the same artists in "
        "all three; further down the order differs, and the bars on the right are much shorter.",
    ),
    "words-and-people": (
        "{item}, explained by tags (each ring over its largest value) and by people alike.",
        "Left: a radar chart of tags with two rings, the history and the item. Right: bars that count "
        "listeners in up to three groups by likeness, each of five people or more.",
    ),
    "paths": (
        "Paths from the listener to {item}; wider means a larger product of weights.",
        "A diagram of four lines from 'you' over an artist and a tag or fact to the recommended artist.",
    ),
    "map": (
        "A plane of taste: second and third singular direction of who listens to what. Rows have "
        "length one in the first three directions, hence the rim.",
        "Grey points, one an artist, that crowd along a rim; history and recommendations lie along "
        "its right side.",
    ),
    "same-artists": (
        "Jaccard overlap of the three artists that two explainers cite for the same recommendation (EASE).",
        "A square table of shades with numbers. Outside the diagonal most values are low; exact and "
        "hooks agree best.",
    ),
    "criteria": (
        "Every explainer by every criterion (factorisation): means over users, with bootstrap "
        "intervals. An empty row: the criterion makes no sense there.",
        "Eighteen panels of dots with intervals, one row an explainer. No explainer is at the good "
        "end of all.",
    ),
    "deletion": (
        "Share of the score that is left as cited artists are taken out, most important first.",
        "Falling curves on two panels. For the factorisation, lime and influence fall deepest, exact "
        "less, tags and random least. For EASE four curves lie on each other, far below tags and "
        "random.",
    ),
    "axes": (
        "Six models: accuracy against three qualities of their own reasons.",
        "Three scatter plots of six named points. Deletion and plausibility are scattered; "
        "explainability by people alike rises with accuracy.",
    ),
    "stability": (
        "Overlap of the three cited artists before and after a change (factorisation). Two of three "
        "in common is 0.5, one is 0.2.",
        "A table of shades with numbers: six explainers by three changes. Tags and paths stay; the "
        "reasons that come from the factorisation change a good deal with another start.",
    ),
    "sanity": (
        "How like the old reasons stay as the factorisation is made to forget.",
        "Four curves that start at one. Exact, lime and shapley fall to zero as all items are "
        "exchanged; tags stay at one.",
    ),
    "talk": (
        "Three ways to talk to a simulated listener: how often it accepts, and how well it decides.",
        "Two scatter plots. The persuasive way is accepted nearly always and helps not at all; the "
        "honest way is accepted about every second time and helps most.",
    ),
    "newcomers": (
        "Recall at ten, and how often enough people alike can be told of, by length of the history.",
        "Two curves over the number of artists in the history. Recall rises slowly; the share that "
        "can be told of is high from the start and soon near one.",
    ),
}


def texts(name: str, **names: str) -> dict[str, str]:
    """Give a figure's caption, and what is seen in it for those who do not see it.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    name : str
        Of the figure.
    **names : str
        What its caption names.

    Returns
    -------
    dict
        `caption`, `alt`.

    Raises
    ------
    KeyError
        If there is no such figure.

    Examples
    --------
    >>> texts("paths", item="Can")["caption"]
    'Paths from the listener to Can; wider means a larger product of weights.'
    """
    caption, alt = _TEXTS[name]
    return {"caption": caption.format(**names), "alt": alt}
