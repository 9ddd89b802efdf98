"""Data floor: declared in one registry, checked whatever the source, opened by name.

>>> from soundreasons import data
>>> programs = data.open("gm_programs").programs
>>> programs.loc[0, "program_name"]
'Acoustic Grand Piano'

`open` never downloads; `fetch` is the only thing that touches the network. `opened` tells what
this process has read. The other verbs of `soundreasons data` (`listing`, `verify`, `where`,
`export`) return plain rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from soundreasons.data import commands, registry
from soundreasons.data.commands import ListingRow, OutcomeRow, PlaceRow
from soundreasons.data.errors import (
    DataError,
    DataUnavailable,
    FetchError,
    RegistryError,
    SourceSkipped,
)
from soundreasons.data.registry import Entry
from soundreasons.data.store import Report, Store, cache_folder, mirror_folder, silent

__all__ = [
    "DataError",
    "DataUnavailable",
    "Entry",
    "FetchError",
    "ListingRow",
    "OutcomeRow",
    "PlaceRow",
    "RegistryError",
    "SourceSkipped",
    "available",
    "cache_folder",
    "entry",
    "export",
    "fetch",
    "listing",
    "mirror_folder",
    "names",
    "open",
    "opened",
    "verify",
    "where",
]

_OPENED: dict[str, dict[str, str]] = {}


def _store() -> Store:
    # Made anew for each call: the two variables may be set after the import.
    return Store(registry.load(), cache_folder(), mirror_folder(), opened=_OPENED)


def open(name: str) -> Any:
    """Open a data set, model or asset by its name in the registry; never downloads.

    Looks in the data folder (`SOUNDREASONS_DATA`, or the platform's cache folder), the mirror
    (`SOUNDREASONS_MIRROR`), what ships with the library, and what can be built or generated.

    Parameters
    ----------
    name : str
        Name in the registry, such as ``"hetrec_lastfm"``.

    Returns
    -------
    frozen dataclass
        Frames, arrays or paths as documented by its reader, and `.name`. Checked against the
        registry: every file by its bytes, every table by its rows.

    Raises
    ------
    DataUnavailable
        If no copy is on this machine: lists the sources and what to do.
    DataError
        If the name is unknown, or the copy is not what the registry says.
    """
    return _store().open(name)


def available(name: str) -> bool:
    """Whether `open` could answer without network; cheap, reads no data."""
    return _store().available(name)


def opened() -> dict[str, dict[str, str]]:
    """Return what this process has opened, by name.

    Each value has `digest` (of what the data says; the same for every good copy of one
    edition), `kind`, `source`, `version`, and `entry` (digest of the declaration).
    """
    return {name: dict(facts) for name, facts in _OPENED.items()}


def names(*, used_by: str | None = None, scale: str | None = None) -> list[str]:
    """Return the names of the entries, all or those that a chapter (slug) uses, of a scale.

    >>> names(used_by="spiky_svd", scale="laptop")
    ['movielens_2016', 'movielens_2018', 'hetrec_lastfm', 'aotm2003']
    """
    entries = registry.load().values()
    return [
        entry.name
        for entry in entries
        if (used_by is None or used_by in entry.used_by) and (scale is None or scale == entry.scale)
    ]


def entry(name: str) -> Entry:
    """Return the declaration of an entry; `DataError` with the nearest names if there is none."""
    return _store().entry(name)


def listing(names: Iterable[str] | None = None) -> list[ListingRow]:
    """Describe entries (all unless told): title, licence, sources, whether they are here."""
    return commands.listing(_store(), names)


def fetch(
    names: Iterable[str] | str | None = None,
    *,
    report: Report = silent,
    force: bool = False,
    strict: bool = True,
) -> list[OutcomeRow]:
    """Bring entries to this machine: the only function here that touches the network.

    Parameters
    ----------
    names : str or iterable of str, optional
        Entries; all of laptop scale unless told.
    report : callable (name, message)
        Called as things happen, for a progress display.
    force : bool
        Fetch again, though a right copy is here.
    strict : bool
        Raise at the end if an entry failed; otherwise only its row tells.

    Returns
    -------
    list of dict
        One row an entry: name, status (fetched, present, refused, absent), source, digest,
        version, seconds, message.

    Raises
    ------
    FetchError
        If `strict` and an entry failed; the others were still fetched, and `rows` has them all.
    """
    return commands.fetch(_store(), _several(names), report=report, force=force, strict=strict)


def verify(
    names: Iterable[str] | str | None = None, *, report: Report = silent, strict: bool = True
) -> list[OutcomeRow]:
    """Check copies to the last byte and row (all that are here unless told); rows as for `fetch`."""
    return commands.verify(_store(), _several(names), report=report, strict=strict)


def where(names: Iterable[str] | str | None = None) -> list[PlaceRow]:
    """Tell where each file of the entries lies; an entry that is not here gives no row."""
    return commands.where(_store(), _several(names))


def export(
    folder: str | Path,
    names: Iterable[str] | str | None = None,
    *,
    report: Report = silent,
    strict: bool = True,
) -> list[OutcomeRow]:
    """Fill a folder that then works as `SOUNDREASONS_MIRROR` on machines without network."""
    return commands.export(_store(), Path(folder), _several(names), report=report, strict=strict)


def _several(names: Iterable[str] | str | None) -> Iterable[str] | None:
    return [names] if isinstance(names, str) else names
