"""On the paper's own data: folders of forged and real faces, trained on by the full recipe.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from soundreasons.papers.mesonet.data.folders import PictureFolder, faces_folder, loader_batches
from soundreasons.papers.mesonet.method import NETWORKS, THRESHOLD, FaceNetwork, Training, fit


@dataclass(frozen=True)
class Reading:
    """How pictures are read, and where the networks are trained.

    Attributes
    ----------
    size : int
        Side of the faces, in pixels.
    device : str
        Where.
    workers : int
        Processes that read.
    """

    size: int = 256
    device: str = "cpu"
    workers: int = 0


def train_on_folder(
    kind: str, folder: str | Path, settings: Training, seed: int, reading: Reading
) -> FaceNetwork:
    """Train a network on a folder of forged and real faces.

    Chapter: mesonet.

    Parameters
    ----------
    kind : {"meso4", "mesoinception4"}
        Which network.
    folder : path
        As for `faces_folder`.
    settings : Training
        `PAPER` for the paper's.
    seed : int
        Of weights, order and augmentation.
    reading : Reading
        Size, device, processes.

    Returns
    -------
    FaceNetwork
        In evaluation.

    Raises
    ------
    ValueError
        If the folder is not as `faces_folder` wants it, or (`PictureError`) a picture is damaged.
    """
    size, device = reading.size, reading.device
    dataset = PictureFolder(faces_folder(folder), size)
    torch.manual_seed(seed)
    network: FaceNetwork = NETWORKS[kind](size)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = loader_batches(dataset, settings.batch_size, workers=reading.workers, seed=seed, device=device)
    fit(network, batches, settings, generator=torch.Generator(device).manual_seed(seed))
    return network.eval()


def folder_experiment(
    kind: str, folder: str | Path, settings: Training, seeds: Sequence[int], reading: Reading
) -> dict[str, list[float]]:
    """Train on `train` and test on `test` below a folder, each laid out as `faces_folder` wants it.

    Chapter: mesonet.

    Parameters
    ----------
    kind : {"meso4", "mesoinception4"}
        Which network.
    folder : path
        Holds `train` and `test`.
    settings : Training
        How.
    seeds : sequence of int
        One training each.
    reading : Reading
        Size, device, processes.

    Returns
    -------
    dict of list of float
        `forged`, `real` and `total`: shares called right, one a seed.
    """
    pictures = faces_folder(Path(folder) / "test")
    real = np.array([picture.is_real for picture in pictures])
    loader = DataLoader(PictureFolder(pictures, reading.size), 64, num_workers=reading.workers)
    found: dict[str, list[float]] = {"forged": [], "real": [], "total": []}
    for seed in seeds:
        network = train_on_folder(kind, Path(folder) / "train", settings, seed, reading)
        with torch.inference_mode():
            scores = np.concatenate([network(x.to(reading.device)).cpu().numpy() for x, _ in loader])
        right = (scores > THRESHOLD) == real
        for name, chosen in (("forged", ~real), ("real", real), ("total", np.ones_like(real))):
            found[name].append(float(right[chosen].mean()))
    return found
