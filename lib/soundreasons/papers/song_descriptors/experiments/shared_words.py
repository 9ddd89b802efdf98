"""Where shared words win: thirds of the queries by words named, and queries in other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning.intervals import Floats, Interval, bootstrap_interval
from soundreasons.papers.song_descriptors.data.vocabulary import (
    in_other_words,
    overlap,
    split_words,
    words_of,
)
from soundreasons.papers.song_descriptors.experiments.ladder import Searched
from soundreasons.papers.song_descriptors.experiments.steps import paired_gain
from soundreasons.papers.song_descriptors.method.descriptor_sets import DescriptorSets

TERCILES = ("low", "middle", "high")


def overlap_groups(task: DescriptorSets, picks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Part queries into thirds by the share of their descriptors' words that they name: 0, 1, 2.

    Ties at a border are parted by the order of the queries. Chapter: song_descriptors.
    """
    shares = [overlap(task.queries[p], task.wanted(p)) for p in picks]
    order = np.argsort(shares, kind="stable")
    groups = np.empty(len(picks), dtype=np.int64)
    groups[order] = np.arange(len(picks)) * 3 // max(len(picks), 1)
    return groups


def recall_by_group(
    found: Sequence[Searched], groups: NDArray[np.int64], names: Sequence[str] = TERCILES
) -> pd.DataFrame:
    """Mean recall@10 of each group of queries, one row a search.

    Chapter: song_descriptors.
    """
    rows = {
        one.name: [float(one.recall[groups == number].mean()) for number in range(len(names))]
        for one in found
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(names)).rename_axis("rung")


def lead_difference(
    first: Searched, second: Searched, groups: NDArray[np.int64], rng: np.random.Generator
) -> Interval:
    """How much larger is the lead of the first over the second in the highest group than in the lowest?

    Chapter: song_descriptors.

    Parameters
    ----------
    first, second : Searched
        Both asked the same queries.
    groups : ndarray of int, shape (n_queries,)
        Number of each query's group; two groups at least.
    rng : numpy.random.Generator
        Draws the resamples, of each group by itself.

    Returns
    -------
    Interval
        Points of recall@10; bootstrap over the queries of each group, 95 %.
    """
    outer = (groups == groups.max()) | (groups == groups.min())
    lead, is_high = (first.recall - second.recall)[outer], groups[outer] == groups.max()
    return bootstrap_interval((lead, is_high), rng, statistic=_high_minus_low, strata=is_high)


def _high_minus_low(lead: Floats, is_high: Floats, axis: int = 0) -> Floats:
    high, low = ((lead * weight).sum(axis) / weight.sum(axis) for weight in (is_high, 1 - is_high))
    return np.asarray(high - low)


def reworded(task: DescriptorSets, picks: NDArray[np.int64]) -> tuple[DescriptorSets, float]:
    """Say what each query shares with its descriptors in other words, where we know one.

    Chapter: song_descriptors.

    Returns
    -------
    (DescriptorSets, float)
        The task with the queries picked reworded; and the share of shared words that were replaced.
    """
    queries, n_replaced, n_shared = list(task.queries), 0, 0
    for pick in picks:
        queries[pick], replaced, shared = in_other_words(task.queries[pick], task.wanted(pick).split(", "))
        n_replaced, n_shared = n_replaced + replaced, n_shared + shared
    return replace(task, queries=queries), n_replaced / max(n_shared, 1)


def only_known_words(task: DescriptorSets) -> DescriptorSets:
    """Keep of each query the words that occur in some document.

    Chapter: song_descriptors.
    """
    known = words_of(task.documents)
    queries = [" ".join(word for word in split_words(query) if word in known) for query in task.queries]
    return replace(task, queries=queries)


def loss_difference(
    first: Searched, first_after: Searched, second: Searched, second_after: Searched, rng: np.random.Generator
) -> Interval:
    """How many points more does the first search lose than the second, over the queries asked again?

    Chapter: song_descriptors.
    """
    picks = first_after.picks
    lost = [
        before.among(picks).recall - after.recall
        for before, after in ((first, first_after), (second, second_after))
    ]
    return paired_gain(lost[1], lost[0], rng)
