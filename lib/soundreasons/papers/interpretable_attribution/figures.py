"""Figures of the chapter: data and Axes in, the same Axes out.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; the first three experts are blue,
orange and green everywhere. Shares run from 0 to 1 or are per cent, as the axis says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from soundreasons.media.drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from soundreasons.papers.interpretable_attribution.experiments.toys import ToyRun, attribution_map
from soundreasons.papers.interpretable_attribution.method import normalised

EXPERT_COLOURS = (BLUE, ORANGE, GREEN)
LABEL_COLOURS, LABEL_MARKERS = (SKY, VERMILION), ("o", "^")
FAMILY_COLOURS = (BLUE, ORANGE, GREEN, GREY)
FAMILY_HATCHES = ("", "///", "...", "xx")
METHOD_MARKERS = {"a": "o", "c": "s", "d": "^"}
_N_DRAWN = 1000
_APART = 4.0  # how far right the second plane of toy D is drawn

WORDS: Mapping[str, dict[str, str]] = MappingProxyType(
    {
        "toys": {
            "caption": "Fresh points of each toy: truth, prediction, and attribution, the experts' colours "
            "mixed by weight. The second half of toy D, which has features of its own, is drawn to "
            "the right.",
            "alt": "Scatter plots, one row a toy. Predictions equal the truth. Clusters left and right of "
            "the centre are blue, those above and below orange, the four outer clusters of an "
            "exclusive or green; in toy C the two upper ones are tinged with orange.",
        },
        "experts": {
            "caption": "Toy C taken apart: an expert's points fade where it has no weight.",
            "alt": "Six scatter plots. The first expert shows the two clusters left and right, the second "
            "those above and below, and paler the two upper corners, each split at a height; the "
            "third shows the four outer ones, paler in the upper corners. Together they make the "
            "truth.",
        },
        "maps": {
            "caption": "Attribution over the whole plane, also where there are no points.",
            "alt": "Square maps. In toy A a blue band lies across and an orange one upright, green where "
            "they meet, the two colours mixed in the corners. Toy B is green all over. Toy C is a "
            "plaid of such bands.",
        },
        "ablation": {
            "caption": "Toy C, the method (blue) and its variants: right attribution and accuracy. A dot is "
            "a seed, a bar the mean.",
            "alt": "Two dot plots. Accuracy is near one for all but training through the mixture. Right "
            "attribution is high for the method, somewhat lower with gate Lp, lower with small "
            "experts first, near one half through the mixture and without the product, lowest "
            "without masks.",
        },
        "contest": {
            "caption": "How often exactly the right features are named: experts first, then post-hoc methods "
            "on a plain network.",
            "alt": "Dot plot. The experts lie above nine tenths on all toys. Kernel SHAP comes next on A "
            "and D, integrated gradients and DeepLIFT on C; gradient and LIME are near zero on toys "
            "A and D.",
        },
        "who-explains": {
            "caption": "Which subset explains whom, on held-out rows: everybody, and those with either "
            "outcome.",
            "alt": "Stacked bars. Page metrics explain most visits to the shop. In the census family, "
            "person and work share most of the rows; capital explains mainly people who earn above "
            "the limit.",
        },
        "by-place": {
            "caption": "Mean attribution by place of the asked track and regime of the session; music alone "
            "and with skips are one.",
            "alt": "Three stacked area plots, level along the ten places. Music takes most of musical "
            "sessions, starts the largest part of interactive ones, skips of persistent ones; a "
            "share goes to the expert on everything.",
        },
    }
)
"""Caption and text for those who do not see it, of each figure of the page."""


def _places(run: ToyRun, n: int = _N_DRAWN) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where points are drawn; the exclusive or of toy D stands to the right of its other half."""
    x = run.points.x[:n].cpu().numpy().astype(np.float64)
    if x.shape[1] == 2:
        return x[:, 0], x[:, 1]
    is_other = (x[:, :2] == 0).all(axis=1)
    return np.where(is_other, x[:, 2] + _APART, x[:, 0]), np.where(is_other, x[:, 3], x[:, 1])


def mixed_colours(weights: NDArray[Any]) -> NDArray[np.float64]:
    """Mix the colours of three experts by normalised weights, shape (..., 3); returns RGB."""
    palette = np.array([to_rgb(colour) for colour in EXPERT_COLOURS])
    return np.asarray(np.clip(np.asarray(weights, dtype=np.float64) @ palette, 0, 1))


def plot_labels(
    run: ToyRun, labels: NDArray[np.bool_], ax: Axes, opacity: NDArray[np.float64] | None = None
) -> Axes:
    """Scatter the test points of a toy by label, true or predicted; return `ax`.

    `opacity` (0 to 1, one a point) lets points fade.
    """
    across, up = _places(run)
    for value, colour, marker in zip((False, True), LABEL_COLOURS, LABEL_MARKERS, strict=True):
        rows = labels[: len(across)] == value
        if not rows.any():  # matplotlib takes no list of opacities of length zero
            continue
        faded = 0.7 if opacity is None else np.clip(opacity[: len(across)][rows], 0.03, 1)
        ax.scatter(across[rows], up[rows], s=9, c=colour, marker=marker, alpha=faded, linewidths=0)
    return _plane(ax, run)


def plot_attribution(run: ToyRun, ax: Axes) -> Axes:
    """Scatter the test points of a toy in the mixed colours of the experts that count; return `ax`."""
    across, up = _places(run)
    weights = normalised(run.weights(run.points.x[: len(across)])).cpu().numpy()
    ax.scatter(across, up, s=9, c=mixed_colours(weights), linewidths=0)
    return _plane(ax, run)


