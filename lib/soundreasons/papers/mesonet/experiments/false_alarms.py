"""Would you put it on a door? What detectors say of videos and photographs that nobody forged.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundreasons import data
from soundreasons.media import video
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.data.faces import follow
from soundreasons.papers.mesonet.data.pictures import nearest
from soundreasons.papers.mesonet.data.weights import RELEASED, released
from soundreasons.papers.mesonet.experiments.detection import Detectors, Task
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import THRESHOLD, FaceNetwork, crop, placement
from soundreasons.papers.mesonet.testbed import people

EVERYBODY = slice(None)


class Ensemble(NamedTuple):
    """Networks of one kind, one a seed, and whom of the photographs they were not trained on."""

    networks: Sequence[FaceNetwork]
    strangers: slice


def ensemble(
    detectors: Detectors, task: Task, seeds: Sequence[int], strangers: slice = EVERYBODY
) -> Ensemble:
    """Gather the detectors of all seeds; all of the photographs show strangers unless told.

    Chapter: mesonet.
    """
    return Ensemble([detectors.detector(task, seed) for seed in seeds], strangers)


def _videos() -> Iterator[tuple[str, str]]:
    for person, footages in people.PEOPLE.items():
        for footage in footages:
            if data.available(footage.entry):
                yield person, str(data.open(footage.entry).folder / footage.file)


def false_alarms(n_frames: int, own: Mapping[str, Ensemble] | None = None) -> pd.DataFrame:
    """Ask the released networks, and ours, about videos that nobody forged.

    Chapter: mesonet.

    Parameters
    ----------
    n_frames : int
        Frames of each video.
    own : mapping of str to Ensemble, optional
        Detectors of ours, by the name of their column.

    Returns
    -------
    DataFrame, index: video
        Share of the faces called real, by network and forgery, mean over the seeds of ours: all of
        them should be.

    Raises
    ------
    ValueError
        If no face is seen in the frames of a video.
    """
    columns = _released() | dict(own or {})
    rows = {}
    for _, path in _videos():
        frames = [frame.pixels for frame in video.sample(path, n_frames)[0]]
        tracks = follow(frames)
        if not tracks:
            raise ValueError(f"no face is seen in {n_frames} frame(s) of {path}; ask for more frames")
        track = tracks[0]
        places = [
            (frames[n], placement(face.points)) for n, face in zip(track.numbers, track.faces, strict=True)
        ]
        sides = {network.size for kind in columns.values() for network in kind.networks}
        crops = {side: np.stack([crop(pixels, where, side) for pixels, where in places]) for side in sides}
        name = path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
        rows[name] = {column: called_real(kind, crops) for column, kind in columns.items()}
    return pd.DataFrame(rows).T


def _released() -> dict[str, Ensemble]:
    """The released networks, if their weights are here."""
    if not data.available("mesonet_released"):
        return {}
    return {f"{n}, {f}": Ensemble([released(n, f)], EVERYBODY) for n, f in RELEASED}


def called_real(kind: Ensemble, crops: Mapping[int, Pixels]) -> float:
    """Share of some faces, given by their side in pixels, that detectors call real; mean over the seeds.

    Chapter: mesonet.
    """
    shares = [np.mean(score(network, crops[network.size]) > THRESHOLD) for network in kind.networks]
    return float(np.mean(shares))


def portraits_called_real(n: int, own: Mapping[str, Ensemble] | None = None) -> dict[str, float]:
    """Ask the released networks, and ours, about people of the ORL photographs; share called real.

    The photographs are small and grey; the first `n` of each person are resized as they are. Ensemble are
    asked about people whom they were not trained on. Chapter: mesonet.
    """
    pictures = data.open("orl_faces").pictures[:, :n, 10:102]
    columns = _released() | dict(own or {})
    found = {}
    for column, kind in columns.items():
        asked = pictures[kind.strangers].reshape(-1, 92, 92)
        side = kind.networks[0].size
        crops = np.stack([nearest(np.repeat(p[:, :, None], 3, axis=2), side) for p in asked])
        found[column] = called_real(kind, {side: crops})
    return found
