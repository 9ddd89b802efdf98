"""What is asked, and what can be found: the tasks, as drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning import seeding
from soundreasons.papers.song_descriptors.data.vocabulary import overlap
from soundreasons.papers.song_descriptors.method.descriptor_sets import DescriptorSets


def some_queries(task: DescriptorSets, n: int, seed: int) -> NDArray[np.int64]:
    """Draw songs, and take the first query of each: the same songs for two tasks of the same songs.

    Chapter: song_descriptors.

    Parameters
    ----------
    task : DescriptorSets
        Whose queries.
    n : int
        How many; all songs if there are no more.
    seed : int
        Draws the songs.

    Returns
    -------
    ndarray of int
        Numbers of queries, rising.
    """
    songs, first = np.unique(task.rows, return_index=True)
    if n >= len(songs):
        return first
    return np.sort(first[seeding.rng(seed, "some queries").choice(len(songs), n, replace=False)])


def mean_overlap(task: DescriptorSets) -> float:
    """Mean share of a set's words that its query names.

    Chapter: song_descriptors.
    """
    pairs = enumerate(task.queries)
    return float(np.mean([overlap(query, task.wanted(number)) for number, query in pairs]))


def task_sizes(tasks: Mapping[str, Sequence[DescriptorSets]]) -> pd.DataFrame:
    """Lay out the sizes of tasks, a row a task, as drawn with its first seed.

    Chapter: song_descriptors.

    Parameters
    ----------
    tasks : mapping of str to sequence of DescriptorSets
        By name, one a sampling seed.

    Returns
    -------
    DataFrame
        `set`, `queries`, `documents`, `without_match` (queries whose set is empty), `overlap`.
    """
    rows = [
        {
            "set": name,
            "queries": len(task.queries),
            "documents": len(task.documents),
            "without_match": sum(not task.wanted(number) for number in range(len(task.queries))),
            "overlap": mean_overlap(task),
        }
        for name, (task, *_) in tasks.items()
    ]
    return pd.DataFrame(rows)
