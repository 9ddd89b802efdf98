"""Human music: whose it is, where it comes from, which side of the split it is on.

Chapter: music_deepfakes.
"""

import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.data.readers.music import Recording
from soundreasons.media.decoding import SoundError, decode
from soundreasons.papers.music_deepfakes.data.folder import FOLDER_VARIABLE, own_music
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE, SILENCE, SNIPPET

Clips = NDArray[np.float32]  # shape (n_clips, n_samples): one version of all clips, row by row the same music
FREE_MUSIC = (
    "cc_music_tracks", "fretsonfire_muldjord", "fretsonfire_sectoid", "hyperrogue_music", "singularity_music",
)  # fmt: skip
SCORES = "score_files"
FEWEST_TRACKS = 12  # below it, rendered scores join
RENDERED_SECONDS = 30.0
OWN = "your folder"
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


class Found(NamedTuple):
    """The music that this machine has.

    `tracks`; `missing`: what was looked for and is not here, and how to get it; `unnamed`: tracks of a folder
    of yours that nothing names an artist for, so that each counts as an artist of its own.
    """

    tracks: list[Track]
    missing: dict[str, str]
    unnamed: int

    @property
    def has_own(self) -> bool:
        """Whether there is music of a folder of yours among them."""
        return any(track.source == OWN for track in self.tracks)


def tracks(
    sources: Sequence[str] = FREE_MUSIC,
    *,
    per_artist: int = 6,
    most: int | None = None,
) -> Found:
    """Find the music that this machine has: your own folder, free recordings, scores as the last resort.

    Your folder is named by `SOUNDREASONS_MUSIC`; the folder that a file lies in counts as its artist. The
    shelves of the Free Music Archive (`000/000002.mp3`) are no artists: there `tracks.csv` of its metadata
    tells who made what, and without it the split is by song, as in the paper. Chapter: music_deepfakes.

    Parameters
    ----------
    sources : sequence of str
        Entries of the registry to look for.
    per_artist : int
        Tracks of one artist at most, so that nobody fills a side of the split.
    most : int, optional
        Tracks at most. Your folder gives way, down to half of them, so that what a page may play stays.

    Returns
    -------
    Found

    Raises
    ------
    ValueError
        If there is no music at all, or `SOUNDREASONS_MUSIC` names no folder.
    """
    missing = {name: f"`soundreasons data fetch {name}`" for name in sources if not data.available(name)}
    folder = own_music()
    own = [Track(recording, OWN) for recording in folder.recordings]
    free = [
        Track(recording, name)
        for name in sources
        if name not in missing
        for recording in data.open(name).tracks
    ]
    if len(own) + len(free) < FEWEST_TRACKS and data.available(SCORES):
        free += [Track(recording, SCORES) for recording in data.open(SCORES).tracks]
    kept = _at_most([*own, *free], per_artist)
    if not kept:
        raise ValueError(
            f"there is no music on this machine; run `soundreasons data fetch {FREE_MUSIC[0]} {SCORES}`, "
            f"or name a folder of yours in {FOLDER_VARIABLE}"
        )
    return Found(_thinned(kept, most or len(kept)), missing, folder.unnamed)


def _at_most(found: Sequence[Track], per_artist: int) -> list[Track]:
    """The first tracks of each artist."""
    counts: Counter[str] = Counter()
    kept = []
    for track in found:
        counts[track.recording.artist] += 1
        if counts[track.recording.artist] <= per_artist:
            kept.append(track)
    return kept


def _thinned(found: list[Track], most: int) -> list[Track]:
    """So many tracks, the folder's in equal steps and at least half of them, the others from the first on."""
    own = [track for track in found if track.source == OWN]
    others = [track for track in found if track.source != OWN]
    n_own = min(len(own), max(most - len(others), most - most // 2))
    places = np.linspace(0, len(own), n_own, endpoint=False).astype(int)
    return [*(own[place] for place in places), *others[: most - n_own]]


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
        If the track cannot be decoded, is shorter than a clip and a quarter, is silent, or holds a sample
        that is no number.
    """
    mono = samples_of(track).mean(axis=1)
    if not np.isfinite(mono).all():
        raise SoundError(
            f"{track.recording.title} holds {np.sum(~np.isfinite(mono))} samples that are no numbers"
        )
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
            if np.sqrt(np.mean(clip**2)) > QUIET_CLIP and not _is_silent_at_an_end(clip):
                break
        if _is_silent_at_an_end(clip):
            raise SoundError(f"{track.recording.title} is silent where it was cut, ten times over")
        clips.append(clip)
    return np.stack(clips)


def _is_silent_at_an_end(clip: NDArray[np.float32]) -> bool:
    """Whether the first or the last snippet holds nothing that a detector could score."""
    return any(np.ptp(end) / 2 < SILENCE for end in (clip[:SNIPPET], clip[-SNIPPET:]))


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
