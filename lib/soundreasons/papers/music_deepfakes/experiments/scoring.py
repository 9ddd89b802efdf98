"""What all sections count: scores of snippets, and decisions in percent, track by track.

A score is the probability of "human" that a detector gives; at one half or below, a snippet is called
synthetic. Tracks are what was sampled, so means and intervals are over tracks. Chapter: music_deepfakes.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from soundreasons.learning.intervals import Interval, bootstrap_interval
from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes.data.recordings import Clips
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.method.front_ends import SNIPPET
from soundreasons.papers.music_deepfakes.method.objective import is_silent
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Twins

Floats = NDArray[np.float64]
Scores = Mapping[str, Floats]  # by version: probability of "human", shape (n_clips, per_clip)


@torch.inference_mode()
def snippet_scores(model: Detector, mono: Clips, *, batch_size: int = 32) -> NDArray[np.float64]:
    """Probability of "human" that a detector gives to each snippet, shape (n,); NaN where there is silence.

    Chapter: music_deepfakes.

    Parameters
    ----------
    model : SpectrogramDetector or WaveformDetector
        Put into evaluation mode.
    mono : ndarray, shape (n, n_samples)
        Snippets; those that stay within -80 dB of full scale of their mean get no score: a constant is
        silence too.
    batch_size : int
        Snippets at once.
    """
    model.eval()
    device = next(model.parameters()).device
    parts = [
        torch.sigmoid(model.listen(torch.from_numpy(mono[start : start + batch_size]).to(device)).real).cpu()
        for start in range(0, len(mono), batch_size)
    ]
    probability = torch.cat(parts).double().numpy()
    return np.where(is_silent(mono), np.nan, probability)


def placed_snippets(clips: Clips, per_clip: int = 2) -> Clips:
    """Evenly placed snippets of each clip, shape (n_clips * per_clip, 34398), clip after clip.

    Examples
    --------
    >>> placed_snippets(np.zeros((3, 40_000), np.float32)).shape
    (6, 34398)
    """
    starts = np.linspace(0, clips.shape[1] - SNIPPET, per_clip).astype(int)
    return np.concatenate([clips[:, np.newaxis, s : s + SNIPPET] for s in starts], axis=1).reshape(
        -1, SNIPPET
    )


def clip_scores(
    model: Detector, versions: Mapping[str, Clips], per_clip: int = 2
) -> dict[str, NDArray[np.float64]]:
    """`snippet_scores` of evenly placed snippets of each version: shape (n_clips, per_clip) each."""
    return {
        name: snippet_scores(model, placed_snippets(clips, per_clip)).reshape(len(clips), per_clip)
        for name, clips in versions.items()
    }


def side_scores(model: Detector, twins: Twins, per_clip: int = 2) -> dict[str, Floats]:
    """Score the test side, by version; see `clip_scores`."""
    return clip_scores(model, {name: twins.part("test", name) for name in twins.clips}, per_clip)


def per_track(values: NDArray[np.floating] | NDArray[np.bool_], tracks: NDArray[np.intp]) -> Floats:
    """Mean of the clips of each track, shape (n_tracks,); `values` has clips first.

    Examples
    --------
    >>> per_track(np.array([1.0, 3.0, 5.0]), np.array([7, 7, 9])).tolist()
    [2.0, 5.0]
    """
    flat = np.asarray(values, dtype=np.float64).reshape(len(values), -1).mean(axis=1)
    return np.array([flat[tracks == track].mean() for track in np.unique(tracks)])


def detected(scores: Scores, tracks: NDArray[np.intp], names: Sequence[str]) -> Floats:
    """Snippets of some decoders that are called synthetic, in percent, track by track."""
    if not names:
        raise ValueError("no decoder is named; name those whose snippets count")
    rows = [100 * per_track(scores[name] <= 0.5, tracks) for name in names]
    return np.asarray(np.mean(rows, axis=0), dtype=np.float64)


def false_alarms(scores: Scores, tracks: NDArray[np.intp]) -> Floats:
    """Snippets of human music that are called synthetic, in percent, track by track."""
    return detected(scores, tracks, ["real"])


def accuracy(scores: Scores, tracks: NDArray[np.intp], names: Sequence[str]) -> Floats:
    """Right decisions in percent, human and synthetic weighing the same, track by track."""
    return (100 - false_alarms(scores, tracks) + detected(scores, tracks, names)) / 2


def interval(values: Floats, seed: int) -> Interval:
    """Mean over tracks (or songs) and its bootstrap interval."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} tracks are too few for an interval; take more music")
    return bootstrap_interval(values, named_rng(seed, SLUG, "bootstrap"))


def class_table(scores: Mapping[str, Scores], tracks: NDArray[np.intp]) -> pd.DataFrame:
    """Right decisions in percent: one row a condition, one column a version."""
    rows = {
        condition: {
            name: (100 - false_alarms(by, tracks) if name == "real" else detected(by, tracks, [name])).mean()
            for name in by
        }
        for condition, by in scores.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
