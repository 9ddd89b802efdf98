"""Audio of MTG-Jamendo, placed by hand in the publisher's layout; its tags as concepts.

The middle half minute of each track is embedded as the authors did with theirs, shelf by shelf, so that a run
that was cut off goes on where it was.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import digest
from soundreasons.papers.concept_hierarchies.data.activations import (
    Network,
    computed,
    digests,
    embed_recording,
)
from soundreasons.papers.concept_hierarchies.data.concepts import ConceptSet, enough
from soundreasons.papers.concept_hierarchies.data.sounds import load_middle
from soundreasons.papers.concept_hierarchies.data.taggers import load_quick_tagger
from soundreasons.papers.concept_hierarchies.data.tags import jamendo_taggings
from soundreasons.papers.concept_hierarchies.method.agreement import NOWHERE, TooFew
from soundreasons.papers.concept_hierarchies.method.network import SAMPLE_RATE

PLACE = "jamendo_audio"
HOW_TO_PLACE = (
    "The publisher's script fetches it (github.com/MTG/mtg-jamendo-dataset: scripts/download/download.py "
    "--dataset raw_30s --type audio --unpack; --type audio-low is smaller, and is read too). Put or link its "
    "folders 00 to 99 into placed/jamendo_audio of the data folder (SOUNDREASONS_DATA), or run with "
    "jamendo_audio=none, which does not ask for it"
)
_ENDINGS = (".mp3", ".low.mp3")  # the publisher's full and its smaller copies
_SHELVES = 100
_TOLD = 3  # reasons that a page tells


class EmbeddedTracks(NamedTuple):
    """Tracks that could be embedded, their activations, and why others could not.

    `tracks` are names such as "track_0000214"; `pool5` has shape (n_tracks, n_moments, 128), float16;
    `left_out` maps a track to the reason.
    """

    tracks: tuple[str, ...]
    pool5: NDArray[np.float16]
    left_out: dict[str, str]

    def __str__(self) -> str:
        """How many tracks were embedded, and the first reasons why others were not."""
        told = f"{len(self.tracks):,} tracks embedded, {len(self.left_out):,} left out"
        first = "; ".join(list(self.left_out.values())[:_TOLD])
        more = f"; and {len(self.left_out) - _TOLD:,} more" if len(self.left_out) > _TOLD else ""
        return f"{told}: {first}{more}" if first else told


def jamendo_folder() -> Path:
    """Say where the audio is looked for: `placed/jamendo_audio` in the data folder.

    Chapter: concept_hierarchies.
    """
    return data.cache_folder() / "placed" / PLACE


def jamendo_files(tracks: Iterable[str], folder: Path | None = None) -> dict[str, Path]:
    """Find the audio of tracks in the publisher's layout: `14/214.mp3` (or `14/214.low.mp3`) is track 214.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    tracks : iterable of str
        Such as "track_0000214".
    folder : Path, optional
        Where; `jamendo_folder()` unless told.

    Returns
    -------
    dict of str to Path
        Of the tracks that are there, in the order given.

    Raises
    ------
    soundreasons.data.DataUnavailable
        If there is none: says where to get the audio, and where to put it.
    """
    home = jamendo_folder() if folder is None else folder
    # One listing a shelf: asking for each of 55,000 files by itself takes minutes on a network disk.
    here = {
        f"{shelf:02d}/{path.name}" for shelf in range(_SHELVES) for path in _listed(home / f"{shelf:02d}")
    }
    found = {}
    for track in tracks:
        number = int(track.removeprefix("track_"))
        names = [f"{number % _SHELVES:02d}/{number}{ending}" for ending in _ENDINGS]
        there = [name for name in names if name in here]
        if there:
            found[track] = home / there[0]
    if not found:
        raise data.DataUnavailable(f"no audio of MTG-Jamendo in {home}. {HOW_TO_PLACE}")
    return found


def _listed(shelf: Path) -> list[Path]:
    return list(shelf.iterdir()) if shelf.is_dir() else []


def placed_tracks() -> dict[str, Path]:
    """Find the audio of all tracks that have tags; none where no audio is placed, or no tags are here.

    Chapter: concept_hierarchies.
    """
    try:
        return jamendo_files(sorted(set(jamendo_taggings()["track"])))
    except data.DataUnavailable:
        return {}


def jamendo_concepts(tracks: Sequence[str], min_positives: int) -> ConceptSet:
    """Take the tags of tracks as concepts: genres, instruments, moods and themes.

    A tag that stands in two categories carries its category. Chapter: concept_hierarchies.

    Raises
    ------
    TooFew
        If no tag is on enough tracks.
    """
    table = jamendo_taggings()
    place = {track: k for k, track in enumerate(tracks)}
    table = table[table["track"].isin(place)]
    pairs = sorted(set(zip(table["category"], table["tag"], strict=True)))
    column = {pair: k for k, pair in enumerate(pairs)}
    labels = np.zeros((len(tracks), len(pairs)), dtype=bool)
    rows = table["track"].map(place).to_numpy()
    labels[rows, [column[pair] for pair in zip(table["category"], table["tag"], strict=True)]] = True
    tags = [tag for _, tag in pairs]
    names = tuple(tag if tags.count(tag) == 1 else f"{tag} ({category})" for category, tag in pairs)
    nowhere = np.full(len(pairs), NOWHERE)
    return enough(ConceptSet(names, tuple(c for c, _ in pairs), labels, nowhere, nowhere), min_positives)


def embedded_tracks(files: dict[str, Path], *, seconds: float = 30.0, device: str = "cpu") -> EmbeddedTracks:
    """Embed the middle of each track, shelf by shelf; a shelf that was embedded before is read instead.

    A file that cannot be read, is too short or silent is left out and named: one broken file among tens of
    thousands costs nothing else. Chapter: concept_hierarchies.

    Parameters
    ----------
    files : dict of str to Path
        From `jamendo_files`.
    seconds : float
        How much of each; 30 s give 29 moments, as in the authors' public data.
    device : str
        Where the network runs.

    Returns
    -------
    EmbeddedTracks

    Raises
    ------
    TooFew
        If no track could be embedded: tells the first reason.
    """
    network = load_quick_tagger(device=device)
    shelves: dict[str, dict[str, Path]] = {}
    for track, path in files.items():
        shelves.setdefault(path.parent.name, {})[track] = path
    tracks: list[str] = []
    blocks: list[NDArray[np.float16]] = []
    left_out: dict[str, str] = {}
    for shelf, chosen in sorted(shelves.items()):
        kept = computed([__name__]).arrays(
            f"jamendo-{shelf}",
            lambda chosen=chosen: _shelf(chosen, network, seconds, device),  # type: ignore[misc]
            parameters={"seconds": seconds, "device": device.partition(":")[0]},
            data={
                "files": digest([f"{track} {_size(path)}" for track, path in chosen.items()]),
                **digests("musicnn_taggers"),
            },
        )
        tracks += kept["tracks"].tolist()
        blocks.append(kept["pool5"])
        left_out |= dict(zip(kept["left_out"].tolist(), kept["reasons"].tolist(), strict=True))
    if not tracks:
        raise TooFew(f"none of {len(files)} tracks could be embedded; {next(iter(left_out.values()))}")
    return EmbeddedTracks(tuple(tracks), np.concatenate([block for block in blocks if len(block)]), left_out)


def _size(path: Path) -> int:
    """Bytes of a file; -1 for a link to nowhere, which is left out like any file that cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _shelf(files: dict[str, Path], network: Network, seconds: float, device: str) -> dict[str, NDArray[Any]]:
    tracks, rows, left_out, reasons = [], [], [], []
    for track, path in files.items():
        try:
            rows.append(_embedded(path, network, seconds, device))
            tracks.append(track)
        except ValueError as error:
            left_out.append(track)
            reasons.append(str(error).replace(f"{path.parent}/", ""))  # where it lies is nobody's business
    return {
        "tracks": np.array(tracks, dtype=np.str_),
        "pool5": np.array(rows, dtype=np.float16),
        "left_out": np.array(left_out, dtype=np.str_),
        "reasons": np.array(reasons, dtype=np.str_),
    }


def _embedded(path: Path, network: Network, seconds: float, device: str) -> NDArray[np.float32]:
    sound = load_middle(path, seconds)
    length = round(seconds * SAMPLE_RATE)
    if len(sound) < length - 1:  # resampling may lose one
        raise ValueError(f"{path.name} lasts {len(sound) / SAMPLE_RATE:.1f} s, expected {seconds:g} or more")
    if not np.abs(sound).max() > 0:
        raise ValueError(f"{path.name} is silent in its middle")
    return embed_recording(np.resize(sound, length), network, device=device)
