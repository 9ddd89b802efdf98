"""The Music Streaming Sessions Dataset in its public layout: a log of tracks, and features of tracks.

Brost et al. (2019). One has to ask for it and may not pass it on; the reader is for those who have it.
Chapter: interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded

LOG_COLUMNS = (
    "session_id", "session_position", "session_length", "track_id_clean", "skip_1", "skip_2", "skip_3",
    "not_skipped", "context_switch", "no_pause_before_play", "short_pause_before_play",
    "long_pause_before_play", "hist_user_behavior_n_seekfwd", "hist_user_behavior_n_seekback",
    "hist_user_behavior_is_shuffle", "hour_of_day", "date", "premium", "context_type",
    "hist_user_behavior_reason_start", "hist_user_behavior_reason_end",
)  # fmt: skip
_FLAGS = ("skip_1", "skip_2", "skip_3", "not_skipped", "hist_user_behavior_is_shuffle", "premium")


@dataclass(frozen=True)
class StreamingSessions:
    """Logged sessions, and what is known of their tracks.

    Attributes
    ----------
    name : str
        Name in the registry.
    logs : DataFrame
        One row a track played, columns `LOG_COLUMNS`; positions from 1, flags as bool, `date` as a
        date.
    tracks : DataFrame
        One row a track, index `track_id`; `duration` (seconds), `release_year`,
        `us_popularity_estimate`, then the acoustic features, all float.
    """

    name: str
    logs: pd.DataFrame
    tracks: pd.DataFrame


def read_csv(folder: Folder) -> StreamingSessions:
    """Read one log file and the features of its tracks.

    Raises
    ------
    DataError
        If a column is missing, or a session has a gap; it is named.
    """
    with open_decoded(folder.path("log.csv")) as stream:
        logs = pd.read_csv(stream, dtype={"session_id": "str", "track_id_clean": "str"})
    missing = [name for name in LOG_COLUMNS if name not in logs]
    if missing:
        raise DataError(
            f"{folder.name}: log.csv has no column {missing[0]}; it has {', '.join(logs.columns)}"
        )
    for name in _FLAGS:
        logs[name] = logs[name].astype(str).str.lower().isin(["true", "1"])
    logs["date"] = pd.to_datetime(logs["date"])
    logs = logs.sort_values(["session_id", "session_position"], kind="stable", ignore_index=True)
    played = logs.groupby("session_id", sort=False)["session_position"].agg(["min", "max", "size"])
    gaps = played[(played["min"] != 1) | (played["max"] != played["size"])]
    if len(gaps):
        raise DataError(f"{folder.name}: session {gaps.index[0]} has a gap in its positions")
    with open_decoded(folder.path("tracks.csv")) as stream:
        tracks = pd.read_csv(stream, dtype={"track_id": "str"}).set_index("track_id")
    if "mode" in tracks:
        tracks["mode"] = (tracks["mode"].astype(str) == "major").astype(float)
    return StreamingSessions(folder.name, logs[list(LOG_COLUMNS)], tracks.astype(float))
