"""Cost of the steps of the chapter `concept_hierarchies`: CPU-seconds, peak memory, times real time.

    python benchmarks/concept_hierarchies.py               # everything, some three minutes on one core
    python benchmarks/concept_hierarchies.py measure CASE  # one measurement, in this process

Each measurement runs in a process of its own with one thread, so that peaks of memory do not add up, and
after a warm-up. Beside a step of ours stands what a user would take instead: the network in plain form,
networkx for the betweenness, scikit-learn probe by probe.
Writes concept_hierarchies.json and concept_hierarchies.md beside this file, in results/.
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
SECONDS = 60.0
# Case: what it is, limit in CPU-seconds, limit in GB. Real-time limits are for two cores; we measure one.
CASES: dict[str, tuple[str, float | None, float | None]] = {
    "network": (
        "60 s of sound through the quick VGG, patch by patch (limit: 18 times real time)",
        SECONDS / 18,
        None,
    ),
    "network_plain": ("the same, layers as written, 20 patches at once", None, None),
    "file_to_tags": (
        "60 s of FLAC decoded, resampled, tagged (limit: 12 times)",
        SECONDS / 12,
        None,
    ),
    "clips": ("600 clips rendered and embedded: memory must not grow with their number", None, 1.0),
    "tree": ("betweenness and tree, 3,500 concepts, density 0.11", 40.0, 1.0),
    "betweenness": ("betweenness alone, 600 concepts, density 0.11", None, None),
    "betweenness_networkx": ("the same by networkx", None, None),
    "probes": (
        "500 probes of 128 dimensions, 10,000 tracks, 1,000 steps",
        60.0,
        None,
    ),
    "probes_scikit_learn": ("20 of them by scikit-learn", None, None),
}


def similarity(n_concepts: int) -> Any:
    """Draw an asymmetric similarity with a tenth of its places above one half."""
    import numpy as np

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n_concepts, 8))
    scores = vectors @ rng.normal(size=(8, n_concepts)) + rng.normal(size=(n_concepts, n_concepts))
    return 1 / (1 + np.exp(np.quantile(scores, 0.89) - scores))


def _noise(seconds: float) -> Any:
    import numpy as np

    return np.random.default_rng(0).normal(scale=0.1, size=round(16_000 * seconds)).astype("float32")


def _network(quick: bool) -> tuple[Any, Callable[[Any], Any]]:
    import numpy as np
    import torch

    from soundreasons.papers import concept_hierarchies as ch

    network: Any = ch.data.load_quick_tagger() if quick else ch.data.load_tagger()
    spectrograms = ch.log_mel(torch.from_numpy(ch.data.patches(_noise(SECONDS))))
    batches = list(spectrograms.split(1 if quick else 20))

    def run(given: Any) -> Any:
        with torch.inference_mode():
            return np.concatenate([network(batch).numpy() for batch in given])

    run(batches[:1])
    return batches, run


def _file_to_tags() -> tuple[Any, Callable[[Any], Any]]:
    import tempfile

    import soundfile

    from soundreasons.papers import concept_hierarchies as ch

    path = Path(tempfile.mkdtemp()) / "noise.flac"
    soundfile.write(path, _noise(SECONDS * 44_100 / 16_000), 44_100)
    ch.data.tag_probabilities(ch.data.load_sound(path)[:50_000])
    return path, lambda place: ch.data.tag_probabilities(ch.data.load_sound(place))


def _clips(n_clips: int) -> tuple[Any, Callable[[Any], Any]]:
    import numpy as np

    from soundreasons.papers import concept_hierarchies as ch

    plan = ch.testbed.plan_clips(n_clips, "independent", np.random.default_rng(0))
    renderer, network = ch.testbed.Renderer(), ch.data.load_quick_tagger()
    return plan, lambda clips: ch.data.embed_patches((renderer.render(clip) for clip in clips), network)


def _tree(n_concepts: int, kind: str) -> tuple[Any, Callable[[Any], Any]]:
    from soundreasons.papers import concept_hierarchies as ch

    def ours(S: Any) -> Any:
        return ch.build_hierarchy(S, ch.betweenness(ch.similarity_graph(S)))

    def networkx(S: Any) -> Any:
        import networkx as nx

        graph = ch.similarity_graph(S)
        return nx.betweenness_centrality(nx.Graph(graph | graph.T))

    alone = lambda S: ch.betweenness(ch.similarity_graph(S))  # noqa: E731
    return similarity(n_concepts), {"tree": ours, "betweenness": alone, "networkx": networkx}[kind]


def _probes(library: bool) -> tuple[Any, Callable[[Any], Any]]:
    import numpy as np

    from soundreasons.papers import concept_hierarchies as ch

    rng = np.random.default_rng(0)
    labels = rng.random((10_000, 500)) < 0.01
    features = rng.normal(size=(10_000, 2, 128)).astype("float32")
    features += (labels.astype("float32") @ rng.normal(size=(500, 128)).astype("float32"))[:, np.newaxis]
    parts = ch.split_tracks(labels)

    def ours(_: Any) -> Any:
        settings = ch.ProbeSettings(epochs=20, steps=50, patience=20, learning_rate=0.01)
        return ch.fit_probes(features, labels, parts, settings).accuracy

    def theirs(_: Any) -> Any:
        from sklearn.linear_model import LogisticRegression

        flat, twice = features.reshape(-1, 128), labels.repeat(2, axis=0)
        return [LogisticRegression(class_weight="balanced").fit(flat, twice[:, k]) for k in range(20)]

    return None, theirs if library else ours


def _prepare(case: str) -> tuple[Any, Callable[[Any], Any]]:
    if case.startswith("network"):
        return _network(quick=case == "network")
    if case == "file_to_tags":
        return _file_to_tags()
    if case == "clips":
        return _clips(600)
    if case.startswith("probes"):
        return _probes(library=case.endswith("scikit_learn"))
    kinds = {"tree": (3500, "tree"), "betweenness": (600, "betweenness")}
    return _tree(*kinds.get(case, (600, "networkx")))


def measure(case: str) -> dict[str, Any]:
    """Run one case here; CPU-seconds of the step alone, peak memory of the whole process."""
    import torch

    torch.set_num_threads(1)
    given, step = _prepare(case)
    start, clock = time.process_time(), time.perf_counter()
    step(given)
    seconds, wall = time.process_time() - start, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "case": case,
        "cpu_seconds": round(seconds, 3),
        "seconds": round(wall, 3),
        "gigabytes": round(peak / 1e9, 3),
    }


def main() -> int:
    """Measure everything, write the results, and say whether a limit is exceeded."""
    found = []
    for case in CASES:
        call = [sys.executable, __file__, "measure", case]
        done = subprocess.run(
            call, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print(found[-1], flush=True)
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "concept_hierarchies.json").write_text(
        json.dumps({"machine": machine, "cases": found}, indent=1) + "\n"
    )
    (RESULTS / "concept_hierarchies.md").write_text(_page(machine, found))
    return int(any(_exceeded(row) for row in found))


def _exceeded(row: dict[str, Any]) -> bool:
    _, seconds, gigabytes = CASES[row["case"]]
    too_slow = seconds is not None and row["cpu_seconds"] > seconds
    return too_slow or (gigabytes is not None and row["gigabytes"] > gigabytes)


def _page(machine: str, found: list[dict[str, Any]]) -> str:
    lines = ["# Cost of the steps of `concept_hierarchies`", "", machine, ""]
    lines += ["| step | CPU-s | limit | times real time | GB | limit |", "|---|---|---|---|---|---|"]
    for row in found:
        what, seconds, gigabytes = CASES[row["case"]]
        speed = f"{SECONDS / row['cpu_seconds']:.0f}" if row["case"].startswith(("network", "file")) else ""
        limits = [f"{seconds:.1f}" if seconds else "", f"{gigabytes:.1f}" if gigabytes else ""]
        lines.append(
            f"| {what} | {row['cpu_seconds']:.2f} | {limits[0]} | {speed} "
            f"| {row['gigabytes']:.2f} | {limits[1]} |"
        )
    lines += ["", "Times real time on one core; the limits were set for two."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        sys.exit(main())
