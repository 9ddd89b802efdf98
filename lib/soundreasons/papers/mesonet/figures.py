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
from soundreasons.papers.mesonet.method.alignment import MARGIN
from soundreasons.papers.mesonet.testbed.editing import FACE_ELLIPSE, FACE_MARGIN

STYLES = {
    "meso4": (BLUE, "o", "Meso-4"), "mesoinception4": (VERMILION, "s", "MesoInception-4"),
    "mesoinception": (VERMILION, "s", "MesoInception-4"),
}  # fmt: skip

QUALITY = [
    "video of", "face of", "right on real faces", "taken for the other", "edges at the rim", "accepted",
]  # fmt: skip

# Caption and alternative text of each figure; of a table the caption alone.
_WORDS = {
    "roc-and-calibration": (
        "Released networks on the authors' validation faces: forged faces found against real faces accused; "
        "and how many of the faces with a score are real.",
        "Left: two curves that rise steeply to the upper left corner. Right: two curves far above the "
        "diagonal in the middle.",
    ),
    "quality": (
        "Swapped test faces: whose they are taken for, and the strength of edges on the "
        "rim of the paste over that of untouched faces. Accepted: at least half taken for the other, edges "
        "at most 1.5",
        "",
    ),
    "changes": (
        "Mean absolute change of the crops, all people together; white: {most} grey levels.",
        "A grid of heat maps. Pasting back changes almost nothing; a swap changes eyes, nose and mouth "
        "within an ellipse; a transplant the mouth and chin; a blur the outlines of the features.",
    ),
    "accuracy": (
        "Share called right, means over seeds and scenes. People seen: later scenes of those trained on",
        "",
    ),
    "portraits": (
        "Photographed people: share called right. People seen: another photograph of those trained on; "
        "unseen: twelve others",
        "",
    ),
    "compression": (
        "Meso-4 trained and tested at each level of compression; bars: 95 % intervals over seeds and scenes.",
        "Accuracy against quantisation for transplants and swaps, people seen and unseen, with the paper's "
        "values as crosses.",
    ),
    "frames-and-clips": (
        "Accuracy of frames, and of clips by the mean of their frames.",
        "Pairs of points joined by lines, one pair a detector: most lie close together, clips now right of "
        "frames and now left.",
    ),
    "aggregation": (
        "Accuracy of clips, people seen and unseen together, by how many of their frames are averaged; "
        "star: I-frames alone.",
        "Nearly flat curves for swaps and transplants; the star of the I-frames lies near the curve.",
    ),
    "detail": (
        "Detail of the face over detail around it, median; and the chance that a real "
        "face has more of it than one of the kind (one half: no difference)",
        "",
    ),
    "maps": (
        "Mean output of six filters of Meso-4's last convolution; the ellipse is what a swap exchanges. "
        "Bright is the largest value of that map; scales differ from map to map.",
        "Two rows of small heat maps, real faces above, swapped ones below, each with the rim of the face. "
        "Most of the brightest spots lie at that rim, in both rows.",
    ),
    "ideals": (
        "Inputs that excite the hidden units of the released Meso-4, by their weight in the output; "
        "blue frames speak for real, orange ones for forged.",
        "Sixteen abstract textures in frames, ordered by the weight written below each.",
    ),
    "kernels": (
        "The eight kernels of the first layer of the released Meso-4, as colours around grey.",
        "Eight small squares of three by three coloured pixels.",
    ),
    "zones": (
        "Change of Meso-4's mean score when a zone is painted over (swaps, people seen).",
        "Bars for eyes, nose, mouth and background, for real and for forged faces.",
    ),
    "transfer": (
        "Share of frames called right by Meso-4, people seen: rows trained on, columns tested on.",
        "A table of two rows and five columns of shades, with the share written in each.",
    ),
    "later": (
        "MesoNet beside Xception as others report them, in %: accuracy on "
        "FaceForensics++, area under the curve on the other sets (released weights). Second-hand",
        "",
    ),
    "alarms": (
        "Share of unforged faces that each detector calls real. Ours learned from other frames of "
        "`franck`, `cap12`, `cap13` and `WolfgangLanger`; the last one from photographs of other people",
        "",
    ),
}


def words(name: str, **values: str) -> dict[str, str]:
    """Caption and alternative text of a figure, with what was drawn filled in.

    Chapter: mesonet.

    Examples
    --------
    >>> words("changes", most="12")["caption"][-24:]
    '; white: 12 grey levels.'
    """
    caption_, alt = (text.format(**values) for text in _WORDS[name])
    return {"caption": caption_, "alt": alt}


def caption(name: str) -> dict[str, str]:
    """Caption of a table.

    Chapter: mesonet.

    Examples
    --------
    >>> caption("detail")["caption"][:18]
    'Detail of the face'
    """
    return {"caption": _WORDS[name][0]}


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
