"""What all tests share: a tiny book with one chapter, and the hand that plays its reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis
import jupytext
import pytest

# The same examples every time, and no clock: a shared machine may be slow.
hypothesis.settings.register_profile(
    "book", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("book")

ROOT = Path(__file__).resolve().parent.parent

DEMO = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A demonstration

```{code-cell} ipython3
:tags: [parameters]

profile: str = "laptop"  # whose sizes [smoke|laptop|paper]
out: str = ""  # where results go
seed: int = 0  # run k uses seed + k [0..]
n_seeds: int = 3  # how many runs [1..9]
share: float = 0.5  # a share (0..1 without its ends) [(0..1)]
kinds: list[str] = ["red"]  # which kinds [red|blue]
pause: float = 0.0  # seconds to sleep half-way [0..600]
fail: bool = False  # stop half-way
```

```{code-cell} ipython3
import time

from soundreasons import chapter

run = chapter.open("demo", globals())
run
```

## First half

```{code-cell} ipython3
values = [run.rng("noise", seed=s).normal(10, share) for s in run.seeds]
run.measure("level.noise", values, unit="dB")
```

```{code-cell} ipython3
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(3, 2))
ax.plot(values)
run.figure(fig, "noise", caption="Noise over seeds.", alt="A line with one point for each seed.")
```

```{code-cell} ipython3
import pandas as pd

run.table(pd.DataFrame({"seed": run.seeds, "level": values}), "noise", caption="Noise over seeds")
```

## Second half

The level is {glue:text}`level.noise:.2f`.

```{code-cell} ipython3
time.sleep(pause)
if fail:
    raise RuntimeError("asked to fail")
```

```{code-cell} ipython3
import numpy as np

run.sound(np.sin(2 * np.pi * 440 * np.arange(4000) / 8000), 8000, name="tone", caption="A steady tone.")
run.measure("count.seeds", len(values), exact=True)
run.verdicts()
```
"""

LEDGER = """
paper: demo
title: A demonstration
claims:
  - id: C1
    claim: The level is near ten.
    where: nowhere
    reported: [{id: level, value: 10, unit: dB, what: level, provenance: ours}]
    why_rule: A bar well below ten.
    checks: [{rule: at_least, measure: level.noise, bar: 5}]
"""


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


@pytest.fixture(scope="session")
def smoke_book(clone: Path) -> Path:
    """The whole book, built in the smoke profile by the real build; the folder of the clone."""
    done = snakemake(clone, "site", "--config", "profile=smoke")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return clone
