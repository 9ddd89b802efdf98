"""Figures of the chapter: data and Axes in, the same Axes out.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; a family of methods keeps its
colour. Accuracies and scores are shares, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from soundreasons.media.drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, plot_table
from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.relations import Relation
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

OUTPUT_COLOURS = (SKY, ORANGE)
OUTPUT_MARKERS = ("o", "s")

LABELS = {
    "lime_categorical": "LIME, categories",
    "lime_continuous": "LIME, numbers",
    "gam": "GAM (scores)",
    "shapley_conditional": "Shapley, conditional means",
    "shapley_mean_point": "Shapley, mean point",
    "shapley_mean_point_as_published": "Shapley, mean point, as published",
    "gradient": "gradient",
    "gradient_x_input": "gradient x input",
    "integrated_gradients": "integrated gradients",
    "expected_gradients": "expected gradients",
    "ga1m": "GAM (subsets)",
    "ga2m": "GA2M",
    "ga3m": "GA3M",
    "ga4m": "GA4M",
    "fanova": "functional ANOVA",
    "boosted": "boosted mixture",
    "archipelago": "Archipelago",
    "l2x": "L2X",
    "invase": "INVASE",
    "realx": "REAL-X",
    "permutation_importance": "permutation importance",
    "deeplift": "DeepLIFT",
    "strongest_interaction": "Shapley interactions",
}
_FAMILIES = {
    "lime_categorical": (PURPLE, "v"),
    "lime_continuous": (PURPLE, "^"),
    "gam": (GREEN, "D"),
    "shapley_conditional": (GREEN, "P"),
    "shapley_mean_point": (GREY, "P"),
    "gradient": (VERMILION, "o"),
    "gradient_x_input": (VERMILION, "x"),
    "integrated_gradients": (VERMILION, "s"),
    "expected_gradients": (VERMILION, "+"),
    "ga1m": (BLUE, "1"),
    "ga2m": (BLUE, "2"),
    "ga3m": (BLUE, "3"),
    "ga4m": (BLUE, "4"),
    "fanova": (BLUE, "*"),
    "boosted": (ORANGE, "*"),
    "archipelago": (BLACK, "p"),
}
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
# What each figure shows, and what is seen in it; {source} is whose tasks.
_WORDS: dict[str, tuple[str, str]] = {
    "example": (
        "A relation, what is left of it when one feature is seen, where that is enough (tinted), and "
        "the answers.",
        "Six panels over a grid of three by two cells. Only the second value of feature 1 and the "
        "second value of feature 2 always come with one output, so a column and a row are tinted. "
        "Answers: both features at two cells, one feature at three, either of the two at one.",
    ),
    "not-nested": (
        "Confidence at one point, by the features that are known. Dashed: a level. {{1}} passes it, "
        "{{1, 2}} does not.",
        "Four bars: feature 1 alone passes the line, knowing nothing stays below it, feature 2 alone "
        "and both lie at one half.",
    ),
    "tasks": (
        "One task of each kind: the probability as shades, the centres with their smallest sufficient sets.",
        "Two maps. Left, pairs of points that differ in one coordinate, each labelled with that "
        "feature. Right, one box of four corners that alternate in label, each of which needs both "
        "features, and pairs along the second feature.",
    ),
    "univariate": (
        "Univariate tasks ({source}): share of points where the one deciding feature is found.",
        "Nine methods, two panels. GAM and conditional Shapley values stand at one in both. The "
        "others lie below one half on the left; on the right gradients rise close to nine in ten, "
        "LIME and mean-point Shapley stay lower.",
    ),
    "multivariate": (
        "Multivariate tasks ({source} tasks): sixteen methods at the authors' levels; grey, the rerun"
        " of their code on a tenth of their tasks (and against the stated selections).",
        "Two panels of intervals, one row a method. Per-feature methods lie at a quarter or below in "
        "accuracy, but for conditional Shapley values at three quarters. Subset methods climb from a "
        "quarter to almost nine in ten.",
    ),
    "sweeps": (
        "Accuracy at every level of the decision rule ({source} tasks); marks are the authors' "
        "levels. The level means something else for each rule.",
        "Curves over the level. Left, per-feature methods: conditional Shapley values peak at three "
        "quarters, all others stay flat below a third. Right: GA2M to functional ANOVA peak near "
        "three quarters and fall; boosting stays level after its peak, Archipelago has a broad hump, "
        "GAM is flat.",
    ),
    "by-size": (
        "Accuracy by the size of the true selection ({source} tasks).",
        "A table of shades, one row a method, one column a size from one to five. GAM, GA2M, GA3M and"
        " GA4M are bright up to their order, all but GAM dimmer at one, and zero beyond; functional "
        "ANOVA and the boosted mixture are dimmer at one, bright up to four, dimmer at five; "
        "Archipelago is dark at one only; other per-feature methods fade from the second column on.",
    ),
    "property": (
        "Accuracy against the property score. Dashed: the property score of the truth itself.",
        "A scatter of sixteen methods. All lie below the diagonal. Subset methods crowd at the upper "
        "right beside the dashed line; gradients have a middling property score with low accuracy; "
        "LIME and mean-point Shapley are at the lower left.",
    ),
    "variances": (
        "Gradient methods with the gradient of the smoothed and of the task's own function ({source} tasks).",
        "Four pairs of marks. All lie at a quarter or below, and neither smoothing makes a method good.",
    ),
    "trends": (
        "Accuracy against the number of features and the difficulty ({source} tasks).",
        "Two panels of six curves. Against features all fall, but for Archipelago. Against difficulty"
        " LIME and gradient fall; conditional Shapley and the boosted mixture are level; functional "
        "ANOVA rises at first.",
    ),
    "learned": (
        "Learned selectors, one mark a task: how well the label is predicted, and how often the "
        "selection is right.",
        "A scatter a kind of task, all marks below the diagonal. Univariate: INVASE and REAL-X "
        "predict about nine times in ten or better with few right selections; L2X lies lower, with "
        "half of its selections right. Multivariate: predictors are right about eight times in ten, "
        "and most marks lie at the bottom.",
    ),
    "real": (
        "Variance left open by sets of columns, the best of each size as a curve, in the half that "
        "was counted and in the other. Dots: all sets, blue in the counted half, orange in the other."
        " Above one: worse than telling the mean.",
        "Two curves a panel. In the counted half the curve falls with every column, to a third in the"
        " census and close to zero in the shop. In the other half it falls for three or four columns,"
        " then rises.",
    ),
}


def words(figure: str, source: str = "") -> dict[str, str]:
    """Caption and alternative text of a figure, for `run.figure`.

    Examples
    --------
    >>> words("by-size", source="own")["caption"]
    'Accuracy by the size of the true selection (own tasks).'
    """
    caption, alt = _WORDS[figure]
    return {"caption": caption.format(source=source), "alt": alt.format()}


# What each table shows.
_CAPTIONS = {
    "truth": "Stated selections against the definition, as shares of the points. Right: equals a smallest "
    "set; unique: of the sufficient ones, those that are the only smallest set",
    "rerun": "Rerun of the authors' code, {kind} tasks: {what} of their interval over tasks",
    "accuracy": "Accuracy at the authors' levels, on their tasks and on ours",
    "scores": "Multivariate tasks ({source}), authors' levels: accuracy by two rules, property score, "
    "silence",
    "levels": "Levels chosen on the tuning tasks, by the authors and by us, and the best on the judged "
    "tasks. GAM on subsets does not depend on its level: the first of many equal ones is shown",
    "learned-means": "Learned selectors, means over tasks at the best level: predictor beside the true "
    "probability, selections, and how often the label is told from which features were chosen",
    "extensions": "Extensions at their best level ({source}, multivariate)",
    "cost": "CPU time on the multivariate tasks of this run; methods on conditional means need their table "
    "first",
    "relaxed": "The relaxed selection by the half that was counted, and the set that leaves least open in "
    "the other; first halving",
    "audit": "The method that was audited, others at their best level, and where it is right: share of the "
    "points",
}


def caption(table: str, **words: str) -> str:
    """Caption of a table, for `run.table`.

    Examples
    --------
    >>> caption("extensions", source="own")
    'Extensions at their best level (own, multivariate)'
    """
    return _CAPTIONS[table].format(**words)


def _look(method: str) -> tuple[str, str]:
    return _FAMILIES.get(method, (BLACK, "."))


def plot_relation(
    relation: Relation, ax: Axes, *, known: Sequence[int] | None = None, answers: bool = False
) -> Axes:
    """Draw a relation of two features as a grid, its outputs as coloured marks; return `ax`.

    With `known`, cells where these features decide the output are tinted; with `answers`, each cell
    says its smallest sufficient sets.
    """
    tinted = np.zeros(len(relation.outputs), bool) if known is None else relation.functionality_domain(known)
    names = [" or ".join(sorted(map(subsets.subset_name, a))) for a in relation.solutions()]
    for (x, y), out, is_in, name in zip(relation.inputs, relation.outputs, tinted, names, strict=True):
        face = "#DDF1EA" if is_in else "white"
        ax.add_patch(_square(x, y, face))
        ax.scatter(x, y + (0.14 if answers else 0), s=260, color=OUTPUT_COLOURS[out],
                   marker=OUTPUT_MARKERS[out], edgecolor=BLACK, linewidth=0.6)  # fmt: skip
        if answers:
            ax.text(x, y - 0.28, name, ha="center", va="center", fontsize=9)
    n_x, n_y = relation.inputs.max(axis=0) + 1
    ax.set(xlim=(-0.55, n_x - 0.45), ylim=(-0.55, n_y - 0.45), xlabel="feature 1", ylabel="feature 2")
    ax.set(xticks=range(n_x), yticks=range(n_y), aspect="equal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_projection(relation: Relation, feature: int, ax: Axes) -> Axes:
    """Draw the projection of a relation on one feature: the outputs seen with each value; return `ax`.

    Values with one output, where the feature is enough, are tinted.
    """
    pairs = sorted(relation.project([feature]))
    for value in range(int(relation.inputs[:, feature].max()) + 1):
        seen = [out for (x,), out in pairs if x == value]
        ax.add_patch(_square(value, 0, "#DDF1EA" if len(seen) == 1 else "white"))
        for place, out in zip(np.linspace(-0.2, 0.2, len(seen)) if len(seen) > 1 else [0], seen, strict=True):
            ax.scatter(value + place, 0, s=200, color=OUTPUT_COLOURS[out], marker=OUTPUT_MARKERS[out],
                       edgecolor=BLACK, linewidth=0.6)  # fmt: skip
    n_values = int(relation.inputs[:, feature].max()) + 1
    ax.set(xlim=(-0.55, n_values - 0.45), ylim=(-0.55, 0.55), xlabel=f"feature {feature + 1}", aspect="equal")
    ax.set(xticks=range(n_values), yticks=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def _square(x: float, y: float, face: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, facecolor=face, edgecolor=GREY, linewidth=0.8)


def plot_task(task: MixtureTask, ax: Axes, *, variance: float | None = None, n_steps: int = 160) -> Axes:
    """Draw a task of two features: the probability as shades, the points with their answers; return `ax`."""
    shown = task if variance is None else MixtureTask(task.points, task.labels, task.shapes, variance)
    low, high = task.points.min(axis=0) - 0.4, task.points.max(axis=0) + 0.4
    xs, ys = (np.linspace(a, b, n_steps) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    values = shown.probability(grid).reshape(n_steps, n_steps)
    ax.pcolormesh(xs, ys, values, cmap="cividis", vmin=0, vmax=1, shading="auto", rasterized=True)
    for label, marker in enumerate(OUTPUT_MARKERS):
        rows = task.labels == label
        xs, ys = task.points[rows].T
        ax.scatter(xs, ys, s=60, marker=marker, color=OUTPUT_COLOURS[label], edgecolor=BLACK,
                   label=f"label {label}")  # fmt: skip
    for point, answer in zip(task.points, task.true_selections(), strict=True):
        text = " or ".join(sorted(map(subsets.subset_name, answer)))
        box = {"facecolor": "black", "alpha": 0.55, "pad": 1, "linewidth": 0}
        ax.annotate(text, point, xytext=(0, 8), textcoords="offset points", ha="center", fontsize=7,
                    color="white", bbox=box)  # fmt: skip
    ax.set(xlabel="feature 1", ylabel="feature 2", aspect="equal")
    return ax


def plot_methods(means: pd.DataFrame, ax: Axes, *, reported: pd.DataFrame | None = None) -> Axes:
    """Draw one share a method with its interval, and what was reported beside it; return `ax`.

    `means` has the columns `mean`, `low`, `high`, indexed by method, first on top; `reported` the columns
    `mean` and `half`.
    """
    rows = np.arange(len(means))
    for row, (method, value) in zip(rows, means.iterrows(), strict=True):
        colour, marker = _look(str(method))
        span = [[value["mean"] - value["low"]], [value["high"] - value["mean"]]]
        ax.errorbar(value["mean"], row, xerr=span, fmt=marker, color=colour, markersize=7, capsize=2)
    if reported is not None:
        theirs = reported.reindex(means.index)
        ax.errorbar(theirs["mean"], rows + 0.28, xerr=theirs["half"], fmt="|", color=GREY, capsize=0,
                    markersize=7, label="authors' code, rerun")  # fmt: skip
        ax.legend(loc="lower left", fontsize=7)
    ax.set(yticks=rows, yticklabels=[LABELS.get(str(m), str(m)) for m in means.index], xlim=(-0.03, 1.03))
    ax.set_ylim(len(means) - 0.4, -0.6)  # not inverted: panels may share the axis
    ax.grid(axis="x", linewidth=0.4, color="#DDDDDD")
    ax.set_axisbelow(True)
    return ax


def plot_accuracy_property(table: pd.DataFrame, ax: Axes) -> Axes:
    """Scatter accuracy against the property score, one mark a method; return `ax`.

    `table` is indexed by method and has the columns `accuracy` and `property`.
    """
    for method, row in table.iterrows():
        colour, marker = _look(str(method))
        ax.plot(
            row["property"], row["accuracy"], marker, color=colour, markersize=9, label=LABELS[str(method)]
        )
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=":")
    ax.set(xlabel="property score (no truth needed)", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02))
    ax.legend(fontsize=6.5, loc="upper left", ncols=2, framealpha=0.9)
    return ax


def plot_sweeps(curves: Mapping[str, pd.DataFrame], levels: Mapping[str, float], ax: Axes) -> Axes:
    """Draw accuracy against the level, one curve a method, with its tuned level as a mark; return `ax`."""
    n_drawn: dict[str, int] = {}
    for method, curve in curves.items():
        colour, marker = _look(method)
        dash = _DASHES[n_drawn.setdefault(colour, 0) % len(_DASHES)]  # a family shares its colour
        n_drawn[colour] += 1
        ax.plot(curve["level"], curve["accuracy"], color=colour, linestyle=dash, linewidth=1.2, alpha=0.8)
        at = float(np.interp(levels[method], curve["level"], curve["accuracy"]))
        ax.plot(levels[method], at, marker, color=colour, markersize=8)
        ax.plot([], [], color=colour, linestyle=dash, marker=marker, markersize=6, label=LABELS[method])
    ax.set(xlabel="level of the decision rule", ylabel="accuracy", ylim=(0, 1))
    ax.legend(fontsize=8, ncols=2, handlelength=3.2, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax


def plot_by_size(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw accuracies as shades and numbers: rows methods (index), columns true cardinality; return `ax`."""
    plot_table(table.rename(index=LABELS), ax, turned=0, fontsize=7)
    ax.set(xlabel="features in the true selection")
    return ax


