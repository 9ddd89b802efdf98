"""Last.fm: who listens to whom (HetRec 2011 and 360K).

Chapters: spiky_svd, explainable_recommendation.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines
from soundreasons.data.readers.columns import ColumnWriter, Kind

TEXTS = ("tag", "artist")
_PLAYS: dict[str, Kind] = {"user_id": "int32", "artist_id": "int32", "plays": "int64"}
_ARTISTS: dict[str, Kind] = {"artist_id": "int32", "mbid": "str", "artist": "str"}


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


@dataclass(frozen=True)
class Lastfm360k:
    """Who listened to whom how often: 360 thousand users (Celma, 2010).

    Attributes
    ----------
    name : str
        Name in the registry.
    plays : DataFrame
        One row a line of the data: `user_id`, `artist_id` (int32, both from 0), `plays` (int64).
    artists : DataFrame
        `artist_id` (int32), `mbid` (text, MusicBrainz number, empty where there is none), `artist`
        (text). An artist is one MusicBrainz number or, without one, one name.
    """

    name: str
    plays: pd.DataFrame
    artists: pd.DataFrame


def read_360k(folder: Folder) -> Lastfm360k:
    """Read the converted tables."""
    plays, artists = (pd.read_parquet(folder.path(f"{name}.parquet")) for name in ("plays", "artists"))
    return Lastfm360k(folder.name, plays, artists)


def convert_360k(raw: Mapping[str, Path], target: Path) -> None:
    """Convert the publisher's 17.5 million lines in one pass, a million rows in memory at a time."""
    users: dict[str, int] = {}
    artists: dict[str, int] = {}
    with (
        ColumnWriter(target / "plays.parquet", _PLAYS) as table,
        ColumnWriter(target / "artists.parquet", _ARTISTS) as names,
    ):
        for number, line in enumerate(text_lines(raw["plays.tsv"]), start=1):
            user, mbid, artist, plays = _play(line, number)
            key = mbid or artist
            if key not in artists:
                artists[key] = len(artists)
                names.append(artists[key], mbid, artist)
            table.append(users.setdefault(user, len(users)), artists[key], plays)


def _play(line: str, number: int) -> tuple[str, str, str, int]:
    # A name may itself hold a tab: the first two cells and the last one are fixed.
    user, mbid, *name, plays = line.split("\t") if line.count("\t") >= 3 else ("", "", "", "")
    if not user or not plays.strip().isdigit():
        raise DataError(f"line {number} is {line[:80]!r}, expected user, artist number, artist and plays")
    return user, mbid, "\t".join(name), int(plays)
