"""Where data lies on this machine, and how it comes there.

Three places, in this order: the cache (`SOUNDREASONS_DATA`, or the platform's cache folder), then
what the entry's sources offer without network (the mirror named by `SOUNDREASONS_MIRROR`, tables
that ship with the library, files put by hand, things built or generated here). Only `fetch` goes
further. A copy enters the cache whole and checked, by one rename, or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from soundreasons.data import checking, registry
from soundreasons.data.checking import Checked
from soundreasons.data.errors import DataError, DataUnavailable, SourceSkipped
from soundreasons.data.files import Folder
from soundreasons.data.registry import (
    BuiltSource,
    Entry,
    GeneratedSource,
    MirrorSource,
    PackageSource,
    PlacedSource,
    Source,
)

CACHE_VARIABLE = "SOUNDREASONS_DATA"
MIRROR_VARIABLE = "SOUNDREASONS_MIRROR"
LOCAL = (MirrorSource, PackageSource, PlacedSource, BuiltSource, GeneratedSource)
TABLES = registry.HERE / "tables"

Report = Callable[[str, str], None]


def silent(name: str, message: str) -> None:
    """Report nothing."""


def cache_folder() -> Path:
    """Return the data folder: `SOUNDREASONS_DATA`, or the platform's cache folder."""
    told = os.environ.get(CACHE_VARIABLE)
    return (
        Path(told).expanduser().absolute()
        if told
        else Path(platformdirs.user_cache_dir("soundreasons", appauthor=False))
    )


def mirror_folder() -> Path | None:
    """Return the mirror named by `SOUNDREASONS_MIRROR`, if any; nothing else is ever looked for."""
    told = os.environ.get(MIRROR_VARIABLE)
    return Path(told).expanduser().absolute() if told else None


