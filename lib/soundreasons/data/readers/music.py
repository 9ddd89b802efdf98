"""Recordings of music, the authors' ten versions, scores, a sound font, and released vocoders."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundreasons.data.files import Folder
from soundreasons.data.registry import HERE

# Which file is whose: written by hand from the licence texts beside the files.
RECORDINGS = HERE / "manifests" / "recordings.csv"
SHARED_FREELY = ("public domain", "CC0", "CC BY ", "CC BY-SA", "MIT")
_EXAMPLE_PARTS = 3  # audio_examples/<version>/<song>.mp3


@dataclass(frozen=True)
class Recording:
    """One piece of music in one or more files (stems, to be added up).

    Attributes
    ----------
    title, artist, style, licence : str
        `artist` is whoever wrote and played it: tracks of one artist belong on one side of a split.
        `style` is a rough word of ours.
    paths : tuple of Path
        The sound files, or the score.
    may_play : bool
        Whether a page may embed it, with credit.
    """

    title: str
    artist: str
    style: str
    licence: str
    paths: tuple[Path, ...]
    may_play: bool


@dataclass(frozen=True)
class Recordings:
    """The recordings of one entry, in the order of their table. `name` is the entry's."""

    name: str
    tracks: tuple[Recording, ...]


@dataclass(frozen=True)
class Examples:
    """The authors' seven songs in ten versions.

    Attributes
    ----------
    name : str
        Name in the registry.
    songs : tuple of str
        Free Music Archive numbers, rising.
    versions : tuple of str
        "real" first, then the nine decoders in alphabetical order.
    paths : mapping of (version, song) to Path
    """

    name: str
    songs: tuple[str, ...]
    versions: tuple[str, ...]
    paths: Mapping[tuple[str, str], Path]


@dataclass(frozen=True)
class Generators:
    """Weights of HiFi-GAN V1, by the speech that it learned from.

    `weights` maps "universal" and "ljspeech" to the file; open it with `load_weights`.
    """

    name: str
    weights: Mapping[str, Path]


@dataclass(frozen=True)
class SoundFont:
    """A General MIDI sound font: `path` to the file."""

    name: str
    path: Path


def read_examples(folder: Folder) -> Examples:
    """Read which version of which song lies where."""
    paths = {}
    for file, path in folder.paths.items():
        parts = Path(file).with_suffix("").parts
        if len(parts) != _EXAMPLE_PARTS:
            raise ValueError(f"{file} is not <folder>/<version>/<song>.mp3")
        paths[parts[1], parts[2]] = path
    decoders = sorted({version for version, _ in paths} - {"real"})
    songs = sorted({song for _, song in paths})
    return Examples(folder.name, tuple(songs), ("real", *decoders), paths)


def read_package(folder: Folder) -> Recordings:
    """Read the recordings of an entry, described in `recordings.csv`."""
    with RECORDINGS.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["entry"] == folder.name]
    return Recordings(folder.name, tuple(_recording(row, folder) for row in rows))


read_free_tracks = read_scores = read_package


def _recording(row: Mapping[str, str], folder: Folder) -> Recording:
    licence = row["licence"]
    free = licence.startswith(SHARED_FREELY) and "-NC" not in licence and "-ND" not in licence
    paths = tuple(folder.path(file) for file in row["files"].split("|"))
    return Recording(row["title"], row["artist"], row["style"], licence, paths, may_play=free)


def read_generators(folder: Folder) -> Generators:
    """Name the two generators."""
    paths = {file.removeprefix("generator_").split(".")[0]: path for file, path in folder.paths.items()}
    return Generators(folder.name, paths)


def load_weights(path: Path) -> dict[str, Any]:
    """Load the tensors of a generator: nothing but tensors is let in."""
    import torch

    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, dict) or "generator" not in loaded:
        raise ValueError(f"{path.name} holds no generator")
    weights: dict[str, Any] = loaded["generator"]
    return weights


def read_sound_font(folder: Folder) -> SoundFont:
    """Return where the sound font lies."""
    return SoundFont(folder.name, folder.path("TimGM6mb.sf2"))
