"""Calling a package client: no shell, bounded in time, with its last words in the error."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from soundreasons.data.errors import DataError, SourceSkipped

TIME_LIMIT_SECONDS = 1800


def find(program: str) -> str:
    """Return the path of a program; `SourceSkipped` if this machine has none."""
    path = shutil.which(program)
    if path is None:
        raise SourceSkipped(f"the program {program} is not installed on this machine")
    return path


def call(command: Sequence[str], folder: Path, *, seconds: float = TIME_LIMIT_SECONDS) -> None:
    """Run a command in `folder`; `DataError` with its last words if it fails or takes too long."""
    try:
        done = subprocess.run(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{command[0]} took more than {seconds:.0f} seconds and was stopped") from error
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise DataError(f"{Path(command[0]).name} failed: {' / '.join(words[-3:]) or 'no message'}")


def only_file(folder: Path, pattern: str, program: str) -> Path:
    """Return the one file that a program left in `folder`."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DataError(f"{program} left {len(found)} files like {pattern}, expected one")
    return found[0]
