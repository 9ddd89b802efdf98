"""Photographs of faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded

_SIZE = (112, 92)  # rows, columns


@dataclass(frozen=True)
class Portraits:
    """Forty people, ten grey photographs each. Chapter: mesonet.

    Attributes
    ----------
    name : str
        Name in the registry.
    pictures : ndarray of uint8, shape (40, 10, 112, 92)
        People in the order of their folder's number, photographs in that of theirs.
    """

    name: str
    pictures: NDArray[np.uint8]


def read_orl(folder: Folder) -> Portraits:
    """Read the photographs, binary PGM."""
    people = [[_pgm(folder.path(f"s{s}/{n}.pgm")) for n in range(1, 11)] for s in range(1, 41)]
    return Portraits(folder.name, np.array(people))


def _pgm(path: Path) -> NDArray[np.uint8]:
    with open_decoded(path) as stream:
        content = stream.read()
    if content.startswith(b"P5\r\n"):  # some copies went through a text conversion: pixels of value 10 too
        content = content.replace(b"\r\n", b"\n")
    rows, columns = _SIZE
    header, pixels = content[: -rows * columns].split(), content[-rows * columns :]
    if header != [b"P5", b"92", b"112", b"255"] or len(pixels) != rows * columns:
        raise DataError(f"{path.name} has the header {header[:4]}, expected a grey PGM of 92 by 112 pixels")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(_SIZE)