def plot_expert(run: ToyRun, expert: int, ax: Axes) -> Axes:
    """Scatter what one expert predicts, as opaque as its weight; return `ax`."""
    said = run.outputs(run.points.x).cpu().numpy()
    weights = normalised(run.weights(run.points.x)).cpu().numpy()
    return plot_labels(run, said[:, expert] > 0, ax, weights[:, expert])


def plot_toy(run: ToyRun, axes: Sequence[Axes]) -> Sequence[Axes]:
    """Draw truth, prediction and attribution of a toy on three axes; return them."""
    truth = (run.points.labels > 0.5).cpu().numpy()
    predicted = (run.prediction(run.points.x) > 0).cpu().numpy()
    plot_labels(run, truth, axes[0])
    plot_labels(run, predicted, axes[1])
    plot_attribution(run, axes[2])
    return axes


def plot_map(run: ToyRun, ax: Axes, *, reach: float = 2.5, n: int = 50) -> Axes:
    """Draw a map of attributions over the plane, in the mixed colours of the experts; return `ax`."""
    colours = mixed_colours(attribution_map(run, reach=reach, n=n))
    ax.imshow(colours, origin="lower", extent=(-reach, reach, -reach, reach), interpolation="nearest")
    return _plane(ax, run)


def expert_handles(names: Sequence[str]) -> list[Line2D]:
    """Legend entries of three experts."""
    return [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in zip(names, EXPERT_COLOURS, strict=True)
    ]


def label_handles() -> list[Line2D]:
    """Legend entries of the two labels."""
    return [
        Line2D([], [], marker=marker, linestyle="", color=colour, label=f"label {value}")
        for value, (colour, marker) in enumerate(zip(LABEL_COLOURS, LABEL_MARKERS, strict=True))
    ]


def plot_ablation(scores: pd.DataFrame, names: Mapping[str, str], axes: Sequence[Axes]) -> Sequence[Axes]:
    """Draw right attribution and accuracy of each variant: a dot a seed, a bar the mean; return the axes.

    `scores` has one row a variant and seed, `names` says what each variant is, in the order to draw.
    """
    for ax, score, label in zip(
        axes, ("right", "accuracy"), ("right attribution (share)", "accuracy (share)"), strict=True
    ):
        for place, variant in enumerate(names):
            values = scores.loc[scores["variant"] == variant, score]
            colour = BLUE if place == 0 else GREY
            ax.plot([0, values.mean()], [place, place], color=colour, linewidth=5, alpha=0.5,
                    solid_capstyle="butt")  # fmt: skip
            ax.scatter(values, np.full(len(values), place), s=16, color=BLACK, zorder=3)
        ax.set(xlabel=label, xlim=(0, 1.03), ylim=(len(names) - 0.5, -0.5))
        ax.set_yticks(range(len(names)), list(names.values()) if ax is axes[0] else [""] * len(names))
    return axes


def plot_contest(rows: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the share of right attributions of each method, a marker a toy; return `ax`.

    `rows` has `method`, `toy` and `right` (share), one row a seed.
    """
    means = rows.groupby(["method", "toy"], sort=False)["right"].mean().unstack()
    for toy_name, colour in zip(means.columns, (BLUE, ORANGE, GREEN), strict=False):
        marker = METHOD_MARKERS[toy_name]
        ax.scatter(means[toy_name], range(len(means)), color=colour, marker=marker, s=40,
                   label=f"toy {toy_name.upper()}", zorder=3)  # fmt: skip
    ax.set_yticks(range(len(means)), [name.replace("_", " ") for name in means.index])
    ax.grid(axis="y", color=GREY, alpha=0.3)
    ax.set(xlabel="exactly the right features (share of the points)", xlim=(-0.03, 1.03))
    ax.invert_yaxis()
    return ax


def plot_shares(shares: Mapping[str, Sequence[float]], names: Sequence[str], ax: Axes) -> Axes:
    """Draw stacked bars, one a mapping entry, one part a subset (%); parts from 6 % on carry their name."""
    palette = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, VERMILION, GREY)
    for place, values in enumerate(shares.values()):
        left = 0.0
        for part, (value, colour) in enumerate(zip(values, palette, strict=False)):
            label = names[part] if place == 0 else None
            ax.barh(place, value, left=left, color=colour, edgecolor="white", alpha=0.75, label=label)
            if value >= 6:
                ax.text(left + value / 2, place, names[part].replace(" + ", "\n+ "), ha="center", va="center",
                        fontsize=7)  # fmt: skip
            left += value
    ax.set_yticks(range(len(shares)), list(shares))
    ax.set(xlabel="explained by this subset (%)", xlim=(0, 100))
    ax.invert_yaxis()
    return ax


def plot_by_place(shares: NDArray[np.float64], names: Sequence[str], ax: Axes) -> Axes:
    """Draw attribution against the place of the asked track, one family a band; return `ax`.

    `shares` has shape (places, families) and sums to one.
    """
    places = np.arange(1, len(shares) + 1)
    bands = ax.stackplot(places, 100 * shares.T, labels=list(names), colors=FAMILY_COLOURS, alpha=0.75)
    for band, hatch in zip(bands, FAMILY_HATCHES, strict=False):
        band.set_hatch(hatch)
        band.set_edgecolor("white")
    ax.set(xlabel="asked track", ylabel="attribution (%)", xlim=(1, len(shares)), ylim=(0, 100))
    return ax


def _plane(ax: Axes, run: ToyRun) -> Axes:
    ax.set_aspect("equal")
    ax.tick_params(labelsize=7)
    across, up = "first feature", "second feature"
    if run.points.x.shape[1] > 2:
        across = f"first feature (right half: third, shifted by {_APART:g})"
        up = "second (right half: fourth)"
    ax.set_xlabel(across, fontsize=7)
    ax.set_ylabel(up, fontsize=7)
    return ax
