"""Commands on a copy of the book."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def build_environment(root: Path) -> dict[str, str]:
    """Environment of a command that works on another copy of the book, with this Python's programs."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "SOUNDREASONS_ROOT": str(root),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }


def start_build(
    root: Path, target: str, profile: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start Snakemake for a target in some copy of the book, in a process group of its own."""
    command = [
        sys.executable, "-m", "snakemake", target, "--cores", "2", "--nolock", "--rerun-incomplete",
        "--quiet", "all", "--config", f"profile={profile}",
    ]  # fmt: skip
    return subprocess.Popen(
        command, cwd=root, env=environment or build_environment(root), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def build(root: Path, target: str, profile: str) -> str:
    """Build in some copy of the book and return what was printed; a failure shows it."""
    process = start_build(root, target, profile)
    output, _ = process.communicate()
    assert process.returncode == 0, output[-8000:]
    return output
