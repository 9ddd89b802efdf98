"""Finding faces: Viola and Jones' cascade proposes, a trained network looks again and marks five points.

The paper detects with the cascade and aligns with a landmark network; ours is O-Net, the last stage
of MTCNN (Zhang et al., 2016), whose weights ship in an ordinary package. Chapter: mesonet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons import data
from soundreasons.media.video import Pixels

SIDE = 48  # pixels that O-Net looks at
LEAST_SCORE = 0.8
_LEAST_FACE = 40  # pixels; a smaller face holds too little for the networks
_WORKING_SIDE = 480  # the cascade searches a picture no larger than this


@dataclass(frozen=True)
class Landmarks:
    """One face in one picture.

    Attributes
    ----------
    points : ndarray, shape (5, 2)
        Left eye, right eye, tip of the nose, left and right corner of the mouth, as seen in the
        picture: (x, y) in pixels.
    score : float in [0, 1]
        How sure the network is that this is a face.
    """

    points: NDArray[np.float64]
    score: float

    @property
    def centre(self) -> NDArray[np.float64]:
        """Mean of the five points, (x, y) in pixels."""
        return np.asarray(self.points.mean(axis=0))

    @property
    def span(self) -> float:
        """Side of a square that holds the face, in pixels: four times the spread of the points."""
        return float(4.0 * np.sqrt(((self.points - self.centre) ** 2).sum(axis=1).mean()))


class LandmarkNetwork(nn.Module):
    """O-Net: 48 x 48 pixels in; is it a face, and where are its five points?

    Zhang et al. (2016), third stage. Chapter: mesonet.

    Examples
    --------
    >>> face, points = LandmarkNetwork()(torch.zeros(2, 3, 48, 48))
    >>> face.shape, points.shape
    (torch.Size([2]), torch.Size([2, 5, 2]))
    """

    def __init__(self) -> None:
        super().__init__()
        widths = [(3, 32, 3), (32, 64, 3), (64, 64, 3), (64, 128, 2)]
        for number, (channels, width, size) in enumerate(widths, start=1):
            self.add_module(f"conv{number}", nn.Conv2d(channels, width, size))
            self.add_module(f"prelu{number}", nn.PReLU(width))
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2 = nn.Linear(256, 2), nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, 48, 48), RGB in [-1, 1], to scores (B,) and points (B, 5, 2) in shares of the side."""
        for number, pool in enumerate((3, 3, 2, 0), start=1):
            x = self.get_submodule(f"prelu{number}")(self.get_submodule(f"conv{number}")(x))
            if pool:
                x = nn.functional.max_pool2d(x, pool, 2, ceil_mode=True)
        # The published weights were made with columns before rows.
        hidden = self.prelu5(self.dense5(x.permute(0, 3, 2, 1).flatten(1)))
        points = self.dense6_3(hidden).view(-1, 2, 5)
        return torch.softmax(self.dense6_1(hidden), 1)[:, 1], points.transpose(1, 2)


@lru_cache(maxsize=1)
def _network() -> LandmarkNetwork:
    path = data.open("mtcnn_landmarks").folder / "onet.pt"
    network = LandmarkNetwork()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    folder: str = cv2.data.haarcascades  # type: ignore[attr-defined]
    return cv2.CascadeClassifier(str(Path(folder) / "haarcascade_frontalface_alt2.xml"))


def look_again(pixels: Pixels, squares: NDArray[np.float64]) -> list[Landmarks | None]:
    """Mark the five points in each square of a picture; None where the network sees no face.

    The answer of a first look centres a second, so that the square need not fit well.
    Chapter: mesonet.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    squares : ndarray, shape (n, 3)
        Centre x, centre y and side of each, in pixels.

    Returns
    -------
    list of Landmarks or None, one a square
    """
    if len(squares) == 0:
        return []
    first = _marked(pixels, squares)
    fitted = np.array([[*face.centre, face.span] for face in first])
    return [face if face.score >= LEAST_SCORE else None for face in _marked(pixels, fitted)]


def _marked(pixels: Pixels, squares: NDArray[np.float64]) -> list[Landmarks]:
    patches = np.stack([_patch(pixels, square) for square in squares])
    x = torch.from_numpy(patches).permute(0, 3, 1, 2).float().sub(127.5).div(128)
    with torch.inference_mode():
        scores, points = (found.numpy().astype(np.float64) for found in _network()(x))
    corners = squares[:, np.newaxis, :2] - squares[:, np.newaxis, 2:] / 2
    placed = corners + points * squares[:, np.newaxis, 2:]
    return [Landmarks(p, float(s)) for p, s in zip(placed, scores, strict=True)]


def _patch(pixels: Pixels, square: NDArray[np.float64]) -> Pixels:
    """Cut a square, averaging where it is larger than the network's input; black outside the picture."""
    x, y, side = square
    ratio = max(1, round(side / SIDE / 2))  # a coarse reduction first, so that bilinear misses nothing
    small = cv2.resize(pixels, None, fx=1 / ratio, fy=1 / ratio, interpolation=cv2.INTER_AREA)
    scale = side / SIDE / ratio
    matrix = np.array([[scale, 0, x / ratio - side / ratio / 2], [0, scale, y / ratio - side / ratio / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(small, matrix, (SIDE, SIDE), flags=flags), dtype=np.uint8)


def search(pixels: Pixels) -> list[Landmarks]:
    """Find all faces of a picture, the largest first.

    Chapter: mesonet.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB, upright.

    Returns
    -------
    list of Landmarks
        Empty if there is none. Faces that look sideways are often missed: so does the cascade.

    Raises
    ------
    ValueError
        If the picture has another shape or type.
    """
    require_picture(pixels)
    ratio = max(1.0, max(pixels.shape[:2]) / _WORKING_SIDE)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=1 / ratio, fy=1 / ratio, interpolation=cv2.INTER_AREA)
    least = max(24, round(_LEAST_FACE / ratio))
    if min(small.shape) < least:
        return []
    boxes = np.asarray(_cascade().detectMultiScale(small, 1.1, 3, minSize=(least, least)), dtype=np.float64)
    squares = boxes.reshape(-1, 4) * ratio
    squares = np.column_stack([squares[:, :2] + squares[:, 2:] / 2, squares[:, 2]])
    found = [face for face in look_again(pixels, squares) if face is not None]
    return _apart(sorted(found, key=lambda face: -face.span))


def _apart(faces: list[Landmarks]) -> list[Landmarks]:
    """Drop a face whose centre lies within half the span of a larger one: it is the same."""
    kept: list[Landmarks] = []
    for face in faces:
        if all(np.linalg.norm(face.centre - other.centre) > other.span / 2 for other in kept):
            kept.append(face)
    return kept


def require_picture(pixels: Pixels) -> None:
    """Raise `ValueError` unless this is an RGB picture of bytes."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(
            f"picture has shape {pixels.shape} and type {pixels.dtype}, expected (height, width, 3) of "
            "uint8; read it with read_picture"
        )
