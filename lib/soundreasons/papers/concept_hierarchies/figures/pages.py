"""Figures as the page shows them: drawn, with what to look for and what is to be seen.

Each function returns the arguments of `run.figure`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.data.published import published_histogram
from soundreasons.papers.concept_hierarchies.experiments.neighbours import map_of
from soundreasons.papers.concept_hierarchies.experiments.network_alone import OverTime
from soundreasons.papers.concept_hierarchies.experiments.probing import KeptConcepts
from soundreasons.papers.concept_hierarchies.figures.plots import (
    plot_accuracy,
    plot_agreement,
    plot_layers,
    plot_map,
    plot_null,
    plot_over_time,
    plot_tree,
)
from soundreasons.papers.concept_hierarchies.testbed.concepts import family_names

Drawn = dict[str, Any]


def tags_over_time(heard: OverTime, seconds: float) -> Drawn:
    """The strongest tags of a tune. Chapter: concept_hierarchies."""
    figure = _over_time(heard, seconds, height=3.0)
    first = ", ".join(heard.names[:3])
    caption = (
        "The eight strongest of fifty tags of the tune above, one column every three seconds. Strongest on "
        f"average: {first}."
    )
    alt = (
        "A grid of colours with one row for each of eight tags and one column for each three seconds. The "
        f"rows of {first} are brightest."
    )
    return {"figure": figure, "name": "tags-over-time", "caption": caption, "alt": alt}


def concepts_over_time(heard: OverTime, seconds: float, named: str) -> Drawn:
    """The strongest concepts of a tune, and the rank of one of them. Chapter: concept_hierarchies."""
    figure = _over_time(OverTime(heard.names[:8], heard.values[:8]), seconds, height=3.2)
    n_asked = len(heard.names)
    rank = (
        f"is number {1 + heard.names.index(named)} of {n_asked}" if named in heard.names else "is not asked"
    )
    caption = (
        "The eight strongest instrument concepts of the tune, strongest first, about one column a second. "
        f"First comes {heard.names[0]}; the {named} {rank}."
    )
    alt = (
        "A grid of colours: rows are instruments and families, columns are seconds. The rows of "
        f"{', '.join(heard.names[:3])} are brightest."
    )
    return {"figure": figure, "name": "concepts-over-time", "caption": caption, "alt": alt}


def _over_time(heard: OverTime, seconds: float, height: float) -> Any:
    figure, ax = plt.subplots(figsize=(7.5, height), layout="constrained")
    figure.colorbar(plot_over_time(heard.values, heard.names, seconds, ax), label="probability")
    return figure


def accuracy(by_name: Mapping[str, NDArray[Any]]) -> Drawn:
    """Histograms of test accuracy beside the poster's. Chapter: concept_hierarchies."""
    figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    plot_accuracy(by_name, ax, published=published_histogram())
    means = "; ".join(f"{name} around {np.mean(values):.2f}" for name, values in by_name.items())
    caption = (
        "Test accuracy of the probes, all seeds, as shares of all concepts. Dashed: the filter. Grey: the "
        "paper's concepts above the filter, read off its poster, as shares of these alone. Labels exchanged: "
        "independent set."
    )
    return {"figure": figure, "name": "accuracy", "caption": caption, "alt": f"Histograms: {means}."}


def concept_map(by_set: Mapping[str, KeptConcepts], seed: int) -> Drawn:
    """All concept vectors of each set in the plane. Chapter: concept_hierarchies."""
    figure, axes = _side_by_side(by_set, height=4.8)
    for ax, kept in zip(axes, by_set.values(), strict=True):
        rings = np.array(kept.concepts.kinds) == "family"
        plot_map(map_of(kept.probes.vectors, seed), kept.concepts.group, family_names(), rings, ax)
    caption = (
        "Concept vectors of all instruments (small, filled) and families (large, hollow); colour and shape "
        "together name the family. t-SNE: only who is near whom means something. Left, instruments of a "
        "family often play together."
    )
    alt = (
        "Two scatter plots. Left, marks of one colour and shape mostly stand together around their family's. "
        "Right, they are mixed."
    )
    return {"figure": figure, "name": "map", "caption": caption, "alt": alt}


