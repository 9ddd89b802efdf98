"""The figures of the chapter: data and Axes in, the same Axes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.media.drawing import BLACK, BLUE, GREY, PURPLE, SKY, VERMILION
from soundreasons.papers.song_descriptors.data.rungs import label, stage

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


def plot_losses(losses: Mapping[str, NDArray[np.float64]], ax: Any) -> Any:
    """Draw the loss of each step as a share of the first, one line a training; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    losses : mapping of str to ndarray of float, shape (n_steps,)
        By name of the encoder.
    ax : Axes
        Where to draw.
    """
    for name, values in losses.items():
        ax.plot(np.arange(1, len(values) + 1), values / values[0], label=label(name))
    ax.set(xlabel="step", ylabel="loss, share of the first", ylim=(0, 1.25))
    ax.legend(loc="upper right", ncols=2)
    return ax


def plot_groups(table: pd.DataFrame, ax: Any) -> Any:
    """Draw recall over groups of queries, one line a rung; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        One row a rung, one column a group, per cent.
    ax : Axes
        Where to draw.
    """
    seen: Counter[str] = Counter()
    for name, row in table.iterrows():
        step = stage(str(name))
        # Colour and mark tell the stage; a second rung of the same one is drawn thin and hollow.
        style = {"lw": 1.0, "markerfacecolor": "white"} if seen[step] else {"lw": 2.0}
        seen[step] += 1
        ax.plot(
            range(len(row)), row, marker=STAGE_MARKERS[step], color=STAGE_COLOURS[step], ms=8,
            ls="--" if step == "shared words" else "-", label=label(str(name)), **style,
        )  # fmt: skip
    ax.set_xticks(range(len(table.columns)), table.columns)
    ax.set(ylabel="recall@10, %", ylim=(0, 100))
    return ax


def plot_pairs(table: pd.DataFrame, ax: Any) -> Any:
    """Draw two values of each rung as an arrow from the first to the second; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        One row a rung; two columns, per cent.
    ax : Axes
        Where to draw.
    """
    for place, (name, (first, second)) in enumerate(table.iterrows()):
        colour = STAGE_COLOURS[stage(str(name))]
        arrow = {"arrowstyle": "->", "color": colour, "lw": 2}
        ax.annotate("", (second, place), (first, place), arrowprops=arrow)
        ax.plot(first, place, "o", color=colour, ms=5)
    ax.set_yticks(range(len(table)), [label(str(name)) for name in table.index])
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


def plot_types(table: pd.DataFrame, ax: Any) -> Any:
    """Draw recall by type of descriptor, one mark a rung; return `ax`.

    Chapter: song_descriptors.

    Parameters
    ----------
    table : DataFrame
        Index: types; `queries`, and one column a rung, per cent.
    ax : Axes
        Where to draw.
    """
    colours, markers = [BLACK, SKY, BLUE, VERMILION, PURPLE], "soD*P"
    rungs = [name for name in table.columns if name != "queries"]
    for number, name in enumerate(rungs):
        style = {"color": colours[number % 5], "marker": markers[number % 5], "ls": ""}
        ax.plot(table[name], range(len(table)), ms=7, label=label(str(name)), **style)
    names = [f"{kind} ({row.queries:.0f})" for kind, row in table.iterrows()]
    ax.set_yticks(range(len(table)), names)
    ax.set(xlabel="recall@10, %", xlim=(0, 100))
    ax.grid(axis="x", alpha=0.3)
    ax.invert_yaxis()
    return ax


def alt_of_rows(axes: Iterable[Any]) -> str:
    """Say in words what a chart with one mark a row shows, panel by panel: label and value of each.

    Chapter: song_descriptors.
    """
    said = []
    for ax in axes:
        labels = {
            tick: text.get_text() for tick, text in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        }
        marks = [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_ydata()[0] in labels]
        rows = [f"{labels[line.get_ydata()[0]]} {line.get_xdata()[0]:.0f}" for line in marks]
        said.append(f"{ax.get_title() or ax.get_xlabel()}: {', '.join(rows)}")
    return "Marks with a line for the interval, from the lowest row up. " + "; ".join(said) + "."


def alt_of_lines(axes: Iterable[Any]) -> str:
    """Say in words what a chart of lines shows, panel by panel: where each begins and ends.

    Chapter: song_descriptors.
    """
    said = []
    for ax in axes:
        ends = [
            f"{line.get_label()} {line.get_ydata()[0]:.2g} to {line.get_ydata()[-1]:.2g}" for line in ax.lines
        ]
        said.append(f"{ax.get_title() or ax.get_ylabel()}: {', '.join(ends)}")
    return "Lines, from left to right. " + "; ".join(said) + "."


def alt_of_points(ax: Any) -> str:
    """Say in words what a scatter with named points shows: both values of each.

    Chapter: song_descriptors.
    """
    points = [f"{text.get_text()} ({text.xy[0]:.0f}, {text.xy[1]:.0f})" for text in ax.texts]
    return f"Points ({ax.get_xlabel()}; {ax.get_ylabel()}): {', '.join(points)}."
