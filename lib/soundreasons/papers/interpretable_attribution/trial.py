"""Try the method on a table of your own: `soundreasons try interpretable_attribution FILE`.

The last column is the outcome, with two values. The header names the groups, as in `person:age`; a column
without a colon is a group of its own. Experts see each group alone, each pair of groups (up to six
groups), and everything.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from soundreasons import trying
from soundreasons.given import require_file
from soundreasons.papers.interpretable_attribution.data.tables import encode
from soundreasons.papers.interpretable_attribution.experiments.table_classifier import (
    RestrictedClassifier,
    TableTraining,
)
from soundreasons.papers.interpretable_attribution.method import subset_names

ACCEPTS = (
    "a CSV file with a header, one row an instance; the outcome, with two values, in the last column; groups "
    "named before a colon, as in person:age"
)
_MOST_GROUPS, _MOST_PAIRED, _FEWEST_ROWS = 12, 6, 50
_SEED = 0


def run(argument: str, out: Path | None = None) -> str:
    """Train on three quarters of a table, and say which groups explain the predictions for the others.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    argument : str
        Path of a CSV file.
    out : Path, optional
        Folder for a table of explanations, one row an instance that was held out.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file is missing, too small, or its outcome has not two values.
    """
    frame, groups, y, positive = read_table(require_file(argument, ACCEPTS))
    encoded, places = encode(frame, groups)
    subsets = candidate_subsets(len(groups))
    rows = np.arange(len(y))
    train, test = train_test_split(rows, test_size=0.25, stratify=y, random_state=_SEED)
    epochs = max(10, min(100, 400_000 // len(train)))
    x = encoded.to_numpy()
    model = RestrictedClassifier(places, subsets, TableTraining(epochs=epochs), seed=_SEED)
    model.fit(x[train], y[train])
    explanation, probability = model.explain(x[test]), model.predict_proba(x[test])
    names = subset_names(model.subsets, list(groups))
    counts = pd.Series([names[k] for k in explanation.subset]).value_counts()
    lines = [
        f"{Path(argument).name}: {len(y):,} rows, {len(groups)} groups; outcome {positive!r} in "
        f"{100 * y.mean():.1f} %.",
        f"Held-out quarter: area under the curve {roc_auc_score(y[test], probability):.3f}.",
        "",
        "Explained by:",
        *(f"  {name}: {100 * count / len(test):.1f} % of the rows" for name, count in counts.items()),
        "",
        "This says what the network used, not what causes the outcome.",
    ]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame({"row": frame.index[test], "probability": probability})
        table["explained by"] = [names[k] for k in explanation.subset]
        target = out / f"{Path(argument).stem}-explained.csv"
        table.sort_values("row").to_csv(target, index=False)
        lines += ["", f"each held-out row, by its line in the file: {target}"]
    return "\n".join(lines)


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, list[str]], np.ndarray, str]:
    """Read a table, its groups and its outcome.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    DataFrame
        Inputs, by the line of the file; missing numbers become the median, missing words a word of
        their own.
    dict of list of str
        Columns of each group.
    ndarray of int
        Outcome, 0 or 1.
    str
        The value that counts as 1: the rarer one.

    Raises
    ------
    ValueError
        If the file cannot be used; says why.
    """
    cells = trying.read_table(path, expected=ACCEPTS, least_rows=_FEWEST_ROWS, columns=(3, None))
    table = cells.frame()
    outcome = table.iloc[:, -1]
    values = outcome.value_counts()
    if len(values) != 2 or outcome.isna().any() or values.min() < 8:
        raise ValueError(
            f"the last column, {table.columns[-1]!r}, has {len(values)} values and {outcome.isna().sum()} "
            "gaps, expected two values, eight rows of either or more, and no gap"
        )
    positive = values.index[-1]
    frame = table.iloc[:, :-1].set_axis(cells.lines)
    groups: dict[str, list[str]] = {}
    for name in frame.columns:
        groups.setdefault(str(name).partition(":")[0].strip(), []).append(name)
        is_number = pd.api.types.is_numeric_dtype(frame[name])
        frame[name] = frame[name].fillna(frame[name].median() if is_number else "missing")
    if not 2 <= len(groups) <= _MOST_GROUPS:
        raise ValueError(
            f"the header names {len(groups)} groups, expected 2 to {_MOST_GROUPS}; join columns as in "
            "person:age"
        )
    return frame, groups, (outcome == positive).to_numpy().astype(np.int64), str(positive)


def candidate_subsets(n_groups: int) -> list[tuple[int, ...]]:
    """List each group alone, each pair where groups are few, and everything.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> candidate_subsets(2)
    [(0,), (1,), (0, 1)]
    """
    pairs = itertools.combinations(range(n_groups), 2) if n_groups <= _MOST_PAIRED else ()
    listed = [*((group,) for group in range(n_groups)), *pairs]
    everything = tuple(range(n_groups))
    return listed if everything in listed else [*listed, everything]
