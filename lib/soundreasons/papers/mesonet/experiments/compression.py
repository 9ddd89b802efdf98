"""What compression costs: accuracies by level, and their losses from level to level.

Chapter: mesonet.
"""

from __future__ import annotations

import numpy as np

from soundreasons.papers.mesonet.experiments.detection import Accuracies, Estimate, estimate


def by_compression(
    found: Accuracies,
    forgery: str,
    who: str,
    rng: np.random.Generator,
) -> dict[str, tuple[float, float, float]]:
    """Meso-4's accuracy of frames at each level: mean and ends of the interval. Chapter: mesonet."""
    points = {}
    for (network, trained, level, people_), parts in found.items():
        if (network, trained, people_) == ("meso4", forgery, who):
            values, interval = estimate(parts["total"], rng)
            points[str(level)] = (float(np.mean(values)), *interval)
    return points


def compression_drops(found: Accuracies, forgery: str, rng: np.random.Generator) -> dict[str, Estimate]:
    """Losses of Meso-4's accuracy from level to level, scene by scene. Chapter: mesonet.

    Returns
    -------
    dict of Estimate
        `drop.<forgery>.q0_q23`, `drop.<forgery>.q23_q40`, and `extra_drop.<forgery>`, the second less the
        first; empty if a level is missing.
    """
    levels = [found.get(("meso4", forgery, q, "seen")) for q in (0, 23, 40)]
    if any(level is None for level in levels):
        return {}
    light, usual, heavy = (level["total"] for level in levels if level is not None)
    return {
        f"drop.{forgery}.q0_q23": estimate(light - usual, rng),
        f"drop.{forgery}.q23_q40": estimate(usual - heavy, rng),
        f"extra_drop.{forgery}": estimate((usual - heavy) - (light - usual), rng),
    }
