"""What the paper's poster reports, read from the ledger so that each number stands once."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

SETS = {"mtt": "MTT", "msd": "MSD", "mc": "MC", "mc_reco": "MC-reco"}
SYSTEMS = {
    "tfidf": "tf-idf",
    "clap": "CLAP text",
    "ttmr": "TTMR text",
    "bert": "BERT",
    "minilm": "all-MiniLM-L12",
    "msmarco": "msmarco-BERT",
    "tuned": "fine-tuned",
}


def published_table() -> pd.DataFrame:
    """Lay out the paper's table: recall@10 in per cent, a row a system, a column a test set.

    Chapter: song_descriptors.

    >>> float(published_table().loc["tf-idf", "MC"])
    89.4
    """
    facts = {fact["id"]: fact["value"] for fact in _ledger()["facts"]}
    rows = {label: [facts[f"{name}_{part}"] for part in SETS] for name, label in SYSTEMS.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(SETS.values())).rename_axis("system")


def published(name: str) -> float:
    """Return one number of the ledger's facts.

    Chapter: song_descriptors.

    >>> published("tuned_mc")
    84.8
    """
    return float(next(fact["value"] for fact in _ledger()["facts"] if fact["id"] == name))


@cache
def _ledger() -> Any:
    return yaml.safe_load(resources.files(__package__).joinpath("claims.yml").read_text(encoding="utf-8"))
