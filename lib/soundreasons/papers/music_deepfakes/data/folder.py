"""A folder of music of the reader's own, named by `SOUNDREASONS_MUSIC`, and who made what in it.

The folder that a file lies in counts as its artist; but the Free Music Archive shelves its files by number
(`000/000002.mp3`), so there `tracks.csv` of its metadata tells. Chapter: music_deepfakes.
"""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from soundreasons.data.readers.music import Recording

FOLDER_VARIABLE = "SOUNDREASONS_MUSIC"
# What a profile of the paper's size rests on, and how to get it.
FOLDER_OF_MUSIC = {
    FOLDER_VARIABLE: "set it to a folder of music, an artist a folder, or FMA medium with its `tracks.csv`"
}
ENDINGS = {".mp3", ".ogg", ".flac", ".wav", ".m4a", ".aac", ".opus"}
SHELF_DIGITS, NUMBER_DIGITS = 3, 6  # 000/000002.mp3: a shelf for each thousand numbers
METADATA = "tracks.csv"


class OwnMusic(NamedTuple):
    """Recordings of a folder, and how many of them nothing names an artist for: each is its own then."""

    recordings: list[Recording]
    unnamed: int


def own_music() -> OwnMusic:
    """Find the recordings of the folder that `SOUNDREASONS_MUSIC` names; none if it names nothing.

    Raises
    ------
    ValueError
        If it names no folder, or the archive's `tracks.csv` is another table.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        return OwnMusic([], 0)
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise ValueError(f"{FOLDER_VARIABLE} is {named!r}, which is no folder; name one, or unset it")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS]
    artists = _archive_artists(folder) if any(_on_a_shelf(path) for path in paths) else {}
    found, unnamed = [], 0
    for path in paths:
        artist = path.parent.name
        if _on_a_shelf(path):
            artist = artists.get(int(path.stem), "")
            unnamed += not artist
        artist = artist or f"track {path.stem}"
        found.append(Recording(path.stem, artist, "yours", "yours", (path,), False))
    return OwnMusic(found, unnamed)


def _on_a_shelf(path: Path) -> bool:
    """Whether a file lies as the Free Music Archive's do: by the thousands of its number."""
    shelf, number = path.parent.name, path.stem
    digits = len(shelf) == SHELF_DIGITS and len(number) == NUMBER_DIGITS and (shelf + number).isdecimal()
    return digits and number.startswith(shelf)


def _archive_artists(folder: Path) -> Mapping[int, str]:
    """Artist by number, from the archive's `tracks.csv` in or beside the folder; empty where there is none.

    The first two lines of that table name the columns, in two levels; the third names the numbers.
    """
    for table in (
        folder / METADATA, folder / "fma_metadata" / METADATA,
        folder.parent / METADATA, folder.parent / "fma_metadata" / METADATA,
    ):  # fmt: skip
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as stream:
                rows = csv.reader(stream)
                columns = list(zip(next(rows), next(rows), strict=True))
                if ("artist", "name") not in columns:
                    raise ValueError(
                        f"{table.name} has no column artist / name; take it from fma_metadata.zip"
                    )
                place = columns.index(("artist", "name"))
                return {int(row[0]): row[place].strip() for row in rows if row[0].isdecimal()}
    return {}
