"""What a record says of a run beside what it measured: data, machine, cost, commit."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

from soundreasons import claims, project
from soundreasons import ledger as ledgers
from soundreasons import results as results_module
from soundreasons.learning import device as device_module
from soundreasons.naming import unknown


def data_used(ledger: ledgers.Ledger) -> dict[str, results_module.DataUsed]:
    """What this process opened, and what the ledger needs and no source here has."""
    from soundreasons import data

    used = {name: results_module.DataUsed(**facts) for name, facts in data.opened().items()}
    for name in sorted(claims.data_named(ledger) - used.keys()):
        if name not in data.names():
            raise ledgers.LedgerError(f"{ledger.paper}: " + unknown("data set", name, data.names()))
        if not data.available(name):
            used[name] = results_module.DataUsed(kind="unavailable")
    return used


def machine(device: str) -> results_module.Machine:
    """What this process runs on; nothing that names a person or a host."""
    return results_module.Machine(
        device=device_module.describe(device),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cost(clock: float) -> results_module.Cost:
    """Time since the run was opened; CPU and memory of the whole process, imports included."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return results_module.Cost(
        seconds=round(time.perf_counter() - clock, 2),
        cpu_seconds=round(sum(u.ru_utime + u.ru_stime for u in usage), 2),
        peak_memory_bytes=max(u.ru_maxrss for u in usage) * unit,
    )


def commit() -> str:
    """Commit of the book, with "+" if tracked files differ from it; "" outside a repository."""
    git = ["git", "-C", str(project.root())]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        state = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if state.stdout.strip() else "")
