"""Section "Twins, made and heard", and its riddles: sides, quality, and what a page may play.

Chapter: music_deepfakes.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE
from soundreasons.papers.music_deepfakes.testbed.twins import Twins

PAUSE_SECONDS = 0.4


class Riddle(NamedTuple):
    """Three sounds in a row: A and B, one human and one a reconstruction, and X, one of the two again.

    `sound`, shape (n,), at 44.1 kHz; `human`: "A" or "B"; `answer`: which of the two X is.
    """

    sound: NDArray[np.float32]
    human: str
    answer: str


def sides(twins: Twins) -> pd.DataFrame:
    """Count artists, and tracks by style, on each side of the split.

    Chapter: music_deepfakes.

    Returns
    -------
    DataFrame
        One row a side; `artists`, then one column a style.
    """
    rows = [
        (part, recording.artist, recording.style)
        for part in twins.parts
        for recording in (twins.tracks[track].recording for track in np.unique(twins.track_rows(part)))
    ]
    listed = pd.DataFrame(rows, columns=["side", "artist", "style"])
    counts = pd.crosstab(listed["side"], listed["style"])
    counts.insert(0, "artists", listed.groupby("side")["artist"].nunique())
    return counts


def playable(twins: Twins, part: str = "test") -> list[int]:
    """Rows of clips of one side that a page may play with credit: one a track, other styles first.

    Chapter: music_deepfakes.
    """
    rows: list[int] = []
    styles: list[str] = []
    for row in twins.parts[part]:
        track = twins.tracks[twins.track_of[row]]
        known = {twins.track_of[other] for other in rows}
        if track.recording.may_play and twins.track_of[row] not in known:
            rows.append(int(row))
            styles.append(track.recording.style)
    order = sorted(range(len(rows)), key=lambda k: styles[:k].count(styles[k]))
    return [rows[k] for k in order]


def abx(twins: Twins, row: int, decoder: str, rng: np.random.Generator) -> Riddle:
    """Make a riddle of a clip and its reconstruction, after the export.

    Chapter: music_deepfakes.

    Parameters
    ----------
    twins : Twins
        From `testbed.make_twins`.
    row : int
        Clip.
    decoder : str
        Version.
    rng : numpy.random.Generator
        Draws which is A, and which is X.

    Returns
    -------
    Riddle
    """
    human, fake = twins.clips["real"][row], twins.clips[decoder][row]
    # As loud as each other: else the ear would decide by level.
    fake = fake * np.sqrt(np.mean(human**2) / max(1e-12, float(np.mean(fake**2))))
    pair = [human, fake]
    first, x = (int(draw) for draw in rng.integers(2, size=2))
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.float32)
    sound = np.concatenate([pair[first], pause, pair[1 - first], pause, pair[x]])
    letters = {first: "A", 1 - first: "B"}
    return Riddle(sound.astype(np.float32), letters[0], letters[x])
