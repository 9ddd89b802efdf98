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


def snakemake(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the build in some copy of the book, as the Makefile does."""
    command = [
        sys.executable, "-m", "snakemake", "--cores", "2", "--nolock", "--rerun-incomplete",
        "--quiet", "all", *arguments,
    ]  # fmt: skip
    return subprocess.run(
        command, cwd=root, env=build_environment(root), capture_output=True, text=True, check=False
    )
