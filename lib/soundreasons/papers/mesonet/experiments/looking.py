"""What the networks look at: detail inside and around the face, maps, ideal inputs, hidden zones.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import FaceNetwork, to_tensor
from soundreasons.papers.mesonet.testbed.editing import face_mask

# Zones of an upright crop: top, bottom, left, right, in shares of its side.
ZONES: dict[str, tuple[float, float, float, float]] = {
    "eyes": (0.30, 0.45, 0.25, 0.75),
    "nose": (0.45, 0.62, 0.38, 0.62),
    "mouth": (0.63, 0.80, 0.30, 0.70),
}


def zone_mask(zone: str, side: int) -> NDArray[np.bool_]:
    """Pixels of a zone: "eyes", "nose", "mouth", or "background" (all but the face). Chapter: mesonet.

    Raises
    ------
    ValueError
        If there is no such zone.
    """
    if zone == "background":
        return ~face_mask(side)
    if zone not in ZONES:
        raise ValueError(f"zone is {zone!r}, expected one of {[*ZONES, 'background']}")
    top, bottom, left, right = (round(side * value) for value in ZONES[zone])
    mask = np.zeros((side, side), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def detail_ratio(crops: Pixels) -> NDArray[np.float64]:
    """Detail of the face over detail around it: ratio of the mean energies of a Laplacian, face by face.

    Chapter: mesonet.

    Parameters
    ----------
    crops : ndarray of uint8, shape (n, side, side, 3)
        Upright crops.

    Returns
    -------
    ndarray, shape (n,)
        Above 1: the face is the sharper part.
    """
    inside = face_mask(crops.shape[1])
    # The ring where a swap is blended belongs to neither side.
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5))) != cv2.erode(
        inside.astype(np.uint8), np.ones((5, 5))
    )
    ratios = []
    for picture in crops:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        energy = cv2.Laplacian(grey, cv2.CV_64F) ** 2
        ratios.append((energy[inside & ~ring].mean() + 1) / (energy[~inside & ~ring].mean() + 1))
    return np.array(ratios)


def mean_maps(network: FaceNetwork, crops: Pixels, *, batch_size: int = 64) -> NDArray[np.float64]:
    """Mean output of each filter of the last convolution over many faces, shape (16, side / 8, side / 8).

    Chapter: mesonet.
    """
    device = str(next(network.parameters()).device)
    total = None
    with torch.inference_mode():
        for start in range(0, len(crops), batch_size):
            maps = network.convolve(to_tensor(crops[start : start + batch_size], device)).sum(0)
            total = maps if total is None else total + maps
    if total is None:
        raise ValueError("there is no face to average over")
    return np.asarray(total.cpu().numpy() / len(crops), dtype=np.float64)


def background_share(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Highest value outside the face over the highest inside, filter by filter.

    Maps are measured from their own lowest value. Above 1, the background has the peak.
    Chapter: mesonet.

    Parameters
    ----------
    maps : ndarray, shape (n_filters, side, side)
        As from `mean_maps`.

    Returns
    -------
    ndarray, shape (n_filters,)
    """
    inside = face_mask(maps.shape[1])
    lifted = maps - maps.min(axis=(1, 2), keepdims=True)
    return np.asarray(lifted[:, ~inside].max(axis=1) / np.maximum(lifted[:, inside].max(axis=1), 1e-9))


def ideal_inputs(
    network: FaceNetwork,
    *,
    steps: int = 40,
    rate: float = 0.02,
    penalty: float = 0.02,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Climb towards the picture that excites each hidden unit most: f_n(x) - penalty * ||x - 0.5||_2.

    Starts at grey with a little noise; each step goes up the normalised gradient; values stay in
    [0, 1]. Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        In evaluation.
    steps : int
        Steps of the climb.
    rate : float
        Length of a step, in root mean squares of a pixel.
    penalty : float
        Weight of the distance from grey.
    seed : int
        Of the noise.

    Returns
    -------
    ndarray, shape (16, size, size, 3)
    """
    device = next(network.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    shape = (16, 3, network.size, network.size)
    x = 0.5 + 0.05 * torch.randn(shape, device=device, generator=generator)
    for _ in range(steps):
        x = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
        aim = network.hidden(x).diagonal().sum() - penalty * (x - 0.5).flatten(1).norm(dim=1).sum()
        (slope,) = torch.autograd.grad(aim, x)
        size = slope.pow(2).mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        x = (x + rate * slope / size).clamp(0, 1)
    return np.asarray(x.detach().permute(0, 2, 3, 1).cpu().numpy(), dtype=np.float64)


def hidden_zones(network: FaceNetwork, crops: Pixels) -> Mapping[str, NDArray[np.float64]]:
    """Scores of faces with one zone painted over in its own mean colour, and untouched.

    Chapter: mesonet.

    Returns
    -------
    dict of ndarray, each (n,)
        By zone; "nothing" is the score of the untouched face.
    """
    found = {"nothing": score(network, crops)}
    for zone in (*ZONES, "background"):
        mask = zone_mask(zone, crops.shape[1])
        painted = crops.copy()
        colours = crops[:, mask].mean(axis=1).round().astype(np.uint8)
        painted[:, mask] = colours[:, np.newaxis]
        found[zone] = score(network, painted)
    return found
