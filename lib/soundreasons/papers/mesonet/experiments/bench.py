"""A bench of forgeries: who plays, and where each kind of forgery changes a face.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.mesonet.testbed.bench import Bench


def bench_table(bench: Bench, quantisation: int) -> pd.DataFrame:
    """Count the scenes of each person by part of the split. Chapter: mesonet.

    Returns
    -------
    DataFrame, index: person
        `face shown in swaps`, `training scenes`, `test scenes`, `frames of a scene`; scenes of people
        never seen in training are all test scenes.
    """
    rows = {}
    for person in bench.cast.people:
        clips = [clip for clip in bench.clips("real", quantisation) if clip.person == person]
        n_train = sum(clip.is_seen and clip.part == "train" for clip in clips)
        n_test = sum(clip.part == "test" or not clip.is_seen for clip in clips)
        rows[person] = (bench.cast.swaps[person], n_train, n_test, len(clips[0].crops))
    columns = ["face shown in swaps", "training scenes", "test scenes", "frames of a scene"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("person")


def change_maps(
    bench: Bench, kinds: Sequence[str], quantisations: Sequence[int]
) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Mean absolute difference from the untouched crops of the same level, in grey levels.

    Averaged over all scenes of all people: nobody can be recognised. Chapter: mesonet.
    """
    found = {}
    for quantisation in quantisations:
        real = bench.clips("real", quantisation)
        for kind in kinds:
            pairs = zip(bench.clips(kind, quantisation), real, strict=True)
            differences = [np.abs(a.crops.astype(np.int16) - b.crops).mean(axis=(0, 3)) for a, b in pairs]
            found[kind, quantisation] = np.mean(differences, axis=0)
    return found
