"""Results made by hand."""

from __future__ import annotations

from soundreasons import results


def record(**measures) -> results.Results:
    return results.Results(
        slug="demo", profile="laptop", parameters={"seed": 0}, seeds=[0], measures=measures, tables={},
        figures={}, sounds={}, verdicts={}, data={}, commit="", started="2026-01-01",
        fingerprint=results.Fingerprint(notebook="", parameters="", modules={}, versions={}, data={}),
        machine=results.Machine(device="CPU", processor="x", cores=2, threads=1, system="x", python="3.11"),
        cost=results.Cost(seconds=1, cpu_seconds=1, peak_memory_bytes=1),
    )  # fmt: skip
