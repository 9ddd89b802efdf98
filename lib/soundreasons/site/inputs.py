"""What the build asks before it starts: which runs are stale, which files the site is made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from soundreasons import files, freshness, project, results
from soundreasons.data import registry

REGISTRY = str(registry.REGISTRY)
PAGES = (
    "book/*.md",
    "book/papers.yml",
    "book/references.bib",
    "book/_static/*",
    "_config.yml",
    "_toc.yml",
    "notebooks/*.md",
)
CODE = ("lib/soundreasons/site/*.py", "lib/soundreasons/papers/*/claims.yml", "results/*/*.json")


def forget_stale(slugs: Sequence[str], profile: str, stamps: Path) -> None:
    """Take away the stamps of runs that are missing, stale, or had to do without data that is here now."""
    for slug in slugs:
        stamp = stamps / profile / f"{slug}.ran"
        if stamp.is_file() and not is_current(slug, profile):
            stamp.unlink()


def is_current(slug: str, profile: str) -> bool:
    """Whether the last run of a chapter still stands."""
    try:
        found = results.read(project.run_folder(slug, profile) / "results.json")
    except ValueError:
        return False
    return not freshness.changes(found) and not freshness.newly_available(found)


def remember(path: Path, text: str) -> str:
    """Keep a setting in a file that changes only when the setting does; return its name."""
    files.write(path, text + "\n")
    return str(path)


def data_sources() -> str:
    """Setting that decides where data can come from."""
    return os.environ.get("SOUNDREASONS_MIRROR", "")


def data_names(slugs: Sequence[str], profile: str) -> list[str]:
    """Registry entries that these chapters and the site use in a profile."""
    return [
        name
        for name, entry in registry.load().items()
        if (entry.kind == "asset" or set(entry.used_by) & set(slugs))
        and (entry.scale == "laptop" or profile == "paper")
    ]


def of_site() -> list[str]:
    """Files that the site is made of, beside the runs."""
    root = project.root()
    found = (path for pattern in (*PAGES, *CODE) for path in root.glob(pattern) if path.is_file())
    return sorted(str(path.relative_to(root)) for path in found)
