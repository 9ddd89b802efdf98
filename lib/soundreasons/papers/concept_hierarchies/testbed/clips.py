"""What three-second clips play: passages of real scores, in an instrumentation that we draw.

Take a passage, choose one to three General MIDI instruments, a key, a tempo and which parts play. What was
chosen is what the clip is about.
"""

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.method.network import PATCH_SAMPLES, SAMPLE_RATE

Companions = Literal["family", "independent"]
N_FAMILIES = 15  # without the sixteenth, sound effects
N_PROGRAMS_OF = (0.40, 0.75)  # up to here one program, up to there two, else three
SHARE_IN_FAMILY = 0.65
_LOWEST_NOTE, _HIGHEST_NOTE = 36, 78  # outside, one instrument or another of the font is mute
_MOST_TRIES = 40


@dataclass(frozen=True)
class Clip:
    """What a clip plays.

    Attributes
    ----------
    piece, style : str
        Where the notes come from.
    programs : tuple of int
        General MIDI programs, from 0.
    tempo : float
        Quarter notes a minute.
    notes : ndarray, shape (n_notes, 4)
        Program (place in `programs`), onset and duration (seconds), pitch (MIDI number).
    """

    piece: str
    style: str
    programs: tuple[int, ...]
    tempo: float
    notes: NDArray[np.float64]


def program_choice(programs_per_family: int = 4) -> NDArray[np.int64]:
    """Choose programs of the fifteen musical families, spread over each family.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    programs_per_family : {1, 2, 4, 8}
        How many of the eight of a family.

    Returns
    -------
    ndarray of int
        Program numbers, from 0.

    Examples
    --------
    >>> program_choice(2)[:4].tolist()
    [0, 4, 8, 12]
    """
    if programs_per_family not in (1, 2, 4, 8):
        raise ValueError(f"programs_per_family is {programs_per_family}, expected 1, 2, 4 or 8")
    return np.arange(0, 8 * N_FAMILIES, 8 // programs_per_family)


def plan_clips(
    n_clips: int, companions: Companions, rng: np.random.Generator, programs: NDArray[np.int64] | None = None
) -> list[Clip]:
    """Draw what each clip plays.

    Each program is the first of its clip equally often. A companion comes from the first one's family
    with probability 0.65 (`family`, as playlists gather what goes together) or from anywhere
    (`independent`: then nothing but sound ties the programs of a family). Chapter: concept_hierarchies.

    Parameters
    ----------
    n_clips : int
        Number of clips.
    companions : {"family", "independent"}
        How the second and third program are drawn.
    rng : Generator
        Draws everything.
    programs : ndarray of int, optional
        Programs to draw from; four of each family unless told.

    Returns
    -------
    list of Clip

    Raises
    ------
    ValueError
        If there is no clip to draw, or `companions` is unknown.
    """
    if n_clips < 1 or companions not in ("family", "independent"):
        raise ValueError(
            f"n_clips is {n_clips} and companions {companions!r}, expected 1 or more of either kind"
        )
    chosen = program_choice() if programs is None else programs
    pieces = _pieces()
    names = sorted(pieces)
    styles = sorted({style for _, style in names})
    rounds = -(-n_clips // len(chosen))
    firsts = np.concatenate([rng.permutation(chosen) for _ in range(rounds)])[:n_clips]
    plans = []
    for first in firsts:
        ensemble = _ensemble(int(first), chosen, companions, rng)
        style = styles[rng.integers(len(styles))]
        of_style = [name for name in names if name[1] == style]
        plans.append(_passage(pieces, of_style[rng.integers(len(of_style))], ensemble, rng))
    return plans


def _ensemble(
    first: int, chosen: NDArray[np.int64], companions: Companions, rng: np.random.Generator
) -> tuple[int, ...]:
    """Draw one to three different programs that begin with the first."""
    size = 1 + int(np.searchsorted(N_PROGRAMS_OF, rng.random(), side="right"))
    found = [first]
    while len(found) < size:
        pool = chosen[~np.isin(chosen, found)]
        family = pool[pool // 8 == first // 8]
        if companions == "family" and len(family) and rng.random() < SHARE_IN_FAMILY:
            pool = family
        found.append(int(rng.choice(pool)))
    return tuple(found)


@functools.cache
def _pieces() -> dict[tuple[str, str], NDArray[np.float64]]:
    """Notes of each piece as rows (part, onset, duration, pitch), in quarter notes, by onset."""
    notes: pd.DataFrame = data.open("old_scores").notes
    columns = ["part", "onset", "duration", "pitch"]
    return {
        (str(piece), str(style)): table[columns]
        .sort_values(["onset", "part", "pitch"])
        .to_numpy(dtype=np.float64)
        for (piece, style), table in notes.groupby(["piece", "style"])
    }


def _passage(
    pieces: dict[tuple[str, str], NDArray[np.float64]],
    name: tuple[str, str],
    programs: tuple[int, ...],
    rng: np.random.Generator,
) -> Clip:
    """Cut a passage and give its parts to the programs; draw again where hardly a note begins."""
    table = pieces[name]
    for _ in range(_MOST_TRIES):
        tempo = float(rng.uniform(60, 160))
        length = PATCH_SAMPLES / SAMPLE_RATE * tempo / 60
        last = float(table[:, 1].max())
        start = float(rng.uniform(0, max(0.0, last - length)))
        rows = table[(table[:, 1] >= start) & (table[:, 1] < start + length)]
        if rng.random() < 0.3:  # now and then one part alone
            rows = rows[rows[:, 0] == rng.choice(table[:, 0])]
        if len(rows) >= 3:
            break
    else:
        raise ValueError(f"{name[0]} has no passage of three notes; leave this piece out")
    shift = int(rng.integers(-12, 13))
    seconds = 60 / tempo
    notes = [
        (player, (onset - rows[0, 1]) * seconds, duration * seconds, _within(pitch + shift))
        for part, onset, duration, pitch in rows
        for player in _players(int(part), len(np.unique(rows[:, 0])), len(programs))
    ]
    return Clip(name[0], name[1], programs, tempo, np.array(notes))


def _players(part: int, n_parts: int, n_programs: int) -> list[int]:
    """Who plays a part: in turn where there are enough parts, else all in unison."""
    return [part % n_programs] if n_parts >= n_programs else list(range(n_programs))


def _within(pitch: float) -> float:
    """Move by octaves into what every instrument of the font can play."""
    while pitch < _LOWEST_NOTE:
        pitch += 12
    while pitch > _HIGHEST_NOTE:
        pitch -= 12
    return pitch
