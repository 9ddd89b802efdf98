"""Still pictures as the networks want them: eight bits, RGB, upright.

Chapter: mesonet.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from soundreasons.media.video import Pixels

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".gif")


class PictureError(ValueError):
    """A picture that cannot be read; the message begins with its name."""


def read_picture(path: str | Path) -> Pixels:
    """Read a picture of any common kind.

    Sixteen bits are scaled to eight, transparency is laid on white, grey becomes three equal
    channels, and the rotation that a camera notes is applied. Chapter: mesonet.

    Parameters
    ----------
    path : path
        A PNG, JPEG, TIFF, BMP, WebP or PNM file.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    PictureError
        If there is no such file, it is a directory, empty, damaged, or no picture.
    """
    path = Path(path)
    if path.is_dir():
        raise PictureError(f"{path.name} is a directory, expected a picture; give the files in it one by one")
    if not path.is_file():
        raise PictureError(f"{path.name} does not exist")
    try:
        with Image.open(path) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except UnidentifiedImageError:
        raise PictureError(f"{path.name} is no picture of a known kind (or it is empty)") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"{path.name} is damaged ({error})") from None
    if upright.mode == "F":
        raise PictureError(
            f"{path.name} holds floating-point numbers, whose range nobody knows; save it with 8 or 16 bits"
        )
    return _eight_bits(upright)


def _eight_bits(picture: Image.Image) -> Pixels:
    if picture.mode.startswith("I"):
        grey = np.asarray(picture, dtype=np.float64)
        return np.repeat(_scaled(grey)[..., np.newaxis], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        picture = Image.alpha_composite(white, layered)
    return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def _scaled(grey: NDArray[np.float64]) -> Pixels:
    return np.asarray(np.clip(np.round(grey / 257), 0, 255), dtype=np.uint8)


def nearest(pixels: Pixels, side: int) -> Pixels:
    """Resize a face to a square by nearest neighbour, as the authors' loader does: (side, side, 3).

    Chapter: mesonet.

    Examples
    --------
    >>> nearest(np.zeros((10, 20, 3), dtype=np.uint8), 4).shape
    (4, 4, 3)
    """
    picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
    return np.asarray(picture, dtype=np.uint8)
