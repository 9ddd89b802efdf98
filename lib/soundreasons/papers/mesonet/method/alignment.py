"""From five points to an upright crop: the geometry of the authors' released pipeline.

Chapter: mesonet.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from soundreasons.media.video import Pixels

MARGIN = 1.3  # side of the crop over the size of the face


class Placement(NamedTuple):
    """Where a face lies: centre (x, y) in pixels, size in pixels, roll in degrees (0 = upright)."""

    x: float
    y: float
    size: float
    roll: float


def placement(points: NDArray[np.float64]) -> Placement:
    """Return centre, size and roll of a face, (eq-mesonet-face).

    With the eyes' mid-point E, the mouth B and the nose N: the centre is N, the size
    `floor(2.2 max(|E1 - E2|, |B - E|))`, the roll `atan((Bx - Ex) / (By - Ey))`. The released code takes
    N as the mean of the nose's tip and bridge; five points have no bridge, so we put it half-way
    between the eyes and the tip. Chapter: mesonet.

    Parameters
    ----------
    points : ndarray, shape (5, 2)
        Left eye, right eye, tip of the nose, left and right corner of the mouth, as seen in the
        picture: (x, y) in pixels.

    Returns
    -------
    Placement

    Raises
    ------
    ValueError
        If all points coincide.

    Examples
    --------
    Eyes 40 pixels apart, mouth 50 below them:

    >>> points = np.array([[80, 100], [120, 100], [100, 124], [85, 150], [115, 150]], dtype=float)
    >>> placement(points)
    Placement(x=100.0, y=118.0, size=110.0, roll=0.0)
    """
    left, right, tip, *mouth = points
    eyes, lips = (left + right) / 2, (mouth[0] + mouth[1]) / 2
    bridge = (eyes + tip) / 2
    nose = np.floor((tip + bridge) / 2)
    size = np.floor(2.2 * max(np.linalg.norm(left - right), np.linalg.norm(lips - eyes)))
    if size < 1:
        raise ValueError(f"the points of the face coincide: {points.tolist()}")
    down = lips - eyes
    # atan2 is their atan for an upright face, and still right for one that hangs head down.
    roll = np.degrees(np.arctan2(down[0], down[1]))
    return Placement(float(nose[0]), float(nose[1]), float(size), float(roll) + 0.0)


def crop_matrix(where: Placement, side: int, *, margin: float = MARGIN) -> NDArray[np.float64]:
    """Return the map from pixels of an upright crop to pixels of the picture.

    Chapter: mesonet.

    Parameters
    ----------
    where : Placement
        Of the face.
    side : int, from 1
        Side of the crop, in pixels.
    margin : float
        Side of the square over the size of the face.

    Returns
    -------
    ndarray, shape (2, 3)
        Applied to (column, row, 1) of the crop.

    Raises
    ------
    ValueError
        If the side is below 1.

    Examples
    --------
    The middle of a crop is the centre of the face:

    >>> crop_matrix(Placement(100, 118, 110, 30), 64) @ [31.5, 31.5, 1]
    array([100., 118.])
    """
    if side < 1:
        raise ValueError(f"side is {side} px, expected 1 or more")
    scale = margin * where.size / side
    angle = np.radians(where.roll)
    right = np.array([np.cos(angle), -np.sin(angle)])  # along the eyes
    down = np.array([np.sin(angle), np.cos(angle)])  # from the eyes to the mouth
    linear = scale * np.column_stack([right, down])
    middle = np.array([(side - 1) / 2, (side - 1) / 2])
    offset = np.array([where.x, where.y]) - linear @ middle
    return np.column_stack([linear, offset])


def crop(pixels: Pixels, where: Placement, side: int, *, margin: float = MARGIN) -> Pixels:
    """Cut an upright square of 1.3 times the face's size; the picture is mirrored beyond its border.

    Chapter: mesonet.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    where : Placement
        Of the face.
    side : int
        Side of the crop, in pixels.
    margin : float
        Side of the square over the size of the face.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
        A larger face is averaged down, a smaller one interpolated by cubics.

    Raises
    ------
    ValueError
        If the side is below 1.

    Examples
    --------
    Nothing but white around a face gives a white crop, beyond the border too:

    >>> white = np.full((40, 40, 3), 255, dtype=np.uint8)
    >>> crop(white, Placement(5, 5, 30, 20), 16).min().item()
    255
    """
    if side < 1:
        raise ValueError(f"side is {side} px, expected 1 or more")
    native = round(margin * where.size)
    if native <= side:
        return _warp(pixels, crop_matrix(where, side, margin=margin), side, cv2.INTER_CUBIC)
    turned = _warp(pixels, crop_matrix(where, native, margin=margin), native, cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(turned, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _warp(pixels: Pixels, matrix: NDArray[np.float64], side: int, interpolation: int) -> Pixels:
    flags = interpolation | cv2.WARP_INVERSE_MAP
    # Bytes saturate: the overshoot of cubics cannot leave the range.
    turned = cv2.warpAffine(pixels, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(turned, dtype=np.uint8)
