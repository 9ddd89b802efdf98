"""Faces through a video: found, followed from frame to frame, cut out.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundreasons.media import video
from soundreasons.media.video import Frame, Pixels
from soundreasons.papers.mesonet.data.landmarks import Landmarks, look_again, search
from soundreasons.papers.mesonet.method.alignment import crop, placement

MOST_LOST = 3  # frames that a face may be out of sight before it is given up
SEARCH_EVERY = 10  # frames between full searches while faces are followed


@dataclass
class Track:
    """One face through the frames.

    Attributes
    ----------
    numbers : list of int
        Places among the frames given, not of the video.
    faces : list of Landmarks
        Where it is, in each of them.
    """

    numbers: list[int] = field(default_factory=list)
    faces: list[Landmarks] = field(default_factory=list)

    @property
    def size(self) -> float:
        """Median span of the face, in pixels."""
        return float(np.median([face.span for face in self.faces]))


def follow(frames: Sequence[Pixels]) -> list[Track]:
    """Follow every face through frames in order of time.

    In each frame the network looks where a face was last; a full search comes in the first frame,
    every tenth, and whenever no face is in sight. A face that is lost three frames in a row is
    given up. Chapter: mesonet.

    Parameters
    ----------
    frames : sequence of ndarray of uint8, each (height, width, 3)
        RGB; they may be far apart in time, as long as faces do not jump further than their size.

    Returns
    -------
    list of Track
        By decreasing number of frames times size; empty if no face was found.
    """
    tracks: list[Track] = []
    for number, pixels in enumerate(frames):
        active = [t for t in tracks if number - t.numbers[-1] <= MOST_LOST]
        squares = np.array([[*t.faces[-1].centre, t.faces[-1].span] for t in active]).reshape(-1, 3)
        for track, face in zip(active, look_again(pixels, squares), strict=True):
            if face is not None and not _taken(face, tracks, number):
                track.numbers.append(number)
                track.faces.append(face)
        in_sight = any(t.numbers[-1] == number for t in tracks)
        if not in_sight or number % SEARCH_EVERY == 0:
            tracks += _new_tracks(pixels, tracks, number)
    return sorted(tracks, key=lambda track: -len(track.numbers) * track.size)


def _taken(face: Landmarks, tracks: Sequence[Track], number: int) -> bool:
    """Whether another track already holds this face in this frame."""
    here = [track.faces[-1] for track in tracks if track.numbers[-1] == number]
    return any(np.linalg.norm(face.centre - other.centre) < other.span / 2 for other in here)


def _new_tracks(pixels: Pixels, tracks: Sequence[Track], number: int) -> list[Track]:
    fresh: list[Track] = []
    for face in search(pixels):
        if not _taken(face, [*tracks, *fresh], number):
            near = [t for t in tracks if 0 < number - t.numbers[-1] <= MOST_LOST and _same(face, t.faces[-1])]
            if near:  # a face that was out of sight for a moment
                near[0].numbers.append(number)
                near[0].faces.append(face)
            else:
                fresh.append(Track([number], [face]))
    return fresh


def _same(face: Landmarks, other: Landmarks) -> bool:
    return bool(np.linalg.norm(face.centre - other.centre) < other.span)


@dataclass(frozen=True)
class FaceClip:
    """The crops of one face of a video.

    Attributes
    ----------
    crops : ndarray of uint8, shape (n, side, side, 3)
        Upright, RGB.
    numbers : ndarray of int, shape (n,)
        Frames of the video that they come from.
    is_key : ndarray of bool, shape (n,)
        Which of these are I-frames.
    size : float
        Median span of the face in the picture, in pixels.
    """

    crops: Pixels
    numbers: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    size: float


def face_clips(frames: Sequence[Frame], side: int) -> list[FaceClip]:
    """Follow the faces of some frames of a video, and cut them out.

    Chapter: mesonet.

    Parameters
    ----------
    frames : sequence of Frame
        In order of time.
    side : int
        Side of the crops, in pixels.

    Returns
    -------
    list of FaceClip
        The face that is longest in sight, and largest, first; empty if there is none.
    """
    clips = []
    for track in follow([frame.pixels for frame in frames]):
        crops = [
            crop(frames[n].pixels, placement(face.points), side)
            for n, face in zip(track.numbers, track.faces, strict=True)
        ]
        numbers = np.array([frames[n].number for n in track.numbers])
        is_key = np.array([frames[n].is_key for n in track.numbers])
        clips.append(FaceClip(np.stack(crops), numbers, is_key, track.size))
    return clips


def faces_of_video(
    source: str | Path | bytes, *, n_frames: int = 30, side: int = 256, name: str | None = None
) -> tuple[list[FaceClip], str]:
    """Take about 30 frames of a video, as the released pipeline does, and cut out the faces.

    Chapter: mesonet.

    Parameters
    ----------
    source : path or bytes
        A video.
    n_frames : int, from 1
        Frames to look at, at equal distances.
    side : int
        Side of the crops, in pixels.
    name : str, optional
        For messages.

    Returns
    -------
    clips : list of FaceClip
        One a face; empty if no face was found.
    damage : str
        What of the file could not be read; empty if nothing was lost.

    Raises
    ------
    VideoError
        If the file gives no picture.
    """
    frames, damage = video.sample(source, n_frames, name=name)
    return face_clips(frames, side), damage