def chance(by_set: Mapping[str, KeptConcepts], random: Mapping[str, NDArray[Any]]) -> Drawn:
    """Shares (%) of random trees, and of ours and Top-1. Chapter: concept_hierarchies."""
    figure, axes = _side_by_side(by_set, height=3.2, sharex=True)
    told = []
    for ax, (name, kept) in zip(axes, by_set.items(), strict=True):
        structures = {"our tree": kept.tree, "Top-1": method.top_one(kept.similarity)}
        lines = {
            what: 100 * method.same_group_share(s, kept.concepts.group) for what, s in structures.items()
        }
        plot_null(random[name], lines, ax)
        ends = ", ".join(f"{what} at {value:.0f} %" for what, value in lines.items())
        told.append(f"{name}: random trees around {np.mean(random[name]):.0f} %, {ends}")
    caption = "Random trees (grey) and ours, first seed: edges within a family."
    alt = f"Histograms with two lines each. {'; '.join(told)}."
    return {"figure": figure, "name": "null", "caption": caption, "alt": alt}


def trees(by_set: Mapping[str, KeptConcepts]) -> Drawn:
    """Each tree in full. Chapter: concept_hierarchies."""
    figure, axes = _side_by_side(by_set, height=9.0)
    for ax, kept in zip(axes, by_set.values(), strict=True):
        plot_tree(kept.tree, kept.concepts.names, kept.concepts.group, ax)
    caption = (
        "The trees in full. Full lines stay within a family, dotted ones do not. The top is central, not "
        "general."
    )
    shares = ", ".join(
        f"{100 * method.same_group_share(kept.tree, kept.concepts.group):.0f} % of the lines full ({name})"
        for name, kept in by_set.items()
    )
    alt = f"Indented lists of instruments joined by lines: {shares}."
    return {"figure": figure, "name": "trees", "caption": caption, "alt": alt}


def _side_by_side(by_set: Mapping[str, Any], height: float, **options: Any) -> tuple[Any, Sequence[Axes]]:
    figure, axes = plt.subplots(
        1, len(by_set), figsize=(10, height), layout="constrained", squeeze=False, **options
    )
    for ax, name in zip(axes[0], by_set, strict=True):
        ax.set_title(f"companions: {name}")
    return figure, list(axes[0])


def layers(means: pd.DataFrame) -> Drawn:
    """Scores by layer. Chapter: concept_hierarchies."""
    figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
    plot_layers(means, ax)
    caption = (
        "Four layers, probed in the same way, with independent companions; the last two for programs only: "
        "all of them, whether or not they pass the filter, and with shorter training; hence lower numbers "
        "than above."
    )
    told = "; ".join(
        f"{name} from {means[name].iloc[0]:.0f} to {means[name].iloc[-1]:.0f} %" for name in means.columns
    )
    return {"figure": figure, "name": "layers", "caption": caption, "alt": f"Lines over four layers: {told}."}


def orders(table: pd.DataFrame) -> Drawn:
    """Agreement of trees of real tags with orders that people made. Chapter: concept_hierarchies."""
    figure, ax = plt.subplots(figsize=(7.5, 0.5 * len(table) + 1.4), layout="constrained")
    plot_agreement(table, ax)
    beyond = table[["P(j | i)", "cosine"]].gt(table["random, 97.5 %"], axis=0).sum()
    caption = (
        "Trees of real tags against orders made by people. Grey: what 97.5 % of random trees stay below."
    )
    alt = (
        "One row for each pair of tags and order. The marker of P(j | i) lies to the right of the grey bar "
        f"in {beyond['P(j | i)']} of {len(table)} rows, that of the cosine in {beyond['cosine']}."
    )
    return {"figure": figure, "name": "orders", "caption": caption, "alt": alt}
