"""What the papers report, and the ten versions of the authors' seven songs."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes.fakeprints import fakeprint, print_classifier

EXAMPLE_SECONDS = 20.0
TRANSFER_ROWS = (
    "encodec3",
    "encodec6",
    "encodec24",
    "griffin256",
    "griffin512",
    "lac2",
    "lac7",
    "lac14",
    "musika",
)


def examples_here() -> bool:
    """Whether the authors' clips are on this machine."""
    return data.available("deepfake_examples")


def example_prints(seconds: float = EXAMPLE_SECONDS) -> dict[str, NDArray[np.float64]]:
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


def leave_one_song_out(prints: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Count the decisions of `song_decisions`: how many songs were called synthetic.

    Chapter: music_deepfakes.

    Returns
    -------
    DataFrame
        One row for the decoder that was trained on, one column a version, real included.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> toy = {"real": rng.random((3, 8)), "a": rng.random((3, 8)) + np.r_[np.zeros(7), 9]}
    >>> leave_one_song_out(toy).loc["a"].tolist()
    [0, 3]
    """
    return count_songs(song_decisions(prints))


def count_songs(called: Mapping[tuple[str, str], NDArray[np.bool_]]) -> pd.DataFrame:
    """Lay out decisions as counts, trained on by version."""
    rows = list(dict.fromkeys(trained for trained, _ in called))
    columns = list(dict.fromkeys(version for _, version in called))
    counts = [[int(called[row, column].sum()) for column in columns] for row in rows]
    return pd.DataFrame(counts, index=pd.Index(rows, name="trained on"), columns=columns)


def held_out_accuracy(called: pd.DataFrame, n_songs: int) -> pd.Series:
    """Share of real and synthetic held-out songs that each row of `leave_one_song_out` gets right."""
    hits = pd.Series({row: called.loc[row, row] + n_songs - called.loc[row, "real"] for row in called.index})
    return hits / (2 * n_songs)


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


def counted_beforehand() -> pd.DataFrame:
    """Counts of the same experiment, computed beforehand with other code; see the claim P1 of the ledger.

    Rows and columns as `leave_one_song_out`, without the two GriffinMel rows.
    """
    return _grid("P1", "loo_")


def published_transfer() -> pd.DataFrame:
    """The paper's table of training on one decoder and testing on all, in percent detected."""
    return _grid("M5", "cnn_")


def published_views() -> pd.Series:
    """The paper's accuracies by view, in percent.

    Examples
    --------
    >>> published_views()["amplitude"]
    np.float64(99.8)
    """
    (claim,) = [claim for claim in _ledger()["claims"] if claim["id"] == "M2"]
    return pd.Series({value["id"]: value["value"] for value in claim["reported"]})


def _grid(claim_id: str, prefix: str) -> pd.DataFrame:
    (claim,) = [claim for claim in _ledger()["claims"] if claim["id"] == claim_id]
    rows = {
        value["id"].removeprefix(prefix): [int(cell) for cell in value["value"].split()]
        for value in claim["reported"]
        if value["id"].startswith(prefix)
    }
    columns = list(TRANSFER_ROWS)
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("trained on")


@cache
def _ledger() -> Any:
    return yaml.safe_load(resources.files(__package__).joinpath("claims.yml").read_text(encoding="utf-8"))
