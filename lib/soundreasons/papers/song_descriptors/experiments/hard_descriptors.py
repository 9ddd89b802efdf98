"""Which descriptors are hard: recall by what a set talks about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.song_descriptors.data.vocabulary import TYPES, descriptor_type
from soundreasons.papers.song_descriptors.experiments.ladder import Searched
from soundreasons.papers.song_descriptors.method.descriptor_sets import DescriptorSets


def recall_by_type(task: DescriptorSets, found: Sequence[Searched]) -> pd.DataFrame:
    """Recall@10 of the queries whose set holds a descriptor of each type.

    Chapter: song_descriptors.

    Returns
    -------
    DataFrame
        One row a type of `TYPES`: `queries` (how many of those asked), and one column a search, per cent.
        A query counts for every type in its set.
    """
    picks = found[0].picks
    kinds = [{descriptor_type(part) for part in task.wanted(pick).split(", ") if part} for pick in picks]
    rows = {}
    for kind in TYPES:
        chosen = np.array([kind in own for own in kinds])
        if chosen.any():
            shares = {one.name: float(one.among(picks).recall[chosen].mean()) for one in found}
            rows[kind] = {"queries": int(chosen.sum()), **shares}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("type")
