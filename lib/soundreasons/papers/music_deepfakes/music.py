"""Human music: whose it is, where it comes from, which side of the split it is on.

Chapter: music_deepfakes.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.data.readers.music import Recording
from soundreasons.media.decoding import SoundError, decode
from soundreasons.papers.music_deepfakes.front_ends import SAMPLE_RATE

FREE_MUSIC = (
    "cc_music_tracks", "fretsonfire_muldjord", "fretsonfire_sectoid", "hyperrogue_music", "singularity_music",
)  # fmt: skip
SCORES = "score_files"
FOLDER_VARIABLE = "SOUNDREASONS_MUSIC"
ENDINGS = {".mp3", ".ogg", ".flac", ".wav", ".m4a", ".aac", ".opus"}
FEWEST_TRACKS = 12  # below it, rendered scores join
RENDERED_SECONDS = 30.0
QUIET_CLIP = 10 ** (-45 / 20)  # of full scale, root mean square: quieter places are not cut out
PARTS = ("train", "validation", "test")


class Track(NamedTuple):
    """A recording and the source it comes from: a registry entry, or "your folder"."""

    recording: Recording
    source: str

    @property
    def credit(self) -> str:
        """Who made it, what it is, under which licence."""
        return f"{self.recording.artist}, “{self.recording.title}” ({self.recording.licence})"


def tracks(sources: Sequence[str] = FREE_MUSIC, *, per_artist: int = 6) -> tuple[list[Track], list[str]]:
    """Find the music that this machine has: your own folder, free recordings, scores as the last resort.

    Your folder is named by `SOUNDREASONS_MUSIC`; the folder that a file lies in counts as its artist.
    Chapter: music_deepfakes.

    Parameters
    ----------
    sources : sequence of str
        Entries of the registry to look for.
    per_artist : int
        Tracks of one artist at most, so that nobody fills a side of the split.

    Returns
    -------
    (list of Track, list of str)
        The tracks, and the sources that are not here.

    Raises
    ------
    ValueError
        If there is no music at all.
    """
    here = [name for name in sources if data.available(name)]
    missing = [name for name in sources if name not in here]
    found = list(_own_tracks())
    found += [Track(recording, name) for name in here for recording in data.open(name).tracks]
    if len(found) < FEWEST_TRACKS and data.available(SCORES):
        found += [Track(recording, SCORES) for recording in data.open(SCORES).tracks]
    kept: list[Track] = []
    for track in found:
        if sum(other.recording.artist == track.recording.artist for other in kept) < per_artist:
            kept.append(track)
    if not kept:
        raise ValueError(
            f"there is no music on this machine; run `soundreasons data fetch {sources[0]} {SCORES}`, "
            f"or name a folder of yours in {FOLDER_VARIABLE}"
        )
    return kept, missing


def _own_tracks() -> Iterator[Track]:
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    for path in sorted(Path(folder).expanduser().rglob("*")):
        if path.suffix.lower() in ENDINGS:
            yield Track(
                Recording(path.stem, path.parent.name, "yours", "yours", (path,), False), "your folder"
            )


def split_by_artist(
    artists: Sequence[str], shares: Sequence[float], rng: np.random.Generator
) -> dict[str, NDArray[np.intp]]:
    """Deal tracks to training, validation and test so that no artist is on two sides.

    Artists come in random order; each goes to the side that lacks most.
    Section 3 of Afchar et al. (2024) splits by song; here by whoever made it. Chapter: music_deepfakes.

    Parameters
    ----------
    artists : sequence of str, shape (n_tracks,)
        Who made each track.
    shares : sequence of 3 float
        Of training, validation and test; they add up to 1.
    rng : numpy.random.Generator
        Draws the order of the artists.

    Returns
    -------
    dict of str to ndarray of int
        Rows of each part, rising.

    Raises
    ------
    ValueError
        If the shares are not three, not positive or do not add up to 1, or there are fewer than three
        artists.

    Examples
    --------
    >>> parts = split_by_artist(["a", "a", "b", "c"], (0.5, 0.25, 0.25), np.random.default_rng(0))
    >>> sorted(len(rows) for rows in parts.values())
    [1, 1, 2]
    """
    if len(shares) != len(PARTS) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares are {list(shares)}, expected three positive numbers that add up to 1")
    names, counts = np.unique(np.asarray(artists), return_counts=True)
    if len(names) < len(PARTS):
        raise ValueError(f"{len(names)} artists cannot be split in three: {', '.join(map(str, names))}")
    lacking = np.array(shares) * len(artists)
    side: dict[str, int] = {}
    for place, number in enumerate(rng.permutation(len(names))):
        # The first three artists open the three sides, so that none stays empty.
        part = place if place < len(PARTS) else int(lacking.argmax())
        side[str(names[number])] = part
        lacking[part] -= counts[number]
    sides = np.array([side[str(artist)] for artist in artists])
    return {part: np.flatnonzero(sides == number) for number, part in enumerate(PARTS)}


def samples_of(track: Track) -> NDArray[np.float32]:
    """Decode a track, its stems added up, shape (n, 2), at 44.1 kHz; a score is rendered."""
    if track.source == SCORES:
        return render(track.recording.paths[0])
    stems = [decode(path).samples for path in track.recording.paths]
    length = min(len(stem) for stem in stems)
    mixed = np.sum([stem[:length] for stem in stems], axis=0)
    return np.asarray(mixed / max(1.0, np.abs(mixed).max()), dtype=np.float32)


def clips_of(track: Track, n_clips: int, seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Cut mono clips out of the middle four fifths of a track, none of them nearly silent.

    Parameters
    ----------
    track : Track
        What to cut from.
    n_clips : int
        How many.
    seconds : float
        How long each.
    rng : numpy.random.Generator
        Draws the places.

    Returns
    -------
    ndarray, shape (n_clips, n_samples), float32

    Raises
    ------
    SoundError
        If the track is shorter than a clip and a quarter.
    """
    mono = samples_of(track).mean(axis=1)
    length = round(seconds * SAMPLE_RATE)
    first, last = len(mono) // 10, len(mono) * 9 // 10 - length
    if last <= first:
        raise SoundError(
            f"{track.recording.title} lasts {len(mono) / SAMPLE_RATE:.1f} s, too short to cut clips from"
        )
    clips = []
    for _ in range(n_clips):
        for _ in range(10):
            start = int(rng.integers(first, last))
            clip = mono[start : start + length]
            if np.sqrt(np.mean(clip**2)) > QUIET_CLIP:
                break
        clips.append(clip)
    return np.stack(clips)


def render(score: Path) -> NDArray[np.float32]:
    """Play the beginning of a score with the General MIDI sound font, shape (n, 2), at 44.1 kHz.

    Raises
    ------
    ValueError
        If the renderer (tinysoundfont) or the sound font is not on this machine.
    """
    try:
        import tinysoundfont  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise ValueError(
            "tinysoundfont is not installed, so scores cannot be played; see the README"
        ) from None
    import music21  # heavy: only where a score is played
    from music21.musicxml.xmlObjects import MusicXMLWarning

    with warnings.catch_warnings():  # of a bar that is a fraction of a beat too full: not ours to mend
        warnings.filterwarnings("ignore", category=MusicXMLWarning)
        parsed: Any = music21.converter.parse(score)
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    synth.sfload(str(data.open("gm_sound_font").path))
    sequencer = tinysoundfont.Sequencer(synth)
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "score.mid"
        parsed.write("midi", midi)
        sequencer.midi_load(str(midi))
    block = synth.generate(round(RENDERED_SECONDS * SAMPLE_RATE))
    played = np.frombuffer(block, dtype=np.float32).reshape(-1, 2)
    return np.asarray(0.5 * played / max(0.05, np.abs(played).max()), dtype=np.float32)
