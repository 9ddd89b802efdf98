"""Cost of the steps of the chapter `music_deepfakes`: CPU-seconds for a second of sound, one thread.

    python benchmarks/music_deepfakes.py               # everything, under three minutes
    python benchmarks/music_deepfakes.py measure CASE  # one measurement, in this process

Each measurement runs in a process of its own, so that peaks of memory do not add up. Beside the detector and
the vocoder stand the same networks in torch's usual memory layout. HiFi-GAN is measured with its released
weights where they are, else with random ones, which cost the same; a second is one at its own rate.
Writes music_deepfakes.json and music_deepfakes.md beside this file, in results/.
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
BATCH, BATCHES = 32, 6
# CPU-seconds a second of sound. Forty times real time on two cores is twenty times on one; bytes: 3 GB.
LIMITS = {"detector": 1 / 20, "fakeprint": 1 / 100, "hifigan": 0.75}
MEMORY = 3e9
CASES = (
    "front_end",
    "detector",
    "detector_usual_layout",
    "fakeprint",
    "hifigan",
    "hifigan_usual_layout",
    "griffin256",
    "training_step",
)


def _prepare(case: str) -> tuple[Callable[[], Any], float]:
    """Make the input of a case; return the step to be measured, and how many seconds of sound it takes."""
    import numpy as np
    import torch

    from soundreasons.papers import music_deepfakes as md
    from soundreasons.papers.music_deepfakes.experiments import scoring, training
    from soundreasons.papers.music_deepfakes.testbed import griffin, hifigan

    rng = np.random.default_rng(0)
    snippets = rng.normal(0, 0.1, (BATCH * BATCHES, md.SNIPPET)).astype(np.float32)
    seconds = snippets.size / md.SAMPLE_RATE
    if case == "front_end":
        return lambda: md.features(torch.from_numpy(snippets), "amplitude"), seconds
    if case.startswith("detector"):
        model = md.SpectrogramDetector("amplitude", width=0.5).eval()
        if case == "detector":
            model.to(memory_format=torch.channels_last)
        return lambda: scoring.snippet_scores(model, snippets, batch_size=BATCH), seconds
    if case == "training_step":
        model = md.SpectrogramDetector("amplitude", width=0.5).to(memory_format=torch.channels_last)
        batch = training.Batch(torch.from_numpy(snippets[:BATCH]), torch.arange(BATCH) % 10)
        optimiser = torch.optim.Adam(model.parameters())
        step = training.training_step(model, optimiser)
        return lambda: step(batch), BATCH * md.SNIPPET / md.SAMPLE_RATE
    if case == "fakeprint":
        song = rng.normal(0, 0.1, (60 * md.SAMPLE_RATE, 2)).astype(np.float32)
        return lambda: md.fakeprint(song, md.SAMPLE_RATE), 60.0
    if case == "griffin256":
        clip = snippets[0]
        return lambda: griffin.griffin_mel(clip, 256), md.SNIPPET / md.SAMPLE_RATE
    generator = _generator()
    if case == "hifigan_usual_layout":
        generator.to(memory_format=torch.contiguous_format)
    clip = torch.from_numpy(rng.normal(0, 0.1, (1, 3 * 22_050)).astype(np.float32))
    return lambda: hifigan.vocode(generator, clip), 3.0


def _generator() -> Any:
    from soundreasons import data
    from soundreasons.data.readers.music import load_weights
    from soundreasons.papers.music_deepfakes.testbed import hifigan

    if not data.available("hifigan_generators"):
        return hifigan.HifiGan().eval()
    return hifigan.load_generator(load_weights(data.open("hifigan_generators").weights["universal"]))


def measure(case: str) -> dict[str, Any]:
    """Measure one case in this process, after a first call that warms up; memory is the process's peak."""
    step, seconds = _prepare(case)
    step()
    clock = time.process_time()
    step()
    used = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"case": case, "cpu_seconds_per_second": round(used / seconds, 5), "peak_bytes": peak}


def _apart(case: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "measure", case]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{case}: {result['cpu_seconds_per_second']:.4f} CPU-s a second, {result['peak_bytes'] / 1e9:.2f} GB",
        flush=True,
    )
    return result


def run_all() -> None:
    """Measure everything, compare with the limits, and write the two files."""
    rows = {case: _apart(case) for case in CASES}
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread"
    RESULTS.mkdir(exist_ok=True)
    summary = {"machine": machine, "cases": rows}
    (RESULTS / "music_deepfakes.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "music_deepfakes.md").write_text(_report(machine, rows), encoding="utf-8")
    over = [case for case, row in rows.items() if _is_over(case, row)]
    if over:
        sys.exit(f"over the limit: {over}")


def _is_over(case: str, row: dict[str, Any]) -> bool:
    too_slow = row["cpu_seconds_per_second"] > LIMITS.get(case, float("inf"))
    return bool(too_slow or row["peak_bytes"] > MEMORY)


def _report(machine: str, rows: dict[str, dict[str, Any]]) -> str:
    lines = ["# Cost of the steps of `music_deepfakes`", "", machine, ""]
    lines += [
        "| case | CPU-s a second of sound | limit | times real time, one core | GB |",
        "|---|---|---|---|---|",
    ]
    for case, row in rows.items():
        cost = row["cpu_seconds_per_second"]
        limit = f"{LIMITS[case]:g}" if case in LIMITS else ""
        lines.append(f"| {case} | {cost:.4f} | {limit} | {1 / cost:.1f} | {row['peak_bytes'] / 1e9:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        run_all()
