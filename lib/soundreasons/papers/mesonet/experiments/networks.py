"""Are these the networks? Their numbers, their layers, and four published pictures.

Chapter: mesonet.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from soundreasons import data
from soundreasons.papers.mesonet.data.pictures import nearest, read_picture
from soundreasons.papers.mesonet.data.published import PICTURES, known_scores
from soundreasons.papers.mesonet.data.weights import RELEASED, released
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import NETWORKS, FaceNetwork


def parameter_counts() -> dict[str, int]:
    """Count the trainable numbers of both networks at 256 pixels. Chapter: mesonet.

    Examples
    --------
    >>> parameter_counts()
    {'meso4': 27977, 'mesoinception4': 28615}
    """
    return {
        name: sum(p.numel() for p in network().parameters() if p.requires_grad)
        for name, network in NETWORKS.items()
    }


def layer_table(network: FaceNetwork) -> pd.DataFrame:
    """Layer by layer: kind, output and trainable numbers. Chapter: mesonet."""
    rows = []
    x = torch.zeros(1, 3, network.size, network.size)
    with torch.inference_mode():
        for block in network.blocks:
            for layer in block:  # type: ignore[attr-defined]
                x = layer(x)
                numbers = sum(p.numel() for p in layer.parameters())
                rows.append((type(layer).__name__, " x ".join(map(str, x.shape[1:])), numbers))
        x = network.flat(torch.zeros(1, 3, network.size, network.size))
        for layer in network.head:
            x = layer(x)
            numbers = sum(p.numel() for p in layer.parameters())
            rows.append((type(layer).__name__, str(x.shape[1]), numbers))
    return pd.DataFrame(rows, columns=["layer", "output (channels x rows x columns)", "numbers"])


def picture_scores() -> tuple[pd.DataFrame, float]:
    """Score the four published pictures by the four released networks.

    Chapter: mesonet.

    Returns
    -------
    scores : DataFrame
        Index: (network, forgery); columns: the pictures.
    off : float
        Largest distance from the scores known from elsewhere.
    """
    folder = data.open("mesonet_released").folder / "test_images"
    faces = np.stack([nearest(read_picture(folder / name), 256) for name in PICTURES])
    known = known_scores()
    rows = [score(released(*which), faces) for which in RELEASED]
    found = pd.DataFrame(rows, index=known.index, columns=known.columns)
    return found, float((found - known).abs().to_numpy().max())
