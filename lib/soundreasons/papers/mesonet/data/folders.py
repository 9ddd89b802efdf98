"""Faces on disk: the authors' folders of crops, and FaceForensics++'s folders of videos.

For the paper's own data and sizes. A `DataLoader` reads and decodes in processes of its own, so that a
GPU is kept busy; augmentation happens there, in batches. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler

from soundreasons.media.video import VideoError
from soundreasons.papers.mesonet.data.faces import faces_of_video
from soundreasons.papers.mesonet.data.pictures import ENDINGS, read_picture
from soundreasons.papers.mesonet.method.training import Batches

# The authors' own names first; then what others call the same.
FORGED_NAMES = ("df", "forged", "fake", "deepfake")
REAL_NAMES = ("real", "original")
VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm")


class Labelled(NamedTuple):
    """A picture on disk and whether its face is real."""

    path: Path
    is_real: bool


def faces_folder(folder: str | Path) -> list[Labelled]:
    """List the pictures of a folder laid out as the authors publish theirs: forged and real apart.

    Chapter: mesonet.

    Parameters
    ----------
    folder : path
        Holds `df` (or `forged`, `fake`, `deepfake`) and `real` (or `original`), each of pictures,
        at any depth.

    Returns
    -------
    list of Labelled
        In order of their names.

    Raises
    ------
    ValueError
        If the folder or one of the two is missing, or holds no picture.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give the one that holds `df` and `real`")
    found = []
    for names, is_real in ((FORGED_NAMES, False), (REAL_NAMES, True)):
        homes = [folder / name for name in names if (folder / name).is_dir()]
        if not homes:
            here = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
            raise ValueError(f"{folder.name} has no folder {' or '.join(names)}; it holds {here}")
        pictures = sorted(p for p in homes[0].rglob("*") if p.suffix.lower() in ENDINGS)
        if not pictures:
            raise ValueError(f"{homes[0].name} holds no picture ({', '.join(ENDINGS)})")
        found += [Labelled(path, is_real) for path in pictures]
    return found


def require_faces(folder: str | Path) -> None:
    """Refuse a folder of the paper's own data before any work: `train` and `test`, each as `faces_folder`.

    Chapter: mesonet.

    Parameters
    ----------
    folder : path
        Holds `train` and `test`.

    Raises
    ------
    ValueError
        If the folder, or a part of it, is missing or holds no picture.
    """
    if not Path(folder).is_dir():
        raise ValueError(
            f"faces_folder is {str(folder)!r}, which is no folder; give the one of train and test"
        )
    for part in ("train", "test"):
        faces_folder(Path(folder) / part)


class PictureFolder(Dataset[tuple[Tensor, Tensor]]):
    """Pictures on disk as tensors: (3, size, size) in [0, 1], and 1.0 for a real face.

    Chapter: mesonet.

    Parameters
    ----------
    pictures : sequence of Labelled
        What to read.
    size : int
        Side of the faces, in pixels.
    """

    def __init__(self, pictures: Sequence[Labelled], size: int) -> None:
        self.pictures, self.size = list(pictures), size

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        picture = self.pictures[number]
        pixels = read_picture(picture.path)
        resized = cv2.resize(pixels, (self.size, self.size), interpolation=cv2.INTER_AREA)
        face = torch.from_numpy(resized).permute(2, 0, 1).float().div(255)
        return face, torch.tensor(float(picture.is_real))


def loader_batches(
    dataset: PictureFolder, batch_size: int, *, workers: int, seed: int, device: str
) -> Batches:
    """Read random batches without end, in processes of their own, on to a device.

    Chapter: mesonet.

    Parameters
    ----------
    dataset : PictureFolder
        What to read.
    batch_size : int, from 2
        Faces a batch.
    workers : int, from 0
        Processes that read ahead; none: read here.
    seed : int
        Of the order.
    device : str
        Where the batches go; to a CUDA device from pinned memory, while it computes.
    """
    generator = torch.Generator().manual_seed(seed)
    pinned = device.startswith("cuda")
    while True:
        sampler = RandomSampler(dataset, replacement=True, num_samples=200 * batch_size, generator=generator)
        loader = DataLoader(
            dataset, batch_size, sampler=sampler, num_workers=workers, pin_memory=pinned, generator=generator
        )
        for faces, labels in loader:
            yield (
                faces.to(device, non_blocking=pinned, memory_format=torch.channels_last),
                labels.to(device, non_blocking=pinned),
            )


def faceforensics_faces(
    root: str | Path,
    method: str,
    quantisation: int,
    target: str | Path,
    *,
    per_video: int = 20,
    size: int = 256,
) -> Iterator[tuple[str, int, str]]:
    """Cut the faces of FaceForensics++ into folders that `faces_folder` reads.

    Expects the published layout: `original_sequences/youtube/c23/videos/*.mp4` and
    `manipulated_sequences/<method>/c23/videos/*.mp4`. Chapter: mesonet.

    Parameters
    ----------
    root : path
        Folder of the data set.
    method : str
        "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures".
    quantisation : {0, 23, 40}
        Level of compression.
    target : path
        Where `df` and `real` are written.
    per_video : int
        Frames of each video.
    size : int
        Side of the crops, in pixels.

    Yields
    ------
    name : str
        Of a video.
    n_faces : int
        Written from it.
    trouble : str
        Why there is none; a video that cannot be read does not stop the others.

    Raises
    ------
    ValueError
        If a folder of videos is missing or empty.
    """
    level = f"{'raw' if quantisation == 0 else f'c{quantisation}'}/videos"
    if quantisation == 0 and not (Path(root) / "original_sequences/youtube" / level).is_dir():
        level = "c0/videos"  # older copies name it so
    homes = {"real": f"original_sequences/youtube/{level}", "df": f"manipulated_sequences/{method}/{level}"}
    for label, home in homes.items():
        videos = sorted(p for p in (Path(root) / home).glob("*") if p.suffix.lower() in VIDEO_ENDINGS)
        if not videos:
            raise ValueError(f"{home} holds no video; FaceForensics++ is given on request by its authors")
        (Path(target) / label).mkdir(parents=True, exist_ok=True)
        for path in videos:
            yield (path.name, *_write_faces(path, Path(target) / label, per_video, size))


def _write_faces(path: Path, folder: Path, per_video: int, size: int) -> tuple[int, str]:
    try:
        clips, damage = faces_of_video(path, n_frames=per_video, side=size)
    except VideoError as error:
        return 0, str(error)
    if not clips:
        return 0, "no face was found"
    for number, crop in zip(clips[0].numbers, clips[0].crops, strict=True):
        cv2.imwrite(str(folder / f"{path.stem}_{number:05d}.png"), np.ascontiguousarray(crop[..., ::-1]))
    return len(clips[0].crops), damage
