"""Tags that people gave to real music, and features of it. Chapter: concept_hierarchies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines

JAMENDO_PARTS = ("train", "validation", "test")
JAMENDO_SUBSETS = ("genre", "instrument", "moodtheme")


@dataclass(frozen=True)
class JamendoTags:
    """Tags of 55,525 tracks of Jamendo.

    Attributes
    ----------
    name : str
        Name in the registry.
    taggings : DataFrame
        One row a tag of a track: `track` (text), `category` (genre, instrument or mood/theme), `tag`.
    """

    name: str
    taggings: pd.DataFrame


@dataclass(frozen=True)
class MagnaTags:
    """The 50 most used tags on 5,861 clips of MagnaTagATune (validation and test part).

    Attributes
    ----------
    name : str
        Name in the registry.
    taggings : DataFrame
        One row a tag of a clip: `clip` (int, from 0, test after validation), `tag` (text).
    """

    name: str
    taggings: pd.DataFrame


@dataclass(frozen=True)
class GenreFeatures:
    """Statistics of 1,000 half-minute clips of ten genres (GTZAN).

    Attributes
    ----------
    name : str
        Name in the registry.
    clips : DataFrame
        `filename`, `label` (text) and 57 statistics of librosa features (float).
    """

    name: str
    clips: pd.DataFrame


def read_jamendo(folder: Folder) -> JamendoTags:
    """Join the genre, instrument and mood/theme subsets of split 0; a tag of two subsets counts once."""
    files = [f"autotagging_{s}-{part}.tsv" for s in JAMENDO_SUBSETS for part in JAMENDO_PARTS]
    rows = {
        (track, *tag.split("---"))
        for file in files
        for track, tags in _jamendo_lines(folder, file)
        for tag in tags
    }
    columns = ["track", "category", "tag"]
    return JamendoTags(folder.name, pd.DataFrame(sorted(rows), columns=columns, dtype="str"))


def _jamendo_lines(folder: Folder, file: str) -> list[tuple[str, list[str]]]:
    lines = [line.split("\t") for line in text_lines(folder.path(file))]
    if not lines or lines[0][0] != "TRACK_ID":
        raise DataError(f"{folder.name}: {file} has no header TRACK_ID")
    return [(cells[0], [tag for tag in cells[5:] if tag]) for cells in lines[1:] if cells[0]]


def read_magnatagatune(folder: Folder) -> MagnaTags:
    """Read the two label matrices, validation first."""
    tags = [line for line in text_lines(folder.path("top50_tags.txt")) if line]
    parts = []
    for file in ("y_valid_pub.npy", "y_test_pub.npy"):
        with open_decoded(folder.path(file)) as stream:
            parts.append(np.load(stream, allow_pickle=False))
    labels = np.concatenate(parts)
    if labels.shape[1] != len(tags):
        raise DataError(f"{folder.name}: {labels.shape[1]} columns of labels, but {len(tags)} tags")
    clip, tag = np.nonzero(labels)
    return MagnaTags(folder.name, pd.DataFrame({"clip": clip, "tag": np.array(tags)[tag]}))


def read_gtzan(folder: Folder) -> GenreFeatures:
    """Read the table of features."""
    with open_decoded(folder.path("features_30_sec.csv")) as stream:
        return GenreFeatures(folder.name, pd.read_csv(stream))
