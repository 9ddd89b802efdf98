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

_QUANTITIES = {
    "peaks": "spikes",
    "cosine": "cosine",
    "correlation": "correlation",
    "variation": "variation of norms",
}
_MODELS = {
    "k4": "4 communities",
    "k8": "8 communities",
    "k16": "16 communities",
    "sigma000": "equal popularity",
    "sigma050": "moderate spread",
    "sigma100": "wide spread",
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


def beside_earlier_draws(drawn: pd.DataFrame) -> pd.DataFrame:
    """Lay drawn block models beside the ranges that the ledger quotes from an earlier run (R2).

    Chapter: spiky_svd.

    Parameters
    ----------
    drawn : DataFrame
        From `noisy_spikes`; kinds of model that the ledger does not know are left out.

    Returns
    -------
    DataFrame, one row a range
        `quantity`, `models`, `earlier` (range), `here` (range), `draws` and `inside, %` (of the draws, to
        the digits that the range was noted with).

    Raises
    ------
    ValueError
        If no draw is of a kind that the ledger knows.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.block_experiments import noisy_spikes
    >>> beside_earlier_draws(noisy_spikes(400, [4], [0.0], [0]))["quantity"].tolist()
    ['spikes', 'cosine', 'variation of norms']
    """
    (claim,) = (claim for claim in _ledger()["claims"] if claim["id"] == "R2")
    rows = []
    for value in claim["reported"]:
        column, _, kind = value["id"].partition("_")
        values = drawn.loc[drawn["model"].str.split("_").map(lambda parts: kind in parts), column].dropna()  # noqa: B023
        if len(values):
            rows.append(
                (_QUANTITIES[column], _MODELS[kind], value["value"], *_against(values, value["value"]))
            )
    if not rows:
        raise ValueError(
            f"no draw is of a kind that the ledger knows; there are {sorted(set(drawn['model']))}"
        )
    return pd.DataFrame(rows, columns=["quantity", "models", "earlier", "here", "draws", "inside, %"])


def _against(values: pd.Series, noted: str) -> tuple[str, int, float]:
    """Range of some values, their number, and how many per cent round into a range noted as text."""
    low, high = noted.split(" to ")
    digits = len(low.partition(".")[2])
    rounded = values.round(digits)
    inside = 100 * rounded.between(float(low), float(high)).mean()
    return f"{rounded.min():.{digits}f} to {rounded.max():.{digits}f}", len(values), float(inside)


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,}"


@cache
def _ledger() -> Any:
    return yaml.safe_load(resources.files(__package__).joinpath("claims.yml").read_text(encoding="utf-8"))
