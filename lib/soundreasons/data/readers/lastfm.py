"""Last.fm: who listens to whom (HetRec 2011 and 360K).

Chapters: spiky_svd, explainable_recommendation.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines

TEXTS = ("tag", "artist")


@dataclass(frozen=True)
class HetrecLastfm:
    """Listening, tagging and friendship of 1,892 users (Cantador et al., HetRec 2011).

    Attributes
    ----------
    name : str
        Name in the registry.
    listens : DataFrame
        One row a (user, artist) pair: `user_id` (int), `artist_id` (int), `plays` (int, how often).
    taggings : DataFrame
        One row a tag given: `user_id`, `artist_id`, `tag_id`, `day`, `month`, `year` (int).
    tags : DataFrame
        `tag_id` (int), `tag` (text).
    friends : DataFrame
        `user_id`, `friend_id` (int); both directions of each friendship are rows.
    artists : DataFrame
        `artist_id` (int), `artist` (text). Some tagged artists have no row here.
    """

    name: str
    listens: pd.DataFrame
    taggings: pd.DataFrame
    tags: pd.DataFrame
    friends: pd.DataFrame
    artists: pd.DataFrame


def read_hetrec(folder: Folder) -> HetrecLastfm:
    """Read the five tables; copies with or without a header line, LF or CRLF, are the same."""
    return HetrecLastfm(
        name=folder.name,
        listens=_table(folder.path("user_artists.dat"), ["user_id", "artist_id", "plays"]),
        taggings=_table(
            folder.path("user_taggedartists.dat"),
            ["user_id", "artist_id", "tag_id", "day", "month", "year"],
        ),
        tags=_table(folder.path("tags.dat"), ["tag_id", "tag"], encoding="latin-1"),
        friends=_table(folder.path("user_friends.dat"), ["user_id", "friend_id"]),
        artists=_table(folder.path("artists.dat"), ["artist_id", "artist"]),
    )


def _table(path: Path, columns: Sequence[str], *, encoding: str = "utf-8") -> pd.DataFrame:
    """Read the leading columns of a tab-separated file: numbers, but for the columns of names."""
    kinds = {name: "str" if name in TEXTS else "int64" for name in columns}
    header = next(text_lines(path, encoding=encoding), "").split("\t")
    if len(header) < len(columns):
        raise DataError(f"{path} begins with {header!r}, expected {len(columns)} cells or more")
    with open_decoded(path) as stream:
        return pd.read_csv(
            stream,
            sep="\t",
            header=None,
            skiprows=0 if header[0].isdigit() else 1,
            names=list(columns),
            usecols=range(len(columns)),
            dtype=kinds,
            encoding=encoding,
            # Names are taken as typed: a lone quote is a character, "NA" and "null" are words.
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
        )
