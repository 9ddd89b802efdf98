"""Tags that people gave to real tracks."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data


@dataclass(frozen=True)
class TagSet:
    """Tags of tracks.

    Attributes
    ----------
    names : tuple of str
    labels : ndarray of bool, shape (n_tracks, n_tags)
    """

    names: tuple[str, ...]
    labels: NDArray[np.bool_]


@functools.cache
def jamendo_taggings() -> pd.DataFrame:
    """Open all tags of MTG-Jamendo once: `track`, `category`, `tag`. Chapter: concept_hierarchies."""
    table: pd.DataFrame = data.open("jamendo_tags").taggings
    return table


@functools.cache
def jamendo_tags(category: str, fewest: int = 20) -> TagSet:
    """Open the tags of one category ("genre", "instrument", "mood/theme") of MTG-Jamendo.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If the category is unknown.
    """
    table = jamendo_taggings()
    chosen = table[table["category"] == category]
    if len(chosen) == 0:
        known = ", ".join(sorted(set(table["category"])))
        raise ValueError(f"category is {category!r}, expected one of {known}")
    return _tag_set(chosen["track"], chosen["tag"], fewest)


@functools.cache
def magnatagatune_tags(fewest: int = 20) -> TagSet:
    """Open the 50 tags of MagnaTagATune, on its validation and test clips. Chapter: concept_hierarchies."""
    table = data.open("magnatagatune_labels").taggings
    return _tag_set(table["clip"], table["tag"], fewest)


def _tag_set(tracks: pd.Series, tags: pd.Series, fewest: int) -> TagSet:
    track, _ = pd.factorize(tracks)
    tag, names = pd.factorize(tags, sort=True)
    labels = np.zeros((track.max() + 1, len(names)), dtype=bool)
    labels[track, tag] = True
    often = labels.sum(axis=0) >= fewest
    return TagSet(tuple(map(str, names[often])), labels[:, often])
