"""The public skip prediction data: its columns in the paper's groups, and the paper's candidate subsets.

Given side: place (2), context (13), interaction (29), general (3), musical (26); asked side: place (2),
general (3), musical (26). Paper: skip prediction. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.files import Folder
from soundreasons.data.readers import streaming_sessions

GIVEN_SIZES = {"place": 2, "context": 13, "interaction": 29, "general": 3, "musical": 26}
ASKED_SIZES = {"place": 2, "general": 3, "musical": 26}
_PLACES = 10  # on either side; sessions have 10 to 20 tracks
_PAUSES = ["no_pause_before_play", "short_pause_before_play", "long_pause_before_play"]
_SKIPS = ["skip_1", "skip_2", "skip_3", "not_skipped"]
_SEEKS = ["hist_user_behavior_n_seekfwd", "hist_user_behavior_n_seekback"]
_FIRST_DAY = pd.Timestamp("2018-07-13")
CONTEXT_TYPES = (
    "catalog", "charts", "editorial_playlist", "personalized_playlist", "radio", "user_collection",
)  # fmt: skip
REASONS = (
    "appload", "backbtn", "clickrow", "clickside", "endplay", "fwdbtn", "logout", "playbtn", "remote",
    "trackdone", "trackerror",
)  # fmt: skip
# By number of the group above; every subset holds the place.
GIVEN_SUBSETS = (
    (0, 1), (0, 2), (0, 3), (0, 4), (0, 1, 2), (0, 3, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4),
)  # fmt: skip
ASKED_SUBSETS = ((0,), (0,), (0, 1), (0, 2), (0,), (0, 1, 2), (0, 1), (0, 1, 2))


def number_columns(sizes: dict[str, int]) -> list[list[int]]:
    """Number the columns of groups that stand side by side. Chapter: interpretable_attribution.

    Examples
    --------
    >>> number_columns({"place": 2, "general": 3})
    [[0, 1], [2, 3, 4]]
    """
    starts, end = [], 0
    for size in sizes.values():
        starts.append(list(range(end, end + size)))
        end += size
    return starts


class StreamingArrays(NamedTuple):
    """Sessions as the model takes them; padded places hold zeros and are not valid.

    Attributes
    ----------
    given : ndarray, shape (n, 10, 73)
        Columns by `GIVEN_SIZES`.
    asked : ndarray, shape (n, 10, 31)
        Columns by `ASKED_SIZES`.
    skipped : ndarray, shape (n, 10), 0 or 1
        `skip_2` of the asked tracks.
    valid_given, valid : bool ndarrays, shape (n, 10)
    """

    given: NDArray[np.float32]
    asked: NDArray[np.float32]
    skipped: NDArray[np.float32]
    valid_given: NDArray[np.bool_]
    valid: NDArray[np.bool_]


def describe(arrays: StreamingArrays) -> pd.DataFrame:
    """Count what stands on either side of logged sessions. Chapter: interpretable_attribution."""
    sides = {"given": (arrays.given, arrays.valid_given), "asked": (arrays.asked, arrays.valid)}
    rows = [(side, *table.shape, int(valid.sum())) for side, (table, valid) in sides.items()]
    return pd.DataFrame(rows, columns=["side", "sessions", "places", "columns", "places in use"])


def write_example_log(folder: Path | str) -> None:
    """Write two made-up sessions in the public layout: `log.csv` and `tracks.csv`, to try the reader on.

    Five and four tracks; skips at even places, radio, thirteen hours, no pause. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    folder : path
        An existing folder.
    """
    rng, rows = np.random.default_rng(0), []
    for session, length in (("s1", 5), ("s2", 4)):
        for position in range(1, length + 1):
            flags = [True, position % 2 == 0, False, False]
            how = [0, 1, 0, 0, 2, 0, True, 13, "2018-07-15", False, "radio", "fwdbtn", "trackdone"]
            rows.append((session, position, length, f"t{position}", *flags, *how))
    logs = pd.DataFrame(rows, columns=streaming_sessions.LOG_COLUMNS)
    logs.sample(frac=1, random_state=0).to_csv(Path(folder) / "log.csv", index=False)
    tracks = pd.DataFrame(rng.normal(size=(5, 29)), columns=[f"f{k}" for k in range(29)])
    tracks = tracks.rename(columns={"f0": "duration", "f28": "mode"})
    tracks["mode"] = ["major", "minor", "major", "minor", "major"]
    tracks.insert(0, "track_id", [f"t{k}" for k in range(1, 6)])
    tracks.to_csv(Path(folder) / "tracks.csv", index=False)


def read_streaming(folder: Path | str) -> streaming_sessions.StreamingSessions:
    """Read `log.csv` and `tracks.csv` of the public layout, as the registry's reader does.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    folder : path
        Where the two files lie: one training log, and the joined features of its tracks.

    Returns
    -------
    StreamingSessions
        `logs`, one row a track played, and `tracks`, one row a track.

    Raises
    ------
    DataError
        If a column is missing or a session has a gap; it is named.
    """
    files = {name: Path(folder) / name for name in ("log.csv", "tracks.csv")}
    return streaming_sessions.read_csv(Folder("music_streaming_sessions", files))


def encode_streaming(logs: pd.DataFrame, tracks: pd.DataFrame) -> StreamingArrays:
    """Lay out logged sessions: the first half with its log, the second with its tracks only.

    Paper: skip prediction. Chapter: interpretable_attribution.

    Parameters
    ----------
    logs, tracks : DataFrame
        As the reader of `music_streaming_sessions` gives them, sorted by session and position.

    Returns
    -------
    StreamingArrays

    Raises
    ------
    ValueError
        If a track has no features, a session is shorter than two or longer than twenty tracks, or a
        context or reason is unknown; it is named.
    """
    known = logs["track_id_clean"].isin(tracks.index)
    if not known.all():
        raise ValueError(f"track {logs.loc[~known, 'track_id_clean'].iloc[0]} has no features")
    sound = (tracks - tracks.mean()) / tracks.std(ddof=0).replace(0.0, 1.0)
    music = sound.loc[logs["track_id_clean"]].to_numpy(np.float32)
    place = (logs[["session_position", "session_length"]] / 20).to_numpy(np.float32)
    rows = np.concatenate([place, _log_columns(logs), music], axis=1)
    lengths = logs.groupby("session_id", sort=False).size()
    odd = lengths[(lengths < 2) | (lengths > 2 * _PLACES)]
    if len(odd):
        raise ValueError(f"session {odd.index[0]} has {odd.iloc[0]} tracks, expected 2 to {2 * _PLACES}")
    return _halves(rows, music, logs["skip_2"].to_numpy(np.float32), lengths.to_numpy())


def _log_columns(logs: pd.DataFrame) -> NDArray[np.float32]:
    """Context (13) and interaction (29) of every row."""
    context = pd.DataFrame(
        {
            "shuffle": logs["hist_user_behavior_is_shuffle"],
            "hour": logs["hour_of_day"] / 24,
            "premium": logs["premium"],
            "day": (logs["date"] - _FIRST_DAY).dt.days / 30,
        }
    )
    parts = [
        context.to_numpy(np.float32),
        logs[_PAUSES].to_numpy(np.float32),
        _one_hot(logs["context_type"], CONTEXT_TYPES),
        _one_hot(logs["hist_user_behavior_reason_start"], REASONS),
        _one_hot(logs["hist_user_behavior_reason_end"], REASONS),
        logs[[*_SKIPS, "context_switch"]].to_numpy(np.float32),
        np.log1p(logs[_SEEKS].to_numpy(np.float32)),
    ]
    return np.concatenate(parts, axis=1)


def _one_hot(words: pd.Series, allowed: tuple[str, ...]) -> NDArray[np.float32]:
    number = words.map({word: place for place, word in enumerate(allowed)})
    if number.isna().any():
        strange = words[number.isna()].iloc[0]
        raise ValueError(f"{words.name} is {strange!r}, expected one of {', '.join(allowed)}")
    return np.asarray(np.eye(len(allowed), dtype=np.float32)[number.to_numpy(np.int64)])


def _halves(
    rows: NDArray[np.float32],
    music: NDArray[np.float32],
    skipped: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> StreamingArrays:
    n, ends = len(lengths), np.cumsum(lengths)
    given = np.zeros((n, _PLACES, rows.shape[1]), dtype=np.float32)
    asked = np.zeros((n, _PLACES, 2 + music.shape[1]), dtype=np.float32)
    truth = np.zeros((n, _PLACES), dtype=np.float32)
    for session, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        start, half = end - length, length // 2  # of an odd session the longer half is asked
        given[session, :half] = rows[start : start + half]
        asked[session, : length - half, :2] = rows[start + half : end, :2]
        asked[session, : length - half, 2:] = music[start + half : end]
        truth[session, : length - half] = skipped[start + half : end]
    first = (lengths // 2)[:, np.newaxis]
    places = np.arange(_PLACES)[np.newaxis]
    return StreamingArrays(given, asked, truth, places < first, places < lengths[:, np.newaxis] - first)
