"""What the paper and its repository report, read from the ledger so that each number stands once."""

from __future__ import annotations

import re

import pandas as pd

from soundreasons import ledger

_SKIP_VALUE = re.compile(
    r"(?P<set>deezer|spotify)_(?P<model>baseline|transformer|interpretable)_(?P<score>\w+)"
)
_MODELS = {"baseline": "baseline", "transformer": "transformer", "interpretable": "interpretable transformer"}


def published_skips() -> pd.DataFrame:
    """Lay out the paper's results on skip prediction, %.

    Paper: slide "Results - completeness". Chapter: interpretable_attribution.

    Returns
    -------
    DataFrame, one row a data set and model
        `data`, `model`, `accuracy`, `first`, `MAA`, all text with the reported spread.

    Examples
    --------
    >>> published_skips().iloc[0].tolist()
    ['Deezer', 'baseline', '70.1', '73.3', '60.9']
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for name, value in ledger.read("interpretable_attribution").cited().items():
        match = _SKIP_VALUE.fullmatch(name.removeprefix("C1b."))
        if match:
            row = rows.setdefault((match["set"].title(), _MODELS[match["model"]]), {})
            row[match["score"]] = str(value.value)
    table = [(*key, row["accuracy"], row["first"], row["maa"]) for key, row in rows.items()]
    return pd.DataFrame(table, columns=["data", "model", "accuracy", "first", "MAA"])
