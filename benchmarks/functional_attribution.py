"""Cost of the steps of the chapter `functional_attribution`: CPU-seconds and peak memory, one thread.

    python benchmarks/functional_attribution.py               # everything, about two minutes
    python benchmarks/functional_attribution.py measure CASE  # one measurement, in this process
    python benchmarks/functional_attribution.py learned 4     # selectors on 4 tasks of each kind and width
    python benchmarks/functional_attribution.py paper FILE    # note down results.json of a paper run

The paper profile trains L2X and INVASE on a hundred tasks at once, for 50,000 steps of 512 points; a few such
steps tell what all would cost. `learned` trains them briefly on as large a part of the paper's tasks as one
likes. Each measurement runs in a process of its own, so that peaks of memory do not add up. Beside the
table of all conditional means stands what one would write first: one subset at a time.
Writes functional_attribution.json and .md, functional_attribution_learned.json and .md, and
functional_attribution_paper.md beside this file, in results/.
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
PAPER_PROFILE = Path(__file__).parents[1] / "notebooks" / "profiles" / "paper" / "functional_attribution.yml"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Limits that the project set itself: CPU-seconds and bytes.
LIMITS = {"conditional_means": (0.2, 2e9), "sixteen_methods": (120, 2e9)}
CASES = ("conditional_means", "conditional_means_one_by_one", "truth", "sixteen_methods", "learned_100_steps")
BATCHED = tuple(f"{kind}_{tasks}" for kind in ("l2x", "invase") for tasks in ("univariate", "multivariate"))
AT_ONCE, FEW_STEPS, PAPER_STEPS, PAPER_TASKS = 100, 5, 50_000, 1000
BRIEF = {"steps": 3000, "batch_size": 256}


def _largest_task() -> Any:
    """120 points on a grid of slots in eleven dimensions, as large as the tasks get."""
    import numpy as np

    from soundreasons.papers import functional_attribution as fa

    rng = np.random.default_rng(0)
    return fa.MixtureTask(0.25 * rng.integers(-8, 8, size=(120, 11)), np.arange(120) % 2)


def _tasks(kind: str, dimensions: list[int], n: int) -> Any:
    """Give the paper's tasks where they are, ours otherwise."""
    from soundreasons.papers import functional_attribution as fa

    return fa.task_set(fa.data.sources_here(["published", "own"])[0], kind, dimensions, n).tasks


def _batched(kind: str, tasks: str) -> Callable[[], Any]:
    """A few steps of a selector on a hundred tasks of eleven features, as the paper profile takes them."""
    import torch

    from soundreasons.papers import functional_attribution as fa
    from soundreasons.papers.functional_attribution.experiments.learned_selectors import Trainer, as_mixtures

    settings = fa.experiments.learned_selectors.Training(
        steps=FEW_STEPS, batch_size=512, n_chosen=2 if tasks == "univariate" else 5
    )
    mixtures = as_mixtures(_tasks(tasks, [11], AT_ONCE))
    trainer = Trainer(kind, mixtures, settings, torch.Generator().manual_seed(0))
    return trainer.train


def _prepare(case: str) -> Callable[[], Any]:
    """Make the input of a case, and return the step to be measured."""
    import numpy as np

    from soundreasons.papers import functional_attribution as fa
    from soundreasons.papers.functional_attribution.method.subsets import members

    if case in BATCHED:
        return _batched(*case.split("_"))
    task = _largest_task()
    if case == "conditional_means":
        return lambda: task.conditional_means(task.points)
    if case == "conditional_means_one_by_one":
        sets = [np.flatnonzero(mask) for mask in members(11)]
        return lambda: [task.conditional_mean(task.points, chosen) for chosen in sets]
    if case == "truth":
        return lambda: task.minimal
    if case == "learned_100_steps":
        many = fa.task_set("own", "univariate", [5], 4).tasks
        return lambda: fa.experiments.learned.learn(
            "l2x", many, settings=fa.experiments.learned_selectors.Training(steps=100, batch_size=256)
        )
    collections = [fa.task_set("own", kind, range(2, 12), 20) for kind in ("univariate", "multivariate")]
    levels = fa.data.published_levels()
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
    rows = {case: _apart(case) for case in (*CASES, *BATCHED)}
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
    for case, row in ((case, rows[case]) for case in CASES):
        seconds, memory = LIMITS.get(case, ("", ""))
        limit = f"{memory / 1e9:.0f}" if memory else ""
        lines.append(
            f"| {case} | {row['cpu_seconds']:.3f} | {seconds} | {row['peak_bytes'] / 1e9:.2f} | {limit} |"
        )
    factor = rows["conditional_means_one_by_one"]["cpu_seconds"] / rows["conditional_means"]["cpu_seconds"]
    lines += ["", f"All 2,048 conditional means together cost {factor:.0f} times less than one by one."]
    lines += ["", f"Learned selectors, {AT_ONCE} tasks of eleven features at once, steps of 512 points:", ""]
    lines += [
        "| selector and tasks | CPU-ms a step and task | GB | CPU-hours for the paper profile |",
        "|---|---|---|---|",
    ]
    for case in BATCHED:
        a_step = rows[case]["cpu_seconds"] / FEW_STEPS / AT_ONCE
        hours = a_step * PAPER_STEPS * PAPER_TASKS / 3600
        memory = rows[case]["peak_bytes"] / 1e9
        lines.append(f"| {case.replace('_', ', ')} | {1000 * a_step:.2f} | {memory:.2f} | {hours:.0f} |")
    lines += [
        "",
        f"(The last column: {PAPER_TASKS} tasks, {PAPER_STEPS:,} steps, at the cost of eleven features.)",
    ]
    return "\n".join(lines) + "\n"


