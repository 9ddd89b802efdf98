"""Cost of the steps of the chapter `spiky_svd`: CPU-seconds, peak memory, growth with size.

    python benchmarks/spiky_svd.py                 # everything, a few minutes on one core
    python benchmarks/spiky_svd.py measure CASE N  # one measurement, in this process

Each measurement runs in a process of its own with one thread, so that peaks of memory do not add up.
What a user would take instead is measured in the same run: a plain loop for the metric, a dense
product for the associations, `scipy.sparse.linalg.svds` for the factorisation.
Writes spiky_svd.json, spiky_svd.md and spiky_svd.png beside this file, in results/.
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
RANK = 128
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
FLATTER = 0.5  # exponent of a second million, with more spikes
# Limits that the project set itself: CPU-seconds and bytes.
LIMITS = {
    "pipeline_movielens": (20, 1.5e9),
    "spikiness_million": (30, 1.0e9),
    "spikiness_million_flatter": (30, 1.0e9),
}
SIZES = {
    "association": [2_000, 4_000, 8_000, 16_000, 32_000],
    "association_dense": [2_000, 4_000, 8_000],
    "factorisation": [2_000, 4_000, 8_000, 16_000, 32_000],
    "factorisation_svds": [2_000, 4_000, 8_000, 16_000],
    "spikiness": [8_000, 32_000, 128_000, 512_000],
    "spikiness_plain": [8_000, 32_000, 128_000],
}
TWINS = {
    "association": ("association_dense", "dense product of the incidence matrix"),
    "factorisation": ("factorisation_svds", "scipy.sparse.linalg.svds"),
    "spikiness": ("spikiness_plain", "plain loop, one peak at a time"),
}


def cloud(n_items: int, *, zipf: float = 1.0, n_dims: int = 64, n_spikes: int = 3000, seed: int = 0) -> Any:
    """Draw communities of Zipf sizes, log-normal norms, noise of length 0.1, 5 % without direction."""
    import numpy as np

    rng = np.random.default_rng(seed)
    heads = _units(rng, n_spikes, n_dims)
    shares = np.arange(1, n_spikes + 1) ** -zipf
    spike = rng.choice(n_spikes, n_items, p=shares / shares.sum())
    vectors = np.empty((n_items, n_dims), dtype=np.float32)
    for low in range(0, n_items, 20_000):
        rows = slice(low, min(low + 20_000, n_items))
        part = heads[spike[rows]] + 0.1 * _units(rng, rows.stop - low, n_dims)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        stray = rng.random(len(part)) < 0.05
        part[stray] = _units(rng, int(stray.sum()), n_dims)
        vectors[rows] = part * rng.lognormal(size=(len(part), 1))
    return vectors


def _units(rng: Any, n_rows: int, n_dims: int) -> Any:
    import numpy as np

    rows = rng.standard_normal((n_rows, n_dims))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def incidence(n_items: int) -> Any:
    """Draw 20 contexts an item; contexts have one taste each and hold about 40 items."""
    import numpy as np
    import scipy.sparse as sp

    rng = np.random.default_rng(0)
    n_contexts, n_tastes = n_items // 2, max(n_items // 200, 1)
    taste = rng.integers(n_tastes, size=n_items)
    per_taste = n_contexts // n_tastes
    item = np.repeat(np.arange(n_items), 20)
    context = np.repeat(taste, 20) * per_taste + rng.integers(per_taste, size=20 * n_items)
    matrix = sp.csr_matrix((np.ones(len(item), dtype=np.int32), (item, context)), (n_items, n_contexts))
    matrix.data[:] = 1
    return matrix


def _prepare(case: str, n_items: int) -> tuple[Any, Callable[[Any], Any]]:
    """Make the input of a case, and the step to be measured."""
    from soundreasons.papers import spiky_svd

    if case == "pipeline_movielens":
        table = spiky_svd.interactions("movielens_2016")
        return table, _pipeline
    if case.startswith("association"):
        dense = case.endswith("dense")
        return incidence(n_items), _dense_counts if dense else spiky_svd.ppmi
    if case.startswith("factorisation"):
        graph = spiky_svd.ppmi(incidence(n_items))[0]
        return graph, _svds if case.endswith("svds") else (lambda g: spiky_svd.embed(g, RANK, 0))
    vectors = cloud(n_items, zipf=FLATTER if "flatter" in case else 1.0)
    form = spiky_svd.method if "plain" in case else spiky_svd.fast
    return vectors, lambda v: form.spikiness(v).peaks.tolist()


def _dense_counts(matrix: Any) -> Any:
    import numpy as np

    dense = matrix.toarray().astype(np.float32)  # in floating point, so that BLAS does it
    return dense @ dense.T


def _pipeline(table: Any) -> Any:
    from soundreasons.papers import spiky_svd

    association = spiky_svd.associate(table)
    embedding = spiky_svd.embed(association.matrix, RANK, 0)
    return spiky_svd.measure_spikiness(embedding).peaks.tolist()


def _svds(graph: Any) -> Any:
    import numpy as np
    from scipy.sparse.linalg import svds

    return svds(graph, k=RANK, rng=np.random.default_rng(0))


def measure(case: str, n_items: int) -> dict[str, Any]:
    """Measure one case in this process; memory is the peak of the whole process, input included."""
    given, step = _prepare(case, n_items)
    clock = time.process_time()
    answer = step(given)
    seconds = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    peaks = answer if isinstance(answer, list) else None
    return {"case": case, "n": n_items, "cpu_seconds": seconds, "peak_bytes": peak, "peaks": peaks}


def _apart(case: str, n_items: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "measure", case, str(n_items)]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{case} {n_items:,}: {result['cpu_seconds']:.2f} CPU-s, {result['peak_bytes'] / 1e9:.2f} GB",
        flush=True,
    )
    return result


def exponent(rows: list[dict[str, Any]]) -> float:
    """Slope of CPU-seconds against n on logarithmic axes, by least squares."""
    import numpy as np

    sizes, seconds = (np.log([row[key] for row in rows]) for key in ("n", "cpu_seconds"))
    return float(np.polyfit(sizes, seconds, 1)[0])


def run_all() -> None:
    """Measure everything, compare with the limits, and write the three files."""
    fixed = {"pipeline_movielens": _apart("pipeline_movielens", 0)}
    fixed |= {f"spikiness_million{kind}": _apart(f"spikiness{kind}", 1_000_000) for kind in ("", "_flatter")}
    plain = {
        f"spikiness_million{kind}": _apart(f"spikiness_plain{kind}", 1_000_000) for kind in ("", "_flatter")
    }
    growth = {case: [_apart(case, n) for n in sizes] for case, sizes in SIZES.items()}
    same = [fixed[case]["peaks"] == row["peaks"] for case, row in plain.items()] + [
        ours["peaks"] == other["peaks"]
        for ours, other in zip(growth["spikiness"], growth["spikiness_plain"], strict=False)
    ]
    for case, row in plain.items():
        fixed[case] |= {"n_peaks": len(row["peaks"]), "plain_loop_cpu_seconds": row["cpu_seconds"]}
    for row in [*fixed.values(), *(row for rows in growth.values() for row in rows)]:
        row.pop("peaks")
    summary = {
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread",
        "fixed": fixed,
        "peaks_equal_plain_loop": all(same),
        "growth": growth,
        "exponents": {case: round(exponent(rows), 2) for case, rows in growth.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "spiky_svd.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "spiky_svd.md").write_text(_report(summary), encoding="utf-8")
    _draw(growth)
    over = [case for case, row in fixed.items() if _is_over(case, row)]
    if over or not all(same):
        sys.exit(f"over the limit: {over}; peaks equal to the plain loop: {all(same)}")


def _is_over(case: str, row: dict[str, Any]) -> bool:
    seconds, memory = LIMITS[case]
    return bool(row["cpu_seconds"] > seconds or row["peak_bytes"] > memory)


def _report(summary: dict[str, Any]) -> str:
    lines = ["# Cost of the steps of `spiky_svd`", "", summary["machine"], ""]
    lines += [
        "| case | CPU-s | limit | GB | limit | spikes | plain loop, CPU-s |",
        "|---|---|---|---|---|---|---|",
    ]
    for case, row in summary["fixed"].items():
        seconds, memory = LIMITS[case]
        used = f"{row['cpu_seconds']:.1f} | {seconds} | {row['peak_bytes'] / 1e9:.2f} | {memory / 1e9}"
        beside = f"{row['n_peaks']:,} | {row['plain_loop_cpu_seconds']:.1f}" if "n_peaks" in row else " | "
        lines.append(f"| {case} | {used} | {beside} |")
    lines += ["", f"All peaks equal to those of the plain loop: {summary['peaks_equal_plain_loop']}."]
    lines += ["", "| step | n | CPU-s | GB | instead | CPU-s | ratio |", "|---|---|---|---|---|---|---|"]
    for step, (twin, name) in TWINS.items():
        others = {row["n"]: row for row in summary["growth"][twin]}
        for row in summary["growth"][step]:
            other = others.get(row["n"])
            beside = f"{name} | {other['cpu_seconds']:.2f} | " if other else " |  | "
            beside += f"{other['cpu_seconds'] / row['cpu_seconds']:.1f}" if other else ""
            memory = f"{row['peak_bytes'] / 1e9:.2f}"
            lines.append(f"| {step} | {row['n']:,} | {row['cpu_seconds']:.2f} | {memory} | {beside} |")
    lines += ["", "Exponents of growth (CPU-s against n, log-log): "]
    lines[-1] += ", ".join(f"{case} {value}" for case, value in summary["exponents"].items()) + "."
    return "\n".join(lines) + "\n"


def _draw(growth: dict[str, list[dict[str, Any]]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    ax = figure.subplots()
    colours = {"association": "#0072B2", "factorisation": "#009E73", "spikiness": "#D55E00"}
    for case, rows in growth.items():
        colour = colours[case.partition("_")[0]]
        style = "--" if "_" in case else "-"
        label = f"{case.replace('_', ', ')}: n^{exponent(rows):.2f}"
        sizes, seconds = ([row[key] for row in rows] for key in ("n", "cpu_seconds"))
        ax.loglog(sizes, seconds, style, marker="o", color=colour, label=label)
    ax.set(xlabel="items, n", ylabel="CPU-seconds, one thread")
    ax.legend(fontsize=7)
    figure.savefig(RESULTS / "spiky_svd.png", dpi=144)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
    else:
        run_all()
