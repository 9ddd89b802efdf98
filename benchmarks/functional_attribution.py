"""Cost of the steps of the chapter `functional_attribution`: CPU-seconds and peak memory, one thread.

    python benchmarks/functional_attribution.py               # everything, about two minutes
    python benchmarks/functional_attribution.py measure CASE  # one measurement, in this process

Each measurement runs in a process of its own, so that peaks of memory do not add up. Beside the table
of all conditional means stands what one would write first: one subset at a time.
Writes functional_attribution.json and functional_attribution.md beside this file, in results/.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Limits that the project set itself: CPU-seconds and bytes.
LIMITS = {"conditional_means": (0.2, 2e9), "sixteen_methods": (120, 2e9)}
CASES = ("conditional_means", "conditional_means_one_by_one", "truth", "sixteen_methods", "learned_100_steps")


def _largest_task() -> Any:
    """120 points on a grid of slots in eleven dimensions, as large as the tasks get."""
    import numpy as np

    from soundreasons.papers import functional_attribution as fa

    rng = np.random.default_rng(0)
    return fa.MixtureTask(0.25 * rng.integers(-8, 8, size=(120, 11)), np.arange(120) % 2)


def _prepare(case: str) -> Callable[[], Any]:
    """Make the input of a case, and return the step to be measured."""
    import numpy as np

    from soundreasons.papers import functional_attribution as fa
    from soundreasons.papers.functional_attribution.subsets import members

    task = _largest_task()
    if case == "conditional_means":
        return lambda: task.conditional_means(task.points)
    if case == "conditional_means_one_by_one":
        sets = [np.flatnonzero(mask) for mask in members(11)]
        return lambda: [task.conditional_mean(task.points, chosen) for chosen in sets]
    if case == "truth":
        return lambda: task.minimal
    if case == "learned_100_steps":
        many = fa.collect("own", "univariate", [5], 4).tasks
        return lambda: fa.learn("l2x", many, settings=fa.Training(steps=100, batch_size=256))
    collections = [fa.collect("own", kind, range(2, 12), 20) for kind in ("univariate", "multivariate")]
    levels = fa.published_levels()
    return lambda: [fa.contest(c.tasks, c.keys).table(levels) for c in collections]


def measure(case: str) -> dict[str, Any]:
    """Measure one case in this process; memory is the peak of the whole process, input included."""
    step = _prepare(case)
    clock = time.process_time()
    step()
    seconds = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"case": case, "cpu_seconds": round(seconds, 4), "peak_bytes": peak}


def _apart(case: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "measure", case]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    print(f"{case}: {result['cpu_seconds']:.3f} CPU-s, {result['peak_bytes'] / 1e9:.2f} GB", flush=True)
    return result


def run_all() -> None:
    """Measure everything, compare with the limits, and write the two files."""
    rows = {case: _apart(case) for case in CASES}
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread"
    RESULTS.mkdir(exist_ok=True)
    summary = {"machine": machine, "cases": rows}
    (RESULTS / "functional_attribution.json").write_text(
        json.dumps(summary, indent=1) + "\n", encoding="utf-8"
    )
    (RESULTS / "functional_attribution.md").write_text(_report(machine, rows), encoding="utf-8")
    over = [case for case, limit in LIMITS.items() if _is_over(rows[case], *limit)]
    if over:
        sys.exit(f"over the limit: {over}")


def _is_over(row: dict[str, Any], seconds: float, memory: float) -> bool:
    return bool(row["cpu_seconds"] > seconds or row["peak_bytes"] > memory)


def _report(machine: str, rows: dict[str, dict[str, Any]]) -> str:
    lines = ["# Cost of the steps of `functional_attribution`", "", machine, ""]
    lines += ["| case | CPU-s | limit | GB | limit |", "|---|---|---|---|---|"]
    for case, row in rows.items():
        seconds, memory = LIMITS.get(case, ("", ""))
        limit = f"{memory / 1e9:.0f}" if memory else ""
        lines.append(
            f"| {case} | {row['cpu_seconds']:.3f} | {seconds} | {row['peak_bytes'] / 1e9:.2f} | {limit} |"
        )
    factor = rows["conditional_means_one_by_one"]["cpu_seconds"] / rows["conditional_means"]["cpu_seconds"]
    lines += ["", f"All 2,048 conditional means together cost {factor:.0f} times less than one by one."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        run_all()