def learned(per_dimension: int) -> None:
    """Train L2X and INVASE on the paper's tasks, briefly; write what came out beside the other results."""
    import numpy as np
    import pandas as pd

    from soundreasons.learning.intervals import mean_interval
    from soundreasons.papers import functional_attribution as fa

    rows, levels = [], np.round(np.arange(0.05, 1, 0.05), 2)
    for kind in ("univariate", "multivariate"):
        clock, tasks = time.process_time(), _tasks(kind, list(range(2, 12)), per_dimension)
        settings = fa.experiments.learned_selectors.Training(
            **BRIEF, n_chosen=2 if kind == "univariate" else 5
        )
        both = {"l2x": settings, "invase": settings}
        found = fa.experiments.learned.learned_contest(tasks, list(both), settings=both, levels=levels)
        a_task = (time.process_time() - clock) / len(tasks) / len(both)
        for method, part in found.groupby("method", sort=False):
            for what in ("predictor", "possible", "selection", "sufficient", "selected", "in_mask"):
                ends = mean_interval(part[what].to_numpy())
                rows.append((kind, method, len(tasks), what, ends.mean, ends.low, ends.high, a_task))
        print(pd.DataFrame(rows).tail(12).round(3).to_string(), flush=True)
    names = ["tasks", "selector", "n", "what", "mean", "low", "high", "CPU-s a task"]
    table = pd.DataFrame(rows, columns=names)
    path = RESULTS / "functional_attribution_learned.json"
    path.write_text(table.to_json(orient="records", indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(_learned_report(table), encoding="utf-8")


def paper(results: Path) -> None:
    """Note down what a run of the paper profile found, and which parameters were not its own."""
    import yaml

    run = json.loads(results.read_text(encoding="utf-8"))
    own = yaml.safe_load(PAPER_PROFILE.read_text(encoding="utf-8"))
    changed = {name: run["parameters"][name] for name in own if run["parameters"][name] != own[name]}
    cost, machine = run["cost"], run["machine"]
    lines = [
        "# The paper profile of `functional_attribution`", "",
        f"{machine['system']}, {machine['processor']}, {machine['threads']} thread: "
        f"{cost['cpu_seconds']:.0f} CPU-seconds, {cost['peak_memory_bytes'] / 1e9:.1f} GB. "
        f"Not as the profile says: {changed}.", "",
        "| claim | verdict |", "|---|---|",
    ]  # fmt: skip
    verdicts = {claim: told for claim, told in run["verdicts"].items() if not (changed and claim == "C6")}
    lines += [f"| {claim} | {told['verdict']}: {told['reason']} |" for claim, told in verdicts.items()]
    kinds = [f"{source}_{kind}" for kind in ("univariate", "multivariate") for source in ("published", "own")]
    lines += ["", "Accuracy at the authors' levels, with 95 % intervals over tasks:", ""]
    lines += ["| method | " + " | ".join(kind.replace("_", ", ") for kind in kinds) + " |", "|---" * 5 + "|"]
    prefix = f"accuracy.{kinds[0]}."
    for method in (name.removeprefix(prefix) for name in run["measures"] if name.startswith(prefix)):
        found = [run["measures"][f"accuracy.{kind}.{method}"] for kind in kinds]
        cells = [f"{one['mean']:.3f} ({one['low']:.3f} to {one['high']:.3f})" for one in found]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    path = RESULTS / "functional_attribution_paper.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _learned_report(table: Any) -> str:
    lines = ["# Learned selectors on part of the paper's tasks", ""]
    lines += [
        f"{BRIEF['steps']:,} steps of {BRIEF['batch_size']} points, rate 1e-3, an even share of the tasks of "
        "each number of features; means, 95 % intervals over tasks; the level is the best over them.", "",
    ]  # fmt: skip
    whats = list(dict.fromkeys(table["what"]))
    lines += ["| tasks | selector | n | " + " | ".join(whats) + " | CPU-s a task |"]
    lines += ["|---" * (len(whats) + 4) + "|"]
    for (kind, method), part in table.groupby(["tasks", "selector"], sort=False):
        cells = [f"{row['mean']:.3f} ({row['low']:.3f} to {row['high']:.3f})" for _, row in part.iterrows()]
        n, seconds = part["n"].iloc[0], part["CPU-s a task"].iloc[0]
        lines.append(f"| {kind} | {method} | {n} | " + " | ".join(cells) + f" | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2])))
    elif sys.argv[1:2] == ["learned"]:
        learned(int(sys.argv[2]))
    elif sys.argv[1:2] == ["paper"]:
        paper(Path(sys.argv[2]))
    else:
        run_all()
