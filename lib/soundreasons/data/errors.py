"""What can go wrong with data, in one family of errors.

Every message names the entry, what was found, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class DataError(ValueError):
    """Data that cannot be trusted or used: wrong bytes, wrong rows, wrong place."""


class DataUnavailable(DataError):
    """No source on this machine answers; the message lists them and says what to do."""


class RegistryError(DataError):
    """The registry itself is wrong; the message names the entry and the field."""


class SourceSkipped(DataError):
    """A source that cannot be asked on this machine (program missing, folder not set)."""


class FetchError(DataError):
    """Some entries could not be fetched or verified; `rows` holds what happened to each one."""

    def __init__(self, message: str, rows: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.rows = list(rows)