@dataclass
class Store:
    """The entries of a registry and the folders of one machine."""

    entries: Mapping[str, Entry]
    cache: Path
    mirror: Path | None = None
    readers: str = checking.READERS
    opened: dict[str, dict[str, str]] = field(default_factory=dict)

    def entry(self, name: str) -> Entry:
        """Return an entry; `DataError` with the nearest names if there is none."""
        if name not in self.entries:
            raise DataError(f"{name!r} is not in the registry; {_nearest(name, self.entries)}")
        return self.entries[name]

    # -- looking ---------------------------------------------------------------------------------

    def cached(self, entry: Entry) -> Folder | None:
        """Return the copy in the cache, whether right or wrong; None if a file is not there at all.

        So it is when a file was lost, and when a new edition of the registry asks for one more: the entry
        is then obtained anew.
        """
        home = self.cache / entry.name
        try:
            label = json.loads((home / "source.json").read_text(encoding="utf-8"))["source"]
        except (OSError, ValueError, KeyError, TypeError):
            label = "cache"
        paths = {name: home / "files" / name for name in entry.file_names}
        if not (home / "files").is_dir() or not all(path.exists() for path in paths.values()):
            return None
        return Folder(entry.name, paths, version=entry.version, source=label)

    def in_place(self, entry: Entry, source: Source) -> Folder | None:
        """Return the files that a local source offers where they are, without any conversion."""
        if source.convert or not isinstance(source, MirrorSource | PackageSource | PlacedSource):
            return None
        return self._complete(entry, source, entry.file_names)

    def _complete(self, entry: Entry, source: Source, names: list[str]) -> Folder | None:
        members = entry.members_of(source)
        for root in self._roots(entry, source):
            paths = {name: _present(root, members[name].path) for name in names if name in members}
            found = {name: path for name, path in paths.items() if path is not None}
            if len(found) == len(names):
                return Folder(entry.name, found, version=entry.version, source=source.label)
        return None

    def _roots(self, entry: Entry, source: Source) -> list[Path]:
        if isinstance(source, MirrorSource):
            return [self.mirror / source.folder] if self.mirror else []
        if isinstance(source, PackageSource):
            return [TABLES / source.folder]
        return [self.cache / "placed" / entry.name]

    def exported(self, entry: Entry) -> Folder | None:
        """Return the mirror's folder with the entry's own name, as `export` writes it, or None."""
        if self.mirror is None:
            return None
        paths = {name: _present(self.mirror / entry.name, name) for name in entry.file_names}
        found = {name: path for name, path in paths.items() if path is not None}
        if len(found) < len(paths):
            return None
        return Folder(entry.name, found, version=entry.version, source="mirror")

    def locate(self, entry: Entry) -> Folder | None:
        """Return the copy that `open` would read without making anything, or None."""
        candidates: Iterator[Folder | None] = (self.in_place(entry, source) for source in entry.sources)
        return self.cached(entry) or self.exported(entry) or next(filter(None, candidates), None)

    def available(self, name: str) -> bool:
        """Whether `open` could answer without network; looks for files, reads none."""
        entry = self.entry(name)
        return self.locate(entry) is not None or any(self._can_make(entry, s) for s in entry.sources)

    def _can_make(self, entry: Entry, source: Source) -> bool:
        if isinstance(source, BuiltSource):
            return all(self.available(name) for name in source.inputs)
        if isinstance(source, MirrorSource | PlacedSource) and source.convert:
            return self._complete(entry, source, list(entry.members_of(source))) is not None
        return isinstance(source, GeneratedSource)

    # -- opening ---------------------------------------------------------------------------------

    def open(self, name: str) -> Any:
        """Return the record of an entry, checked; never downloads."""
        entry = self.entry(name)
        folder = self.locate(entry)
        checked = self._trusted(entry, folder) if folder else self._make(entry)
        self._note(entry, checked)
        return checked.record

    def _trusted(self, entry: Entry, folder: Folder) -> Checked:
        stamp = self._stamp(entry, folder)
        known = checking.recall(stamp, entry, folder)
        if known is None:
            checked = checking.check(entry, folder, package=self.readers)
            self._remember(entry, checked)
            return checked
        folder = replace(folder, version=known[1])
        return Checked(checking.read(entry, folder, self.readers), folder, known[0])

    def _remember(self, entry: Entry, checked: Checked) -> None:
        # What ships with the library is small: checking it is no slower than reading a stamp.
        if checked.folder.source != "package":
            checking.remember(self._stamp(entry, checked.folder), entry, checked)

    def known(self, entry: Entry) -> Checked | None:
        """Return what a stamp says of the copy here, without reading it (the record is None)."""
        folder = self.locate(entry)
        known = checking.recall(self._stamp(entry, folder), entry, folder) if folder else None
        if folder is None or known is None:
            return None
        return Checked(None, replace(folder, version=known[1]), known[0])

    def _stamp(self, entry: Entry, folder: Folder) -> Path:
        places = "\n".join(str(path) for path in folder.paths.values())
        return (
            self.cache / ".stamps" / f"{entry.name}-{hashlib.sha256(places.encode()).hexdigest()[:12]}.json"
        )

    def _make(self, entry: Entry) -> Checked:
        """Build, generate or convert what the sources offer here; `DataUnavailable` if nothing."""
        tried = []
        for source in entry.sources:
            if not isinstance(source, LOCAL):
                tried.append(f"{source.label} (needs a download)")
                continue
            if self._can_make(entry, source):
                return self.install(entry, source, again=False)
            tried.append(f"{source.label} ({self._why_not(entry, source)})")
        raise DataUnavailable(_unavailable(entry, tried))

    def _why_not(self, entry: Entry, source: Source) -> str:
        if isinstance(source, MirrorSource):
            if self.mirror is None:
                return f"{MIRROR_VARIABLE} is not set"
            return f"{self.mirror} lacks it" if self.mirror.is_dir() else f"{self.mirror} is no folder"
        if isinstance(source, PlacedSource):
            wanted = ", ".join(member.path for member in entry.members_of(source).values())
            return f"{source.obtain} Put {wanted} into {self.cache / 'placed' / entry.name}"
        if isinstance(source, BuiltSource):
            missing = [name for name in source.inputs if not self.available(name)]
            return f"built from {', '.join(missing)}, which is not here"
        return "files missing"

    def _note(self, entry: Entry, checked: Checked) -> None:
        self.opened[entry.name] = {
            "digest": checked.digest,
            "kind": entry.kind,
            "source": checked.folder.source,
            "version": checked.folder.version,
            "entry": entry.digest,
        }

    def verify(self, name: str) -> Checked:
        """Check a copy byte by byte and row by row, whatever a stamp says."""
        entry = self.entry(name)
        folder = self.locate(entry)
        if folder is None:
            return self._make(entry)
        checked = checking.check(entry, folder, package=self.readers)
        self._remember(entry, checked)
        return checked

    # -- installing ------------------------------------------------------------------------------

    def install(
        self, entry: Entry, source: Source, report: Report = silent, *, again: bool = True
    ) -> Checked:
        """Obtain an entry from one source, check it, and only then let it into the cache.

        With `again=False`, a copy that another process put there meanwhile is taken as it is.
        """
        with self._workplace(entry) as work:
            folder = None if again else self.cached(entry)
            if folder is not None:
                return self._trusted(entry, folder)
            raw = self._obtain(entry, source, work / "raw", report)
            files = self._arranged(entry, source, raw, work / "new" / "files")
            folder = Folder(entry.name, files, version=entry.version, source=source.label)
            checked = checking.check(entry, folder, package=self.readers)
            note = {"source": source.label, "version": checked.folder.version}
            (work / "new" / "source.json").write_text(json.dumps(note), encoding="utf-8")
            _swap(work / "new", self.cache / entry.name, work / "old")
        return self._settled(entry, checked)

    def discard(self, entry: Entry) -> None:
        """Take an entry's copy out of the cache, if there is one."""
        if (self.cache / entry.name).exists():
            with self._workplace(entry) as work:
                (self.cache / entry.name).replace(work / "old")

    def _settled(self, entry: Entry, checked: Checked) -> Checked:
        folder = self.cached(entry)
        if folder is None:
            raise DataError(f"{entry.name}: {self.cache / entry.name} vanished while it was installed")
        folder = replace(folder, version=checked.folder.version)
        # Read again from its final place: a record may keep the paths of its files.
        settled = Checked(checking.read(entry, folder, self.readers), folder, checked.digest)
        self._remember(entry, settled)
        return settled

    @contextmanager
    def _workplace(self, entry: Entry) -> Iterator[Path]:
        """Lend a scratch folder inside the cache, to one process at a time; leave nothing in it."""
        scratch = self.cache / ".partial"
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            with FileLock(str(scratch / f"{entry.name}.lock")):
                for leftover in scratch.glob(f"{entry.name}-*"):
                    shutil.rmtree(leftover, ignore_errors=True)  # of a process killed half-way
                work = Path(tempfile.mkdtemp(prefix=f"{entry.name}-", dir=scratch))
                try:
                    yield work
                finally:
                    shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise DataError(
                f"{entry.name}: the data folder {self.cache} cannot be written ({error}); make room or "
                f"set {CACHE_VARIABLE} to a folder where you may write"
            ) from error

    def _obtain(self, entry: Entry, source: Source, raw: Path, report: Report) -> dict[str, Path]:
        if isinstance(source, MirrorSource | PlacedSource | PackageSource):
            folder = self._complete(entry, source, list(entry.members_of(source)))
            if folder is None:
                raise SourceSkipped(self._why_not(entry, source))
            return folder.paths
        raw.mkdir()
        if isinstance(source, GeneratedSource):
            checking.function(source.function, self.readers)(raw, seed=source.seed)
        elif isinstance(source, BuiltSource):
            inputs = {name: self.open(name) for name in source.inputs}
            checking.function(source.function, self.readers)(inputs, raw)
        else:
            size = f" ({source.download_size / 1e6:.0f} MB)" if source.download_size else ""
            report(entry.name, f"downloading from {source.label}{size}")
            module = import_module(f"soundreasons.data.sources.{source.kind}")
            return dict(module.download(entry, source, raw / "download"))
        return {name: raw / name for name in entry.file_names}

    def _arranged(self, entry: Entry, source: Source, raw: dict[str, Path], home: Path) -> dict[str, Path]:
        home.mkdir(parents=True)
        if source.convert:
            with checking.named_faults(entry, raw.values()):
                checking.function(source.convert, self.readers)(raw, home)
            raw = {}
        for name, path in raw.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            path.replace(home / name)
        return {name: home / name for name in entry.file_names}


def _present(root: Path, path: str) -> Path | None:
    """Return the file, or its gzip copy, if there is one."""
    return next((p for p in (root / path, root / f"{path}.gz") if p.exists()), None)


def _swap(new: Path, home: Path, old: Path) -> None:
    if home.exists():
        home.replace(old)
    new.replace(home)


def _nearest(name: str, entries: Mapping[str, Entry]) -> str:
    close = get_close_matches(name, entries, n=3)
    return f"did you mean {' or '.join(close)}?" if close else f"it knows {', '.join(sorted(entries))}"


def _unavailable(entry: Entry, tried: list[str]) -> str:
    listed = "\n".join(f"  - {line}" for line in tried)
    stand_in = f"\nUntil then, {entry.stand_in} can stand in." if entry.stand_in else ""
    return (
        f"{entry.name} ({entry.title}) is not on this machine. Sources:\n{listed}\n"
        f"To get it: soundreasons data fetch {entry.name}{stand_in}"
    )
