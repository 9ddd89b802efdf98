"""Forty people: accuracies over people, whose scenes are near-copies.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from soundreasons.papers.mesonet.experiments.detection import Accuracies, Estimate, Matrix, TestBed, estimate
from soundreasons.papers.mesonet.testbed.bench import Clip


def over_people(matrix: Matrix, clips: Sequence[Clip]) -> Matrix:
    """Average scenes of one person: from (n_seeds, n_scenes) to (n_seeds, n_people).

    What is resampled for an interval is people, since their scenes are near-copies. Chapter: mesonet.
    """
    persons = np.array([clip.person for clip in clips])
    return np.stack([matrix[:, persons == person].mean(axis=1) for person in np.unique(persons)], axis=1)


def accuracies_of_people(
    found: Accuracies, bench: TestBed, rng: Callable[[], np.random.Generator]
) -> dict[str, Estimate]:
    """Accuracies of frames, with intervals over seeds and people.

    Chapter: mesonet.

    Parameters
    ----------
    found : dict
        As from `accuracies`.
    bench : TestBed
        What they were tested on.
    rng : callable
        Gives the generator that draws people, the same for each interval.

    Returns
    -------
    dict of Estimate
        By `<network>.<seen or unseen>`.
    """
    return {
        f"{network}.{who}": estimate(
            over_people(parts["total"], bench.test("real", level, seen=who == "seen")), rng()
        )
        for (network, _, level, who), parts in found.items()
    }
