"""The forgery bench: every scene untouched, forged and controlled, at every level of compression.

Clips are kept as short H.264 files in the data folder's cache; pages show no face of them. A
generator is accepted by whose face it shows and by its seam (`quality`), never by the blur that a
claim is about, and everything it made is kept. Chapter: mesonet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import Arrays, Cache
from soundreasons.media import video
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.alignment import crop, placement
from soundreasons.papers.mesonet.testbed import people
from soundreasons.papers.mesonet.testbed.autoencoder import (
    SwapNetwork,
    SwapTraining,
    decode_as,
    train_drawing,
)
from soundreasons.papers.mesonet.testbed.editing import blurred, exchange, face_patches, transplant
from soundreasons.papers.mesonet.testbed.people import Cast, Scene

KINDS = ("real", "passthrough", "swap", "transplant", "blur")
FORGED = ("swap", "transplant", "blur")
KEY_INTERVAL = 8  # so that a scene of 24 frames has three I-frames, as short videos of the paper have


@dataclass(frozen=True)
class BenchSettings:
    """What a bench is made with.

    Attributes
    ----------
    n_frames : int
        Frames of a scene.
    scenes : int
        Scenes cut from each video at most.
    quantisations : tuple of int
        H.264 rate factors.
    training : SwapTraining
        Of the autoencoders.
    seed : int
        Of the autoencoders.
    """

    n_frames: int = 24
    scenes: int = 24
    quantisations: tuple[int, ...] = (0, 23, 40)
    training: SwapTraining = field(default_factory=SwapTraining)
    seed: int = 0


@dataclass(frozen=True)
class Clip:
    """Face crops of one clip of the bench.

    Attributes
    ----------
    person, scene : str
        Whose video, and which scene of it.
    part : {"train", "test"}
        Side of the split by time.
    is_seen : bool
        Whether detectors are trained on this person's other scenes.
    kind : str
        One of `KINDS`.
    quantisation : int
        H.264 rate factor.
    crops : ndarray of uint8, shape (n, side, side, 3)
    is_key : ndarray of bool, shape (n,)
        Which are I-frames.
    """

    person: str
    scene: str
    part: str
    is_seen: bool
    kind: str
    quantisation: int
    crops: Pixels
    is_key: NDArray[np.bool_]

    @property
    def is_forged(self) -> bool:
        """Whether the face is a forgery; a face that was pasted back unchanged is none."""
        return self.kind in FORGED


class Bench:
    """All clips of a cast; made when first asked for, kept in the cache.

    Chapter: mesonet.

    Parameters
    ----------
    cast : Cast
        Who plays.
    settings : BenchSettings
        How the forgeries are made.
    side : int
        Side of the crops given out, in pixels.
    device : str
        Where the autoencoders are trained.
    cache : Cache, optional
        Where clips are kept; in the data folder unless told.
    """

    def __init__(
        self,
        cast: Cast,
        settings: BenchSettings,
        *,
        side: int,
        device: str = "cpu",
        cache: Cache | None = None,
    ) -> None:
        self.cast, self.settings, self.side, self.device = cast, settings, side, device
        self.cache = cache or Cache(
            data.cache_folder() / ".computed" / "mesonet",
            modules=[__name__],
            libraries=("numpy", "torch", "opencv-python-headless", "av"),
        )
        self._clips: dict[tuple[str, int], list[Clip]] = {}

    # -- what is kept -------------------------------------------------------------------------------

    def _key(self, persons: Sequence[str], **more: object) -> dict[str, dict[str, Any]]:
        entries = {footage.entry for person in persons for footage in people.PEOPLE[person]}
        for entry in (*entries, "mtcnn_landmarks"):
            data.open(entry)
        digests = {entry: data.opened()[entry]["digest"] for entry in (*entries, "mtcnn_landmarks")}
        own = self.settings
        knobs = {
            "n_frames": own.n_frames, "scenes": own.scenes, "training": vars(own.training), "seed": own.seed,
            "device": self.device, **more,
        }  # fmt: skip
        return {"parameters": knobs, "data": digests}

    @cached_property
    def _scenes(self) -> dict[str, list[Scene]]:
        own = self.settings
        return {
            person: people.scenes(person, n_frames=own.n_frames, most=own.scenes)
            for person in self.cast.people
        }

    def autoencoder(self, person: str) -> tuple[SwapNetwork, int, NDArray[np.float64]]:
        """Return the network that draws another's face on a person, which decoder to use, and its losses."""
        other = self.cast.swaps[person]
        pair = (min(person, other), max(person, other))
        network: SwapNetwork = SwapNetwork().to(self.device)
        name, key = f"autoencoder-{pair[0]}-{pair[1]}", self._key(pair)
        beside = self.cache.weights(
            name, network, lambda: self._train(pair), parameters=key["parameters"], data=key["data"]
        )
        return network.eval(), pair.index(other), beside["losses"]

    def _train(self, pair: tuple[str, str]) -> tuple[SwapNetwork, Arrays]:
        patches = [
            np.concatenate([face_patches(s.frames, s.placements) for s in self._scenes[person]])
            for person in pair
        ]
        own = self.settings
        network, losses = train_drawing(patches, settings=own.training, seed=own.seed, device=self.device)
        return network, {"losses": np.array(losses)}

    def _files(self, person: str) -> Arrays:
        """The person's clips as files, and where the face is in them."""
        other = self.cast.swaps[person]
        key = self._key(
            [person, other],
            swap=other,
            quantisations=list(self.settings.quantisations),
            key_interval=KEY_INTERVAL,
        )
        return self.cache.arrays(f"clips-{person}", lambda: self._forge(person), **key)

    def _forge(self, person: str) -> Arrays:
        made: Arrays = {}
        scenes = self._scenes[person]
        network, decoder, _ = self.autoencoder(person)
        for number, scene in enumerate(scenes):
            where = scene.placements
            donor = donor_of(scene, scenes)
            versions = {
                "real": scene.frames,
                "passthrough": exchange(scene.frames, where, lambda patches: patches),
                "swap": exchange(scene.frames, where, lambda p: decode_as(network, p, decoder)),
                "transplant": transplant(scene.frames, where, donor.frames, donor.placements),
                "blur": blurred(scene.frames, where),
            }
            for kind, frames in versions.items():
                for quantisation in self.settings.quantisations:
                    clip = video.encode(frames, quantisation=quantisation, key_interval=KEY_INTERVAL)
                    made[f"{number}-{kind}-{quantisation}"] = np.frombuffer(clip, dtype=np.uint8)
        made["points"] = np.stack([scene.points for scene in scenes])
        made["part"] = np.array([scene.part for scene in scenes])
        return made

    # -- what is given out --------------------------------------------------------------------------

    def clips(self, kind: str, quantisation: int) -> list[Clip]:
        """Return the clips of one kind at one level of compression, decoded and cut.

        A clip, its forgeries and all their compressions are cut at the same places, found in the
        untouched frames, so that nothing but the pixels differs.

        Raises
        ------
        ValueError
            If there are no such clips.
        """
        if kind not in KINDS or quantisation not in self.settings.quantisations:
            raise ValueError(
                f"no clips of kind {kind!r} at {quantisation}; there are {KINDS} at "
                f"{self.settings.quantisations}"
            )
        if (kind, quantisation) not in self._clips:
            self._clips[kind, quantisation] = [
                clip for person in self.cast.people for clip in self._cut(person, kind, quantisation)
            ]
        return self._clips[kind, quantisation]

    def _cut(self, person: str, kind: str, quantisation: int) -> list[Clip]:
        files = self._kept(person)
        clips = []
        for number, (part, points) in enumerate(zip(files["part"], files["points"], strict=True)):
            name = f"{person}-{number:02d}"
            decoded = video.decode(files[f"{number}-{kind}-{quantisation}"].tobytes(), name=name)
            crops = np.stack([
                crop(pixels, placement(p), self.side)
                for pixels, p in zip(decoded.pixels, points, strict=True)
            ])  # fmt: skip
            seen = person in self.cast.seen
            clips.append(Clip(person, name, str(part), seen, kind, quantisation, crops, decoded.is_key))
        return clips

    def _kept(self, person: str) -> Arrays:
        if person not in self._loaded:
            self._loaded[person] = self._files(person)
        return self._loaded[person]

    @cached_property
    def _loaded(self) -> dict[str, Arrays]:
        return {}

    def train(self, kind: str, quantisation: int) -> list[Clip]:
        """Return the clips that a detector may be trained on."""
        return [c for c in self.clips(kind, quantisation) if c.is_seen and c.part == "train"]

    def test(self, kind: str, quantisation: int, *, seen: bool) -> list[Clip]:
        """Return test clips: later scenes of the people trained on, or all scenes of the others."""
        clips = self.clips(kind, quantisation)
        return [c for c in clips if c.is_seen == seen and (c.part == "test" or not seen)]

    def digest(self) -> str:
        """Fingerprint of every clip, for the record of a run."""
        hasher = hashlib.sha256()
        for person in self.cast.people:
            for name, array in sorted(self._kept(person).items()):
                hasher.update(name.encode() + array.tobytes())
        return hasher.hexdigest()[:16]


def donor_of(scene: Scene, scenes: Sequence[Scene]) -> Scene:
    """Return the scene of the same part whose mouth differs most: test mouths never enter training clips.

    With one scene in a part, its own frames in reverse. Chapter: mesonet.
    """
    others = [s for s in scenes if s.part == scene.part and s.number != scene.number]
    if not others:
        return Scene(scene.person, scene.number, scene.part, scene.frames[::-1], scene.points[::-1])
    return max(others, key=lambda other: abs(mouth_opening(other) - mouth_opening(scene)))


def mouth_opening(scene: Scene) -> float:
    """Median brightness spread of the mouth's patch, in grey levels: an open mouth has a dark inside."""
    patches = face_patches(scene.frames, scene.placements)[:, 42:56, 20:44]
    return float(np.median(patches.mean(axis=3).std(axis=(1, 2))))
