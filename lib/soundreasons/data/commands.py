"""What `soundreasons data` does, one function a verb, each returning plain rows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict

from soundreasons.data import checking
from soundreasons.data.checking import Checked
from soundreasons.data.errors import DataError, DataUnavailable, FetchError, SourceSkipped
from soundreasons.data.files import is_packed_copy
from soundreasons.data.registry import BuiltSource, Entry, Source
from soundreasons.data.store import Report, Store, silent


class ListingRow(TypedDict):
    """One entry of the registry, and whether it is here."""

    name: str
    title: str
    kind: str
    licence: str
    citation: str
    may_show: str
    version: str
    scale: str
    used_by: list[str]
    verified: bool
    sources: list[str]
    download_bytes: int | None
    here: bool
    place: str
    bytes: int


class OutcomeRow(TypedDict):
    """What happened to one entry: `status` is fetched, present, right, exported, absent or refused."""

    name: str
    status: str
    source: str
    digest: str
    version: str
    seconds: float
    message: str


class PlaceRow(TypedDict):
    """Where one file of an entry lies."""

    name: str
    file: str
    path: str
    source: str


GOOD = ("fetched", "present", "right", "exported")


def listing(store: Store, names: Iterable[str] | None = None) -> list[ListingRow]:
    """Describe the entries of the registry, all of them unless told, without reading any data."""
    return [_listing_row(store, store.entry(name)) for name in names or store.entries]


def _listing_row(store: Store, entry: Entry) -> ListingRow:
    folder = store.locate(entry)
    paths = list(folder.paths.values()) if folder else []
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "licence": entry.licence,
        "citation": entry.citation,
        "may_show": entry.may_show,
        "version": entry.version,
        "scale": entry.scale,
        "used_by": list(entry.used_by),
        "verified": entry.is_verified,
        "sources": [source.label for source in entry.sources],
        "download_bytes": next((s.download_size for s in entry.sources if s.download_size), None),
        "here": store.available(entry.name),
        "place": folder.source if folder else "",
        "bytes": sum(path.stat().st_size for path in paths if path.is_file()),
    }


def where(store: Store, names: Iterable[str] | None = None) -> list[PlaceRow]:
    """Tell where the files of each entry lie; entries that are not here give no row."""
    rows: list[PlaceRow] = []
    for name in names or store.entries:
        folder = store.locate(store.entry(name))
        if folder is None:
            continue
        for file, path in folder.paths.items():
            rows.append({"name": name, "file": file, "path": str(path), "source": folder.source})
    return rows


def fetch(
    store: Store,
    names: Iterable[str] | None = None,
    *,
    report: Report = silent,
    force: bool = False,
    strict: bool = True,
) -> list[OutcomeRow]:
    """Bring entries to this machine: the only thing here that touches the network.

    Parameters
    ----------
    store : Store
        Where to look and where to put.
    names : iterable of str, optional
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
        If `strict` and an entry failed; every other entry was still tried. `rows` has them all.
    """
    chosen = [name for name, e in store.entries.items() if e.scale == "laptop"] if names is None else names
    return _outcomes(chosen, lambda name: _fetch_one(store, name, report, force), report, strict)


def _fetch_one(store: Store, name: str, report: Report, force: bool) -> OutcomeRow:
    entry = store.entry(name)
    if not force and store.locate(entry) is not None:
        try:
            return _row("present", store.known(entry) or store.verify(name))
        except DataError as error:
            report(name, f"the copy here is refused: {error}")
            store.discard(entry)
    reasons = []
    for source in entry.sources:
        try:
            return _from_source(store, entry, source, report, force)
        except SourceSkipped as skipped:
            reasons.append(f"{source.label}: skipped, {skipped}")
        except DataError as error:
            reasons.append(f"{source.label}: {error}")
        report(name, reasons[-1])
    raise DataUnavailable(f"{name}: no source gave it.\n  " + "\n  ".join(reasons))


def _from_source(store: Store, entry: Entry, source: Source, report: Report, force: bool) -> OutcomeRow:
    in_place = store.in_place(entry, source)
    if in_place is not None:
        checked = checking.check(entry, in_place, package=store.readers)
        store.discard(entry)  # a copy in the cache would be read before this one
        return _row("present", checked)
    if isinstance(source, BuiltSource):
        for name in source.inputs:
            _fetch_one(store, name, report, force)
    return _row("fetched", store.install(entry, source, report))


def verify(
    store: Store, names: Iterable[str] | None = None, *, report: Report = silent, strict: bool = True
) -> list[OutcomeRow]:
    """Check copies to the last byte and row, whatever was found before; all that are here unless told.

    Returns one row an entry (right, refused, absent); raises `FetchError` at the end if `strict`
    and one is not right.
    """
    chosen = [n for n, e in store.entries.items() if store.locate(e)] if names is None else names
    return _outcomes(chosen, lambda name: _verify_one(store, name), report, strict)


def _verify_one(store: Store, name: str) -> OutcomeRow:
    if not store.available(name):
        raise DataUnavailable(f"{name} is not on this machine; soundreasons data fetch {name}")
    return _row("right", store.verify(name))


def export(
    store: Store,
    folder: Path,
    names: Iterable[str] | None = None,
    *,
    report: Report = silent,
    strict: bool = True,
) -> list[OutcomeRow]:
    """Copy entries into a folder that then serves as `SOUNDREASONS_MIRROR` for a class.

    Everything that is here, checked again, unless told; what ships with the library is left out
    unless named. Beside the data goes a list of titles, licences and citations.
    """
    chosen = list(_worth_exporting(store) if names is None else names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the export folder {folder} cannot be made ({error}); name another") from error
    rows = _outcomes(chosen, lambda name: _export_one(store, name, folder), report, strict)
    _write_credits(store, folder)
    return rows


def _worth_exporting(store: Store) -> Iterable[str]:
    for name, entry in store.entries.items():
        located = store.locate(entry)
        if located is not None and located.source != "package":
            yield name


def _export_one(store: Store, name: str, folder: Path) -> OutcomeRow:
    if not store.available(name):
        raise DataUnavailable(f"{name} is not on this machine; soundreasons data fetch {name}")
    checked = store.verify(name)
    for file, path in checked.folder.paths.items():
        packed = ".gz" if is_packed_copy(path, file) else ""
        _copy(path, folder / name / f"{file}{packed}", name)
    return _row("exported", checked)


def _copy(path: Path, place: Path, name: str) -> None:
    part = place.with_name(f"{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, part)
        part.replace(place)
    except OSError as error:
        raise DataError(f"{name}: {place} cannot be written ({error}); name another folder") from error


def _write_credits(store: Store, folder: Path) -> None:
    lines = ["name\ttitle\tlicence\tcitation"]
    for name, entry in store.entries.items():
        if (folder / name).is_dir():
            lines.append(f"{name}\t{entry.title}\t{entry.licence}\t{entry.citation}")
    (folder / "LICENCES.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(status: str, checked: Checked) -> OutcomeRow:
    folder = checked.folder
    return {
        "name": folder.name,
        "status": status,
        "source": folder.source,
        "digest": checked.digest,
        "version": folder.version,
        "seconds": 0.0,
        "message": "",
    }


def _failed(name: str, error: DataError) -> OutcomeRow:
    status = "absent" if isinstance(error, DataUnavailable) else "refused"
    return {
        "name": name,
        "status": status,
        "source": "",
        "digest": "",
        "version": "",
        "seconds": 0.0,
        "message": str(error),
    }


def _outcomes(
    names: Iterable[str], act: Callable[[str], OutcomeRow], report: Report, strict: bool
) -> list[OutcomeRow]:
    """Act on every entry, go on after a failure, and tell all failures at the end."""
    rows = []
    for name in names:
        start = time.monotonic()
        try:
            row = act(name)
        except DataError as error:
            row = _failed(name, error)
        row["seconds"] = time.monotonic() - start
        report(name, row["message"] or row["status"])
        rows.append(row)
    failed = [row for row in rows if row["status"] not in GOOD]
    if failed and strict:
        told = "\n".join(f"- {row['message']}" for row in failed)
        raise FetchError(f"{len(failed)} of {len(rows)} entries failed:\n{told}", rows)
    return rows
