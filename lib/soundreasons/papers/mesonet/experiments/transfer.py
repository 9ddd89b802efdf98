"""Another forgery, another story: detectors of one forgery before every kind of clip.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.mesonet.experiments.detection import (
    Detectors,
    Estimate,
    Task,
    balanced,
    estimate,
    frames_right,
)


def transfer(
    detectors: Detectors, level: int, seeds: Mapping[str, Sequence[int]], rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """Test Meso-4, trained on one forgery, on every kind of clip of people seen; seeds by forgery.

    Chapter: mesonet.

    Returns
    -------
    table : DataFrame
        Share of the frames called right; rows: trained on, columns: tested on.
    losses : dict of Estimate
        `swap_to_transplant` and `transplant_to_swap`: balanced accuracy on the forgery trained on,
        less that on the other.
    """
    kinds = ("real", "passthrough", "swap", "transplant", "blur")
    right = {
        (forgery, kind): frames_right(
            detectors.scores(Task("meso4", forgery, level), seeds[forgery], on=kind, seen=True), kind
        )
        for forgery in ("swap", "transplant")
        for kind in kinds
    }
    table = pd.DataFrame(
        [[float(right[forgery, kind].mean()) for kind in kinds] for forgery in ("swap", "transplant")],
        index=["swap", "transplant"],
        columns=["real", "pasted back", "swap", "transplant", "blur"],
    )
    losses = {}
    for own, other in (("swap", "transplant"), ("transplant", "swap")):
        real = right[own, "real"]
        loss = balanced(real, right[own, own]) - balanced(real, right[own, other])
        losses[f"{own}_to_{other}"] = estimate(loss, rng)
    return table, losses
