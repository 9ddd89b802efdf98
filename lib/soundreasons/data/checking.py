"""Is this what the registry says? Files by their bytes, tables by what they say.

Checking a large set takes time, so a stamp remembers that a copy was found right, with the size
and the modification time (in nanoseconds) of each file. A stamp only spares the digest on `open`
while neither has changed; `verify` never looks at it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from soundreasons.data.canonical import table_digest
from soundreasons.data.errors import DataError
from soundreasons.data.files import UNPACKING_ERRORS, Folder, fingerprint, is_packed_copy
from soundreasons.data.registry import UNVERIFIED, Entry, FilePin, TablePin, content_digest

READERS = "soundreasons.data.readers"


@dataclass(frozen=True)
class Checked:
    """A record that was read from files found right, and the digest of what it says."""

    record: Any
    folder: Folder
    digest: str


def function(name: str, package: str = READERS) -> Callable[..., Any]:
    """Import `module.function` from the readers package, at the moment it is needed."""
    module, _, attribute = name.partition(".")
    found = getattr(import_module(f"{package}.{module}"), attribute, None)
    if not callable(found):
        raise DataError(f"the registry names {name!r}, but {package}.{module} has no function {attribute!r}")
    return found  # type: ignore[no-any-return]


def check(entry: Entry, folder: Folder, *, package: str = READERS) -> Checked:
    """Check every file and table of a copy, and return what its reader makes of it.

    Raises
    ------
    DataError
        If a file is missing, cut short or has other bytes than expected, or a table has other
        columns, another number of rows or another digest: says what was found and expected.
    """
    version, files = check_files(entry, folder)
    folder = replace(folder, version=version)
    record = read(entry, folder, package)
    tables = {name: check_table(entry, record, name, pin) for name, pin in entry.tables.items()}
    return Checked(record, folder, content_digest(files, tables))


def check_files(entry: Entry, folder: Folder) -> tuple[str, dict[str, FilePin]]:
    """Return the edition whose pins the files fulfil, and these pins."""
    for name in entry.file_names:
        if not folder.path(name).exists():
            raise DataError(f"{entry.name}: {name} is missing from {folder.source}; {_remedy(entry)}")
    pinned = {name for pins in entry.variants.values() for name in pins}
    found = {name: _found(entry, folder, name) for name in sorted(pinned)}
    for version, pins in entry.variants.items():
        if all(found[name] == (pin.sha256, pin.size) for name, pin in pins.items()):
            return version, pins
    raise DataError(_wrong_bytes(entry, folder, found))


def _found(entry: Entry, folder: Folder, name: str) -> tuple[str, int]:
    path = folder.path(name)
    try:
        return fingerprint(path, decode=is_packed_copy(path, name))
    except UNPACKING_ERRORS as error:
        raise DataError(
            f"{entry.name}: {name} ({path}) cannot be read ({error}); {_remedy(entry)}"
        ) from error


def _wrong_bytes(entry: Entry, folder: Folder, found: dict[str, tuple[str, int]]) -> str:
    pins = next(iter(entry.variants.values()))
    name = next((n for n, pin in pins.items() if found[n] != (pin.sha256, pin.size)), next(iter(pins)))
    sha256, size = found[name]
    others = f" (or another of {len(entry.variants)} editions)" if len(entry.variants) > 1 else ""
    return (
        f"{entry.name}: {name} ({folder.path(name)}) has {size} bytes and sha256 {sha256}, expected "
        f"{pins[name].size} bytes and sha256 {pins[name].sha256}{others}; {_remedy(entry)}"
    )


def _remedy(entry: Entry) -> str:
    return f"remove or replace that copy, then: soundreasons data fetch {entry.name} --force"


def read(entry: Entry, folder: Folder, package: str = READERS) -> Any:
    """Call the entry's reader; a file that it cannot read becomes a `DataError` with its name."""
    with named_faults(entry, folder.paths.values()):
        return function(entry.reader, package)(folder)


@contextmanager
def named_faults(entry: Entry, paths: Iterable[Path]) -> Iterator[None]:
    """Turn what a parser says of a damaged file into a `DataError` with entry, files and remedy."""
    try:
        yield
    except DataError:
        raise
    except (ValueError, KeyError, IndexError, *UNPACKING_ERRORS) as error:
        places = ", ".join(str(path) for path in list(paths)[:3])
        raise DataError(
            f"{entry.name}: {places} cannot be read ({type(error).__name__}: {error}); {_remedy(entry)}"
        ) from error


def check_table(entry: Entry, record: Any, name: str, pin: TablePin) -> str:
    """Check columns, number of rows and digest of one table of a record; return its digest."""
    frame = getattr(record, name)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{entry.name}: {name} is a {type(frame).__name__}, expected a DataFrame")
    where = f"{entry.name}: table {name}"
    if list(frame.columns) != pin.columns:
        raise DataError(
            f"{where} has columns {list(frame.columns)}, expected {pin.columns}; {_remedy(entry)}"
        )
    if pin.rows is not None and len(frame) != pin.rows:
        raise DataError(f"{where} has {len(frame)} rows, expected {pin.rows}; {_remedy(entry)}")
    digest = table_digest(frame)
    if pin.digest not in (UNVERIFIED, digest):
        raise DataError(
            f"{where} has the expected number of rows ({pin.rows}), but its digest is {digest}, "
            f"expected {pin.digest}: at least one cell differs; {_remedy(entry)}"
        )
    return digest


def stamp_of(entry: Entry, folder: Folder) -> dict[str, Any]:
    """Return what a stamp remembers of a copy: its declaration and the state of every file."""
    state = {}
    for name, path in sorted(folder.paths.items()):
        status = path.stat()
        state[name] = [str(path), status.st_size, status.st_mtime_ns]
    return {"entry": entry.digest, "files": state}


def recall(place: Path, entry: Entry, folder: Folder) -> tuple[str, str] | None:
    """Return digest and version of a copy found right before and not touched since, else None."""
    try:
        stamp = json.loads(place.read_text(encoding="utf-8"))
        same = stamp["state"] == stamp_of(entry, folder)
        return (str(stamp["digest"]), str(stamp["version"])) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(place: Path, entry: Entry, checked: Checked) -> None:
    """Write a stamp; where the cache cannot be written, the next process checks again."""
    stamp = {
        "state": stamp_of(entry, checked.folder),
        "digest": checked.digest,
        "version": checked.folder.version,
    }
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(stamp), encoding="utf-8")
        part.replace(place)
    except OSError:
        return
