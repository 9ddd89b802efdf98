"""What a user gave: the name of a file, or a text?"""

from __future__ import annotations

import os
from pathlib import Path

LONGEST_NAME, LONGEST_PATH = 255, 4096  # bytes, on the file systems that we meet


def is_file_name(text: str) -> bool:
    r"""Tell whether a text could be the name of a file, without looking for one.

    A text with a break of line, a NUL or half a character in it is none, nor is one of which a part
    between two slashes is longer than a file's name may be.

    Examples
    --------
    >>> is_file_name("songs.csv"), is_file_name("sad piano\nfor rain"), is_file_name("sad " * 64)
    (True, False, False)
    """
    if not text or any(letter in text for letter in "\0\n\r"):
        return False
    try:
        name = text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(name) < LONGEST_PATH and all(len(part) <= LONGEST_NAME for part in name.split(b"/"))


def as_file(text: str) -> Path | None:
    """Path of the regular file that a text names; None where there is none. Never raises.

    Examples
    --------
    >>> as_file("sad piano") is None
    True
    """
    return Path(text) if is_file_name(text) and os.path.isfile(text) else None


def as_path(text: str) -> Path | None:
    """Path of whatever a text names, a folder too; None where there is nothing. Never raises.

    Examples
    --------
    >>> as_path(".")
    PosixPath('.')
    """
    return Path(text) if is_file_name(text) and os.path.exists(text) else None


def require_file(text: str, expected: str) -> Path:
    """Path of the regular file that a text names.

    Raises
    ------
    ValueError
        If there is none; with what is expected.

    Examples
    --------
    >>> require_file("sad piano", "a table")
    Traceback (most recent call last):
    ValueError: sad piano is no file; give a table
    """
    path = as_file(text)
    if path is None:
        raise ValueError(f"{shortened(text)} is no file; give {expected}")
    return path


def shortened(text: str, longest: int = 160) -> str:
    r"""A text in one line, its middle left out where it is long, for a message that names it.

    Examples
    --------
    >>> shortened("sad piano for rain", 11), shortened("a\nb")
    ('sad ...rain', "'a\\nb'")
    """
    half = max(1, (longest - 3) // 2)
    shown = text if len(text) <= longest else f"{text[:half]}...{text[-half - (longest - 3) % 2 :]}"
    return shown if shown.isprintable() else repr(shown)
