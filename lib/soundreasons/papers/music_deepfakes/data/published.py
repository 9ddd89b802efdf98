"""What the papers report, as tables: read from the ledger of the chapter."""

from collections.abc import Sequence

import pandas as pd

from soundreasons import ledger

SLUG = "music_deepfakes"
TRANSFER_ROWS = (
    "encodec3", "encodec6", "encodec24", "griffin256", "griffin512", "lac2", "lac7", "lac14", "musika",
)  # fmt: skip


def published_views(kinds: Sequence[str]) -> pd.Series:
    """The paper's accuracies by view, in percent: claim M2.

    Examples
    --------
    >>> published_views(["amplitude"]).to_dict()
    {'amplitude': 99.8}
    """
    return pd.Series({kind: ledger.read(SLUG).reported(f"M2.{kind}").number for kind in kinds})


def published_transfer() -> pd.DataFrame:
    """The paper's table of training on one decoder and testing on all, in percent detected: claim M5.

    Examples
    --------
    >>> int(published_transfer().loc["griffin512", "musika"])
    30
    """
    return _grid("M5", "cnn_")


def counted_beforehand() -> pd.DataFrame:
    """Counts of the experiment on the authors' clips, computed beforehand with other code: claim P1.

    Rows and columns as `experiments.other_decoders.count_songs`, without the two GriffinMel rows.

    Examples
    --------
    >>> int(counted_beforehand().loc["musika", "musika"])
    7
    """
    return _grid("P1", "loo_")


def _grid(claim_id: str, prefix: str) -> pd.DataFrame:
    reported = ledger.read(SLUG).claim(claim_id).reported
    rows = {
        value.id.removeprefix(prefix): [int(cell) for cell in value.numbers]
        for value in reported
        if value.id.startswith(prefix)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(TRANSFER_ROWS)).rename_axis("trained on")
