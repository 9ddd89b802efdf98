"""Cost of the steps of the chapter `mesonet`: faces a second, CPU-seconds, peak memory, one thread.

    python benchmarks/mesonet.py               # everything, about three minutes
    python benchmarks/mesonet.py measure CASE  # one measurement, in this process

Each measurement runs in a process of its own, so that peaks of memory do not add up. Beside inference as
the library does it (`score`: channels last, pooled before cut and norm, thin convolutions face by face)
stands the plain layout, as one would write it first.
Writes mesonet.json and mesonet.md beside this file, in results/.
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
BATCHES = (1, 16, 64)
INFERENCE = [f"{n}-{b}-{w}" for n in ("meso4", "mesoinception4") for b in BATCHES for w in ("fast", "plain")]
OTHERS = ["faces-30-frames", "encode-24-frames", "swap-20-steps", "train-20-steps"]
# Limits that the project set itself: how much faster than the plain layout at every batch size, and bytes.
LEAST_SPEED_UP = 1.5
MOST_BYTES = 1e9


def _inference(network: str, batch: int, way: str) -> tuple[Callable[[], Any], int]:
    import numpy as np
    import torch

    from soundreasons.papers import mesonet

    model = mesonet.NETWORKS[network](256).eval()
    crops = np.random.default_rng(0).integers(0, 255, (max(64, batch), 256, 256, 3), dtype=np.uint8)
    if way == "fast":
        return lambda: mesonet.score(model, crops, batch_size=batch), len(crops)

    def plain() -> None:
        with torch.inference_mode():
            for start in range(0, len(crops), batch):
                pictures = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2)
                model(pictures.contiguous().float() / 255)

    return plain, len(crops)


def _other(case: str) -> tuple[Callable[[], Any], int]:
    import numpy as np

    from soundreasons import data
    from soundreasons.media import video
    from soundreasons.papers import mesonet
    from soundreasons.papers.mesonet.testbed.autoencoder import SwapTraining, train_drawing

    rng = np.random.default_rng(0)
    if case == "faces-30-frames":
        path = data.open("talking_faces_pexels").folder / "WolfgangLanger_Pexels.mp4"
        return lambda: mesonet.faces_of_video(path), 30
    if case == "encode-24-frames":
        frames = rng.integers(0, 255, (24, 160, 160, 3), dtype=np.uint8)
        return lambda: video.decode(video.encode(frames)), 24
    if case == "swap-20-steps":
        faces = [rng.integers(0, 255, (64, 64, 64, 3), dtype=np.uint8) for _ in range(2)]
        return lambda: train_drawing(faces, settings=SwapTraining(steps=20), seed=0), 20
    groups = [(rng.integers(0, 255, (64, 96, 96, 3), dtype=np.uint8), real) for real in (True, False)]
    settings = mesonet.Training(steps=20)
    return lambda: mesonet.train_detector("meso4", groups, settings=settings, seed=0), 20


def measure(case: str) -> dict[str, Any]:
    """Measure one case in this process; memory is the peak of the whole process, input included."""
    if case in OTHERS:
        step, n = _other(case)
    else:
        network, batch, way = case.split("-")
        step, n = _inference(network, int(batch), way)
    step()  # the first call reads weights and picks algorithms
    clock = time.process_time()
    step()
    seconds = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "case": case,
        "cpu_seconds": round(seconds, 4),
        "per_second": round(n / seconds, 1),
        "peak_bytes": peak,
    }


def _apart(case: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "measure", case]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    print(f"{case}: {result['per_second']} a second, {result['peak_bytes'] / 1e9:.2f} GB", flush=True)
    return result


def run_all() -> None:
    """Measure everything, compare with the limits, and write the two files."""
    rows = {case: _apart(case) for case in [*INFERENCE, *OTHERS]}
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread"
    RESULTS.mkdir(exist_ok=True)
    summary = {"machine": machine, "cases": rows}
    (RESULTS / "mesonet.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "mesonet.md").write_text(_report(machine, rows), encoding="utf-8")
    sizes = [(network, batch) for network in ("meso4", "mesoinception4") for batch in BATCHES]
    slow = [f"{n}-{b}" for n, b in sizes if _speed_up(rows, n, b) < LEAST_SPEED_UP]
    large = [c for c in INFERENCE if c.endswith("fast") and rows[c]["peak_bytes"] > MOST_BYTES]
    if slow or large:
        sys.exit(f"slower than {LEAST_SPEED_UP} times the plain layout: {slow}; over the memory: {large}")


def _speed_up(rows: dict[str, dict[str, Any]], network: str, batch: int) -> float:
    fast, plain = (rows[f"{network}-{batch}-{way}"]["per_second"] for way in ("fast", "plain"))
    return float(fast / plain)


def _report(machine: str, rows: dict[str, dict[str, Any]]) -> str:
    lines = ["# Cost of the steps of `mesonet`", "", machine, ""]
    lines += [
        "| network at 256 px | batch | faces a CPU-second | plain layout | times | GB |",
        "|---|---|---|---|---|---|",
    ]
    for network in ("meso4", "mesoinception4"):
        for batch in BATCHES:
            fast, plain = (rows[f"{network}-{batch}-{way}"] for way in ("fast", "plain"))
            lines.append(
                f"| {network} | {batch} | {fast['per_second']} | {plain['per_second']} | "
                f"{_speed_up(rows, network, batch):.2f} | {fast['peak_bytes'] / 1e9:.2f} |"
            )
    lines += ["", "| step | a CPU-second | GB |", "|---|---|---|"]
    lines += [
        f"| {case} | {rows[case]['per_second']} | {rows[case]['peak_bytes'] / 1e9:.2f} |" for case in OTHERS
    ]
    lines += [
        "",
        "Steps: frames of a 640 x 360 video searched for faces and cut; frames of 160 px encoded and "
        "decoded; steps of 32 + 32 faces of a swap; steps of 32 faces of 96 px of Meso-4.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        run_all()
