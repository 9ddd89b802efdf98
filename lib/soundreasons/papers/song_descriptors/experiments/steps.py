"""What one search finds that another does not: steps of the ladder, other texts, words never seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning.intervals import Interval, bootstrap_interval, paired_differences
from soundreasons.papers.song_descriptors.data.songs import Songs
from soundreasons.papers.song_descriptors.experiments.ladder import Searched
from soundreasons.papers.song_descriptors.method.descriptor_sets import DescriptorSets


def paired_gain(
    before: NDArray[np.float64], after: NDArray[np.float64], rng: np.random.Generator
) -> Interval:
    """Mean difference after - before over the same queries, with its bootstrap interval.

    Chapter: song_descriptors.

    Parameters
    ----------
    before, after : ndarray of float, shape (n_queries,)
        A measure of each query under two systems.
    rng : numpy.random.Generator
        Draws the resamples of queries.

    Returns
    -------
    Interval
        In the unit of the measure; 95 %.

    Examples
    --------
    >>> paired_gain(np.zeros(4), np.ones(4), np.random.default_rng(0)).low
    1.0
    """
    return bootstrap_interval(paired_differences(before, after), rng)


def paired_step(before: Searched, after: Searched, rng: np.random.Generator) -> Interval:
    """Points of recall@10 gained from one search to another, over the queries that both were asked.

    Chapter: song_descriptors.
    """
    shared = np.intersect1d(before.picks, after.picks)
    return paired_gain(before.among(shared).recall, after.among(shared).recall, rng)


def mean_gain(before: Sequence[Searched], after: Sequence[Searched], rng: np.random.Generator) -> Interval:
    """Points of recall@10 gained, mean over the sampling seeds; bootstrap over the queries.

    Chapter: song_descriptors.

    Parameters
    ----------
    before, after : sequence of Searched
        One a seed, all asked the same queries.
    rng : numpy.random.Generator
        Draws the resamples.

    Raises
    ------
    ValueError
        If the two have different numbers of seeds or of queries.
    """
    shapes = {(len(group), len(one.recall)) for group in (before, after) for one in group}
    if len(shapes) != 1:
        raise ValueError(f"(seeds, queries) are {sorted(shapes)}, expected the same everywhere")
    means = [np.mean([one.recall for one in group], axis=0) for group in (before, after)]
    return paired_gain(means[0], means[1], rng)


def paired_drop(caption: Searched, request: Searched, rng: np.random.Generator) -> Interval:
    """Points of recall@10 lost from captions to requests of the same songs, in the same order.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If the two were not asked for the same number of songs.
    """
    return paired_gain(request.recall, caption.recall, rng)


def mean_recalls(pairs: Mapping[str, Sequence[Searched]], before: str, after: str) -> pd.DataFrame:
    """Lay out the mean recall of two searches of each rung, a row a rung.

    Chapter: song_descriptors.

    Parameters
    ----------
    pairs : mapping of str to (Searched, Searched)
        By rung.
    before, after : str
        Names of the columns.

    Returns
    -------
    DataFrame
        Per cent.
    """
    rows = {rung: [one.recall.mean() for one in pair] for rung, pair in pairs.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[before, after]).rename_axis("rung")


def names_unseen(task: DescriptorSets, training: Songs) -> NDArray[np.int64]:
    """Queries that look for a descriptor which no training clip carries.

    Chapter: song_descriptors.

    Returns
    -------
    ndarray of int
        Their numbers.
    """
    seen = {tag for tags in training.tags for tag in tags}
    rows = [
        number
        for number in range(len(task.queries))
        if any(part and part not in seen for part in task.wanted(number).split(", "))
    ]
    return np.array(rows, dtype=np.int64)


def share_moved(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """Share of the answers to each request that are others than before, in per cent.

    Chapter: song_descriptors.

    Parameters
    ----------
    before, after : ndarray of int, shape (n_requests, k)
        Document numbers.

    Returns
    -------
    float

    Examples
    --------
    >>> share_moved(np.array([[1, 2]]), np.array([[2, 3]]))
    50.0
    """
    shared = (before[:, :, np.newaxis] == after[:, np.newaxis, :]).any(axis=2)
    return 100 * (1 - float(shared.mean()))
