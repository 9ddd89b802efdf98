"""Recordings that may be played to everybody, and what this machine lacks."""

from soundreasons import data
from soundreasons.data.readers.music import Recording

FREE_RECORDINGS = "cc_music_tracks"


def free_recording(title: str) -> Recording | None:
    """Find a recording that may be played to everybody by its title, if this machine has it.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If there is no such recording, or a page may not play it.
    """
    if not data.available(FREE_RECORDINGS):
        return None
    tracks: list[Recording] = [track for track in data.open(FREE_RECORDINGS).tracks if track.may_play]
    found = [track for track in tracks if track.title == title]
    if not found:
        known = ", ".join(track.title for track in tracks)
        raise ValueError(f"no free recording is called {title!r}, expected one of {known}")
    return found[0]
