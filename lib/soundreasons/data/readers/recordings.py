"""Sound files, each under the name that the registry gives it. Chapter: concept_hierarchies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from soundreasons.data.files import Folder


@dataclass(frozen=True)
class Recordings:
    """Recordings as files.

    Attributes
    ----------
    name : str
        Name in the registry.
    paths : dict of str to Path
        Where each file lies, by its name in the registry without ending; read only.
    """

    name: str
    paths: dict[str, Path]


def read_recordings(folder: Folder) -> Recordings:
    """Name the files; each was checked byte by byte."""
    return Recordings(folder.name, {Path(name).stem: path for name, path in folder.paths.items()})
