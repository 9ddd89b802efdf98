"""Cost of the steps of the chapter `explainable_recommendation`: fits beside a library's, explanations.

    python benchmarks/explainable_recommendation.py

One thread, CPU-seconds (user and system) of the step alone, best of three for the fits. The library is
`implicit` for the factorisation and the nearest items; for the linear model, the same closed form by
`numpy.linalg.inv`, since no well-kept library has it. Data: `hetrec_lastfm`, or `movielens_2016` where
that is not here. Writes explainable_recommendation.json and .md beside this file, in results/.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from soundreasons.papers import explainable_recommendation as er

RESULTS = Path(__file__).parent / "results"
# Limits that the project set itself.
MILLISECONDS_EXACT = 20
SECONDS_ALL_EXACT = 60
N_USERS = 1000
EXACT = {
    "tags": "exact", "knn": "exact", "pagerank": "exact", "als": "exact", "ease": "exact", "hybrid": "exact",
}  # fmt: skip
OTHERS = ["influence", "hooks", "contrastive", "tags", "paths", "listeners", "friends", "counterfactual"]
SAMPLED = ["lime", "shapley"]


def seconds(step: Callable[[], Any], repeats: int = 1) -> float:
    """Best CPU-seconds of a step."""
    times = []
    for _ in range(repeats):
        clock = time.process_time()
        step()
        times.append(time.process_time() - clock)
    return min(times)


def fits(train: Any) -> list[dict[str, Any]]:
    """Our fits beside those of others, on the same matrix."""
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import CosineRecommender

    def library_als(solver: str) -> None:
        model = AlternatingLeastSquares(
            factors=32, alpha=20, regularization=5, iterations=8, random_state=0, use_gpu=False,
            num_threads=1, use_cg=solver == "cg",
        )  # fmt: skip
        model.fit(train, show_progress=False)

    def plain_ease() -> None:
        dense = np.asarray((train.T @ train).todense()) + 200 * np.eye(train.shape[1])
        inverse = np.linalg.inv(dense)
        np.divide(inverse, -np.diag(inverse), out=inverse)

    pairs = [
        ("ALS", lambda: er.ALS().fit(train), "implicit, Cholesky", lambda: library_als("cholesky")),
        ("ALS", lambda: er.ALS().fit(train), "implicit, conjugate gradient", lambda: library_als("cg")),
        ("EASE", lambda: er.EASE().fit(train), "numpy.linalg.inv", plain_ease),
        (
            "ItemKNN",
            lambda: er.ItemKNN().fit(train),
            "implicit, cosine",
            lambda: CosineRecommender(K=50, num_threads=1).fit(train, show_progress=False),
        ),
    ]
    rows = []
    for name, ours, other, theirs in pairs:
        mine, library = seconds(ours, 3), seconds(theirs, 3)
        rows.append({"fit": name, "seconds": mine, "beside": other, "their_seconds": library})
    return rows


def explanations(part: er.experiments.splits.Split, users: Any) -> list[dict[str, Any]]:
    """Milliseconds of one explanation, top five of each user."""
    rows = []
    cases = [(model, how) for model, how in EXACT.items()]
    cases += [("als", how) for how in [*OTHERS, *SAMPLED]]
    for model, how in cases:
        few = users if how not in (*SAMPLED, "counterfactual") else users[:200]
        asked = er.pairs(part.models[model], few)

        def ask(model: str = model, how: str = how, asked: Any = asked) -> None:
            for user, item in asked:
                er.explainers[how](part.models[model], user, item, part.context)

        rows.append({"model": model, "explainer": how, "ms": 1000 * seconds(ask) / len(asked)})
    return rows


def all_exact(part: er.experiments.splits.Split, users: Any) -> float:
    """CPU-seconds to recommend five items to each user by six models and explain them exactly."""

    def step() -> None:
        for name in EXACT:
            for user, item in er.pairs(part.models[name], users):
                er.explainers["exact"](part.models[name], user, item, part.context)

    return seconds(step)


def main() -> None:
    """Measure, compare with the limits, and write the two files."""
    name = "hetrec_lastfm" if er.data.available("hetrec_lastfm") else "movielens_2016"
    music = er.data.listening(name)
    part = er.experiments.splits.fit_split(music, 0)
    users = er.experiments.splits.chosen_users(part, N_USERS, np.random.default_rng(0))
    summary = {
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread",
        "data": name,
        "shape": list(part.train.shape),
        "interactions": int(part.train.nnz),
        "n_users": len(users),
        "fits": fits(part.train),
        "explanations": explanations(part, users),
        "all_exact_seconds": all_exact(part, users),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024),
    }
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / "explainable_recommendation.json"
    target.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    target.with_suffix(".md").write_text(report(summary), encoding="utf-8")
    slow = [
        row
        for row in summary["explanations"]
        if row["explainer"] == "exact" and row["ms"] > MILLISECONDS_EXACT
    ]
    if slow or summary["all_exact_seconds"] > SECONDS_ALL_EXACT:
        sys.exit(f"over the limit: {slow or summary['all_exact_seconds']}")


def report(summary: dict[str, Any]) -> str:
    """Write the results as a page."""
    users, items = summary["shape"]
    lines = [
        "# Cost of the steps of `explainable_recommendation`",
        "",
        f"{summary['machine']}. Data: `{summary['data']}`, {users:,} x {items:,}, "
        f"{summary['interactions']:,} interactions. Peak memory {summary['peak_bytes'] / 1e9:.2f} GB.",
        "",
        "| fit | CPU-s | beside | CPU-s | theirs over ours |",
        "|---|---|---|---|---|",
    ]
    for row in summary["fits"]:
        ratio = row["their_seconds"] / row["seconds"]
        numbers = f"{row['seconds']:.2f} | {row['beside']} | {row['their_seconds']:.2f} | {ratio:.2f}"
        lines.append(f"| {row['fit']} | {numbers} |")
    lines += ["", "| model | explainer | ms an explanation |", "|---|---|---|"]
    lines += [f"| {r['model']} | {r['explainer']} | {r['ms']:.2f} |" for r in summary["explanations"]]
    lines += [
        "",
        f"An exact explanation must take less than {MILLISECONDS_EXACT} ms. Five recommendations to "
        f"{summary['n_users']:,} users by six models, all explained exactly: "
        f"{summary['all_exact_seconds']:.1f} CPU-s (limit {SECONDS_ALL_EXACT}).",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if any(os.environ.get(name) != value for name, value in one.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **one})
    main()
