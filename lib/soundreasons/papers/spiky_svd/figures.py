"""Figures of the chapter: data and Axes in, the same Axes out.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; a method keeps its colour.
Singular values and coordinates have the unit of the associations (nats); shares run from 0 to 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.media.drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from soundreasons.papers.spiky_svd.experiments.climbing import ItemPosition
from soundreasons.papers.spiky_svd.method import Spikiness

METHOD_COLOURS = {
    "data": BLUE,
    "gaussian": GREY,
    "rewired": ORANGE,
    "signflip": PURPLE,
    "dot": VERMILION,
    "cosine": GREEN,
}
HIGHLIGHTS = (VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW)
# Dark to light, so that the order can be read without colour.
GROUP_COLOURS = ("#08306B", "#2171B5", "#4EB3D3", "#7BCCC4", "#A8DDB5")
GROUP_MARKERS = ("o", "s", "^", "D", "v")

# What each figure (or table, without the second) shows, and what is seen in it.
_WORDS: dict[str, tuple[str, str]] = {
    "pairwise": (
        "Every item, seen in two consecutive dimensions at a time. Spikes are rays from the origin.",
        "Scatter plots, one row a data set.{looks}",
    ),
    "three-dimensions": (
        "The paper's first figure, rebuilt on our data: dimensions two to four, all items.",
        "Three-dimensional scatter plots, one a data set. Artists lie along rays that leave the origin, "
        "songs on the axes; films form a broad cloud.",
    ),
    "tastes": (
        "The six largest spikes of {shown} in eight dimensions, each in one colour and named by its head.",
        "Three scatter plots. Each coloured group lies along a ray; some share a ray in one panel and "
        "part in another. The rest, in grey, crowds at the origin.",
    ),
    "ratio": (
        "Heads needed for half of the items, as a share of the items, against the dimensions used.",
        "Curves on logarithmic axes, from a fraction of a per cent at two dimensions up to a tenth or a "
        "quarter of the items at all of them. Films lie highest from sixteen dimensions on.",
    ),
    "profiles": (
        "Clustering profiles: the share of the items covered after each spike, in 64 dimensions.",
        "Stepped curves, one panel a data set. Artists reach one half with far fewer spikes than the "
        "three clouds, which coincide. Films need fewer than Gaussian rows and sign flips, and more than "
        "the rewired graph.",
    ),
    "spectra": (
        "Singular values as shares of the largest: ours, and the three spectra that the authors "
        "published. Marks: the eight values of each that are known to us.",
        "Falling curves on logarithmic axes, without a step. The films' curve drops at once.",
    ),
    "block-models": (
        "Block models with noise, means over the draws. Peaks: spikes that the greedy pass needs for "
        "half. Cosine: of an item to its community's direction, median. Correlation: of norm and "
        "popularity. Variation: standard deviation of the norms over their mean. Popularity without "
        "spread correlates with nothing",
        "",
    ),
    "hubs": (
        "The most popular item of each draw, and the median cosine in the community that fares worst",
        "",
    ),
    "points-or-spikes": (
        "The same four communities with members of equal and of unequal popularity; right: their norms. "
        "The fourth points along dimension 1, towards the reader. An embedding is determined up to a "
        "rotation, so arms may turn.",
        "Three scatter plots and a histogram. Equal popularity gives compact blobs and one narrow peak of "
        "norms; unequal popularity stretches each blob into a ray and the norms over a wide range.",
    ),
    "stability": (
        "Neighbours kept, of the nearest {cutoff}, as data is added: one curve for each fifth of the "
        "items by length of vector. Bands: 1.96 standard errors over the items asked.",
        "Falling curves, one panel a data set and similarity. By dot product the fifths lie in order, the "
        "longest vectors on top. By cosine artists do so too; the upper four fifths of the films "
        "coincide.",
    ),
    "climb": (
        "One item (star) grows tenfold: it moves outward, and its angle to its community's direction "
        "shrinks. Zoomed in on the origin; the longest items lie far outside.",
        "Four scatter plots side by side. The star moves from near the origin outward, and the line from "
        "the origin to it turns towards the horizontal axis.",
    ),
}
_LOOKS = {
    "movielens_2016": "Films form a broad cloud with faint rays in it.",
    "hetrec_lastfm": "Artists, by listening and by tagging, stretch along a few straight rays from a crowded "
    "origin.",
    "aotm2003": "Songs lie on the axes.",
}


def words(name: str, **drawn: object) -> dict[str, str]:
    """Say what a figure shows, and what is seen in it, as `run.figure` takes them.

    Chapter: spiky_svd.

    Parameters
    ----------
    name : str
        Of the figure on the page.
    **drawn
        What was drawn, where the words name it.

    Returns
    -------
    dict of str
        `caption` and `alt`.

    Raises
    ------
    KeyError
        If there is no such figure, or something that the words name is not given.

    Examples
    --------
    >>> words("tastes", shown="mine")["caption"][:28]
    'The six largest spikes of mi'
    """
    caption, alt = (text.format(**drawn) for text in _WORDS[name])
    return {"caption": caption, "alt": alt}


def caption(name: str) -> str:
    """Say what a table shows.

    Chapter: spiky_svd.

    Examples
    --------
    >>> caption("hubs")[:21]
    'The most popular item'
    """
    return words(name)["caption"]


def looks(names: Iterable[str]) -> str:
    """Say what some data sets look like in two dimensions; nothing of those that nobody looked at.

    Chapter: spiky_svd.

    Examples
    --------
    >>> looks(["aotm2003", "mine"])
    ' Songs lie on the axes.'
    """
    return "".join(f" {_LOOKS[name]}" for name in names if name in _LOOKS)


def plot_consecutive(
    embedding: NDArray[Any],
    first: int,
    ax: Axes,
    *,
    highlights: Mapping[str, NDArray[np.int64]] | None = None,
    unit: str = "nats",
) -> Axes:
    """Scatter two consecutive dimensions (`first` counts from 0); return `ax`.

    `highlights` names groups of rows to draw in colour, such as the members of a spike.
    """
    ax.axhline(0, color=GREY, linewidth=0.5, linestyle=":")
    ax.axvline(0, color=GREY, linewidth=0.5, linestyle=":")
    x, y = embedding[:, first], embedding[:, first + 1]
    crowd = GREY if highlights else BLUE
    ax.scatter(x, y, s=4, alpha=0.15, color=crowd, linewidths=0, rasterized=True)
    for (name, rows), colour in zip((highlights or {}).items(), HIGHLIGHTS, strict=False):
        ax.scatter(x[rows], y[rows], s=9, alpha=0.8, color=colour, linewidths=0, label=name)
    ax.set(xlabel=f"dimension {first + 1} ({unit})", ylabel=f"dimension {first + 2} ({unit})")
    return ax


def plot_consecutive_3d(embedding: NDArray[Any], first: int, ax: Any) -> Any:
    """Scatter three consecutive dimensions (`first` counts from 0); return `ax`, which is 3-d."""
    x, y, z = (embedding[:, first + k] for k in range(3))
    ax.scatter(x, y, z, s=3, alpha=0.1, color=BLUE, linewidths=0, depthshade=False)
    for axis in (x, y, z):
        ends = [[other.min(), other.max()] if other is axis else [0, 0] for other in (x, y, z)]
        ax.plot(*ends, color=GREY, linewidth=0.6, linestyle=":")
    ax.set(xlabel=f"dim {first + 1}", ylabel=f"dim {first + 2}", zlabel=f"dim {first + 3}")
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_ticklabels([])
        axis.labelpad = -12
    return ax


def plot_clustering_profile(profiles: Mapping[str, Spikiness], ax: Axes, *, coverage: float = 0.5) -> Axes:
    """Draw the covered share against the number of spikes, one curve a method; return `ax`."""
    for name, spikes in profiles.items():
        ranks = np.arange(1, len(spikes.peaks) + 1) / spikes.n_items
        share = spikes.cover_curve / spikes.n_items
        colour = METHOD_COLOURS.get(name, BLACK)
        wide: dict[str, Any] = (
            {"linewidth": 4, "alpha": 0.5} if name == "gaussian" else {}
        )  # others may hide it
        line = {"signflip": "--", "rewired": "-."}.get(name, "-")
        ax.plot(100 * ranks, share, drawstyle="steps-post", color=colour, label=name, linestyle=line, **wide)
    ax.axhline(coverage, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="spikes, by decreasing norm (% of items)", ylabel="items covered (share)", ylim=(0, None))
    ax.set_xscale("log")
    return ax


def plot_spike_ratio(tables: Mapping[str, pd.DataFrame], ax: Axes) -> Axes:
    """Draw Spk@f against f, one curve a data set, mean over the rows (seeds) of its table; return `ax`."""
    for (name, table), colour in zip(tables.items(), (BLUE, *HIGHLIGHTS), strict=False):
        ax.plot(table.columns, 100 * table.mean(), marker="o", markersize=4, color=colour, label=name)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set(xlabel="dimensions used, f", ylabel="spikes needed for half of the items (% of items)")
    return ax


def plot_spectrum(spectra: Mapping[str, NDArray[Any]], published: Mapping[str, pd.Series], ax: Axes) -> Axes:
    """Draw singular values as shares of the largest: lines for this run, marks for published ones."""
    for (name, values), colour in zip(spectra.items(), (BLUE, *HIGHLIGHTS), strict=False):
        ax.plot(np.arange(1, len(values) + 1), values / values[0], color=colour, label=f"{name} (here)")
    for (name, values), marker in zip(published.items(), ("x", "+", "*"), strict=False):
        share = values / values.iloc[0]
        ax.plot(share.index, share, color=BLACK, marker=marker, linestyle=":", linewidth=0.6, label=name)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set(xlabel="rank of the singular value", ylabel="singular value (share of the largest)")
    return ax


def plot_overlap(overlaps: pd.DataFrame, ax: Axes, *, known: str = "interactions") -> Axes:
    """Draw neighbours kept against the share of the data known, one curve a norm group; return `ax`.

    `overlaps` holds one similarity and one cut-off of `overlap_by_norm`; several rows for the same
    moment and group (seeds) are averaged. `known` says of what a share is known at each moment.
    """
    n_groups = overlaps["group"].nunique()
    means = overlaps.groupby(["group", "moment"], as_index=False).mean(numeric_only=True)
    for group, curve in means.groupby("group"):
        colour, marker = GROUP_COLOURS[int(group) % 5], GROUP_MARKERS[int(group) % 5]
        ends = {0: ", shortest", n_groups - 1: ", longest"}.get(int(group), "")
        label = f"norm group {group + 1}{ends}"
        ax.plot(100 * curve["share"], curve["overlap"], color=colour, marker=marker, label=label)
        low, high = curve["overlap"] - curve["margin"], curve["overlap"] + curve["margin"]
        ax.fill_between(100 * curve["share"], low, high, color=colour, alpha=0.2, linewidth=0)
    ax.set(xlabel=f"{known} known (%)", ylabel="neighbours kept (share)", ylim=(0, 1.02))
    return ax


def plot_norm_spread(norms: Mapping[str, NDArray[Any]], ax: Axes) -> Axes:
    """Draw how far the norms inside communities spread, one histogram a model; return `ax`.

    `norms` are given over the mean norm of the item's community.
    """
    bins = np.linspace(0, 4, 41).tolist()
    for (name, values), colour in zip(norms.items(), (GREY, BLUE, VERMILION), strict=False):
        seaborn.histplot(
            values, bins=bins, stat="density", element="step", fill=False, color=colour, label=name, ax=ax
        )
    ax.set(xlabel="norm (mean of the community = 1)", ylabel="density")
    return ax


def plot_item_position(step: ItemPosition, item: int, ax: Axes) -> Axes:
    """Draw all items along and across one community's direction, and mark one item; return `ax`."""
    ax.scatter(step.along, step.across, s=3, alpha=0.2, color=BLUE, linewidths=0, rasterized=True)
    ax.plot(step.along[item], step.across[item], marker="*", markersize=9, color=VERMILION)
    ax.plot([0, step.along[item]], [0, step.across[item]], color=VERMILION, linewidth=0.8)
    ax.set_title(f"popularity {step.popularity:.2f}: {step.angle:.0f}° off, norm {step.norm:.1f}", fontsize=9)
    ax.set(xlabel="along the spike (counts)", ylabel="away from it (counts)")
    return ax


def plot_pairwise(embedding: NDArray[Any], first: int, axes: Sequence[Axes]) -> Sequence[Axes]:
    """Scatter dimension `first` with the next, the next with its next, and so on; return `axes`."""
    for step, ax in enumerate(axes):
        plot_consecutive(embedding, first + step, ax)
    return axes
