"""Section "The hard part: other decoders": who is detected by a detector of whom.

With fakeprints on the authors' ten versions of seven songs, and with networks on ours.
Chapter: music_deepfakes.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes.experiments.scoring import Floats, Scores, clip_scores, detected
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.method.fakeprints import fakeprint, print_classifier
from soundreasons.papers.music_deepfakes.testbed.decoders import CONTROL, FAMILIES


def example_prints(seconds: float = 20.0) -> dict[str, NDArray[np.float64]]:
    """Fakeprints of the first seconds of the authors' clips, by version: shape (7 songs, 4087).

    Chapter: music_deepfakes.

    Raises
    ------
    soundreasons.data.DataUnavailable
        If the clips are not on this machine.
    """
    examples = data.open("deepfake_examples")
    return {
        version: np.stack(
            [fakeprint(*decode(examples.paths[version, song], duration=seconds)) for song in examples.songs]
        )
        for version in examples.versions
    }


def song_decisions(prints: Mapping[str, NDArray[np.float64]]) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Train on one decoder against real, all songs but one; ask for all versions of that song.

    Follow-up of Afchar et al. (ISMIR 2025): logistic regression on fakeprints. Chapter: music_deepfakes.

    Parameters
    ----------
    prints : mapping of str to ndarray, shape (n_songs, n_bins)
        By version, "real" among them; row j of each is the same song.

    Returns
    -------
    dict of (str, str) to ndarray of bool, shape (n_songs,)
        By the decoder trained on and the version asked for: was the song called synthetic?
    """
    n_songs = len(prints["real"])
    decoders = [version for version in prints if version != "real"]
    called = {(d, v): np.zeros(n_songs, dtype=np.bool_) for d in decoders for v in prints}
    for trained in decoders:
        for song in range(n_songs):
            rest = np.arange(n_songs) != song
            inputs = np.concatenate([prints["real"][rest], prints[trained][rest]])
            model = print_classifier().fit(inputs, np.repeat([0, 1], n_songs - 1))
            for version, values in prints.items():
                called[trained, version][song] = model.predict(values[song : song + 1])[0] == 1
    return called


def count_songs(called: Mapping[tuple[str, str], NDArray[np.bool_]]) -> pd.DataFrame:
    """Lay out decisions as counts, trained on by version."""
    rows = list(dict.fromkeys(trained for trained, _ in called))
    columns = list(dict.fromkeys(version for _, version in called))
    counts = [[int(called[row, column].sum()) for column in columns] for row in rows]
    return pd.DataFrame(counts, index=pd.Index(rows, name="trained on"), columns=columns)


def example_transfer(called: Mapping[tuple[str, str], NDArray[np.bool_]]) -> dict[str, NDArray[np.float64]]:
    """Sum up who is detected by a model of whom, in percent of the cases, song by song.

    Returns
    -------
    dict of str to ndarray, shape (n_songs,)
        `relatives`: another rate of the same codec; `upward` and `downward` of these, from a lower rate to
        a higher one and back; `strangers`: everybody else. Models of GriffinMel are left out: without
        upsampling there is nothing for them to see.
    """
    names = ("relatives", "upward", "downward", "strangers")
    groups: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in names}
    for (trained, version), decisions in called.items():
        if trained.startswith("griffin") or version in ("real", trained):
            continue
        (family, rate), (other, other_rate) = _family(trained), _family(version)
        if family == other:
            groups["relatives"].append(decisions)
            groups["upward" if other_rate > rate else "downward"].append(decisions)
        else:
            groups["strangers"].append(decisions)
    return {name: 100 * np.mean(rows, axis=0) for name, rows in groups.items()}


def upsampling_accuracy(called: Mapping[tuple[str, str], NDArray[np.bool_]]) -> NDArray[np.float64]:
    """Right decisions on held-out songs in percent, real and synthetic, over decoders with upsampling."""
    decoders = {trained for trained, _ in called if not trained.startswith("griffin")}
    right = [called[d, d] for d in sorted(decoders)] + [~called[d, "real"] for d in sorted(decoders)]
    return np.asarray(100 * np.mean(right, axis=0), dtype=np.float64)


def _family(version: str) -> tuple[str, int]:
    name = version.rstrip("0123456789")
    return name, int(version[len(name) :] or 0)


def transfer(scores: Mapping[str, Scores], tracks: NDArray[np.intp]) -> dict[str, dict[str, Floats]]:
    """Who else is detected by a detector of one decoder: relatives and strangers, in percent, by track.

    `scores` are by the decoder trained on. The codec's control shares its encoder and codes, but not its
    decoder: it is neither. Who has no relative among the scores, or no stranger, gets no such entry.
    """
    groups: dict[str, dict[str, Floats]] = {}
    for trained, by in scores.items():
        others = [name for name in by if name not in ("real", trained, CONTROL)]
        family = FAMILIES.get(trained, trained)
        relatives = [name for name in others if FAMILIES.get(name) == family]
        strangers = [name for name in others if FAMILIES.get(name) != family]
        members = {"relatives": relatives, "strangers": strangers}
        groups[trained] = {who: detected(by, tracks, names) for who, names in members.items() if names}
    return groups


def outside_scores(model: Detector, n_snippets: int = 8, seconds: float = 20.0) -> dict[str, Floats]:
    """Score the authors' ten versions of seven songs: music and decoders from outside, by version.

    Each array has shape (7, n_snippets). Chapter: music_deepfakes.

    Raises
    ------
    soundreasons.data.DataUnavailable
        If the clips are not on this machine.
    """
    examples = data.open("deepfake_examples")
    versions = {}
    for version in examples.versions:
        sounds = [decode(examples.paths[version, song], duration=seconds).samples for song in examples.songs]
        versions[version] = np.stack([sound.mean(axis=1) for sound in sounds])
    return clip_scores(model, versions, n_snippets)
