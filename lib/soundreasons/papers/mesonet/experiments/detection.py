"""Can it be learned, and by whom is it understood? Detectors, and the accuracies of frames and clips.

Results are kept as matrices of one value for each seed and scene. Test scenes of one person are the
same whatever is done to them, so accuracies add and subtract scene by scene.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from soundreasons.learning.intervals import crossed_bootstrap
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import (
    NETWORKS,
    THRESHOLD,
    FaceNetwork,
    Training,
    train_detector,
    vote,
)
from soundreasons.papers.mesonet.testbed.bench import FORGED, Clip

Matrix: TypeAlias = NDArray[np.float64]
# By network, forgery, level and "seen" or "unseen"; then by what is counted (see `accuracy_row`).
Accuracies: TypeAlias = dict[tuple[str, str, int, str], dict[str, Matrix]]


class Estimate(NamedTuple):
    """One value a seed, and the ends of an interval over seeds and scenes."""

    values: list[float]
    interval: tuple[float, float]


class TestBed(Protocol):
    """What detectors are trained and tested on: `Bench`, or `PortraitBench`."""

    def train(self, kind: str, quantisation: int) -> list[Clip]:
        """Return the clips of a kind that a detector may be trained on."""
        ...

    def test(self, kind: str, quantisation: int, *, seen: bool) -> list[Clip]:
        """Return test clips, of people trained on or of others."""
        ...


class Task(NamedTuple):
    """What a detector is trained for: kind of network, forgery, and level of compression (rate factor)."""

    network: str
    forgery: str
    level: int


class Detectors:
    """Detectors trained on a bench, each once, and their scores on every kind of test clip.

    Chapter: mesonet.

    Parameters
    ----------
    bench : TestBed
        What they are trained and tested on.
    trainings : mapping of str to Training
        How, by the forgery trained on.
    device : str
        Where.
    """

    def __init__(self, bench: TestBed, trainings: Mapping[str, Training], *, device: str = "cpu") -> None:
        self.bench, self.trainings, self.device = bench, dict(trainings), device
        self._networks: dict[tuple[Task, int], FaceNetwork] = {}
        self._scores: dict[tuple[object, ...], Matrix] = {}

    def detector(self, task: Task, seed: int) -> FaceNetwork:
        """Return a network trained on one forgery at one level of compression.

        Half of its faces are forged; of the other half, half are untouched and half pasted back
        unchanged, so that the paste itself tells nothing.
        """
        if (task, seed) not in self._networks:
            kinds = ("real", "passthrough", task.forgery)
            self._networks[task, seed] = self.train(task, kinds, seed)
        return self._networks[task, seed]

    def train(self, task: Task, kinds: Sequence[str], seed: int) -> FaceNetwork:
        """Train a network on clips of some kinds; all but those of the forgery count as real."""
        groups = [
            (
                np.concatenate([clip.crops for clip in self.bench.train(kind, task.level)]),
                kind != task.forgery,
            )
            for kind in kinds
        ]
        settings = self.trainings[task.forgery]
        return train_detector(task.network, groups, settings=settings, seed=seed, device=self.device)

    def scores(self, task: Task, seeds: Sequence[int], *, on: str, seen: bool) -> Matrix:
        """Score test clips of one kind, at the level of the training, with the detectors of all seeds.

        Parameters
        ----------
        task : Task
            What the detectors were trained for.
        seeds : sequence of int
            Which of them.
        on : str
            Kind of the test clips.
        seen : bool
            Later scenes of the people trained on, or all scenes of people never seen.

        Returns
        -------
        ndarray, shape (n_seeds, n_scenes, n_frames)
            Probability of being real.
        """
        key = (task, tuple(seeds), on, seen)
        if key not in self._scores:
            clips = self.bench.test(on, task.level, seen=seen)
            crops = np.concatenate([clip.crops for clip in clips])
            found = [score(self.detector(task, seed), crops) for seed in seeds]
            self._scores[key] = np.stack(found).reshape(len(seeds), len(clips), -1)
        return self._scores[key]


def frames_right(scores: Matrix, kind: str) -> Matrix:
    """Share of the frames of each scene that are called what they are, shape (n_seeds, n_scenes).

    Chapter: mesonet.

    Examples
    --------
    >>> frames_right(np.array([[[0.9, 0.2]]]), "real").tolist()
    [[0.5]]
    """
    return np.asarray(((scores > THRESHOLD) != (kind in FORGED)).mean(axis=2))


def clips_right(scores: Matrix, kind: str, *, share: bool = False) -> Matrix:
    """Whether each scene is called what it is, by the mean of its frames, 1 or 0.

    Chapter: mesonet.

    Parameters
    ----------
    scores : ndarray, shape (n_seeds, n_scenes, n_frames)
        Probability of being real.
    kind : str
        What the scenes are.
    share : bool
        Decide by the share of frames above one half, as the released code does, in place of the mean.

    Returns
    -------
    ndarray, shape (n_seeds, n_scenes)

    Examples
    --------
    Two frames just above one half and one far below: the two ways disagree.

    >>> scores = np.array([[[0.6, 0.6, 0.1]]])
    >>> clips_right(scores, "real").item(), clips_right(scores, "real", share=True).item()
    (0.0, 1.0)
    """
    verdicts = vote(scores, by="share" if share else "mean")
    return np.asarray((verdicts > THRESHOLD) != (kind in FORGED), dtype=np.float64)


def balanced(real: Matrix, forged: Matrix) -> Matrix:
    """Mean of the accuracies on real and on forged scenes, scene by scene. Chapter: mesonet."""
    return (real + forged) / 2


def estimate(matrix: Matrix, rng: np.random.Generator) -> Estimate:
    """Mean for each seed, with a 95 % percentile interval that resamples seeds and scenes.

    Chapter: mesonet.

    Parameters
    ----------
    matrix : ndarray, shape (n_seeds, n_scenes)
        One value for each, or differences of two such matrices.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are fewer than two scenes, or a value is not finite.

    Examples
    --------
    >>> estimate(np.ones((3, 5)), np.random.default_rng(0))
    Estimate(values=[1.0, 1.0, 1.0], interval=(1.0, 1.0))
    """
    interval = crossed_bootstrap(matrix, rng)
    return Estimate(matrix.mean(axis=1).tolist(), (interval.low, interval.high))


def auc(real: NDArray[np.float64], forged: NDArray[np.float64]) -> float:
    """Chance that a real one scores above a forged one. Chapter: mesonet.

    Examples
    --------
    >>> auc(np.array([0.9, 0.4]), np.array([0.5, 0.1]))
    0.75
    """
    labels = np.r_[np.ones(real.size), np.zeros(forged.size)]
    return float(roc_auc_score(labels, np.r_[real.ravel(), forged.ravel()]))


def accuracy_row(detectors: Detectors, task: Task, seeds: Sequence[int], *, seen: bool) -> dict[str, Matrix]:
    """Accuracies of one detector as matrices: per frame, by class, and per clip.

    Chapter: mesonet.

    Returns
    -------
    dict of ndarray, each (n_seeds, n_scenes)
        `forged`, `real`, `total` and `passed` (pasted back unchanged, real) of frames; `clips` and
        `clips_by_share` of whole clips.
    """
    found = {
        kind: detectors.scores(task, seeds, on=kind, seen=seen)
        for kind in ("real", "passthrough", task.forgery)
    }
    right = {kind: frames_right(scores, kind) for kind, scores in found.items()}
    clips = {
        share: balanced(
            clips_right(found["real"], "real", share=share),
            clips_right(found[task.forgery], task.forgery, share=share),
        )
        for share in (False, True)
    }
    return {
        "forged": right[task.forgery], "real": right["real"], "passed": right["passthrough"],
        "total": balanced(right["real"], right[task.forgery]),
        "clips": clips[False], "clips_by_share": clips[True],
    }  # fmt: skip


def accuracies(detectors: Detectors, tasks: Sequence[Task], seeds: Mapping[str, Sequence[int]]) -> Accuracies:
    """Train every detector of the run matrix, and test it on people seen and unseen.

    Chapter: mesonet.

    Parameters
    ----------
    detectors : Detectors
        Trains and scores.
    tasks : sequence of Task
        What to train.
    seeds : mapping of str to sequence of int
        By forgery: each task once a seed.

    Returns
    -------
    dict
        By network, forgery, quantisation and "seen" or "unseen": matrices as of `accuracy_row`.
    """
    return {
        (*task, who): accuracy_row(detectors, task, seeds[task.forgery], seen=who == "seen")
        for task in tasks
        for who in ("seen", "unseen")
    }


def accuracy_table(found: Accuracies) -> pd.DataFrame:
    """Lay the accuracies out, means over seeds and scenes. Chapter: mesonet."""
    columns = {
        "forged": "forged", "real": "real", "passed": "pasted back", "total": "frames", "clips": "clips",
        "clips_by_share": "clips by share",
    }  # fmt: skip
    rows = [(*key, *(float(parts[name].mean()) for name in columns)) for key, parts in found.items()]
    return pd.DataFrame(rows, columns=["network", "forgery", "level", "people", *columns.values()])


def accuracies_at(
    found: Accuracies, level: int, rng: Callable[[], np.random.Generator]
) -> dict[str, Estimate]:
    """Accuracies of frames at one level, and what MesoInception-4 gains on swaps of people seen.

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
        `accuracy.<forgery>.<network>.<seen or unseen>`, and `gain_of_inception.swap` where both networks
        were trained.
    """
    estimates = {
        f"accuracy.{forgery}.{network}.{who}": estimate(parts["total"], rng())
        for (network, forgery, at, who), parts in found.items()
        if at == level
    }
    simple, inception = (found.get((name, "swap", level, "seen")) for name in NETWORKS)
    if simple and inception:
        estimates["gain_of_inception.swap"] = estimate(inception["total"] - simple["total"], rng())
    return estimates
