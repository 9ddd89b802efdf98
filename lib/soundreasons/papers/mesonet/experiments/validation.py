"""What the authors' own validation faces say: the released networks' scores of them ship here.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.intervals import bootstrap_interval
from soundreasons.papers.mesonet.experiments.detection import Estimate, Matrix, auc
from soundreasons.papers.mesonet.method import THRESHOLD

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
    statistic: Callable[..., Matrix], columns: tuple[Matrix, ...], rng: np.random.Generator
) -> Estimate:
    """Statistic of columns of one value a video, with a 95 % interval that resamples videos.

    Chapter: mesonet.

    Examples
    --------
    Two of four frames right in each of two videos:

    >>> def ratio(right, n, axis):
    ...     return right.sum(axis) / n.sum(axis)
    >>> over_videos(ratio, (np.array([2.0, 2.0]), np.array([4.0, 4.0])), np.random.default_rng(0))
    Estimate(values=[0.5], interval=(0.5, 0.5))
    """
    mean, low, high = bootstrap_interval(columns, rng, statistic=statistic)
    return Estimate([mean], (low, high))


def _ratio(sums: Matrix, sizes: Matrix, axis: int) -> Matrix:
    return np.asarray(sums.sum(axis) / sizes.sum(axis))


def _gain(mean: Matrix, right: Matrix, n: Matrix, axis: int) -> Matrix:
    return np.asarray(mean.mean(axis) - right.sum(axis) / n.sum(axis))


def gain_of_videos(table: pd.DataFrame, network: str, rng: np.random.Generator) -> Estimate:
    """Accuracy of videos less that of frames, with an interval over videos. Chapter: mesonet."""
    videos = videos_right(table, network)
    n, right, mean = (videos[name].to_numpy(float) for name in ("n", "frames", "mean"))
    return over_videos(_gain, (mean, right * n, n), rng)


def frame_accuracy(table: pd.DataFrame, network: str, rng: np.random.Generator) -> Estimate:
    """Accuracy of frames, with an interval over videos. Chapter: mesonet."""
    videos = videos_right(table, network)
    return over_videos(
        _ratio, ((videos["frames"] * videos["n"]).to_numpy(), videos["n"].to_numpy(float)), rng
    )


def gain_of_inception(table: pd.DataFrame, rng: np.random.Generator) -> Estimate:
    """Accuracy of MesoInception-4's frames less that of Meso-4's, over videos. Chapter: mesonet."""
    simple, inception = (videos_right(table, network) for network in NETWORKS)
    n = simple["n"].to_numpy(float)
    return over_videos(_ratio, (((inception["frames"] - simple["frames"]) * n).to_numpy(), n), rng)


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


def over_validation_videos(
    table: pd.DataFrame, rng: Callable[[], np.random.Generator]
) -> dict[str, Estimate]:
    """Accuracies of frames, gains of videos, and MesoInception-4's gain, with intervals over videos.

    Chapter: mesonet.

    Parameters
    ----------
    table : DataFrame
        As from `validation_scores`.
    rng : callable
        Gives the generator that draws videos, the same for each interval.

    Returns
    -------
    dict of Estimate
        `accuracy.validation.<network>`, `gain_of_clips.validation.<network>`,
        `gain_of_inception.validation`.
    """
    found = {}
    for network in NETWORKS:
        found[f"accuracy.validation.{network}"] = frame_accuracy(table, network, rng())
        found[f"gain_of_clips.validation.{network}"] = gain_of_videos(table, network, rng())
    return found | {"gain_of_inception.validation": gain_of_inception(table, rng())}
