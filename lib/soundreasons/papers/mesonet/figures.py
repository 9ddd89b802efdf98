"""Figures of the chapter: data and Axes in, the same Axes out. No face can be recognised in any.

Colours are those of Okabe and Ito. Accuracies are shares, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from soundreasons.media.drawing import BLUE, GREY, VERMILION, plot_table
from soundreasons.papers.mesonet.alignment import MARGIN
from soundreasons.papers.mesonet.editing import FACE_ELLIPSE, FACE_MARGIN

STYLES = {
    "meso4": (BLUE, "o", "Meso-4"), "mesoinception4": (VERMILION, "s", "MesoInception-4"),
    "mesoinception": (VERMILION, "s", "MesoInception-4"),
}  # fmt: skip


def plot_change(change: NDArray[np.float64], ax: Axes, *, most: float) -> Axes:
    """Show the mean absolute difference from the untouched crops, (side, side) in grey levels."""
    ax.imshow(change, cmap="magma", vmin=0, vmax=most)
    ax.set(xticks=[], yticks=[])
    return ax


def plot_by_compression(
    found: Mapping[str, tuple[float, float, float]],
    who: str,
    ax: Axes,
    *,
    told: Mapping[str, float] | None = None,
) -> Axes:
    """Draw accuracy and its interval against the quantisation, with the paper's as grey crosses."""
    colour, marker = {"seen": (BLUE, "o"), "unseen": (VERMILION, "s")}[who]
    places = np.arange(len(found))
    mean, low, high = np.array(list(found.values())).T
    ax.errorbar(
        places, mean, [mean - low, high - mean], color=colour, marker=marker, capsize=3, label=f"people {who}"
    )
    if told:
        at = [list(found).index(level) for level in told if level in found]
        values = [told[level] for level in told if level in found]
        ax.plot(at, values, "x", color=GREY, markersize=8, label="paper, recalled")
    ax.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_xticks(places, list(found))
    ax.set(xlabel="quantisation", ylabel="accuracy of frames", ylim=(0.15, 1.03))
    return ax


def plot_aggregation(curve: pd.DataFrame, keys: tuple[float, float], ax: Axes) -> Axes:
    """Draw the accuracy of clips against the frames averaged, and I-frames as one point."""
    ax.plot(curve["frames"], curve["accuracy"], color=BLUE, marker="o", label="random frames")
    ax.plot(*keys, marker="*", markersize=13, color=VERMILION, linestyle="", label="I-frames")
    ax.set(xlabel="frames averaged", ylabel="accuracy of clips", xscale="log")
    ticks = list(curve["frames"])
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    return ax


def plot_frames_and_clips(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw, one line a detector, the accuracy of frames and that of clips."""
    places = np.arange(len(table))
    ax.hlines(places, table["frames"], table["clips"], color=GREY)
    ax.plot(table["frames"], places, "o", color=BLUE, label="frames")
    ax.plot(table["clips"], places, "s", color=VERMILION, label="clips")
    ax.set_yticks(places, list(table.index))
    ax.set(xlabel="accuracy", xlim=(0.4, 1.03))
    ax.invert_yaxis()
    return ax


def plot_map(values: NDArray[np.float64], ax: Axes) -> Axes:
    """Show a mean map with the rim of the face, each map on its own scale."""
    ax.imshow(values, cmap="viridis", extent=(0, 1, 1, 0))
    width, height = (2 * FACE_MARGIN / MARGIN * axis for axis in FACE_ELLIPSE[:2])
    ax.add_patch(Ellipse((0.5, 0.5), width, height, fill=False, edgecolor="white", linewidth=1.2))
    ax.set(xticks=[], yticks=[])
    return ax


def plot_ideal(picture: NDArray[np.float64], weight: float, ax: Axes) -> Axes:
    """Show the input that excites a hidden unit, framed by what the unit speaks for."""
    low, high = np.quantile(picture, [0.005, 0.995])
    ax.imshow(np.clip((picture - low) / max(high - low, 1e-6), 0, 1))
    for spine in ax.spines.values():
        spine.set(edgecolor=BLUE if weight > 0 else VERMILION, linewidth=2.5)
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(f"{weight:+.2f}", fontsize=8, labelpad=2)
    return ax


def plot_kernels(weights: NDArray[np.float64], axes: Sequence[Axes]) -> Sequence[Axes]:
    """Show the kernels of the first layer, (n, 3, rows, columns), as colours around grey."""
    largest = np.abs(weights).max()
    for kernel, ax in zip(weights, axes, strict=True):
        ax.imshow(0.5 + kernel.transpose(1, 2, 0) / (2 * largest))
        ax.set(xticks=[], yticks=[])
    return axes


def plot_zones(losses: pd.DataFrame, ax: Axes) -> Axes:
    """Draw, for each zone hidden, how far the mean score moves, for real and forged faces."""
    places = np.arange(len(losses))
    for shift, (column, colour, hatch) in zip(
        (-0.2, 0.2), (("real", BLUE, ""), ("forged", VERMILION, "//")), strict=True
    ):
        ax.barh(
            places + shift, losses[column], 0.38, color=colour, hatch=hatch, edgecolor="white", label=column
        )
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(places, list(losses.index))
    ax.set(xlabel="change of the mean score, towards real when positive")
    ax.invert_yaxis()
    return ax


def plot_transfer(table: pd.DataFrame, ax: Axes) -> Axes:
    """Show the share called right for each training (rows) and each kind of clip (columns)."""
    plot_table(table, ax, turned=0, fontsize=10)
    ax.set(xlabel="tested on", ylabel="trained on")
    return ax


def plot_roc(scores: NDArray[np.float64], is_real: NDArray[np.bool_], network: str, ax: Axes) -> Axes:
    """Draw forged faces found against real faces accused, at every threshold."""
    colour, _, label = STYLES[network]
    thresholds = np.r_[0, np.unique(scores), 1.01]
    found = np.searchsorted(np.sort(scores[~is_real]), thresholds) / (~is_real).sum()
    accused = np.searchsorted(np.sort(scores[is_real]), thresholds) / is_real.sum()
    ax.plot(accused, found, color=colour, label=label, linestyle="-" if network == "meso4" else "--")
    ax.set(xlabel="real faces called forged (share)", ylabel="forged faces found (share)", xscale="symlog")
    ax.set_xscale("linear")
    return ax


def plot_calibration(bins: pd.DataFrame, network: str, ax: Axes) -> Axes:
    """Draw the share of real faces against the score, by bins."""
    colour, marker, label = STYLES[network]
    ax.plot(bins["scored"], bins["real"], color=colour, marker=marker, label=label)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="score (1 = real)", ylabel="real faces among them (share)")
    return ax
