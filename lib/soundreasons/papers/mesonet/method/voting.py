"""From the scores of frames to a verdict about a video, and what averaging can do.

Chapter: mesonet.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

THRESHOLD = 0.5  # above it, a face or a video is called real


def vote(scores: ArrayLike, *, by: Literal["mean", "share"] = "mean") -> NDArray[np.float64]:
    """Aggregate the scores of the frames of a video (Section 4; `share` is what the released code does).

    Above one half, the video is called real. Chapter: mesonet.

    Parameters
    ----------
    scores : array-like, shape (..., n_frames), in [0, 1]
        Probability of being real, frame by frame.
    by : {"mean", "share"}
        Mean of the scores, or share of the frames above one half.

    Returns
    -------
    ndarray, shape (...)
        In [0, 1].

    Raises
    ------
    ValueError
        If there is no frame, or no such way to vote.

    Examples
    --------
    Two frames just above one half and one far below: the two ways disagree.

    >>> vote([0.6, 0.6, 0.1]).round(3), vote([0.6, 0.6, 0.1], by="share").round(3)
    (np.float64(0.433), np.float64(0.667))
    """
    frames = np.asarray(scores, dtype=np.float64)
    if frames.ndim == 0 or frames.shape[-1] == 0:
        raise ValueError(f"scores have shape {frames.shape}, expected (..., n_frames), one frame or more")
    if by not in ("mean", "share"):
        raise ValueError(f"by is {by!r}, expected 'mean' or 'share'")
    return np.asarray((frames if by == "mean" else frames > THRESHOLD).mean(axis=-1))


def error_bound(mean: float, variance: float, correlation: float, n_frames: float) -> float:
    """Bound the chance that the mean of the scores of a forged video exceeds one half.

    Cantelli's inequality, (prop-mesonet-average): v / (v + (1/2 - mean)^2), where v is the variance of the
    mean of the scores. Chapter: mesonet.

    Parameters
    ----------
    mean : float, below 0.5
        Of the scores of its frames.
    variance : float, from 0
        Of the scores.
    correlation : float in [0, 1]
        Of any two frames.
    n_frames : float, from 1
        Frames averaged; infinity is allowed.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    Four frames that err apart have a quarter of the variance: 0.01 / (0.01 + 0.04). Four that err
    together are one.

    >>> [round(error_bound(0.3, 0.04, rho, 4), 3) for rho in (0, 1)]
    [0.2, 0.5]
    """
    if not (mean < THRESHOLD and variance >= 0 and 0 <= correlation <= 1 and n_frames >= 1):
        raise ValueError(
            f"mean, variance, correlation and n_frames are {(mean, variance, correlation, n_frames)}, "
            "expected a mean below 0.5, a variance from 0, a correlation in [0, 1], and 1 frame or more"
        )
    v = variance * (correlation + (1 - correlation) / n_frames)
    return float(v / (v + (THRESHOLD - mean) ** 2))
