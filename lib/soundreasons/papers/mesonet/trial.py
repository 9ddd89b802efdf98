"""Try the chapter on a video or picture of your own: scores per face and in all, and what they are not worth.

    soundreasons try mesonet holiday.mp4 --out scores/

Uses the weights that the authors released, for deepfakes and for Face2Face. Chapter: mesonet.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from soundreasons.given import as_path, shortened
from soundreasons.media.video import Pixels, VideoError
from soundreasons.papers.mesonet.data.faces import faces_of_video
from soundreasons.papers.mesonet.data.folders import VIDEO_ENDINGS
from soundreasons.papers.mesonet.data.landmarks import search
from soundreasons.papers.mesonet.data.pictures import ENDINGS, PictureError, read_picture
from soundreasons.papers.mesonet.data.weights import RELEASED, released
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method.alignment import crop, placement

SIZE = 256
CAVEAT = (
    "Such a score proves nothing about anybody: these networks learned two kinds of forgery of 2018, "
    "call soft or hard-compressed genuine video forged, and have never seen what is made today."
)
_SHEET = 8  # faces of each person on the contact sheet


class Scored(NamedTuple):
    """One face of a file: its crops, which frames they are of, and the scores by weights."""

    crops: Pixels
    numbers: NDArray[np.int64]
    scores: dict[str, NDArray[np.float64]]


def run(argument: str, out: Path | None) -> str:
    """Score a video, a picture, or every one in a folder; a file that fails does not stop the others.

    Chapter: mesonet.

    Parameters
    ----------
    argument : str
        Path of a file or folder.
    out : Path, optional
        Folder for contact sheets; they show the faces of your file, so mind where they go.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file cannot be read or shows no face, or none of a folder can.
    """
    path = as_path(argument)
    if path is None:
        name = shortened(Path(argument).name)
        raise ValueError(f"{name} does not exist; give a video, a picture, or a folder of them")
    if not path.is_dir():
        return f"{report(path, out)}\n\n{CAVEAT}"
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in (*VIDEO_ENDINGS, *ENDINGS))
    if not files:
        raise ValueError(f"{path.name} holds no video and no picture")
    texts, n_good = [], 0
    for file in files:
        try:
            texts.append(report(file, out))
            n_good += 1
        except (ValueError, OSError) as error:
            texts.append(f"{file.name}: not scored: {error}")
    if not n_good:
        raise ValueError("\n".join(["no file could be scored", *texts]))
    return "\n\n".join([*texts, CAVEAT])


def report(path: Path, out: Path | None) -> str:
    """Score one file and say it in lines. Chapter: mesonet.

    Raises
    ------
    ValueError
        If it cannot be read, or shows no face; begins with its name.
    """
    faces, damage = scored(path)
    lines = [
        f"{path.name}: {len(faces)} face{'s' if len(faces) > 1 else ''}" + (f" ({damage})" if damage else "")
    ]
    for number, face in enumerate(faces, start=1):
        lines.append(
            f"  face {number}, seen in {len(face.numbers)} frame{'s' if len(face.numbers) > 1 else ''}"
        )
        for name, scores in face.scores.items():
            spread = f", from {scores.min():.2f} to {scores.max():.2f}" if len(scores) > 1 else ""
            share = f"; {(scores > 0.5).mean():.0%} of the frames above one half" if len(scores) > 1 else ""
            word = "real" if scores.mean() > 0.5 else "forged"
            lines.append(f"    {name}: {scores.mean():.2f} ({word}{spread}{share})")
    if out is not None:
        lines.append(f"  contact sheet: {contact_sheet(faces, out / f'{path.stem}-faces.png')}")
    return "\n".join(lines)


def scored(path: Path) -> tuple[list[Scored], str]:
    """Find the faces of a file and score them by all released weights; also what could not be read.

    Chapter: mesonet.

    Raises
    ------
    ValueError
        If the file cannot be read, or shows no face; begins with its name.
    """
    networks = {f"{network}, {forgery}": released(network, forgery) for network, forgery in RELEASED}
    crops, damage = _crops(path)
    if not crops:
        raise ValueError(
            f"{path.name} shows no face that was found: they must be larger than some forty pixels, and look "
            "roughly at the camera"
        )
    faces = [
        Scored(pixels, numbers, {name: score(network, pixels) for name, network in networks.items()})
        for pixels, numbers in crops
    ]
    return faces, damage


def _crops(path: Path) -> tuple[list[tuple[Pixels, NDArray[np.int64]]], str]:
    # By what the file holds, not by its name: a picture first, since a video library opens pictures too.
    try:
        pixels = read_picture(path)
    except PictureError as trouble:
        try:
            clips, damage = faces_of_video(path, side=SIZE)
        except (VideoError, OSError):
            if path.suffix.lower() in ENDINGS:
                raise trouble from None
            raise
        return [(clip.crops, clip.numbers) for clip in clips], damage
    zero = np.zeros(1, dtype=np.int64)
    return [(crop(pixels, placement(face.points), SIZE)[np.newaxis], zero) for face in search(pixels)], ""


def contact_sheet(faces: list[Scored], target: Path) -> Path:
    """Write up to eight crops of each face side by side, one row a face. Chapter: mesonet."""
    rows = []
    for face in faces:
        chosen = np.linspace(0, len(face.crops) - 1, min(_SHEET, len(face.crops))).round().astype(int)
        row = np.concatenate([face.crops[n][::2, ::2] for n in chosen], axis=1)
        missing = _SHEET * SIZE // 2 - row.shape[1]
        rows.append(np.pad(row, ((0, 4), (0, missing), (0, 0)), constant_values=255))
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(target)
    return target
