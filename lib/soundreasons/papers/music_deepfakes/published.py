"""What the papers report, and the ten versions of the authors' seven songs."""

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


def leave_one_song_out(prints: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Train on one decoder against real, all songs but one; ask for that song's versions; count.

    Chapter: music_deepfakes.

    Parameters
    ----------
    prints : dict of str to ndarray, shape (n_songs, n_bins)
        By version, "real" among them; row j of each is the same song.

    Returns
    -------
    DataFrame
        One row for the decoder that was trained on, one column a version (real included): how many songs
        out of all were called synthetic.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> toy = {"real": rng.random((3, 8)), "a": rng.random((3, 8)) + np.r_[np.zeros(7), 9]}
    >>> leave_one_song_out(toy).loc["a"].tolist()
    [0, 3]
    """
    n_songs = len(prints["real"])
    decoders = [version for version in prints if version != "real"]
    called = pd.DataFrame(0, index=pd.Index(decoders, name="trained on"), columns=["real", *decoders])
    for trained in decoders:
        for song in range(n_songs):
            rest = np.arange(n_songs) != song
            inputs = np.concatenate([prints["real"][rest], prints[trained][rest]])
            model = print_classifier().fit(inputs, np.repeat([0, 1], n_songs - 1))
            for version, values in prints.items():
                called.loc[trained, version] += int(model.predict(values[song : song + 1])[0])
    return called


def held_out_accuracy(called: pd.DataFrame, n_songs: int) -> pd.Series:
    """Share of real and synthetic held-out songs that each row of `leave_one_song_out` gets right."""
    hits = pd.Series({row: called.loc[row, row] + n_songs - called.loc[row, "real"] for row in called.index})
    return hits / (2 * n_songs)


def counted_beforehand() -> pd.DataFrame:
    """Counts of the same experiment that were computed beforehand with other code of ours; see the ledger's claim P1.

    Rows and columns as `leave_one_song_out`, without the two GriffinMel rows.
    """
    return _grid("P1", "loo_")


def published_transfer() -> pd.DataFrame:
    """The paper's table of training on one decoder and testing on all, in percent detected."""
    return _grid("M5", "cnn_")


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
