"""Try the method on something of your own: `soundreasons try functional_attribution FILE`.

FILE is a table whose last column is an outcome: which of the other columns decide it, everywhere and
row by row, and how much do a few of them leave open?
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from soundreasons import trying
from soundreasons.papers.functional_attribution.method.relations import Relation, relation
from soundreasons.papers.functional_attribution.method.relaxed import unexplained
from soundreasons.papers.functional_attribution.method.subsets import MOST_FEATURES, members, subset_name

ACCEPTS = (
    "a CSV or TSV table with a header; the last column is the outcome, the others (16 at most) are the "
    "features, all taken as categories"
)
_SHOWN = 8


def run(argument: str, out: Path | None = None) -> str:
    """Answer in text.

    Chapter: functional_attribution.

    Parameters
    ----------
    argument : str
        Path of a table.
    out : Path, optional
        Not used: there is no picture.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file is missing or no table, or has too many columns.
    """
    read = trying.read_table(Path(argument), expected=ACCEPTS, least_rows=2, columns=(2, MOST_FEATURES + 1))
    *names, _ = read.header
    outcomes = [row[-1] for row in read.rows]
    table = relation([row[:-1] for row in read.rows], outcomes)
    lines = [
        f"{argument}: {len(outcomes):,} rows, {len(names)} features, outcome of {len(set(outcomes))} values."
    ]
    return "\n".join([*lines, "", *_global_lines(table, names), "", *_row_lines(table, names)])


def _global_lines(table: Relation, names: list[str]) -> list[str]:
    found = table.selections()
    if not found:
        return [
            "No set of columns decides the outcome everywhere: some rows agree on all and differ in it.",
            *_open_lines(table, names),
        ]
    shown = ", ".join(subset_name(subset, names) for subset in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [
        f"Decides everywhere, and contains no smaller set that does: {shown}{more}.",
        *_open_lines(table, names),
    ]


def _open_lines(table: Relation, names: list[str]) -> list[str]:
    """Share of the variance that each column, then all of them, leave open; for two outcomes only."""
    if table.outputs.max() != 1:
        return []
    left = [(unexplained(table.inputs, table.outputs, [k]), name) for k, name in enumerate(names)]
    everything = unexplained(table.inputs, table.outputs, range(len(names)))
    lines = [f"  {name}: {share:.0%}" for share, name in sorted(left)]
    return ["", "Variance of the outcome that a column alone leaves open (in this table):", *lines,
            f"  all columns: {everything:.0%}"]  # fmt: skip


def _row_lines(table: Relation, names: list[str]) -> list[str]:
    domains = table.domains()
    width = members(len(names)).sum(axis=1)
    answers = table.solutions()
    undecided = sum(not answer for answer in answers)
    counts = Counter(subset for answer in answers for subset in answer)
    lines = [
        f"  {subset_name(subset, names)}: enough at {int(domains[:, sum(1 << k for k in subset)].sum()):,} "
        f"rows, among the smallest at {count:,}"
        for subset, count in counts.most_common(_SHOWN)
    ]
    sizes = np.array([min((width[sum(1 << k for k in s)] for s in a), default=-1) for a in answers])
    mean = f"{sizes[sizes >= 0].mean():.1f}" if (sizes >= 0).any() else "no"
    tail = [f"Undecided rows: {undecided:,}."] if undecided else []
    return [f"Row by row, {mean} columns are enough on average. Most frequent answers:", *lines, *tail]
