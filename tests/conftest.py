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
# What is dear to make once: whoever needs it runs on one worker. The dearest begins first.
DEAR = {"smoke_book": "whole book", "site": "whole book", "built_book": "small book"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, for workers side by side, the tests that share what is dear to make."""
    order = ["whole book", "small book"]
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: order.index(groups[item]) if groups[item] in order else len(order))


def _group(item: pytest.Item) -> str:
    """Give the book that a test needs; else the folder of its paper; else its file."""
    for fixture in getattr(item, "fixturenames", ()):
        if fixture in DEAR:
            return DEAR[fixture]
    file = item.path.relative_to(ROOT)
    return str(file.parent if file.parts[:2] == ("tests", "papers") else file)


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
