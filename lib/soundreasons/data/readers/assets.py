"""Assets: folders of files that the site or a chapter uses as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from soundreasons.data.files import Folder


@dataclass(frozen=True)
class Asset:
    """A folder of files.

    Attributes
    ----------
    name : str
        Name in the registry.
    version : str
        Edition.
    folder : Path
        Where the files lie; read only.
    files : tuple of str
        Their paths below `folder`.
    """

    name: str
    version: str
    folder: Path
    files: tuple[str, ...]


def read_folder(folder: Folder) -> Asset:
    """Return the folder itself; its files were checked one by one."""
    return Asset(folder.name, folder.version, folder.root, tuple(sorted(folder.paths)))
