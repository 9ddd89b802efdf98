"""Playlists: which songs people put together.

Art of the Mix 2003 and 2011 (McFee and Lanckriet), radio playlists of yes.com (Chen et al.), and
the million playlists of Spotify (Chen et al.). Chapter: spiky_svd.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines
from soundreasons.data.readers.columns import ColumnWriter, Kind

_CHUNK = 1 << 20
_SPACE, _GAP = re.compile(r"[ \t\r\n]*"), re.compile(r"[ \t\r\n,]*")
# The first two lines of the radio playlists list the songs and how often each was played.
_RADIO_HEADER_LINES = 2

_ENTRIES: dict[str, Kind] = {"playlist_id": "int32", "position": "int32", "item_id": "int32"}
_ITEMS: dict[str, Kind] = {"item_id": "int32", "key": "str", "title": "str", "artist": "str"}
_PLAYLISTS: dict[str, Kind] = {"playlist_id": "int32", "label": "str"}


@dataclass(frozen=True)
class SongPairs:
    """Songs that follow each other in a playlist.

    Attributes
    ----------
    name : str
        Name in the registry.
    pairs : DataFrame
        One row a pair, as often as it was seen: `first`, `second` (text, Million Song Dataset
        track numbers). Each row is one context of two items.
    """

    name: str
    pairs: pd.DataFrame


@dataclass(frozen=True)
class Playlists:
    """Playlists and the songs in them.

    Attributes
    ----------
    name : str
        Name in the registry.
    entries : DataFrame
        One row a song in a playlist: `playlist_id`, `position` (from 0), `item_id` (all int32).
    items : DataFrame
        One row a song: `item_id` (int32, from 0), `key` (text, the publisher's own id), `title`,
        `artist` (text, missing where the data has none).
    playlists : DataFrame
        One row a playlist: `playlist_id` (int32), `label` (text: category, split or title).
    """

    name: str
    entries: pd.DataFrame
    items: pd.DataFrame
    playlists: pd.DataFrame


def read_pairs(folder: Folder) -> SongPairs:
    """Read the song pairs of Art of the Mix 2003, a CSV without header."""
    with open_decoded(folder.path("aotm-bigrams.csv")) as stream:
        table = pd.read_csv(
            stream, header=None, names=["first", "second"], dtype="str", keep_default_na=False
        )
    return SongPairs(folder.name, table)


def read_parquet(folder: Folder) -> Playlists:
    """Read playlists that one of the functions below has converted."""
    tables = [pd.read_parquet(folder.path(f"{name}.parquet")) for name in ("entries", "items", "playlists")]
    return Playlists(folder.name, *tables)


class _Writer:
    """Number songs by first appearance and write the three tables as they come."""

    def __init__(self, target: Path, files: ExitStack) -> None:
        self._entries = files.enter_context(ColumnWriter(target / "entries.parquet", _ENTRIES))
        self._items = files.enter_context(ColumnWriter(target / "items.parquet", _ITEMS))
        self._playlists = files.enter_context(ColumnWriter(target / "playlists.parquet", _PLAYLISTS))
        self._number: dict[str, int] = {}

    def item(self, key: str, title: str | None, artist: str | None) -> int:
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = len(self._number)
            self._items.append(number, key, title, artist)
        return number

    def playlist(self, playlist_id: int, label: str | None, item_ids: Iterable[int]) -> None:
        self._playlists.append(playlist_id, label)
        for position, item_id in enumerate(item_ids):
            self._entries.append(playlist_id, position, item_id)


def convert_art_of_the_mix(raw: Mapping[str, Path], target: Path) -> None:
    """Convert Art of the Mix 2011: one JSON list of playlists, read one playlist at a time.

    As in the paper, a playlist is the concatenation of its `filtered_lists`, the runs of songs that
    were found in the Million Song Dataset. Titles come from the entry that names the song.
    """
    with ExitStack() as files, open_decoded(raw["aotm2011_playlists.json"]) as stream:
        writer = _Writer(target, files)
        for playlist in json_items(stream):
            names = _names_by_song(playlist["playlist"])
            songs = [song for run in playlist["filtered_lists"] for song in run]
            numbers = [writer.item(song, *names.get(song, (None, None))) for song in songs]
            writer.playlist(int(playlist["mix_id"]), playlist.get("category"), numbers)


def _names_by_song(entries: list[Any]) -> dict[str, tuple[str, str]]:
    """Map song numbers (SO...) to title and artist, from entries such as [[artist, title], number]."""
    names = {}
    for (artist, title), *rest in entries:
        for number in _texts(rest):
            if number.startswith("SO"):
                names[number] = (title, artist)
    return names


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def convert_radio(raw: Mapping[str, Path], target: Path) -> None:
    """Convert the radio playlists: one playlist a line, songs by number, names in a list of their own.

    Playlists of both parts are kept whole, short ones too; the label says from which part.
    """
    names = dict(_radio_names(raw["song_hash.txt"]))
    with ExitStack() as files:
        writer = _Writer(target, files)
        playlist_id = 0
        for part in ("train", "test"):
            for line, text in enumerate(text_lines(raw[f"{part}.txt"])):
                if line < _RADIO_HEADER_LINES or not text.strip():
                    continue
                numbers = [writer.item(song, *names.get(song, (None, None))) for song in text.split()]
                writer.playlist(playlist_id, part, numbers)
                playlist_id += 1


def _radio_names(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in text_lines(path):
        if line:
            number, title, artist = ([cell.strip() for cell in line.split("\t")] + ["", ""])[:3]
            yield number, (title, artist)


def convert_million(raw: Mapping[str, Path], target: Path) -> None:
    """Convert the million playlists: a folder of JSON slices, of which one is in memory at a time."""
    slices = sorted(raw["data"].glob("mpd.slice.*.json*"), key=_first_number)
    if not slices:
        raise DataError(f"{raw['data']} holds no file like mpd.slice.0-999.json")
    with ExitStack() as files:
        writer = _Writer(target, files)
        for place in slices:
            with open_decoded(place) as stream:
                content = json.load(stream)
            for playlist in content["playlists"]:
                tracks = playlist["tracks"]
                numbers = [writer.item(t["track_uri"], t["track_name"], t["artist_name"]) for t in tracks]
                writer.playlist(playlist["pid"], playlist["name"], numbers)


def _first_number(place: Path) -> int:
    return int(place.name.split(".")[2].split("-")[0])


def json_items(stream: IO[bytes]) -> Iterator[Any]:
    """Yield the items of a JSON list one by one, with no more than a few of them in memory.

    Examples
    --------
    >>> list(json_items(io.BytesIO(b'[{"a": 1}, 2]')))
    [{'a': 1}, 2]
    """
    text, decoder = io.TextIOWrapper(stream, encoding="utf-8"), json.JSONDecoder()
    buffer = text.read(_CHUNK)
    if not buffer.startswith("["):
        raise DataError(f"expected a JSON list, found {buffer[:20]!r}")
    start = 1
    while True:
        start = _behind(_GAP, buffer, start)
        if buffer.startswith("]", start):
            return
        try:
            item, end = decoder.raw_decode(buffer, start)
        except json.JSONDecodeError:
            item, end = None, len(buffer)
        # Only what a comma or bracket follows is whole: "-1" may go on as "-1.5" in the next chunk.
        if buffer.startswith((",", "]"), _behind(_SPACE, buffer, end)):
            yield item
            start = end
        elif more := text.read(_CHUNK):
            buffer, start = buffer[start:] + more, 0
        else:
            raise DataError("the JSON list breaks off before its end")


def _behind(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start
