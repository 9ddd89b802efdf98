"""Rendering the site: pages, MathJax, Jupyter Book."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock

from soundreasons import data, project
from soundreasons.site import compose, edition, pages


class BuildError(RuntimeError):
    """The site was built with a warning, or not at all."""


def build(profile: str | None = None, *, report: Callable[[str], None] = print) -> Path:
    """Write the generated pages and render the book; any warning is an error.

    Parameters
    ----------
    profile : str, optional
        Whose runs to show; unless told, the last run of each chapter.
    report : callable
        Takes one line of progress.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    BuildError
        With the warnings.
    """
    root = project.root()
    editions = edition.collect(profile)
    (root / "_build").mkdir(exist_ok=True)
    with filelock.FileLock(root / "_build" / ".site.lock"):
        report(f"site: {len(editions)} chapter{'s' if len(editions) > 1 else ''}")
        _install_mathjax(root / "book" / "_static" / "mathjax")
        pages.write_all(editions)
        for chapter in editions:
            compose.write(chapter)
        _render(root)
    return root / "_build" / "html" / "index.html"


def _install_mathjax(target: Path) -> None:
    """Copy MathJax beside the pages, so that equations need no other host."""
    loader = target / "tex-mml-chtml.js"
    if loader.is_file():
        return
    source = data.open("mathjax").folder
    partial = target.with_name(f".mathjax.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _render(root: Path) -> None:
    # --all: an incremental build forgets its earlier warnings, and leaves pages out of the sitemap.
    program = Path(sys.executable).with_name("jupyter-book")  # it cannot be called with -m
    command = [str(program), "build", str(root), "-W", "-n", "--keep-going", "--all", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if done.returncode:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        lines = [line for line in plain.splitlines() if line.strip()]
        raise BuildError("jupyter-book stopped:\n" + "\n".join(lines[-40:]).replace(str(root) + os.sep, ""))
