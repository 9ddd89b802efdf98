"""A knowledge graph of artists: typed facts, linked to Last.fm's numbers (Wang et al., 2019).

Chapter: explainable_recommendation.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines


@dataclass(frozen=True)
class KnowledgeGraph:
    """Facts about artists, as numbers; only relations have names.

    Attributes
    ----------
    name : str
        Name in the registry.
    facts : DataFrame
        One row a triple: `head` (int), `relation` (text), `tail` (int). Linked by machine: noisy.
    artists : DataFrame
        `artist_id` (int, as in HetRec 2011), `entity` (int, as in `facts`).
    """

    name: str
    facts: pd.DataFrame
    artists: pd.DataFrame


def read_graph(folder: Folder) -> KnowledgeGraph:
    """Read the triples and the links, both tab-separated without header."""
    facts = _table(folder.path("kg.txt"), ["head", "relation", "tail"])
    artists = _table(folder.path("item_index2entity_id.txt"), ["artist_id", "entity"])
    return KnowledgeGraph(folder.name, facts, artists)


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    first = next(text_lines(path), "").split("\t")
    if len(first) != len(columns):
        raise DataError(f"{path} begins with {first!r}, expected {len(columns)} cells: {', '.join(columns)}")
    with open_decoded(path) as stream:
        return pd.read_csv(
            stream,
            sep="\t",
            header=None,
            names=list(columns),
            dtype={name: "str" if name == "relation" else "int64" for name in columns},
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
        )
