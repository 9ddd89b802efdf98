"""From scores of frames to accuracies of frames and clips, with intervals over seeds and clips.

Results are kept as matrices of one value for each seed and scene. Test scenes of one person are the
same whatever is done to them, so accuracies add and subtract scene by scene. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from soundreasons.papers.mesonet.bench import FORGED, Clip
from soundreasons.papers.mesonet.networks import FaceNetwork
from soundreasons.papers.mesonet.training import Training, score, train_detector

Matrix = NDArray[np.float64]
THRESHOLD = 0.5
_DRAWS = 200


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


class Study:
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
        self._networks: dict[tuple[str, str, int, int], FaceNetwork] = {}
        self._scores: dict[tuple[object, ...], Matrix] = {}

    def detector(self, network: str, forgery: str, quantisation: int, seed: int) -> FaceNetwork:
        """Return a network trained on one forgery at one level of compression.

        Half of its faces are forged; of the other half, half are untouched and half pasted back
        unchanged, so that the paste itself tells nothing.
        """
        key = (network, forgery, quantisation, seed)
        if key not in self._networks:
            groups = [
                (
                    np.concatenate([clip.crops for clip in self.bench.train(kind, quantisation)]),
                    kind != forgery,
                )
                for kind in ("real", "passthrough", forgery)
            ]
            self._networks[key] = train_detector(
                network, groups, settings=self.trainings[forgery], seed=seed, device=self.device
            )
        return self._networks[key]

    def scores(
        self,
        network: str,
        forgery: str,
        quantisation: int,
        seeds: Sequence[int],
        *,
        on: str,
        seen: bool,
        at: int | None = None,
    ) -> Matrix:
        """Score test clips of one kind with the detectors of all seeds.

        Parameters
        ----------
        network, forgery, quantisation, seeds
            Which detectors: kind of network, what they were trained on, at which level.
        on : str
            Kind of the test clips.
        seen : bool
            Later scenes of the people trained on, or all scenes of people never seen.
        at : int, optional
            Level of the test clips; that of the training unless told.

        Returns
        -------
        ndarray, shape (n_seeds, n_scenes, n_frames)
            Probability of being real.
        """
        level = quantisation if at is None else at
        key = (network, forgery, quantisation, tuple(seeds), on, seen, level)
        if key not in self._scores:
            clips = self.bench.test(on, level, seen=seen)
            crops = np.concatenate([clip.crops for clip in clips])
            found = [score(self.detector(network, forgery, quantisation, seed), crops) for seed in seeds]
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
    verdicts = (scores > THRESHOLD).mean(axis=2) if share else scores.mean(axis=2)
    return np.asarray((verdicts > THRESHOLD) != (kind in FORGED), dtype=np.float64)


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


def balanced(real: Matrix, forged: Matrix) -> Matrix:
    """Mean of the accuracies on real and on forged scenes, scene by scene. Chapter: mesonet."""
    return (real + forged) / 2


def estimate(matrix: Matrix, rng: np.random.Generator, *, n_resamples: int = 2000) -> Estimate:
    """Mean for each seed, with a 95 % percentile interval that resamples seeds and scenes.

    Chapter: mesonet.

    Parameters
    ----------
    matrix : ndarray, shape (n_seeds, n_scenes)
        One value for each, or differences of two such matrices.
    rng : numpy.random.Generator
        Draws the resamples.
    n_resamples : int, from 1
        How many.

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
    if matrix.ndim != 2 or matrix.shape[1] < 2 or not np.isfinite(matrix).all():
        raise ValueError(
            f"matrix has shape {matrix.shape}, expected (n_seeds, n_scenes), 2 scenes or more, finite"
        )
    n_seeds, n_scenes = matrix.shape
    seeds = rng.integers(n_seeds, size=(n_resamples, n_seeds))
    scenes = rng.integers(n_scenes, size=(n_resamples, n_scenes))
    means = matrix[seeds[:, :, np.newaxis], scenes[:, np.newaxis, :]].mean(axis=(1, 2))
    low, high = np.quantile(means, [0.025, 0.975])
    mean = float(matrix.mean())
    # A mean on the edge of what can be drawn may differ from the quantile by rounding.
    return Estimate(matrix.mean(axis=1).tolist(), (min(float(low), mean), max(float(high), mean)))


def accuracy_row(
    study: Study, network: str, forgery: str, quantisation: int, seeds: Sequence[int], *, seen: bool
) -> dict[str, Matrix]:
    """Accuracies of one detector as matrices: per frame, by class, and per clip.

    Chapter: mesonet.

    Returns
    -------
    dict of ndarray, each (n_seeds, n_scenes)
        `forged`, `real`, `total` and `passed` (pasted back unchanged, real) of frames; `clips` and
        `clips_by_share` of whole clips.
    """
    found = {
        kind: study.scores(network, forgery, quantisation, seeds, on=kind, seen=seen)
        for kind in ("real", "passthrough", forgery)
    }
    right = {kind: frames_right(scores, kind) for kind, scores in found.items()}
    clips = {
        share: balanced(
            clips_right(found["real"], "real", share=share), clips_right(found[forgery], forgery, share=share)
        )
        for share in (False, True)
    }
    return {
        "forged": right[forgery], "real": right["real"], "passed": right["passthrough"],
        "total": balanced(right["real"], right[forgery]),
        "clips": clips[False], "clips_by_share": clips[True],
    }  # fmt: skip


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


def auc(real: NDArray[np.float64], forged: NDArray[np.float64]) -> float:
    """Chance that a real one scores above a forged one. Chapter: mesonet.

    Examples
    --------
    >>> auc(np.array([0.9, 0.4]), np.array([0.5, 0.1]))
    0.75
    """
    labels = np.r_[np.ones(real.size), np.zeros(forged.size)]
    return float(roc_auc_score(labels, np.r_[real.ravel(), forged.ravel()]))
