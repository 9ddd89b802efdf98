"""Notes of real scores, to be played by any instrument. Chapter: concept_hierarchies."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder

LONGEST_QUARTERS = 64.0


@dataclass(frozen=True)
class Scores:
    """Beginnings of scores as lists of notes.

    Attributes
    ----------
    name : str
        Name in the registry.
    notes : DataFrame
        One row a note, of the first 64 quarter notes of each piece: `piece` and `style` (text),
        `part` (int, from 0, top to bottom), `onset` and `duration` (float, quarter notes), `pitch`
        (int, MIDI number). Tied notes are one note; repeats are not played twice.
    """

    name: str
    notes: pd.DataFrame


def read_scores(folder: Folder) -> Scores:
    """Read the notes."""
    return Scores(folder.name, pd.read_parquet(folder.path("notes.parquet")))


def convert_music21(files: Mapping[str, Path], home: Path) -> None:
    """Parse score files named ``style/piece.ending`` and write their notes as one table."""
    rows = [row for name, path in files.items() for row in _notes(name, path)]
    columns = ["piece", "style", "part", "onset", "duration", "pitch"]
    pd.DataFrame(rows, columns=columns).to_parquet(home / "notes.parquet", index=False)


def _notes(name: str, path: Path) -> Iterator[tuple[Any, ...]]:
    from music21 import converter

    style, _, file = name.partition("/")
    piece = Path(file).stem
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about encodings that music21 repairs by itself
        score: Any = converter.parse(path, forceSource=True, storePickle=False)
    parts = list(score.parts) or [score]
    found = False
    for number, part in enumerate(parts):
        for note in part.stripTies().flatten().notes:
            onset, duration = float(note.offset), float(note.quarterLength)
            if duration > 0 and onset < LONGEST_QUARTERS:
                for pitch in note.pitches:
                    found = True
                    yield piece, style, number, onset, duration, int(pitch.midi)
    if not found:
        raise DataError(f"{path} holds no note")
