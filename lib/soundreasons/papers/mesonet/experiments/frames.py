"""One frame or many? Accuracies of clips by how many of their frames are averaged, and by I-frames.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundreasons.papers.mesonet.experiments.detection import (
    Accuracies,
    Detectors,
    Estimate,
    Matrix,
    Task,
    balanced,
    clips_right,
    estimate,
)
from soundreasons.papers.mesonet.method import THRESHOLD
from soundreasons.papers.mesonet.testbed.bench import FORGED, Clip

_DRAWS = 200


def frames_and_clips(found: Accuracies) -> pd.DataFrame:
    """Mean accuracies of frames and of clips, one row a detector and group of people.

    Chapter: mesonet.

    Parameters
    ----------
    found : dict
        As from `accuracies`.

    Returns
    -------
    DataFrame, index: detector and people
        `frames`, `clips`.
    """
    return pd.DataFrame({
        ", ".join(map(str, key)): {
            "frames": float(parts["total"].mean()), "clips": float(parts["clips"].mean())
        }
        for key, parts in found.items()
    }).T  # fmt: skip


def gain_of_clips(
    found: Accuracies, level: int, rng: Callable[[], np.random.Generator]
) -> dict[str, Estimate]:
    """What averaging gains Meso-4 on people seen at one level, by forgery.

    Chapter: mesonet.

    Parameters
    ----------
    found : dict
        As from `accuracies`.
    level : int
        Rate factor.
    rng : callable
        Gives the generator that draws scenes, the same for each interval.

    Returns
    -------
    dict of Estimate
        `gain_of_clips.<forgery>`: accuracy of clips less that of frames.
    """
    return {
        f"gain_of_clips.{forgery}": estimate(parts["clips"] - parts["total"], rng())
        for (network, forgery, at, who), parts in found.items()
        if (network, at, who) == ("meso4", level, "seen")
    }


def subset_right(
    scores: Matrix, kind: str, n: int, rng: np.random.Generator, *, n_draws: int = _DRAWS
) -> Matrix:
    """Chance that a scene is called what it is by the mean of `n` of its frames, drawn at random.

    Chapter: mesonet.

    Returns
    -------
    ndarray, shape (n_seeds, n_scenes)
        Share of the draws; with all frames, as `clips_right`.
    """
    n_frames = scores.shape[2]
    if n >= n_frames:
        return clips_right(scores, kind)
    chosen = np.argsort(rng.random((n_draws, n_frames)), axis=1)[:, :n]
    means = scores[:, :, chosen].mean(axis=3)
    return np.asarray(((means > THRESHOLD) != (kind in FORGED)).mean(axis=2))


def key_frames_right(scores: Matrix, kind: str, clips: Sequence[Clip]) -> Matrix:
    """Whether each scene is called what it is by the mean of its I-frames alone. Chapter: mesonet."""
    is_key = np.stack([clip.is_key for clip in clips]).astype(np.float64)
    means = (scores * is_key).sum(axis=2) / is_key.sum(axis=1)
    return np.asarray((means > THRESHOLD) != (kind in FORGED), dtype=np.float64)


def aggregation_curve(
    real: Matrix,
    forged: Matrix,
    forgery: str,
    rng: np.random.Generator,
    *,
    clips: Sequence[Clip],
    counts: Sequence[int],
) -> tuple[pd.DataFrame, dict[str, Matrix]]:
    """Accuracy of clips by the number of frames averaged, and by I-frames alone.

    Chapter: mesonet.

    Returns
    -------
    curve : DataFrame
        `frames`, `accuracy`.
    matrices : dict of ndarray
        `all`, `keys`, and `random` (as many random frames as there are I-frames).
    """
    drawn = {
        n: balanced(subset_right(real, "real", n, rng), subset_right(forged, forgery, n, rng)) for n in counts
    }
    n_keys = round(float(np.mean([clip.is_key.sum() for clip in clips])))
    matrices = {
        "all": balanced(clips_right(real, "real"), clips_right(forged, forgery)),
        "keys": balanced(key_frames_right(real, "real", clips), key_frames_right(forged, forgery, clips)),
        "random": balanced(
            subset_right(real, "real", n_keys, rng), subset_right(forged, forgery, n_keys, rng)
        ),
    }
    curve = pd.DataFrame({"frames": list(drawn), "accuracy": [float(m.mean()) for m in drawn.values()]})
    return curve, matrices


class Aggregation(NamedTuple):
    """Accuracy of clips by the frames averaged; by I-frames, by all, by as many random ones."""

    curve: pd.DataFrame
    matrices: dict[str, Matrix]
    n_keys: float


def aggregate(
    detectors: Detectors,
    task: Task,
    seeds: Sequence[int],
    counts: Sequence[int],
    rng: np.random.Generator,
) -> Aggregation:
    """Aggregate the frames of the test clips of all people, seen and unseen. Chapter: mesonet."""
    real, forged = (
        np.concatenate([detectors.scores(task, seeds, on=kind, seen=s) for s in (True, False)], axis=1)
        for kind in ("real", task.forgery)
    )
    clips = [c for s in (True, False) for c in detectors.bench.test("real", task.level, seen=s)]
    curve, matrices = aggregation_curve(real, forged, task.forgery, rng, clips=clips, counts=counts)
    return Aggregation(curve, matrices, float(np.mean([clip.is_key.sum() for clip in clips])))


def gain_of_keys(
    matrices: Mapping[str, Matrix], rng: Callable[[], np.random.Generator]
) -> dict[str, Estimate]:
    """What I-frames alone gain over all frames (`keys`), and over as many random ones (`keys_over_random`).

    Chapter: mesonet.

    Parameters
    ----------
    matrices : mapping of str to ndarray
        As of `Aggregation`.
    rng : callable
        Gives the generator that draws scenes, the same for each interval.

    Returns
    -------
    dict of Estimate
    """
    others = {"keys": "all", "keys_over_random": "random"}
    return {name: estimate(matrices["keys"] - matrices[other], rng()) for name, other in others.items()}
