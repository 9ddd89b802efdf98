"""Real data: what sets of columns seem to leave open, and what they leave open in truth. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.data.decision_tables import DecisionTable
from soundreasons.papers.functional_attribution.method import subsets
from soundreasons.papers.functional_attribution.method.relaxed import cells


def estimate_gap(table: DecisionTable, rng: np.random.Generator) -> pd.DataFrame:
    """For every set of columns: the variance it seems to leave open, and what it leaves open in truth.

    Half of the rows fill the cells. *Seen* is the share of variance left open in that half; *unseen* the
    squared error of the cell means on the other half, as a share of its variance (a cell without a row
    answers with the overall mean). Chapter: functional_attribution.

    Parameters
    ----------
    table : DecisionTable
        Rows and outcome.
    rng : numpy.random.Generator
        Draws the halves.

    Returns
    -------
    DataFrame, one row a set of columns
        `size`, `columns` (names), `seen`, `unseen`, `alone` (share of the first half's rows that are
        alone in their cell).
    """
    order = rng.permutation(len(table.outcome))
    is_first = np.zeros(len(order), dtype=bool)
    is_first[order[: len(order) // 2]] = True
    rows = []
    for mask in subsets.members(len(table.columns)):
        chosen = np.flatnonzero(mask)
        names = subsets.subset_name(frozenset(chosen.tolist()), table.columns)
        rows.append((len(chosen), names, *_halves_gap(table, chosen.tolist(), is_first)))
    return pd.DataFrame(rows, columns=["size", "columns", "seen", "unseen", "alone"])


def _halves_gap(
    table: DecisionTable, chosen: Sequence[int], is_first: NDArray[np.bool_]
) -> tuple[float, float, float]:
    cell, y = cells(table.values, chosen), table.outcome
    n_cells = int(cell.max()) + 1
    size = np.bincount(cell[is_first], minlength=n_cells)
    total = np.bincount(cell[is_first], weights=y[is_first], minlength=n_cells)
    overall = y[is_first].mean()
    mean = np.where(size > 0, total / np.maximum(size, 1), overall)
    seen = np.mean((y - mean[cell])[is_first] ** 2) / y[is_first].var()
    unseen = np.mean((y - mean[cell])[~is_first] ** 2) / np.mean((y[~is_first] - overall) ** 2)
    return float(seen), float(unseen), float(np.mean(size[cell[is_first]] == 1))


def best_of_size(gaps: pd.DataFrame, by: str) -> pd.DataFrame:
    """Of each size, the set of columns that leaves least open by the column `by`."""
    return gaps.loc[gaps.groupby("size")[by].idxmin()].reset_index(drop=True)


def relaxed_selection(gaps: pd.DataFrame, tolerance: float, by: str = "seen") -> pd.Series:
    """Smallest set of columns that leaves at most a tolerated share of the variance open.

    The global relaxed selection: among sets of the same size the one that leaves least open.
    Chapter: functional_attribution.

    Parameters
    ----------
    gaps : DataFrame
        From `estimate_gap`.
    tolerance : float, 0 to 1
        Share of the variance that may stay open.
    by : {"seen", "unseen"}
        Which estimate is believed.

    Returns
    -------
    Series
        The row of `gaps`.

    Raises
    ------
    ValueError
        If no set leaves so little open.

    Examples
    --------
    >>> gaps = pd.DataFrame({"size": [0, 1, 1], "columns": ["none", "a", "b"], "seen": [1.0, 0.4, 0.3]})
    >>> relaxed_selection(gaps, 0.5)["columns"]
    'b'
    """
    best = best_of_size(gaps, by)
    enough = best[best[by] <= tolerance]
    if enough.empty:
        raise ValueError(
            f"no set of columns leaves at most {tolerance} open, the least is {best[by].min():.3f}; "
            "tolerate more"
        )
    return enough.iloc[0]
