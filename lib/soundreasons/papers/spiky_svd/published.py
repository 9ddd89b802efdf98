"""What the paper and its repository report, read from the ledger so that each number stands once."""

import re
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

_SPECTRUM_FACT = re.compile(r"(?P<set>\w+)_s(?P<k>\d+)")
_PAPER_SETS = {
    "aotm": ("AotM-2011", "track by playlist"),
    "cornell": ("Cornell", "track by playlist"),
    "lastfm": ("LastFM-360K", "artist by user"),
    "movielens": ("MovieLens-25M", "movie by user"),
    "spotify": ("Spotify", "track by playlist"),
    "deezer": ("Deezer", "track by playlist"),
}


def published_spectra() -> dict[str, pd.Series]:
    """Read the singular values that the authors' repository ships for three of its data sets.

    Chapter: spiky_svd.

    Returns
    -------
    dict of Series
        By name of the data set; index: rank from 1, value: singular value.

    Examples
    --------
    >>> published_spectra()["AotM-2011"].loc[1]
    np.float64(247.66)
    """
    spectra: dict[str, dict[int, float]] = {}
    for fact in _ledger()["facts"]:
        match = _SPECTRUM_FACT.fullmatch(fact["id"])
        if match:
            spectra.setdefault(_PAPER_SETS[match["set"]][0], {})[int(match["k"])] = fact["value"]
    return {name: pd.Series(values).sort_index() for name, values in spectra.items()}


def published_table() -> pd.DataFrame:
    """Lay out the paper's table of spikiness with what is known of it; the rest says "unknown".

    Chapter: spiky_svd.

    Returns
    -------
    DataFrame, one row a data set
        `data set`, `type`, `items`, `peaks` (of half a million items or of half the set), all text.

    Examples
    --------
    >>> published_table().set_index("data set").loc["AotM-2011", "peaks"]
    'unknown'
    """
    facts = {fact["id"]: fact["value"] for fact in _ledger()["facts"]}
    for claim in _ledger()["claims"]:
        facts |= {value["id"]: value["value"] for value in claim.get("reported", [])}
    rows = [
        (name, kind, _shown(facts.get(f"{key}_items")), _shown(facts.get(f"{key}_peaks")))
        for key, (name, kind) in _PAPER_SETS.items()
    ]
    return pd.DataFrame(rows, columns=["data set", "type", "items", "peaks"])


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,}"


@cache
def _ledger() -> Any:
    return yaml.safe_load(resources.files(__package__).joinpath("claims.yml").read_text(encoding="utf-8"))
