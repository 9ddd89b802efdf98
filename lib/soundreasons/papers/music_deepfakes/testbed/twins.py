"""Clips of human music and what the decoders make of them, all through the same export.

The paper's idea: do not compare generated with human songs, which differ in everything; send human songs
through the decoders, so that only the decoder differs. Both then go through the same lossy codec.
Chapter: music_deepfakes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import Cache, digest
from soundreasons.learning.seeding import rng as named_rng
from soundreasons.media.decoding import SoundError, transcode
from soundreasons.papers.music_deepfakes.data.recordings import Clips, Track, clips_of, split_by_artist
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE
from soundreasons.papers.music_deepfakes.testbed import decoders
from soundreasons.papers.music_deepfakes.testbed.codecs import CodecTraining

SLUG = "music_deepfakes"
EXPORT = ("mp3", 160)  # one channel at 160 kbit/s: 320 for two, as most of the paper's files have
SHARES = (0.6, 0.1, 0.3)


@dataclass(frozen=True)
class Plan:
    """How much of what is made.

    Attributes
    ----------
    clips_per_track : int
    seconds : float
        Length of a clip.
    decoders : tuple of str
        Those that a detector is trained on.
    controls : tuple of str
        Decoders that are only ever tested on.
    codec_training : CodecTraining
        For the autoencoders of ours.
    """

    clips_per_track: int
    seconds: float
    decoders: tuple[str, ...]
    controls: tuple[str, ...] = ()
    codec_training: CodecTraining = field(default_factory=CodecTraining)


@dataclass(frozen=True)
class Twins:
    """Versions of the same clips, row by row, and which side of the split each is on.

    Attributes
    ----------
    tracks : list of Track
    track_of : ndarray of int, shape (n_clips,)
    parts : mapping of str to ndarray of int
        Rows of clips: train, validation, test.
    raw : mapping of str to ndarray, shape (n_clips, n_samples)
        Human version and each decoder's, before the export.
    clips : mapping of str to ndarray, shape (n_clips, n_samples)
        The same after the export: what detectors hear.
    labels : list of str
        Order of the encoder head; without controls.
    workshop : decoders.Workshop
        Makes the decoders again, for experiments that need more of them.
    left_out : mapping of str to str
        Tracks that no clip could be cut from, and why.
    """

    tracks: list[Track]
    track_of: NDArray[np.intp]
    parts: Mapping[str, NDArray[np.intp]]
    raw: Mapping[str, Clips]
    clips: Mapping[str, Clips]
    labels: list[str]
    workshop: decoders.Workshop
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def fakes(self) -> list[str]:
        """All decoders, those of the labels first."""
        return [*self.labels[1:], *(name for name in self.clips if name not in self.labels)]

    def part(self, part: str, version: str) -> Clips:
        """Exported clips of one side and version."""
        return self.clips[version][self.parts[part]]

    def track_rows(self, part: str) -> NDArray[np.intp]:
        """Number of the track of each clip of one side: what is resampled for an interval."""
        return self.track_of[self.parts[part]]


def cache(*, enabled: bool = True, before: Callable[[str], None] | None = None) -> Cache:
    """Where clips, fakes and weights are kept between runs; `before` is told the name of what is made."""
    return Cache(
        data.cache_folder() / ".computed" / SLUG,
        modules=[__name__],
        libraries=("numpy", "torch", "av", "soxr"),
        enabled=enabled,
        before=before,
    )


def make_twins(
    tracks: Sequence[Track], plan: Plan, seed: int, *, device: str = "cpu", kept: Cache | None = None
) -> Twins:
    """Cut clips, split them by artist, send them through every decoder, and export all alike.

    Section 3 of Afchar et al. (2024). What takes long is kept in the cache. Chapter: music_deepfakes.

    Parameters
    ----------
    tracks : sequence of Track
        Of three artists at least.
    plan : Plan
        How much of what.
    seed : int
        Draws clips, split, weights and phases.
    device : str
        Where decoders run.
    kept : Cache, optional
        The chapter's own unless told.

    Returns
    -------
    Twins

    Raises
    ------
    ValueError
        If no clip can be cut from any of them, those that are left are of fewer than three artists, or a
        decoder is unknown.
    """
    kept = kept or cache()
    human, reasons = _human(tracks, plan, seed, kept)
    left_out = {
        f"{t.recording.artist}: {t.recording.title}": why
        for t, why in zip(tracks, reasons, strict=True)
        if why
    }
    tracks = [track for track, why in zip(tracks, reasons, strict=True) if not why]
    artists = [track.recording.artist for track in tracks]
    sides = split_by_artist(artists, SHARES, named_rng(seed, SLUG, "split"))
    track_of = np.repeat(np.arange(len(tracks)), plan.clips_per_track)
    parts = {part: np.flatnonzero(np.isin(track_of, rows)) for part, rows in sides.items()}
    workshop = decoders.Workshop(human[parts["train"]], plan.codec_training, kept, seed, device)
    make: dict[str, Callable[[], Clips]] = {"real": lambda: human}
    for name in (*plan.decoders, *plan.controls):
        make[name] = partial(_sent_through, workshop, name, human)
    facts = {"seed": seed, "device": device, **asdict(plan.codec_training)}
    both = {name: _exported(name, send, human, facts, kept) for name, send in make.items()}
    raw, clips = ({name: pair[side] for name, pair in both.items()} for side in (0, 1))
    labels = decoders.label_order(plan.decoders)
    return Twins(tracks, track_of, parts, raw, clips, labels, workshop, left_out)


def export(clips: Clips) -> Clips:
    """Send clips through the export that every version goes through: MP3 and back."""
    return np.stack([transcode(np.clip(clip, -1, 1), SAMPLE_RATE, *EXPORT) for clip in clips])


def _human(tracks: Sequence[Track], plan: Plan, seed: int, kept: Cache) -> tuple[Clips, list[str]]:
    """Clips of the tracks that give any, and for each track why it does not, or nothing."""

    def compute() -> dict[str, NDArray[Any]]:
        cut, reasons = [], []
        for track in tracks:
            draws = named_rng(seed, SLUG, "clips", track.credit)
            try:
                cut.append(clips_of(track, plan.clips_per_track, plan.seconds, draws))
                reasons.append("")
            except SoundError as error:  # a large folder has a file or two that nobody can play
                reasons.append(_without_folders(str(error), track))
        if not cut:
            raise ValueError(f"no clip can be cut from any of {len(tracks)} tracks: {'; '.join(reasons[:3])}")
        return {"clips": _to_16_bits(np.concatenate(cut)), "reasons": np.array(reasons)}

    files = digest(
        [
            f"{track.credit} {path.name} {path.stat().st_size}"
            for track in tracks
            for path in track.recording.paths
        ]
    )
    facts = {"clips_per_track": plan.clips_per_track, "seconds": plan.seconds, "seed": seed}
    arrays = kept.arrays("human", compute, parameters=facts, data={"files": files})
    return _to_floats(arrays["clips"]), arrays["reasons"].tolist()


def _without_folders(text: str, track: Track) -> str:
    """A page says which file, not where on this machine it lies."""
    for path in track.recording.paths:
        text = text.replace(str(path), path.name)
    return text


def _sent_through(workshop: decoders.Workshop, name: str, human: Clips) -> Clips:
    return workshop.decoder(name)(human)


def _exported(
    name: str, make: Callable[[], Clips], human: Clips, facts: Mapping[str, Any], kept: Cache
) -> tuple[Clips, Clips]:
    """One version before and after the export."""

    def compute() -> dict[str, NDArray[np.int16]]:
        raw = _to_floats(_to_16_bits(make()))
        return {"raw": _to_16_bits(raw), "exported": _to_16_bits(export(raw))}

    arrays = kept.arrays(f"version-{name}", compute, parameters=facts, data={"human": digest(human)})
    return _to_floats(arrays["raw"]), _to_floats(arrays["exported"])


def _to_16_bits(clips: Clips) -> NDArray[np.int16]:
    return np.rint(np.clip(clips, -1, 1) * 32767).astype(np.int16)


def _to_floats(clips: NDArray[np.int16]) -> Clips:
    return clips.astype(np.float32) / np.float32(32767)
