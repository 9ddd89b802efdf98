"""`make book`: say what is stale, let Snakemake make it, and never end in silence.

Snakemake is asked to be quiet, since a reader wants the chapters' progress and nothing else; it is then
quiet about its own errors too. So if a build ends badly and no chapter says why, the workflow is planned
once more without running it, and what it complains of is passed on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from soundreasons import files, project, runs, stale
from soundreasons.naming import unknown

Report = Callable[[str], None]
# What Snakemake says before it says what is wrong.
_CHATTER = ("Assuming unrestricted", "Building DAG", "host:", "Config file", "Complete log", "Using shell")


class BookError(RuntimeError):
    """A build that ended badly; the message says why."""


def make(profile: str, *, cores: str = "all", options: Sequence[str] = (), report: Report = print) -> Path:
    """Fetch data, run what changed, render the site.

    Parameters
    ----------
    profile : {"smoke", "laptop", "paper"}
        Whose parameters.
    cores : str
        As Snakemake's `--cores`.
    options : sequence of str
        Handed to Snakemake as they are.
    report : callable
        Takes one line of progress.

    Returns
    -------
    Path
        The first page of the site.

    Raises
    ------
    ValueError
        If the profile is unknown.
    BookError
        If the folder cannot be written, the workflow is wrong, or a chapter failed; the others were run all
        the same, and the site shows it as failed.
    """
    if profile not in project.PROFILES:
        raise ValueError(unknown("profile", profile, project.PROFILES))
    try:
        files.require_writable(project.root() / "_build")
    except OSError as error:
        raise BookError(f"nothing can be built here: {files.trouble(error)}") from None
    planned = stale.reasons(profile)
    for name, reason in planned.items():
        report(f"to do: {name}: {reason}")
    if planned:
        _snakemake(profile, cores, options)
    elif not stale.first_page().is_file():
        raise BookError("nothing is stale, yet there is no site; delete `_build/site.json` and build again")
    return stale.first_page()


def _snakemake(profile: str, cores: str, options: Sequence[str]) -> None:
    command = [
        sys.executable, "-m", "snakemake", "site", "--nolock", "--rerun-incomplete", "--keep-going",
        "--resources", "gpu=1", "--config", f"profile={profile}", *options,
    ]  # fmt: skip
    done = subprocess.run([*command, "--cores", cores, "--quiet", "all"], cwd=project.root(), check=False)
    if not done.returncode:
        return
    failed = [slug for slug in project.slugs() if runs.failed_folder(slug, profile).is_dir()]
    if failed:
        places = ", ".join(os.path.relpath(runs.failed_folder(s, profile) / runs.NOTEBOOK) for s in failed)
        raise BookError(f"failed: {', '.join(failed)}; see {places}")
    raise BookError(f"the build stopped: {_complaint([*command, '--cores', '1', '--dry-run'])}")


def _complaint(command: Sequence[str]) -> str:
    """Plan the workflow again, running nothing, and return what Snakemake says is wrong."""
    told = subprocess.run(
        command, cwd=project.root(), check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if not told.returncode:
        return "a step ended badly; what it said stands above"
    lines = [line for line in told.stdout.splitlines() if line.strip() and not line.startswith(_CHATTER)]
    return "\n".join(lines[-12:]) or f"Snakemake ended with code {told.returncode}"
