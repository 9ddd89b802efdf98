"""Cost of the steps of the chapter `song_descriptors`: encoding, exact search, one fine-tuning.

    python benchmarks/song_descriptors.py                 # everything, about three minutes on one core
    python benchmarks/song_descriptors.py measure CASE N  # one measurement, in this process

Each measurement runs in a process of its own with one thread. What a user would take instead is measured
in the same run: sentence-transformers' own `encode`, and a whole matrix of scores sorted partially.
Writes song_descriptors.json and song_descriptors.md beside this file, in results/.
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
N_DIMS, N_QUERIES, K = 384, 1000, 10
CASES = [
    ("encode", 2000), ("encode_library", 2000), ("encode_long", 400), ("encode_long_library", 400),
    ("search", 50_000), ("search_plain", 50_000), ("search", 200_000), ("search_plain", 200_000),
    ("search", 1_000_000), ("fine_tune", 30), ("fine_tune_margin", 30),
]  # fmt: skip
# Limits that the project set itself.
LEAST_SENTENCES = 150  # short ones per CPU-second
SEARCH_SECONDS, SEARCH_BYTES = 60, 4e9
TUNING_SECONDS = 120


def short_texts(n: int) -> list[str]:
    """Return descriptor sets of generated songs: about a dozen tokens each."""
    from soundreasons.papers import song_descriptors as sd

    return [", ".join(tags) for tags in sd.data.generated_songs(n).tags]


def long_texts(n: int) -> list[str]:
    """Return requests, three at a time: about fifty tokens each."""
    from soundreasons.papers import song_descriptors as sd

    captions = sd.data.generated_songs(3 * n).captions
    return [". ".join(captions[3 * k : 3 * k + 3]) for k in range(n)]


def cloud(n: int) -> tuple[Any, Any]:
    """Draw queries and documents of length one, float32."""
    import numpy as np

    rng = np.random.default_rng(0)
    tables = []
    for rows in (N_QUERIES, n):
        table = rng.standard_normal((rows, N_DIMS), dtype=np.float32)
        table /= np.sqrt(np.einsum("ij,ij->i", table, table))[:, np.newaxis]
        tables.append(table)
    return tables[0], tables[1]


def whole_matrix(given: tuple[Any, Any]) -> Any:
    """Score everything at once, and sort partially."""
    import numpy as np

    scores = given[0] @ given[1].T
    return np.sort(np.argpartition(-scores, K, axis=1)[:, :K], axis=1).tolist()


def _prepare(case: str, n: int) -> tuple[Any, Callable[[Any], Any]]:
    from soundreasons import data
    from soundreasons.papers import song_descriptors as sd

    if case.startswith("search"):
        if case.endswith("plain"):
            return cloud(n), whole_matrix
        return cloud(n), lambda given: sorted_rows(sd.top_documents(*given, K).documents)
    if case.startswith("fine_tune"):
        source = "musiccaps_train" if sd.data.available("musiccaps_train") else "generated"
        examples = sd.learning.training_examples(sd.data.open_songs(source, 1000))
        start, settings = sd.data.load_minilm(), sd.fine_tuning.Settings(steps=n)
        if case.endswith("margin"):
            examples = sd.learning.margin_examples(examples, settings, start)
        return examples, lambda e: sd.fine_tuning.fine_tune(start, e, settings).losses[-1:].tolist()
    texts = long_texts(n) if "long" in case else short_texts(n)
    if case.endswith("library"):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(data.open("all_minilm_l6").folder), device="cpu")
        return texts, lambda t: model.encode(t).sum(axis=1).round(2).tolist()
    encoder = sd.data.load_minilm()
    return texts, lambda t: encoder.encode(t).sum(axis=1).round(2).tolist()


def sorted_rows(table: Any) -> Any:
    """Sort each row, so that two answers can be compared whatever their order."""
    import numpy as np

    return np.sort(table, axis=1).tolist()


def measure(case: str, n: int) -> dict[str, Any]:
    """Measure one case in this process; memory is the peak of the whole process, input included."""
    given, step = _prepare(case, n)
    clock = time.process_time()
    answer = step(given)
    seconds = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"case": case, "n": n, "cpu_seconds": seconds, "peak_bytes": peak, "answer": answer}


def _apart(case: str, n: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "measure", case, str(n)],
        env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    shown = f"{result['cpu_seconds']:.2f} CPU-s, {result['peak_bytes'] / 1e9:.2f} GB"
    print(f"{case} {n:,}: {shown}", flush=True)
    return result


def run_all() -> None:
    """Measure everything, compare with the limits, and write the two files."""
    rows = [_apart(case, n) for case, n in CASES]
    answers = {(row["case"], row["n"]): row.pop("answer") for row in rows}
    same = all(answers["search", n] == answers["search_plain", n] for n in (50_000, 200_000))
    close = max(
        abs(a - b)
        for case in ("encode", "encode_long")
        for (name, n), ours in answers.items()
        if name == case
        for a, b in zip(ours, answers[f"{case}_library", n], strict=True)
    )
    by = {(row["case"], row["n"]): row for row in rows}
    largest = by["search", 1_000_000]
    summary = {
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread",
        "rows": rows,
        "short_sentences_per_second": round(2000 / by["encode", 2000]["cpu_seconds"], 1),
        "library_short_sentences_per_second": round(2000 / by["encode_library", 2000]["cpu_seconds"], 1),
        "answers_equal_the_whole_matrix": same,
        "largest_difference_of_vector_sums": close,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "song_descriptors.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "song_descriptors.md").write_text(_report(summary), encoding="utf-8")
    kept = [
        summary["short_sentences_per_second"] >= LEAST_SENTENCES,
        largest["cpu_seconds"] <= SEARCH_SECONDS,
        largest["peak_bytes"] <= SEARCH_BYTES,
        max(by[case, 30]["cpu_seconds"] for case in ("fine_tune", "fine_tune_margin")) <= TUNING_SECONDS,
        same,
        close < 0.05,
    ]
    if not all(kept):
        sys.exit(f"limits kept (speed, seconds, memory, tuning, answers, vectors): {kept}")


def _report(summary: dict[str, Any]) -> str:
    lines = ["# Cost of the steps of `song_descriptors`", "", summary["machine"], ""]
    lines += ["| case | n | CPU-s | GB |", "|---|---|---|---|"]
    for row in summary["rows"]:
        memory = f"{row['peak_bytes'] / 1e9:.2f}"
        lines.append(f"| {row['case']} | {row['n']:,} | {row['cpu_seconds']:.2f} | {memory} |")
    ours, theirs = summary["short_sentences_per_second"], summary["library_short_sentences_per_second"]
    equal = summary["answers_equal_the_whole_matrix"]
    lines += ["", f"Short sentences per CPU-second: {ours} (limit: at least {LEAST_SENTENCES})."]
    lines[-1] += f" sentence-transformers' own encode: {theirs}."
    lines += ["", f"`search`: the {K} best of n documents, {N_DIMS} dimensions, {N_QUERIES} queries."]
    lines[-1] += f" Limits at a million: {SEARCH_SECONDS} CPU-s, {SEARCH_BYTES / 1e9:.0f} GB."
    lines[-1] += f" Equal to the whole matrix: {equal}."
    lines += ["", "`fine_tune`: n steps of 32 pairs, contrastive; `fine_tune_margin`: by MarginMSE."]
    lines[-1] += f" Limit of either: {TUNING_SECONDS} CPU-s."
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
    else:
        run_all()
