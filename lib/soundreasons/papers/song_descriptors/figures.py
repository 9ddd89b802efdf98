"""The figures of the chapter: data and Axes in, the same Axes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from soundreasons.media.drawing import BLACK, BLUE, GREY, PURPLE, SKY, VERMILION

# Colours that differ in lightness too (Okabe and Ito); one a stage of the ladder.
STAGE_COLOURS = {
    "shared words": BLACK,
    "raw stand-in": GREY,
    "similarity": SKY,
    "retrieval": BLUE,
    "music": VERMILION,
    "yours": PURPLE,
}
CLOSE = 4.0  # points of recall: names nearer than this would stand on each other
STAGE_MARKERS = {
    "shared words": "s", "raw stand-in": "v", "similarity": "o", "retrieval": "D", "music": "*", "yours": "P",
}  # fmt: skip


def plot_ladder(table: pd.DataFrame, ax: Any) -> Any:
    """Draw recall with its interval, one row a rung, from the lowest stage up; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        Columns `label`, `stage`, `recall`, `low`, `high` (per cent; the last two may be NaN).
    ax : Axes
        Where to draw.

    Raises
    ------
    ValueError
        If `ax` shares its y axis: the labels of the other ladder, in another order, would stand here.
    """
    if len(ax.get_shared_y_axes().get_siblings(ax)) > 1:
        raise ValueError("a ladder has an order of its own: give it axes that share no y axis")
    places = np.arange(len(table))
    for place, row in zip(places, table.itertuples(), strict=True):
        colour, marker = STAGE_COLOURS[row.stage], STAGE_MARKERS[row.stage]
        if np.isfinite(row.low):
            ax.plot([row.low, row.high], [place, place], color=colour, lw=2, alpha=0.5)
        ax.plot(row.recall, place, marker, color=colour, ms=9 if row.stage == "music" else 6)
    ax.set_yticks(places, table["label"])
    ax.set(xlabel="recall@10, %", xlim=(0, 100))
    ax.grid(axis="x", alpha=0.3)
    return ax


def add_published(values: Mapping[str, float], ax: Any) -> Any:
    """Mark what the paper reports, as thin lines with a name at the top; return `ax`.

    Chapter: song_descriptors.
    """
    before = -np.inf
    for name, value in sorted(values.items(), key=lambda pair: pair[1]):
        ax.axvline(value, color="0.6", lw=0.8, ls=":")
        # A name so near the one before would stand on it: it is moved a little to the right.
        close, before = value - before < CLOSE, value
        ax.annotate(
            name, (value, 1.0), xycoords=("data", "axes fraction"), rotation=60, fontsize=6,
            ha="left", va="bottom", color="0.35", xytext=(4 if close else 0, 0), textcoords="offset points",
        )  # fmt: skip
    return ax


def plot_groups(table: pd.DataFrame, labels: Mapping[str, str], stages: Mapping[str, str], ax: Any) -> Any:
    """Draw recall over groups of queries, one line a rung; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        One row a rung, one column a group, per cent.
    labels, stages : mapping of str to str
        Label and stage of each rung.
    ax : Axes
        Where to draw.
    """
    seen: Counter[str] = Counter()
    for name, row in table.iterrows():
        stage = stages[str(name)]
        # Colour and mark tell the stage; a second rung of the same one is drawn thin and hollow.
        style = {"lw": 1.0, "markerfacecolor": "white"} if seen[stage] else {"lw": 2.0}
        seen[stage] += 1
        ax.plot(
            range(len(row)), row, marker=STAGE_MARKERS[stage], color=STAGE_COLOURS[stage], ms=8,
            ls="--" if stage == "shared words" else "-", label=labels[str(name)], **style,
        )  # fmt: skip
    ax.set_xticks(range(len(table.columns)), table.columns)
    ax.set(ylabel="recall@10, %", ylim=(0, 100))
    return ax


def plot_pairs(table: pd.DataFrame, stages: Sequence[str], ax: Any) -> Any:
    """Draw two values of each rung as an arrow from the first to the second; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        Index: labels; two columns, per cent.
    stages : sequence of str
        Stage of each row.
    ax : Axes
        Where to draw.
    """
    for place, ((_, row), stage) in enumerate(zip(table.iterrows(), stages, strict=True)):
        first, second = row
        ax.annotate(
            "",
            (second, place),
            (first, place),
            arrowprops={"arrowstyle": "->", "color": STAGE_COLOURS[stage], "lw": 2},
        )
        ax.plot(first, place, "o", color=STAGE_COLOURS[stage], ms=5)
    ax.set_yticks(range(len(table)), table.index)
    ax.set(xlabel="recall@10, %", xlim=(0, 100), ylim=(-0.6, len(table) - 0.4))
    ax.grid(axis="x", alpha=0.3)
    return ax


def plot_cost(table: pd.DataFrame, ax: Any) -> Any:
    """Draw recall against sentences a second; area of a mark: megabytes; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        Columns `label`, `stage`, `speed` (sentences per CPU-second), `megabytes`, `recall` (per cent).
    ax : Axes
        Where to draw.
    """
    slowest = table["speed"].min()
    for row in table.itertuples():
        colour, area = STAGE_COLOURS[row.stage], 20 + 2 * row.megabytes
        ax.scatter(row.speed, row.recall, s=area, color=colour, alpha=0.6)
        # The slowest stands left of others of like quality: its name goes below it. Of two in one place, the
        # better one's name goes above.
        below = row.speed == slowest
        apart = (table["speed"] / row.speed).between(2 / 3, 3 / 2) & (
            (table["recall"] - row.recall).abs() < 4
        )
        rise = 7 * int((apart & (table["recall"] < row.recall)).sum()) - 7 * int(
            (apart & (table["recall"] > row.recall)).sum()
        )
        ax.annotate(
            f"{row.label}, {row.megabytes:.0f} MB", (row.speed, row.recall), fontsize=8,
            xytext=(0, -18) if below else (11, rise - 3), textcoords="offset points",
            ha="center" if below else "left",
        )  # fmt: skip
    ax.set(xscale="log", xlabel="short sentences per CPU-second", ylabel="recall@10, %")
    low, high = table["speed"].min(), table["speed"].max()
    ax.set_xlim(low / 5, high * 12)
    ax.margins(y=0.2)
    return ax


def plot_types(table: pd.DataFrame, labels: Mapping[str, str], ax: Any) -> Any:
    """Draw recall by type of descriptor, one mark a rung; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        Index: types; `queries`, and one column a rung, per cent.
    labels : mapping of str to str
        Label of each rung.
    ax : Axes
        Where to draw.
    """
    colours, markers = [BLACK, SKY, BLUE, VERMILION, PURPLE], "soD*P"
    rungs = [name for name in table.columns if name != "queries"]
    for number, name in enumerate(rungs):
        style = {"color": colours[number % 5], "marker": markers[number % 5], "ls": ""}
        ax.plot(table[name], range(len(table)), ms=7, label=labels[str(name)], **style)
    names = [f"{kind} ({row.queries:.0f})" for kind, row in table.iterrows()]
    ax.set_yticks(range(len(table)), names)
    ax.set(xlabel="recall@10, %", xlim=(0, 100))
    ax.grid(axis="x", alpha=0.3)
    ax.invert_yaxis()
    return ax
