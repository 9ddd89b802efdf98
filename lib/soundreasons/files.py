"""Writing that loses nothing: a file or a folder is whole or it is not there."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

_MEND = {
    errno.ENOSPC: "the disk is full; make room, or move `_build` or SOUNDREASONS_RUNS to another disk",
    errno.EDQUOT: "your share of the disk is used up; make room, or set SOUNDREASONS_RUNS to another disk",
    errno.EROFS: "it may only be read; copy the book to a folder where you may write",
    errno.EACCES: "it may not be written; copy the book to a folder where you may write",
    errno.EPERM: "it may not be written; copy the book to a folder where you may write",
}


def trouble(error: OSError) -> str:
    """Say in a sentence what the system refused, and what to do where that is known.

    Examples
    --------
    >>> trouble(OSError(errno.ENOSPC, "No space left on device", "results.json"))
    'results.json: the disk is full; make room, or move `_build` or SOUNDREASONS_RUNS to another disk'
    """
    place = f"{error.filename}: " if error.filename else ""
    return place + _MEND.get(error.errno or 0, error.strerror or str(error))


def require_writable(folder: Path) -> None:
    """Refuse a folder that nothing can be written into, before any work is done.

    Raises
    ------
    OSError
        That of the system, for one byte as for the megabyte that is tried.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".trial.{os.getpid()}"
    try:
        trial.write_bytes(bytes(2**20))
    finally:
        trial.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    """Write a file through a temporary one beside it.

    A file that already holds this content is left alone, so that what is built from it is not
    built again.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "deep" / "note.txt"
    >>> write(path, "kept"); path.read_text()
    'kept'
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_folder(new: Path, target: Path) -> None:
    """Put a finished folder in the place of an older one.

    Between the two renames a reader may find nothing for an instant; it never finds half a folder.
    A folder set aside by a run that was killed in that instant is put back by `recover_folder`.

    Raises
    ------
    FileNotFoundError
        If `new` does not exist.
    """
    if not new.is_dir():
        raise FileNotFoundError(f"{new} is no folder")
    aside = _aside(target)
    shutil.rmtree(aside, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(aside)
    new.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def recover_folder(target: Path) -> None:
    """Undo a replacement that was cut off half-way."""
    aside = _aside(target)
    if aside.is_dir() and not target.exists():
        aside.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")
