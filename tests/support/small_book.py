"""A whole book that is built in seconds: the real library, workflow and theme, one quick chapter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import yaml

from support.books import build_environment
from support.demo import DEMO, LEDGER

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "index.md": "# A small book\n\n```{include} generated/glance.md\n```\n",
    "how-to-read.md": "# How to read\n\n(provenance)=\n## Where numbers come from\n\nFrom the run.\n",
    "scoreboard.md": "# Scoreboard\n\n```{include} generated/scoreboard.md\n```\n",
}
OPENING = "# A demonstration\n\n```{include} ../generated/verdicts-demo.md\n```\n"


def write(root: Path, *, chapter: str = DEMO, ledger: str = LEDGER) -> Path:
    """Lay out the book in a folder; nothing in it is built."""
    shutil.copytree(ROOT / "lib", root / "lib", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("Snakefile", "requirements.txt", "pyproject.toml"):
        shutil.copy2(ROOT / name, root / name)
    (root / "_config.yml").write_text((ROOT / "_config.yml").read_text())
    toc = {
        "format": "jb-book",
        "root": "book/index",
        "chapters": [{"file": f"book/{name}"} for name in ("how-to-read", "scoreboard", "chapters/demo")],
    }
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    shutil.copy2(ROOT / "book" / "references.bib", root / "book" / "references.bib")
    for name, text in PAGES.items():
        (root / "book" / name).write_text(text)
    papers = root / "lib" / "soundreasons" / "papers" / "demo"
    papers.mkdir()
    (papers / "__init__.py").write_text('"""A paper for tests."""\n')
    (papers / "claims.yml").write_text(ledger)
    source = root / "notebooks" / "demo.md"
    source.parent.mkdir()
    source.write_text(chapter.replace("# A demonstration\n", OPENING))
    pair(source)
    smoke = root / "notebooks" / "profiles" / "smoke" / "demo.yml"
    smoke.parent.mkdir(parents=True)
    smoke.write_text("n_seeds: 2\n")
    return root


def pair(source: Path) -> None:
    """Make the notebook of a MyST source, as `make pair` does."""
    jupytext.write(jupytext.read(source), source.with_suffix(".ipynb"))


def environment(root: Path) -> dict[str, str]:
    """Environment of a command that works on the small book with the small book's own library."""
    kept = {k: v for k, v in build_environment(root).items() if k != "SOUNDREASONS_RUNS"}
    return kept | {"PYTHONPATH": str(root / "lib")}


def soundreasons(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Call the command line on the small book; `more` is added to the environment."""
    return subprocess.run(
        [sys.executable, "-m", "soundreasons.cli", *arguments],
        cwd=root, env=environment(root) | more, text=True, capture_output=True, check=False,
    )  # fmt: skip


def started(root: Path) -> str:
    """When the last smoke run of the chapter began; "" if there is none."""
    from soundreasons import results

    path = root / "_build" / "runs" / "smoke" / "demo" / "results.json"
    return results.read(path).started if path.is_file() else ""


def rendered(root: Path) -> int:
    """When the site was last rendered, in nanoseconds; 0 if never."""
    path = root / "_build" / "html" / "book" / "index.html"
    return os.stat(path).st_mtime_ns if path.is_file() else 0
