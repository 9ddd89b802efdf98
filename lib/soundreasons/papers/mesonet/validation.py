"""The released networks on the authors' own validation faces: what their scores, which ship here, tell.

Chapter: mesonet.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.mesonet.evaluation import THRESHOLD, Estimate, auc

NETWORKS = ("meso4", "mesoinception")


def validation_scores() -> pd.DataFrame:
    """Return one row a face.

    Columns: `label`, `video`, `frame`, `side_px`, `meso4`, `mesoinception`, and made here `is_real` and
    `clip` (label and video). Chapter: mesonet.

    Examples
    --------
    >>> len(validation_scores())
    7104
    """
    table = data.open("mesonet_validation_scores").scores.copy()
    table["is_real"] = table["label"] == "real"
    table["clip"] = table["label"] + "-" + table["video"].astype(str)
    return table


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy by class and in all, area under the curve, accuracy of videos, calibration error.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, index: network
        `forged`, `real`, `total`, `auc`, `videos` (by the mean of the frames), `videos_by_share`,
        `calibration` (see `calibration_error`).
    """
    rows = {}
    real = table["is_real"].to_numpy()
    for network in NETWORKS:
        scores = table[network].to_numpy()
        right = (scores > THRESHOLD) == real
        videos = videos_right(table, network)
        rows[network] = {
            "forged": right[~real].mean(), "real": right[real].mean(), "total": right.mean(),
            "auc": auc(scores[real], scores[~real]), "videos": videos["mean"].mean(),
            "videos_by_share": videos["share"].mean(), "calibration": calibration_error(scores, real),
        }  # fmt: skip
    return pd.DataFrame(rows).T


def videos_right(table: pd.DataFrame, network: str) -> pd.DataFrame:
    """Say for every video whether it is called what it is.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, one row a video
        `mean` and `share` (0 or 1, by mean score and by share of frames), `frames` (share of its
        frames that are called what they are), `n` (its frames).
    """
    grouped = table.assign(right=(table[network] > THRESHOLD) == table["is_real"], score=table[network])
    videos = grouped.groupby("clip").agg(
        is_real=("is_real", "first"), score=("score", "mean"), n=("right", "size"), frames=("right", "mean"),
        share=("score", lambda scores: (scores > THRESHOLD).mean()),
    )  # fmt: skip
    return pd.DataFrame({
        "mean": ((videos["score"] > THRESHOLD) == videos["is_real"]).astype(float),
        "share": ((videos["share"] > THRESHOLD) == videos["is_real"]).astype(float),
        "frames": videos["frames"], "n": videos["n"],
    })  # fmt: skip


def over_videos(
    weighted: NDArray[np.float64],
    weights: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    n_resamples: int = 2000,
) -> Estimate:
    """Weighted mean over videos, with a 95 % percentile interval that resamples videos.

    Chapter: mesonet.

    Parameters
    ----------
    weighted, weights : ndarray, shape (n_videos,)
        Sums and sizes: correct frames and frames, or ones.
    rng : numpy.random.Generator
        Draws the resamples.
    n_resamples : int, from 1
        How many.

    Examples
    --------
    >>> over_videos(np.array([2.0, 2.0]), np.array([4.0, 4.0]), np.random.default_rng(0))
    Estimate(values=[0.5], interval=(0.5, 0.5))
    """
    drawn = rng.integers(len(weights), size=(n_resamples, len(weights)))
    means = weighted[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate([float(weighted.sum() / weights.sum())], (float(low), float(high)))


def gain_of_videos(table: pd.DataFrame, network: str, rng: np.random.Generator) -> Estimate:
    """Accuracy of videos less that of frames, with an interval over videos. Chapter: mesonet."""
    videos = videos_right(table, network)
    n, right, mean = (videos[name].to_numpy() for name in ("n", "frames", "mean"))
    drawn = rng.integers(len(n), size=(2000, len(n)))
    gains = mean[drawn].mean(axis=1) - (right * n)[drawn].sum(axis=1) / n[drawn].sum(axis=1)
    low, high = np.quantile(gains, [0.025, 0.975])
    return Estimate([float(mean.mean() - (right * n).sum() / n.sum())], (float(low), float(high)))


def frame_accuracy(table: pd.DataFrame, network: str, rng: np.random.Generator) -> Estimate:
    """Accuracy of frames, with an interval over videos. Chapter: mesonet."""
    videos = videos_right(table, network)
    return over_videos((videos["frames"] * videos["n"]).to_numpy(), videos["n"].to_numpy(float), rng)


def gain_of_inception(table: pd.DataFrame, rng: np.random.Generator) -> Estimate:
    """Accuracy of MesoInception-4's frames less that of Meso-4's, over videos. Chapter: mesonet."""
    simple, inception = (videos_right(table, network) for network in NETWORKS)
    n = simple["n"].to_numpy(float)
    return over_videos(((inception["frames"] - simple["frames"]) * n).to_numpy(), n, rng)


def calibration(scores: NDArray[np.float64], is_real: NDArray[np.bool_], *, n_bins: int = 10) -> pd.DataFrame:
    """Compare what is scored with what is: in bins of equal width of the score.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, one row a bin that holds a face
        `scored` (mean score), `real` (share of real faces), `n`.
    """
    bins = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    table = pd.DataFrame({"bin": bins, "scored": scores, "real": is_real.astype(float)})
    return table.groupby("bin").agg(scored=("scored", "mean"), real=("real", "mean"), n=("real", "size"))


def calibration_error(scores: NDArray[np.float64], is_real: NDArray[np.bool_], *, n_bins: int = 10) -> float:
    """Mean distance between score and share of real faces, over the bins by their size.

    Chapter: mesonet.

    Examples
    --------
    Sure, and wrong half of the time:

    >>> calibration_error(np.array([1.0, 1.0]), np.array([True, False]))
    0.5
    """
    bins = calibration(scores, is_real, n_bins=n_bins)
    return float(((bins["scored"] - bins["real"]).abs() * bins["n"]).sum() / bins["n"].sum())
