"""Genres and sounds in the order that people gave them: trees, a graph without circles, and a map.

Chapters: concept_hierarchies, song_descriptors.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines


@dataclass(frozen=True)
class DiscogsStyles:
    """Styles of music under their genres, as Discogs files them.

    Attributes
    ----------
    name : str
        Name in the registry.
    styles : DataFrame
        `genre`, `style` (text); a style may stand under several genres.
    """

    name: str
    styles: pd.DataFrame


@dataclass(frozen=True)
class AudioSetOntology:
    """Classes of sounds, each below one or more others.

    Attributes
    ----------
    name : str
        Name in the registry.
    classes : DataFrame
        `class_id`, `label`, `description` (text).
    children : DataFrame
        `parent`, `child` (class ids); 38 classes have more than one parent.
    """

    name: str
    classes: pd.DataFrame
    children: pd.DataFrame


@dataclass(frozen=True)
class BeetsGenres:
    """The genres with which the program beets tidies its tags: all names, and a tree of some.

    Attributes
    ----------
    name : str
        Name in the registry.
    genres : DataFrame
        `genre` (text, lower case), of the flat list.
    tree : DataFrame
        `genre`, `parent` (text, empty for the roots); a name may stand at two places.
    """

    name: str
    genres: pd.DataFrame
    tree: pd.DataFrame


@dataclass(frozen=True)
class GenreMap:
    """Positions of genres on the map "Every Noise at Once".

    Attributes
    ----------
    name : str
        Name in the registry.
    genres : DataFrame
        `genre` (text), `x`, `y` (int, pixels: down is more organic, right is bouncier), `colour`
        (text, such as ``#1ca3c2``).
    """

    name: str
    genres: pd.DataFrame


def read_discogs(folder: Folder) -> DiscogsStyles:
    """Read the table of styles."""
    with open_decoded(folder.path("discogs400.csv")) as stream:
        table = pd.read_csv(stream, keep_default_na=False)
    return DiscogsStyles(folder.name, table[["genre", "style"]])


def convert_discogs_labels(files: Mapping[str, Path], home: Path) -> None:
    """Take the class names ``Genre---Style`` out of a Python file, which is read and never run."""
    code = ast.parse(files["labels.py"].read_text(encoding="utf-8"))
    names = [node.value for node in ast.walk(code) if isinstance(node, ast.Constant)]
    pairs = [name.split("---") for name in names if isinstance(name, str) and name.count("---") == 1]
    pd.DataFrame(pairs, columns=["genre", "style"]).to_csv(home / "discogs400.csv", index=False)


def read_audioset(folder: Folder) -> AudioSetOntology:
    """Read the classes and who is below whom."""
    with open_decoded(folder.path("ontology.json")) as stream:
        entries = json.load(stream)
    classes = [(entry["id"], entry["name"], entry["description"]) for entry in entries]
    below = [(entry["id"], child) for entry in entries for child in entry["child_ids"]]
    return AudioSetOntology(
        folder.name,
        pd.DataFrame(classes, columns=["class_id", "label", "description"], dtype="str"),
        pd.DataFrame(below, columns=["parent", "child"], dtype="str"),
    )


def read_beets(folder: Folder) -> BeetsGenres:
    """Read the flat list of genres and the nested one."""
    names = [line.strip() for line in text_lines(folder.path("genres.txt")) if line.strip()]
    nested = yaml.safe_load(folder.path("genres-tree.yaml").read_text(encoding="utf-8"))
    rows = list(_walk(nested, ""))
    return BeetsGenres(
        folder.name,
        pd.DataFrame({"genre": names}, dtype="str"),
        pd.DataFrame(rows, columns=["genre", "parent"], dtype="str"),
    )


def _walk(nested: Any, parent: str) -> Iterator[tuple[str, str]]:
    for entry in nested:
        if isinstance(entry, dict):
            for genre, below in entry.items():
                yield str(genre), parent
                yield from _walk(below or [], str(genre))  # a colon with nothing behind it: a leaf
        elif entry is None or isinstance(entry, list):
            raise DataError(f"the tree of genres has {entry!r} where a name should stand")
        else:
            yield str(entry), parent


def read_every_noise(folder: Folder) -> GenreMap:
    """Read the positions."""
    with open_decoded(folder.path("genre_attrs.csv")) as stream:
        table = pd.read_csv(stream, keep_default_na=False)
    return GenreMap(folder.name, table.rename(columns={"hex_colour": "colour"}))
