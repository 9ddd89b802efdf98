"""Figures of the chapter: data and an Axes in, the same Axes out. Chapter: music_deepfakes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.media.drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, plot_table
from soundreasons.papers.music_deepfakes.experiments.calibration import Mixture
from soundreasons.papers.music_deepfakes.experiments.evidence import EvidenceMap
from soundreasons.papers.music_deepfakes.method.front_ends import HOP, SAMPLE_RATE

Floats = NDArray[np.float64]
HUMAN, SYNTHETIC, THIRD = BLUE, VERMILION, GREEN
FAKES = (SYNTHETIC, THIRD, PURPLE, ORANGE, SKY)  # never the colour of human music
# What each figure of the page shows, and what is seen in it by those who do not see it.
CAPTIONS = {
    "views": "Amplitude view of one snippet: human, and what decoders make of it.",
    "table-2": (
        "The paper's second table, rebuilt: snippets judged right (%), by manipulation and class. Its"
        " own cells are not known to us. One snippet of each of {n_asked} clips, so steps are "
        "{step:.0f} points; the table of classes above uses two."
    ),
    "table-3": (
        "The paper's third table and ours: trained on a row, asked about a column. The two rows of "
        "GriffinMel on the right say nothing: without upsampling, a fakeprint has nothing to see."
    ),
    "transfer": (
        "Trained on one decoder: human music judged right, and snippets of each decoder detected (%)."
    ),
    "residual": (
        "Snippets detected against the signal-to-error ratio of the fake: further right, less of the "
        "decoder is left."
    ),
    "calibration": (
        "Left: score against the share of human music. Right: how often music is human, by its score;"
        " area: how many snippets; bins in the middle hold few. A calibrated score would lie on the "
        "dashed line."
    ),
    "combs": "Mean spectrum of an untrained stack with strides 2 and 4; triangles: where lines must be.",
    "prints": (
        "Mean fakeprints of the authors' clips: each family has its comb, human music and GriffinMel "
        "have none. 1: the largest excess over the envelope, five decibels at most."
    ),
    "evidence": (
        "Left: where one fake looks synthetic (bright). Right: the same by frequency, mean over the "
        "test side."
    ),
}
ALTS = {
    "views": (
        "Spectrograms side by side. The human one fades towards high frequencies; the reconstructions"
        " are blurred or striped there."
    ),
    "table-2": (
        "A map of percentages. Rows are manipulations, columns classes. The first row is dark; some "
        "cells of other rows are pale, among them the human column under noise."
    ),
    "table-3": (
        "Two maps with dark blocks on the diagonal: Encodec with Encodec, LAC with LAC, Musika alone."
        " Outside the blocks nearly all cells are pale. On the right two rows, of GriffinMel, are "
        "dark all over the place."
    ),
    "transfer": (
        "A map of percentages, one row a decoder learned. Each row is dark in its own column and that"
        " of human music."
    ),
    "residual": (
        "Falling curves, one a decoder. At ratios near zero nearly all snippets are detected, at "
        "thirty decibels about as many as human ones are accused."
    ),
    "calibration": (
        "Left, curves that do not follow the diagonal. Right, three jagged lines about the diagonal, "
        "trustworthy at the ends only, where most snippets lie; under noise the left end stands high."
    ),
    "combs": (
        "Two spectra. With zeros between samples a sharp line stands above every triangle; with "
        "repeated samples the lines at the multiples of a quarter of the rate are gone."
    ),
    "prints": (
        "Five curves, one a version. Encodec, LAC and Musika show regularly spaced peaks at different"
        " distances; Musika's are so dense that one kilohertz is shown. The human curve and "
        "GriffinMel's show none."
    ),
    "evidence": (
        "Left, a map of time and frequency with bright bands. Right, curves by frequency: "
        "reconstructions above human music nearly everywhere, with a gap that varies along frequency."
    ),
}


def words(name: str, **facts: float) -> dict[str, str]:
    """Caption and alternative text of a figure of the page, with the facts that its caption names.

    Raises
    ------
    KeyError
        If the page has no such figure, or a fact is lacking.

    Examples
    --------
    >>> words("residual")["caption"][:17]
    'Snippets detected'
    """
    return {"caption": CAPTIONS[name].format(**facts), "alt": ALTS[name]}


def plot_view(view: NDArray[np.float32], ax: Axes) -> Axes:
    """Draw one channel of a spectrogram view, shape (frames, bins), time against frequency; return `ax`."""
    seconds = len(view) * HOP / SAMPLE_RATE
    low, high = np.percentile(view, [1, 99.5])
    ax.imshow(
        view.T, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high, extent=(0, seconds, 0, 16),
        interpolation="nearest",
    )  # fmt: skip
    ax.set(xlabel="time (s)", ylabel="frequency (kHz)")
    return ax


def plot_percentages(table: pd.DataFrame, ax: Axes, *, highest: float = 100.0, digits: int = 0) -> Axes:
    """Draw a table of percentages (or counts up to `highest`) as a map with its numbers; return `ax`."""
    plot_table(table, ax, highest=highest, digits=digits, colours="Blues", turned=45)
    ax.tick_params(labelsize=8)
    return ax


def plot_residual(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw detection against the signal-to-error ratio, one line a decoder; return `ax`."""
    markers = "osv^D<>P*X"
    for marker, (decoder, rows) in zip(markers, table.groupby("decoder"), strict=False):
        rows = rows.sort_values("snr")
        ax.plot(rows["snr"], rows["detected"], marker=marker, markersize=5, linewidth=1.2, label=decoder)
    ax.axhline(50, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="signal to error of the decoder (dB)", ylabel="snippets detected (%)", ylim=(-3, 103))
    return ax


