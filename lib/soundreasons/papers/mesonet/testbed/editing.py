"""Laying a face into a picture: masks, colours, and the four ways a scene is changed.

Every way goes through the same paste, so that what differs is what is pasted. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.alignment import MARGIN, Placement, crop, crop_matrix
from soundreasons.papers.mesonet.testbed.autoencoder import SIDE

FACE_MARGIN = 1.0  # the patch that is exchanged, over the size of the face
FEATHER = 0.03  # of the side of the patch
# Semi-axes and centre of the ellipses, in sides of the patch (0.5 is its middle).
FACE_ELLIPSE = (0.30, 0.38, 0.5, 0.5)
MOUTH_ELLIPSE = (0.24, 0.17, 0.5, 0.76)
BLUR = 0.02  # of the size of the face


def ellipse(side: int, shape: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """Draw a feathered ellipse, 1 inside and 0 outside, shape (side, side).

    Chapter: mesonet.

    Examples
    --------
    >>> mask = ellipse(64, FACE_ELLIPSE)
    >>> round(mask[32, 32].item(), 3), mask[0, 0].item()
    (1.0, 0.0)
    """
    semi_x, semi_y, x, y = (side * value for value in shape)
    rows, columns = np.mgrid[:side, :side] + 0.5
    inside = ((columns - x) / semi_x) ** 2 + ((rows - y) / semi_y) ** 2 <= 1
    sigma = FEATHER * side
    return np.asarray(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), sigma), dtype=np.float32)


def face_mask(side: int) -> NDArray[np.bool_]:
    """The part of a crop that a swap exchanges, shape (side, side). Chapter: mesonet.

    Examples
    --------
    >>> face_mask(8).sum().item()
    12
    """
    semi_x, semi_y = (FACE_MARGIN / MARGIN * side * axis for axis in FACE_ELLIPSE[:2])
    rows, columns = np.mgrid[:side, :side] + 0.5 - side / 2
    return np.asarray((columns / semi_x) ** 2 + (rows / semi_y) ** 2 <= 1)


def match_colours(patch: Pixels, target: Pixels, mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift and scale each channel of a patch to the mean and spread of the target inside the mask.

    Chapter: mesonet.

    Parameters
    ----------
    patch, target : ndarray of uint8, shape (height, width, 3)
        What is pasted, and what it is pasted over.
    mask : ndarray, shape (height, width)
        Weights.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
        May leave the range of bytes; the paste clips.
    """
    weights = (mask / mask.sum())[..., np.newaxis]
    moments = []
    for picture in (patch.astype(np.float32), target.astype(np.float32)):
        mean = (weights * picture).sum(axis=(0, 1))
        spread = np.sqrt((weights * (picture - mean) ** 2).sum(axis=(0, 1)))
        moments.append((mean, spread))
    (mean, spread), (wanted_mean, wanted_spread) = moments
    return np.asarray((patch - mean) * (wanted_spread / np.maximum(spread, 1.0)) + wanted_mean, np.float32)


def paste(
    pixels: Pixels, patch: Pixels, where: Placement, shape: tuple[float, float, float, float]
) -> Pixels:
    """Lay an upright patch back where a face was cut, colours matched, through a feathered ellipse.

    Chapter: mesonet.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    patch : ndarray of uint8, shape (side, side, 3)
        As cut with `FACE_MARGIN`, of any side.
    where : Placement
        Of the face in the picture.
    shape : tuple
        Of the ellipse; see `ellipse`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    side = len(patch)
    matrix = crop_matrix(where, side, margin=FACE_MARGIN)
    size = (pixels.shape[1], pixels.shape[0])
    mask = ellipse(side, shape)
    matched = match_colours(patch, crop(pixels, where, side, margin=FACE_MARGIN), mask)
    placed = cv2.warpAffine(matched, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR)[..., np.newaxis]
    return np.asarray(np.clip(np.round(weight * placed + (1 - weight) * pixels), 0, 255), dtype=np.uint8)


def face_patches(frames: Pixels, where: Sequence[Placement], side: int = SIDE) -> Pixels:
    """Cut the patches that a swap exchanges, shape (n, side, side, 3). Chapter: mesonet."""
    return np.stack([crop(f, w, side, margin=FACE_MARGIN) for f, w in zip(frames, where, strict=True)])


def exchange(frames: Pixels, where: Sequence[Placement], change: Callable[[Pixels], Pixels]) -> Pixels:
    """Cut the faces at 64 pixels, change them, paste them back: a swap, or with no change a pass-through.

    Chapter: mesonet.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n, height, width, 3)
        RGB.
    where : sequence of n Placement
        Of the face in each.
    change : callable
        Patches (n, 64, 64, 3) in, patches out.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, 3)
    """
    patches = change(face_patches(frames, where))
    return np.stack([
        paste(f, p, w, FACE_ELLIPSE) for f, p, w in zip(frames, patches, where, strict=True)
    ])  # fmt: skip


def transplant(
    frames: Pixels, where: Sequence[Placement], donor: Pixels, donor_where: Sequence[Placement]
) -> Pixels:
    """Give a person the mouth and chin of other moments of the same person, frame by frame.

    In place of Face2Face's rendered reenactment: it leaves resampling and a seam, and no smoothing
    of the whole face. Chapter: mesonet.

    Parameters
    ----------
    frames, donor : ndarray of uint8, shape (n, height, width, 3)
        The scene, and the moments that give the mouth.
    where, donor_where : sequences of n Placement
        Of the face in each.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, 3)
    """
    changed = []
    for pixels, place, other, there in zip(frames, where, donor, donor_where, strict=True):
        side = max(SIDE, round(FACE_MARGIN * max(place.size, there.size)))
        patch = crop(other, there, side, margin=FACE_MARGIN)
        changed.append(paste(pixels, patch, place, MOUTH_ELLIPSE))
    return np.stack(changed)


def blurred(frames: Pixels, where: Sequence[Placement]) -> Pixels:
    """Blur the face alone, by the same ellipse: is blur all that a detector sees? Chapter: mesonet."""
    changed = []
    for pixels, place in zip(frames, where, strict=True):
        side = max(SIDE, round(FACE_MARGIN * place.size))
        patch = crop(pixels, place, side, margin=FACE_MARGIN)
        soft = cv2.GaussianBlur(patch, (0, 0), BLUR * side)
        changed.append(paste(pixels, np.asarray(soft, dtype=np.uint8), place, FACE_ELLIPSE))
    return np.stack(changed)
