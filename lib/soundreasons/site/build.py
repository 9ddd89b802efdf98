"""Rendering the site: pages, MathJax, Jupyter Book."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from soundreasons import data, project, runs, stale
from soundreasons.site import compose, edition, pages


class BuildError(RuntimeError):
    """The site was built with a warning, or not at all."""


def build(
    profile: str | None = None, *, as_is: bool = False, report: Callable[[str], None] = print
) -> dict[str, runs.Failure]:
    """Write the generated pages and render the book; any warning is an error, unless a chapter failed.

    A chapter whose run failed is shown as failed: what its page then lacks (numbered figures that others
    cite) is no reason to withhold the others.

    Parameters
    ----------
    profile : str, optional
        Whose runs to show; unless told, the last run of each chapter.
    as_is : bool
        Show a chapter without a finished run as one that failed, instead of refusing.
    report : callable
        Takes one line of progress.

    Returns
    -------
    dict of slug to Failure
        Chapters whose run failed; the site shows them so.

    Raises
    ------
    BuildError
        With the warnings.
    RunDamaged
        If a chapter has no run that can be shown.
    """
    root = project.root()
    editions = edition.collect(profile, as_is=as_is)
    failed = {chapter.slug: chapter.failure for chapter in editions if chapter.failure}
    (root / "_build").mkdir(exist_ok=True)
    with filelock.FileLock(root / "_build" / ".site.lock"):
        report(f"site: {len(editions)} chapter{'s' if len(editions) > 1 else ''}{_told(failed)}")
        made_of = stale.site_inputs(profile, {chapter.slug: chapter.folder for chapter in editions})
        _install_mathjax(root / "book" / "_static" / "mathjax")
        pages.write_all(editions)
        for chapter in editions:
            compose.write(chapter)
        started = time.time()
        _render(root, strict=not failed)
        _forget_pages(root / "_build" / "html" / "book", started)
        stale.note_site(made_of, root / "_build" / "html")
    return failed


def _told(failed: Mapping[str, runs.Failure]) -> str:
    return f", {len(failed)} of them failed: {', '.join(failed)}" if failed else ""


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


def _forget_pages(folder: Path, started: float) -> None:
    """Remove pages that were not rendered now: those of chapters and pages that the book no longer has."""
    for page in folder.rglob("*.html"):
        if page.stat().st_mtime < started - 2:  # some file systems keep whole seconds only
            page.unlink()


def _render(root: Path, *, strict: bool) -> None:
    # --all: an incremental build forgets its earlier warnings, and leaves pages out of the sitemap.
    program = Path(sys.executable).with_name("jupyter-book")  # it cannot be called with -m
    refuse = ["-W", "-n", "--keep-going"] if strict else []
    command = [str(program), "build", str(root), *refuse, "--all", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if done.returncode:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        lines = [line for line in plain.splitlines() if line.strip()]
        raise BuildError("jupyter-book stopped:\n" + "\n".join(lines[-40:]).replace(str(root) + os.sep, ""))
