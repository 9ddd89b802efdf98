"""Section "A score is not a share": mixtures of human music and its reconstruction, and reliability.

Chapter: music_deepfakes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundreasons.papers.music_deepfakes.experiments.scoring import Floats, Scores, clip_scores, per_track
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.testbed.twins import Twins


class Mixture(NamedTuple):
    """Scores of mixtures of human music and its reconstruction.

    `shares`, shape (n,): share of human music; `scores`, shape (n, n_tracks): mean score.
    """

    shares: Floats
    scores: Floats

    @property
    def distance(self) -> Floats:
        """Mean distance of the score from the share, shape (n_tracks,)."""
        return np.asarray(np.abs(self.scores - self.shares[:, np.newaxis]).mean(axis=0), dtype=np.float64)

    @property
    def half(self) -> Floats:
        """Score of a half-and-half mixture: mean of the two nearest shares, shape (n_tracks,)."""
        nearest = np.argsort(np.abs(self.shares - 0.5), kind="stable")[:2]
        return np.asarray(self.scores[nearest].mean(axis=0), dtype=np.float64)


def mixture(model: Detector, twins: Twins, n_shares: int = 10) -> Mixture:
    """Mix human music with each of its reconstructions and score the mixture.

    Calibration experiment of the long version of Afchar et al. (2024): shares 0, 1/9, ..., 1.
    Chapter: music_deepfakes.
    """
    shares = np.linspace(0, 1, n_shares)
    tracks = twins.track_rows("test")
    human = twins.part("test", "real")
    rows = []
    for share in shares:
        mixed = {
            name: (share * human + (1 - share) * twins.part("test", name)).astype(np.float32)
            for name in twins.labels[1:]
        }
        rows.append(np.mean([per_track(s, tracks) for s in clip_scores(model, mixed, 1).values()], axis=0))
    return Mixture(shares, np.array(rows))


def reliability(scores: Mapping[str, Scores], n_bins: int = 10) -> pd.DataFrame:
    """How often music is human, by the score that it got.

    Parameters
    ----------
    scores : mapping of str to Scores
        By condition; human and synthetic snippets are weighted to be equally many.
    n_bins : int
        Of equal width.

    Returns
    -------
    DataFrame
        `condition`, `score` (mean in the bin), `human` (share), `weight` (share of all snippets).
    """
    rows = []
    for condition, by in scores.items():
        p = np.concatenate([values.ravel() for values in by.values()])
        human = np.concatenate([np.full(values.size, name == "real") for name, values in by.items()])
        weight = np.where(human, 0.5 / human.sum(), 0.5 / (~human).sum())
        place = np.minimum((p * n_bins).astype(int), n_bins - 1)
        for number in np.unique(place):
            inside = place == number
            share = weight[inside].sum()
            rows.append(
                (
                    condition,
                    np.average(p[inside], weights=weight[inside]),
                    weight[inside & human].sum() / share,
                    share,
                )
            )
    return pd.DataFrame(rows, columns=["condition", "score", "human", "weight"])
