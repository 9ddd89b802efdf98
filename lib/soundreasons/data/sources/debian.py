"""A Debian package: downloaded without installing it, unpacked by name."""

from __future__ import annotations

import os
from pathlib import Path

from soundreasons.data.archives import expect, unpack
from soundreasons.data.errors import DataError
from soundreasons.data.files import fingerprint
from soundreasons.data.registry import DebianSource, Entry, Member
from soundreasons.data.sources import programs


def download(entry: Entry, source: DebianSource, folder: Path) -> dict[str, Path]:
    """Download the package through `apt-get download` and unpack its members."""
    apt = programs.find("apt-get")
    folder.mkdir(parents=True, exist_ok=True)
    # As root, apt would hand the download to a user who may not write here, and warn.
    sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    try:
        programs.call([apt, *sandbox, "-qq", "download", source.package], folder)
    except DataError as error:
        raise DataError(f"{error} (a fresh list may help: apt-get update)") from error
    archive = programs.only_file(folder, "*.deb", "apt-get")
    if source.sha256:
        pin = Member(path=archive.name, sha256=source.sha256)
        expect(pin, *fingerprint(archive), f"{entry.name}: {archive.name}")
    files = unpack(archive, entry.members_of(source), folder / "members", entry=entry.name)
    archive.unlink()
    return files
