"""Forty people from photographs: short clips made of stills, and swaps among them, for people never seen.

Five people with videos teach a detector those five. The AT&T photographs show forty, in grey; a
photograph becomes a scene by a slow drift of the camera and a sensor's noise. With ten pictures a person
there is too little to train forty decoders from nothing, so encoder and decoder are shared, and what is a
person's own is the mean of their codes: a swap takes one person's out and puts another's in. Twenty-eight
swap faces among themselves and are trained on, twelve are kept for the end. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from torch import Tensor

from soundreasons import data
from soundreasons.learning.cache import Arrays, Cache
from soundreasons.media import video
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.data.landmarks import search
from soundreasons.papers.mesonet.method.alignment import crop, placement
from soundreasons.papers.mesonet.method.networks import to_tensor
from soundreasons.papers.mesonet.testbed.autoencoder import SwapTraining, train_drawing
from soundreasons.papers.mesonet.testbed.bench import KEY_INTERVAL, Clip
from soundreasons.papers.mesonet.testbed.editing import exchange, face_patches
from soundreasons.papers.mesonet.testbed.people import Cast
from soundreasons.papers.mesonet.testbed.quality import LEAST_TRANSFER, MOST_SEAM, features, seam

PORTRAIT_KINDS = ("real", "passthrough", "swap")
PHOTOS = 5  # photographs of each person that become scenes; the last of them is for testing
SEEN_SHARE = 0.7  # of the people: trained on
_TURN, _ZOOM, _SHIFT = 4.0, 0.04, 0.03  # most of the drift: degrees, share of the size, shares of the width
_NOISE = 2.0  # grey levels
_ENLARGED = 2.0  # the cascade wants larger pictures than these


@dataclass(frozen=True)
class PortraitSettings:
    """What the clips are made with.

    Attributes
    ----------
    n_people : int, from 6 to 40
        The first so many of the photographs.
    n_frames : int
        Frames of a scene.
    quantisation : int
        H.264 rate factor.
    training : SwapTraining
        Of the autoencoder that all share.
    seed : int
        Of the swaps and of the drift.
    """

    n_people: int = 40
    n_frames: int = 12
    quantisation: int = 23
    training: SwapTraining = field(default_factory=lambda: SwapTraining(steps=2000, batch_size=16))
    seed: int = 0


def crowd(n_people: int) -> Cast:
    """Return who plays which part: everybody wears the face of the next one of their own group.

    Chapter: mesonet.

    Raises
    ------
    ValueError
        If there are fewer than 6 people or more than 40.

    Examples
    --------
    >>> crowd(6).swaps
    {'s01': 's02', 's02': 's03', 's03': 's04', 's04': 's01', 's05': 's06', 's06': 's05'}
    >>> len(crowd(40).seen), len(crowd(40).unseen)
    (28, 12)
    """
    if not 6 <= n_people <= 40:
        raise ValueError(f"n_people is {n_people}, expected 6 to 40: the photographs show forty")
    names = [f"s{number:02d}" for number in range(1, n_people + 1)]
    n_seen = round(SEEN_SHARE * n_people)
    groups = (names[:n_seen], names[n_seen:])
    swaps = {name: group[(k + 1) % len(group)] for group in groups for k, name in enumerate(group)}
    return Cast(swaps, *groups)


class CrowdSwap:
    """An encoder and a decoder for all, and the mean code of each person.

    Chapter: mesonet.

    Parameters
    ----------
    faces : sequence of ndarray of uint8, shape (n, 64, 64, 3) each
        Upright faces, person by person.
    settings : SwapTraining
        How long, and how.
    seed : int
        Of the weights and the draws.
    device : str
        Where.
    """

    def __init__(
        self, faces: Sequence[Pixels], settings: SwapTraining, seed: int, *, device: str = "cpu"
    ) -> None:
        self.device = device
        everybody = np.concatenate(faces)
        self.network, _ = train_drawing([everybody], settings=settings, seed=seed, device=device)
        with torch.inference_mode():
            self.means = torch.stack([self._codes(own).mean(dim=0) for own in faces])

    def _codes(self, faces: Pixels) -> Tensor:
        codes: Tensor = self.network.encoder[:-2](to_tensor(faces, self.device))
        return codes

    @torch.inference_mode()
    def exchange(self, faces: Pixels, person: int, shown: int) -> Pixels:
        """Give faces (n, 64, 64, 3) of one person the looks of another; bytes in, bytes out."""
        codes = self._codes(faces) - self.means[person] + self.means[shown]
        maps = self.network.encoder[-2:](codes).view(-1, 64, 8, 8)
        drawn = self.network.decoders[0](maps).mul(255).round()
        return np.ascontiguousarray(drawn.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8))


def drift(
    photo: NDArray[np.uint8], points: NDArray[np.float64], n_frames: int, rng: np.random.Generator
) -> tuple[Pixels, NDArray[np.float64]]:
    """Make a short scene of a grey photograph: the camera drifts slowly, the sensor is noisy.

    No expression moves: this is no video, and the page says so. Chapter: mesonet.

    Parameters
    ----------
    photo : ndarray of uint8, shape (height, width)
        Grey.
    points : ndarray, shape (5, 2)
        Landmarks in it.
    n_frames : int
        Frames to make.
    rng : numpy.random.Generator
        Draws the path and the noise.

    Returns
    -------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        Three equal channels.
    points : ndarray, shape (n_frames, 5, 2)
        Landmarks in each.
    """
    height, width = photo.shape
    phases, speeds = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.5, 1.5, 4)
    time = np.arange(n_frames) / max(1, n_frames)
    turn, zoom, x, y = np.sin(2 * np.pi * speeds * time[:, np.newaxis] + phases).T
    frames, moved = [], []
    for t in range(n_frames):
        middle = ((width - 1) / 2, (height - 1) / 2)
        matrix = cv2.getRotationMatrix2D(middle, _TURN * turn[t], 1 + _ZOOM * zoom[t])
        matrix[:, 2] += _SHIFT * width * np.array([x[t], y[t]])
        still = cv2.warpAffine(
            photo, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        noisy = np.clip(np.round(still + rng.normal(0, _NOISE, still.shape)), 0, 255).astype(np.uint8)
        frames.append(np.repeat(noisy[..., np.newaxis], 3, axis=2))
        moved.append(points @ matrix[:, :2].T + matrix[:, 2])
    return np.stack(frames), np.stack(moved)


class PortraitBench:
    """Scenes made of photographs: untouched, pasted back, and swapped. Made when first asked for, and kept.

    Trains and tests detectors as `Bench` does. Chapter: mesonet.

    Parameters
    ----------
    settings : PortraitSettings
        How they are made.
    side : int
        Side of the crops given out, in pixels.
    device : str
        Where the swaps are trained.
    cache : Cache, optional
        Where clips are kept; in the data folder unless told.
    """

    def __init__(
        self, settings: PortraitSettings, *, side: int, device: str = "cpu", cache: Cache | None = None
    ) -> None:
        self.settings, self.side, self.device = settings, side, device
        self.cast = crowd(settings.n_people)
        self.cache = cache or Cache(
            data.cache_folder() / ".computed" / "mesonet",
            modules=[__name__],
            libraries=("numpy", "torch", "opencv-python-headless", "av"),
        )
        self._clips: dict[str, list[Clip]] = {}
        self._loaded: Arrays | None = None

    def _kept(self) -> Arrays:
        if self._loaded is None:
            own = self.settings
            for entry in ("orl_faces", "mtcnn_landmarks"):
                data.open(entry)
            knobs = {**vars(own), "training": vars(own.training), "device": self.device}
            digests = {entry: data.opened()[entry]["digest"] for entry in ("orl_faces", "mtcnn_landmarks")}
            self._loaded = self.cache.arrays("portraits", self._forge, parameters=knobs, data=digests)
        return self._loaded

    def _forge(self) -> Arrays:
        own = self.settings
        people = [_with_faces(photos) for photos in data.open("orl_faces").pictures[: own.n_people]]
        patches = [
            np.concatenate([face_patches(_rgb(photo)[np.newaxis], [placement(p)]) for photo, p in found])
            for found in people
        ]
        swapper = CrowdSwap(patches, own.training, own.seed, device=self.device)
        numbers = {name: number for number, name in enumerate(self.cast.people)}
        rng = np.random.default_rng(own.seed)
        made: Arrays = {}
        scenes: list[tuple[int, NDArray[np.float64]]] = []
        for name, number in numbers.items():
            shown = numbers[self.cast.swaps[name]]
            for photo, points in people[number][:PHOTOS]:
                frames, moved = drift(photo, points, own.n_frames, rng)
                where = [placement(p) for p in moved]
                versions = {
                    "real": frames,
                    "passthrough": exchange(frames, where, lambda patches: patches),
                    "swap": exchange(frames, where, partial(swapper.exchange, person=number, shown=shown)),
                }
                for kind, changed in versions.items():
                    clip = video.encode(changed, quantisation=own.quantisation, key_interval=KEY_INTERVAL)
                    made[f"{len(scenes)}-{kind}"] = np.frombuffer(clip, dtype=np.uint8)
                scenes.append((number, moved))
        made["person"] = np.array([number for number, _ in scenes])
        made["points"] = np.stack([moved for _, moved in scenes])
        return made

    def clips(self, kind: str, quantisation: int) -> list[Clip]:
        """Return the clips of one kind, decoded and cut, at the level of compression they were made for.

        Raises
        ------
        ValueError
            If there are no such clips.
        """
        if kind not in PORTRAIT_KINDS or quantisation != self.settings.quantisation:
            raise ValueError(
                f"no portraits of kind {kind!r} at {quantisation}; there are {PORTRAIT_KINDS} at "
                f"{self.settings.quantisation}"
            )
        if kind not in self._clips:
            self._clips[kind] = [self._cut(kind, scene) for scene in range(len(self._kept()["person"]))]
        return self._clips[kind]

    def _cut(self, kind: str, scene: int) -> Clip:
        files = self._kept()
        number = int(files["person"][scene])
        person = self.cast.people[number]
        place = int((files["person"][:scene] == number).sum())
        is_last = not (files["person"][scene + 1 :] == number).any()
        name = f"{person}-{place:02d}"
        decoded = video.decode(files[f"{scene}-{kind}"].tobytes(), name=name)
        crops = np.stack([
            crop(pixels, placement(points), self.side)
            for pixels, points in zip(decoded.pixels, files["points"][scene], strict=True)
        ])  # fmt: skip
        return Clip(
            person, name, "test" if is_last else "train", person in self.cast.seen, kind,
            self.settings.quantisation, crops, decoded.is_key,
        )  # fmt: skip

    def train(self, kind: str, quantisation: int) -> list[Clip]:
        """Return the clips that a detector may be trained on."""
        return [c for c in self.clips(kind, quantisation) if c.is_seen and c.part == "train"]

    def test(self, kind: str, quantisation: int, *, seen: bool) -> list[Clip]:
        """Return test clips: the last photograph of each person trained on, or all of the others."""
        clips = self.clips(kind, quantisation)
        return [c for c in clips if c.is_seen == seen and (c.part == "test" or not seen)]


def _rgb(photo: NDArray[np.uint8]) -> Pixels:
    return np.repeat(photo[..., np.newaxis], 3, axis=2)


def _with_faces(photos: NDArray[np.uint8]) -> list[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Photographs of a person in which a face is found, with its points."""
    found = []
    for photo in photos:
        large = cv2.resize(photo, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
        faces = search(_rgb(np.asarray(large, dtype=np.uint8)))
        if faces:
            # Pixel centres: pixel x of the large picture lies at (x + 0.5) / 2 - 0.5 of the small one.
            found.append((photo, (faces[0].points + 0.5) / _ENLARGED - 0.5))
    if len(found) < 2:
        raise ValueError("a person has fewer than two photographs in which a face is found")
    return found


def portrait_transfer(bench: PortraitBench) -> pd.Series[float]:
    """Ask a classifier that knows everybody whose face a swap shows; as `identity_transfer`, among all.

    Chapter: mesonet.

    Returns
    -------
    Series
        `people`, `scenes`; `knows` (untouched test faces taken for whom they show), `taken_for_shown`
        and `taken_for_own` (swapped test faces taken for the face laid over, and for the one below),
        `seam`, `accepted` (1 or 0; nothing is thrown away where it is 0).
    """
    level = bench.settings.quantisation
    real, swapped = bench.clips("real", level), bench.clips("swap", level)
    few = slice(None, None, 3)  # neighbours are near-copies
    train = [c for c in real if c.part == "train"]
    judge = make_pipeline(
        PCA(min(80, len(train)), random_state=0),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    )
    judge.fit(
        np.concatenate([features(c.crops[few]) for c in train]),
        np.repeat([c.person for c in train], [len(c.crops[few]) for c in train]),
    )
    knows, shown, own = [], [], []
    for untouched, swap in zip(real, swapped, strict=True):
        if untouched.part == "test":
            knows.append(np.mean(judge.predict(features(untouched.crops[few])) == untouched.person))
            taken = judge.predict(features(swap.crops[few]))
            shown.append(np.mean(taken == bench.cast.swaps[swap.person]))
            own.append(np.mean(taken == swap.person))
    rim = seam(*(np.concatenate([c.crops[few] for c in clips]) for clips in (swapped, real)))
    accepted = np.mean(shown) >= LEAST_TRANSFER and rim <= MOST_SEAM
    return pd.Series({
        "people": len(bench.cast.people), "scenes": len(real), "knows": np.mean(knows),
        "taken_for_shown": np.mean(shown), "taken_for_own": np.mean(own), "seam": rim, "accepted": accepted,
    }, dtype=float)  # fmt: skip