def plot_mixture(found: Mixture, ax: Axes) -> Axes:
    """Draw the score against the share of human music: every track thin, the mean thick; return `ax`."""
    ax.plot(found.shares, found.scores, color=HUMAN, alpha=0.25, linewidth=0.8)
    ax.plot(found.shares, found.scores.mean(axis=1), color=HUMAN, linewidth=2.5, label="mean of the tracks")
    ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="a share would lie here")
    ax.set(
        xlabel="share of human music in the mixture", ylabel="score: probability of human", ylim=(-0.02, 1.02)
    )
    return ax


def plot_reliability(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how often music is human against its score, one line a condition; return `ax`."""
    for colour, marker, (condition, rows) in zip(
        (HUMAN, SYNTHETIC, THIRD), "osv", table.groupby("condition", sort=False), strict=False
    ):
        sizes = 15 + 250 * rows["weight"]
        ax.plot(rows["score"], rows["human"], color=colour, linewidth=1)
        ax.scatter(
            rows["score"], rows["human"], s=sizes, color=colour, marker=marker, label=condition, alpha=0.8
        )
    ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    ax.set(xlabel="score: probability of human", ylabel="human among them (share)", ylim=(-0.03, 1.03))
    return ax


def plot_evidence(found: EvidenceMap, ax: Axes) -> Axes:
    """Draw a map of evidence, time against frequency; return `ax`."""
    step_t, step_f = (np.diff(axis)[0] / 2 if len(axis) > 1 else 0.1 for axis in found[:2])
    extent = (
        found.times[0] - step_t, found.times[-1] + step_t,
        (found.frequencies[0] - step_f) / 1000, (found.frequencies[-1] + step_f) / 1000,
    )  # fmt: skip
    ax.imshow(
        found.synthetic.T, origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=1, extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    ax.set(xlabel="time (s)", ylabel="frequency (kHz)")
    return ax


def plot_bands(maps: Mapping[str, EvidenceMap], ax: Axes) -> Axes:
    """Draw the mean evidence against frequency, one line a version, human music thick; return `ax`."""
    styles = ["-", "--", "-.", ":"]
    fakes = [name for name in maps if name != "real"]
    for name, found in maps.items():
        human = name == "real"
        lap, place = (0, 0) if human else divmod(fakes.index(name), len(FAKES))
        ax.plot(
            found.frequencies / 1000, found.synthetic.mean(axis=0), label=name, linewidth=3 if human else 1.2,
            color=HUMAN if human else FAKES[place], linestyle=styles[lap % len(styles)],
        )  # fmt: skip
    ax.set(xlabel="frequency (kHz)", ylabel="synthetic, says the patch", ylim=(-0.02, 1.02))
    return ax


def plot_comb(
    level: Floats,
    sample_rate: float,
    lines: Sequence[float] | Floats,
    ax: Axes,
    *,
    label: str = "",
    colour: str = SYNTHETIC,
) -> Axes:
    """Draw a mean spectrum in dB with the predicted lines marked below it; return `ax`."""
    frequencies = np.linspace(0, sample_rate / 2, len(level)) / 1000
    ax.plot(frequencies, level, color=colour, linewidth=0.7, label=label)
    bottom = np.percentile(level, 1) - 6
    ax.plot(np.asarray(lines) / 1000, np.full(len(lines), bottom), "^", color=GREY, markersize=5)
    ax.set(xlabel="frequency (kHz)", ylabel="level (dB)")
    return ax


def plot_prints(prints: Mapping[str, Floats], frequencies: Floats, axes: Sequence[Axes]) -> Sequence[Axes]:
    """Draw one mean fakeprint an Axes, by version; return `axes`."""
    for ax, (name, values) in zip(axes, prints.items(), strict=True):
        mean = np.atleast_2d(values).mean(axis=0)
        ax.plot(frequencies / 1000, mean, color=HUMAN if name == "real" else SYNTHETIC, linewidth=0.6)
        ax.set_title(name, fontsize=9)
        ax.set(ylim=(0, 1), xlim=(5, 16))
    return axes


def plot_scores(times: Floats, scores: Floats, ax: Axes) -> Axes:
    """Draw scores over time, with a gap where there was silence; return `ax`."""
    ax.plot(times, scores, color=HUMAN, linewidth=1, marker="o", markersize=3)
    ax.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="time (s)", ylabel="score: probability of human", ylim=(-0.02, 1.02))
    return ax
