"""Where things are: one slug, five places."""

from __future__ import annotations

import os
from pathlib import Path

PROFILES = ("smoke", "laptop", "paper")


def root() -> Path:
    """Folder of the book: the first, upwards from this file or from the working folder, with a `_toc.yml`.

    `SOUNDREASONS_ROOT` overrides the search.

    Raises
    ------
    FileNotFoundError
        If there is none, as when the library is installed without the book.

    Examples
    --------
    >>> (root() / "notebooks").is_dir()
    True
    """
    named = os.environ.get("SOUNDREASONS_ROOT")
    starts = [Path(named)] if named else [Path(__file__).resolve(), Path.cwd()]
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
                return folder
    raise FileNotFoundError(
        f"no folder with _toc.yml and notebooks/ at or above {', '.join(map(str, starts))}; "
        "run inside a clone of the book, or set SOUNDREASONS_ROOT to one"
    )


def slugs() -> list[str]:
    """Chapters that exist, in the order of their names.

    Examples
    --------
    >>> "spiky_svd" in slugs()
    True
    """
    return sorted(path.stem for path in (root() / "notebooks").glob("*.md"))


def notebook(slug: str) -> Path:
    """Notebook that papermill runs; its MyST source lies beside it."""
    return root() / "notebooks" / f"{slug}.ipynb"


def ledger(slug: str) -> Path:
    """Claims of a paper."""
    return root() / "lib" / "soundreasons" / "papers" / slug / "claims.yml"


def profile_file(slug: str, profile: str) -> Path:
    """Parameters of a profile; laptop has none, its values are the notebook's own."""
    return root() / "notebooks" / "profiles" / profile / f"{slug}.yml"


def runs() -> Path:
    """Folder that runs are written to; `SOUNDREASONS_RUNS` overrides it."""
    return Path(os.environ.get("SOUNDREASONS_RUNS") or root() / "_build" / "runs")


def run_folder(slug: str, profile: str, key: str = "") -> Path:
    """Folder of one run; `key` names the parameters that are not the profile's own.

    Examples
    --------
    >>> run_folder("spiky_svd", "smoke", "seed=3").name
    'spiky_svd--seed=3'
    """
    return runs() / profile / (f"{slug}--{key}" if key else slug)


def reference(slug: str, profile: str) -> Path:
    """Committed results of a chapter; only `make publish` writes there."""
    return root() / "results" / profile / f"{slug}.json"


def require_chapter(slug: str) -> None:
    """Refuse a chapter that does not exist.

    Raises
    ------
    ValueError
        With the nearest name and the list of chapters.
    """
    if slug not in slugs():
        from soundreasons.naming import unknown

        raise ValueError(unknown("chapter", slug, slugs()))