def plot_trend(table: pd.DataFrame, by: str, methods: Sequence[str], ax: Axes) -> Axes:
    """Draw mean accuracy against `features` or `difficulty`, one curve a method; return `ax`."""
    for method in methods:
        colour, marker = _look(method)
        means = table[table["method"] == method].groupby(by)["accuracy"].mean()
        ax.plot(means.index, means.to_numpy(), color=colour, marker=marker, markersize=5, linewidth=1,
                label=LABELS[method])  # fmt: skip
    ax.set(ylabel="accuracy", ylim=(0, 1.02))
    return ax


def plot_pairs(first: pd.Series, second: pd.Series, names: tuple[str, str], ax: Axes) -> Axes:
    """Draw two values a method, joined by a line; return `ax`. Both are indexed by method."""
    rows = np.arange(len(first))
    ax.hlines(rows, first, second, color=GREY, linewidth=1)
    ax.plot(first, rows, "o", color=VERMILION, label=names[0])
    ax.plot(second, rows, "s", color=BLUE, label=names[1])
    ax.set(yticks=rows, yticklabels=[LABELS[m] for m in first.index], xlim=(0, 1.02))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.legend(fontsize=7)
    return ax


def plot_learned(table: pd.DataFrame, ax: Axes) -> Axes:
    """Scatter selection accuracy against predictor accuracy, one mark a task; return `ax`.

    `table` has the columns `method`, `predictor`, `selection`.
    """
    looks = {"l2x": (VERMILION, "o"), "invase": (BLUE, "s"), "realx": (GREEN, "^")}
    for method, part in table.groupby("method", sort=False):
        colour, marker = looks[str(method)]
        ax.plot(
            part["predictor"], part["selection"], marker, color=colour, alpha=0.8, label=LABELS[str(method)]
        )
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=":")
    ax.set(xlabel="label predicted from the selection (share of fresh points)",
           ylabel="selection correct (share of points)", xlim=(0.4, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
    ax.legend(fontsize=7)
    return ax


def plot_gap(gaps: pd.DataFrame, best_seen: pd.DataFrame, best_unseen: pd.DataFrame, ax: Axes) -> Axes:
    """Draw what sets of columns leave open, in the half that was counted and in the other; return `ax`."""
    rng = np.random.default_rng(0)
    shift = rng.uniform(-0.18, 0.18, size=len(gaps))
    ax.plot(gaps["size"] + shift, gaps["unseen"], ".", color=ORANGE, alpha=0.35, markersize=4)
    ax.plot(gaps["size"] + shift, gaps["seen"], ".", color=SKY, alpha=0.35, markersize=4)
    ax.plot(best_seen["size"], best_seen["seen"], "o-", color=BLUE, label="half that was counted, best set")
    ax.plot(best_unseen["size"], best_unseen["unseen"], "s-", color=VERMILION, label="other half, best set")
    ax.set(xlabel="columns known", ylabel="variance left open (share)")
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=7)
    return ax


def plot_confidences(task: MixtureTask, point: NDArray[np.float64], level: float, ax: Axes) -> Axes:
    """Draw the confidence of every subset at one point as bars, with the level; return `ax`."""
    means = task.conditional_means(point[np.newaxis])[0]
    sure = np.maximum(means, 1 - means)
    order = np.argsort(subsets.sizes(task.n_features), kind="stable")
    names = [
        subsets.subset_name(frozenset(np.flatnonzero(m).tolist())) for m in subsets.members(task.n_features)
    ]
    colours = [BLUE if sure[code] > level else GREY for code in order]
    ax.bar([names[code] for code in order], sure[order], color=colours, width=0.6)
    ax.axhline(level, color=VERMILION, linewidth=1, linestyle="--")
    ax.set(ylabel="confidence", ylim=(0.45, 1.02), xlabel="features that are known")
    return ax
