"""Weights out of a TensorFlow checkpoint, without TensorFlow. Chapter: concept_hierarchies.

A checkpoint of the "tensor bundle" kind is two files. The index is a sorted table in the format of
LevelDB (a footer of 48 bytes, an index block, data blocks whose keys share prefixes); each value is a
small protocol buffer that says type, shape, offset and size. The data file holds the raw numbers.
"""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder

FOOTER_SIZE = 48
MAGIC = 0xDB4775248B80FB57
NETWORKS = ("MSD_vgg", "MTT_vgg", "MSD_musicnn", "MTT_musicnn")
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 3: np.dtype("<i4"), 9: np.dtype("<i8")}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class MusicTaggers:
    """Pretrained music taggers and the words that they know.

    Attributes
    ----------
    name : str
        Name in the registry.
    weights : dict of str to dict of str to ndarray of float32
        For each of `NETWORKS` the tensors by their name in the checkpoint, without the optimiser's.
    tags : dict of str to tuple of str
        For ``"MSD"`` (Million Song Dataset) and ``"MTT"`` (MagnaTagATune) the 50 tags, in the order
        of the outputs.
    """

    name: str
    weights: dict[str, dict[str, NDArray[np.float32]]]
    tags: dict[str, tuple[str, ...]]


def read_taggers(folder: Folder) -> MusicTaggers:
    """Read the four networks and the two lists of tags."""
    weights = {}
    for network in NETWORKS:
        tensors = read_bundle(folder.path(f"{network}.index"), folder.path(f"{network}.data"))
        weights[network] = {name: t for name, t in tensors.items() if "Adam" not in name and t.ndim}
    # The lists stand in a Python file, which is read as text and never run.
    code = ast.parse(folder.path("configuration.py").read_text(encoding="utf-8"))
    named = {node.targets[0].id: node.value for node in code.body if isinstance(node, ast.Assign)
             and isinstance(node.targets[0], ast.Name)}  # fmt: skip
    tags = {source: tuple(ast.literal_eval(named[f"{source}_LABELS"])) for source in ("MSD", "MTT")}
    return MusicTaggers(folder.name, weights, tags)


def read_bundle(index: Path, data: Path) -> dict[str, NDArray[np.float32]]:
    """Read every tensor of a checkpoint that consists of one index and one data file.

    Parameters
    ----------
    index, data : Path
        The files ``.index`` and ``.data-00000-of-00001``.

    Returns
    -------
    dict of str to ndarray
        Tensors of 32-bit floats or integers, by name; others are left out.

    Raises
    ------
    DataError
        If the index is no such table, is compressed, or names bytes that the data file lacks.
    """
    table, numbers = index.read_bytes(), data.read_bytes()
    tensors = {}
    for name, value in _entries(table, str(index)):
        if not name:  # the header of the bundle
            continue
        kind, shape, offset, size = _entry(value)
        if kind not in _TYPES:
            continue
        expected = math.prod(shape) * _TYPES[kind].itemsize
        if size != expected or offset + size > len(numbers):
            raise DataError(
                f"{index}: {name.decode()} needs {expected} bytes at {offset}, {data} has {len(numbers)}"
            )
        tensors[name.decode()] = np.frombuffer(
            numbers, _TYPES[kind], count=math.prod(shape), offset=offset
        ).reshape(shape)
    return tensors


def _entries(table: bytes, place: str) -> Iterator[tuple[bytes, bytes]]:
    footer = table[-FOOTER_SIZE:]
    if len(footer) < FOOTER_SIZE or struct.unpack("<Q", footer[-8:])[0] != MAGIC:
        raise DataError(f"{place} is no index of a TensorFlow checkpoint (its last 8 bytes are wrong)")
    try:
        position = _skip_handle(footer, 0)  # of the block of block names, which is not needed
        offset, position = _varint(footer, position)
        size, _ = _varint(footer, position)
        for _, handle in _block(table, offset, size, place):
            start, after = _varint(handle, 0)
            length, _ = _varint(handle, after)
            yield from _block(table, start, length, place)
    except (IndexError, struct.error) as error:
        raise DataError(f"{place} is damaged or cut short ({error})") from error


def _block(table: bytes, offset: int, size: int, place: str) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; each key keeps the first letters of the one before."""
    if table[offset + size] != 0:
        raise DataError(f"{place} is a compressed index, which TensorFlow does not write by itself")
    block = table[offset : offset + size]
    n_restarts = struct.unpack("<I", block[-4:])[0]
    end, position, key = len(block) - 4 * (n_restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        fresh, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def _entry(message: bytes) -> tuple[int, tuple[int, ...], int, int]:
    """Type, shape, offset and size of a tensor, out of its protocol buffer."""
    kind = offset = size = 0
    shape: tuple[int, ...] = ()
    for field, value in _fields(message):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 2 and isinstance(value, bytes):
            sizes = [dict(_fields(part)) for number, part in _fields(value) if number == 2]  # type: ignore[arg-type]
            shape = tuple(int(entry.get(1, 0)) for entry in sizes)
        elif field == 4 and isinstance(value, int):
            offset = value
        elif field == 5 and isinstance(value, int):
            size = value
    return kind, shape, offset, size


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(message):
        head, position = _varint(message, position)
        field, wire = head >> 3, head & 7
        if wire == _VARINT:
            value, position = _varint(message, position)
            yield field, value
        elif wire == _BYTES:
            length, position = _varint(message, position)
            yield field, message[position : position + length]
            position += length
        elif wire in (_FIXED32, _FIXED64):
            position += 4 if wire == _FIXED32 else 8
        else:
            raise DataError(f"a tensor's description has a field of unknown kind {wire}")


def _varint(buffer: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _skip_handle(buffer: bytes, position: int) -> int:
    for _ in range(2):
        _, position = _varint(buffer, position)
    return position
