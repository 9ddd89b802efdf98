"""What all tests share: a tiny book with one chapter, and the hand that plays its reader."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import hypothesis
import jupytext
import pytest

from support.books import build
from support.demo import DEMO, LEDGER

# The same examples every time, and no clock: a shared machine may be slow.
hypothesis.settings.register_profile(
    "book", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("book")

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out tests by what they share, where workers run side by side."""
    from support.side_by_side import InGroups

    return InGroups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; see that whoever needs the whole book stands where that is known."""
    from support import side_by_side

    for item in items:
        if {"smoke_book", "site"} & set(getattr(item, "fixturenames", ())):
            file = item.nodeid.partition("::")[0]
            assert side_by_side.group(item.nodeid) == "whole book", f"name {file} in support/side_by_side.py"
    items.sort(key=lambda item: side_by_side.rank(item.nodeid))


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book with one quick chapter, `demo`, in a folder of its own."""
    root = tmp_path / "book"
    (root / "notebooks" / "profiles" / "smoke").mkdir(parents=True)
    (root / "_toc.yml").write_text("format: jb-book\n")
    (root / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    source = root / "notebooks" / "demo.md"
    source.write_text(DEMO)
    jupytext.write(jupytext.read(source), source.with_suffix(".ipynb"))
    (root / "notebooks" / "profiles" / "smoke" / "demo.yml").write_text("n_seeds: 2\n")
    ledger = root / "lib" / "soundreasons" / "papers" / "demo" / "claims.yml"
    ledger.parent.mkdir(parents=True)
    ledger.write_text(LEDGER)
    monkeypatch.setenv("SOUNDREASONS_ROOT", str(root))
    monkeypatch.delenv("SOUNDREASONS_RUNS", raising=False)
    return root


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked and new files of this checkout in a folder of their own, with nothing built."""
    target = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="session")
def smoke_book(clone: Path) -> Path:
    """The whole book, built in the smoke profile by the real build; the folder of the clone."""
    build(clone, "site", "smoke")
    return clone
