"""Reading video frame by frame whatever its state, and writing short H.264 clips.

A file that breaks off, or is damaged in the middle, gives the frames that can be read, and says
what was lost in `Video.damage`; only a file that gives no picture at all is an error.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
# A decoder that keeps failing is stopped: the rest of such a file is noise.
MOST_ERRORS = 200


class VideoError(ValueError):
    """A video that cannot be read; the message begins with its name."""


@dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB, upright: the rotation that a phone notes in the file is applied.
    number : int
        Place in the order of display, from 0.
    time : float
        Seconds from the start of the stream; rates may vary, so not `number / rate`. NaN if unknown.
    is_key : bool
        Whether it is an I-frame, coded without reference to others.
    """

    pixels: Pixels
    number: int
    time: float
    is_key: bool


class Clip(NamedTuple):
    """A short video in memory: pixels (n_frames, height, width, 3), RGB, and which are I-frames."""

    pixels: Pixels
    is_key: NDArray[np.bool_]


class Video:
    """A video open for reading; use it in a `with` block.

    Parameters
    ----------
    source : path or bytes
        A file, or its content.
    name : str, optional
        For messages; the name of the file unless told.

    Attributes
    ----------
    damage : str
        What could not be read so far; empty if nothing was lost.

    Raises
    ------
    VideoError
        If there is no such file, it is a directory, is empty, is no video, or has sound only.

    Examples
    --------
    >>> clip = encode(np.zeros((5, 16, 16, 3), dtype=np.uint8))
    >>> with Video(clip, name="black") as video:
    ...     [frame.number for frame in video.frames()]
    [0, 1, 2, 3, 4]
    """

    def __init__(self, source: str | Path | bytes, *, name: str | None = None) -> None:
        import av

        self.name = name or ("video" if isinstance(source, bytes) else Path(source).name)
        self.damage = ""
        if not isinstance(source, bytes):
            _require_file(Path(source), self.name)
        elif not source:
            raise VideoError(f"{self.name} is empty")
        try:
            self._container = av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "r")
        except (av.FFmpegError, OSError) as error:
            raise VideoError(f"{self.name} is no video that can be opened ({_words(error)})") from None
        if not self._container.streams.video:
            kinds = ", ".join(sorted({stream.type for stream in self._container.streams})) or "nothing"
            self._container.close()
            raise VideoError(f"{self.name} has no picture, only {kinds}; give a file with a video stream")

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def count(self) -> int:
        """Count the frames by their packets, without decoding; then start again from the beginning."""
        import av

        stream = self._container.streams.video[0]
        number = 0
        try:
            for packet in self._container.demux(stream):
                number += packet.size > 0
        except av.FFmpegError as error:
            self.damage = f"broken off after {number} frames ({_words(error)})"
        self._container.seek(0, stream=stream)
        return number

    def frames(self, wanted: Iterable[int] | None = None) -> Iterator[Frame]:
        """Decode in the order of display; pixels are made for the wanted numbers only (all unless told)."""
        numbers = None if wanted is None else set(wanted)
        for number, picture in enumerate(self._pictures()):
            if numbers is None or number in numbers:
                pixels = _upright(picture.to_ndarray(format="rgb24"), _rotation(picture))
                time = float("nan") if picture.time is None else float(picture.time)
                yield Frame(pixels, number, time, bool(picture.key_frame))

    def _pictures(self) -> Iterator[Any]:
        import av

        stream = self._container.streams.video[0]
        errors = decoded = 0
        packets = self._container.demux(stream)
        while errors < MOST_ERRORS:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError as error:  # the container itself ends or breaks here
                self.damage = f"broken off after {decoded} frames ({_words(error)})"
                return
            try:
                pictures = packet.decode()
            except av.FFmpegError as error:
                errors += 1
                self.damage = f"{errors} packets could not be decoded ({_words(error)})"
                continue
            decoded += len(pictures)
            yield from pictures


def _require_file(path: Path, name: str) -> None:
    if path.is_dir():
        raise VideoError(f"{name} is a directory, expected a video file; give the files in it one by one")
    if not path.is_file():
        raise VideoError(f"{name} does not exist")
    if path.stat().st_size == 0:
        raise VideoError(f"{name} is empty")


def _words(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)


def _rotation(picture: Any) -> int:
    return round(float(getattr(picture, "rotation", 0) or 0) / 90) % 4


def _upright(pixels: Pixels, quarter_turns: int) -> Pixels:
    """Turn counter-clockwise by quarters, as the note in the file asks for."""
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels


def sample(source: str | Path | bytes, n_frames: int, *, name: str | None = None) -> tuple[list[Frame], str]:
    """Take frames at equal distances, and say what could not be read.

    Parameters
    ----------
    source : path or bytes
        A video.
    n_frames : int, from 1
        How many; a shorter video gives all it has.
    name : str, optional
        For messages.

    Returns
    -------
    frames : list of Frame
        In the order of display.
    damage : str
        What was lost; empty if nothing was.

    Raises
    ------
    VideoError
        If the file cannot be opened or not one frame can be decoded.
    ValueError
        If `n_frames` is below 1.

    Examples
    --------
    >>> clip = encode(np.zeros((9, 16, 16, 3), dtype=np.uint8))
    >>> [frame.number for frame in sample(clip, 3)[0]]
    [1, 4, 7]
    """
    if n_frames < 1:
        raise ValueError(f"n_frames is {n_frames}, expected 1 or more")
    with Video(source, name=name) as video:
        total = video.count()
        frames = list(video.frames(spread(total, n_frames)))
        if not frames:
            lost = f" ({video.damage})" if video.damage else ""
            raise VideoError(f"{video.name} holds no picture that can be decoded{lost}")
        return frames, video.damage


def spread(total: int, n: int) -> list[int]:
    """Return `n` numbers below `total`, each in the middle of its share; all if there are fewer.

    Examples
    --------
    >>> spread(10, 2), spread(2, 5)
    ([2, 7], [0, 1])
    """
    if total <= n:
        return list(range(total))
    return [(2 * k + 1) * total // (2 * n) for k in range(n)]


def decode(source: str | Path | bytes, *, name: str | None = None) -> Clip:
    """Decode a whole clip into memory.

    Raises
    ------
    VideoError
        If it cannot be opened, or holds no picture, or its pictures change size.

    Examples
    --------
    >>> decode(encode(np.zeros((4, 16, 32, 3), dtype=np.uint8))).pixels.shape
    (4, 16, 32, 3)
    """
    with Video(source, name=name) as video:
        frames = list(video.frames())
        if not frames:
            raise VideoError(f"{video.name} holds no picture that can be decoded")
        sizes = sorted({frame.pixels.shape for frame in frames})
        if len(sizes) > 1:
            raise VideoError(f"{video.name} changes its size from frame to frame: {sizes}")
        return Clip(np.stack([f.pixels for f in frames]), np.array([f.is_key for f in frames]))


def encode(
    frames: Sequence[Pixels] | Pixels, *, quantisation: int = 23, rate: int = 25, key_interval: int = 12
) -> bytes:
    """Encode frames with libx264 (4:2:0) at a constant rate factor, in one thread: same frames, same bytes.

    Parameters
    ----------
    frames : sequence of ndarray of uint8, each (height, width, 3)
        RGB; both sides even, as 4:2:0 asks.
    quantisation : int, 0 to 51
        Constant rate factor: 0 loses nothing but the halved colour, 23 is libx264's own, 40 is heavy.
    rate : int
        Frames a second.
    key_interval : int, from 1
        Most frames from one I-frame to the next.

    Returns
    -------
    bytes
        A Matroska file.

    Raises
    ------
    ValueError
        If there is no frame, the shape is another, a side is odd, or a number is out of range.

    Examples
    --------
    >>> clip = decode(encode(np.zeros((6, 16, 16, 3), dtype=np.uint8), key_interval=3))
    >>> clip.is_key.tolist()
    [True, False, False, True, False, False]
    """
    import av

    shape = _check_frames(frames, quantisation, rate, key_interval)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska", options={"fflags": "bitexact"}) as container:
        options = {
            "crf": str(quantisation), "preset": "veryfast", "threads": "1",
            # Without mbtree: its look-ahead made the bytes depend on how busy the machine was.
            "x264-params": f"keyint={key_interval}:min-keyint={key_interval}:scenecut=0:mbtree=0",
        }  # fmt: skip
        stream = container.add_stream("libx264", rate=Fraction(rate), options=options)
        stream.height, stream.width, stream.pix_fmt = shape[0], shape[1], "yuv420p"
        for pixels in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


def _check_frames(
    frames: Sequence[Pixels] | Pixels, quantisation: int, rate: int, key_interval: int
) -> tuple[int, ...]:
    if len(frames) == 0:
        raise ValueError("there is no frame to encode")
    shapes = {(np.asarray(f).shape, np.asarray(f).dtype.name) for f in frames}
    shape, kind = next(iter(shapes))
    if len(shapes) > 1 or len(shape) != 3 or shape[2] != 3 or kind != "uint8":
        raise ValueError(f"frames are {sorted(shapes)}, expected all of one shape (height, width, 3), uint8")
    if shape[0] % 2 or shape[1] % 2:
        raise ValueError(
            f"frames are {shape[0]} by {shape[1]}, expected even sides (4:2:0 halves the colour)"
        )
    if not 0 <= quantisation <= 51:
        raise ValueError(f"quantisation is {quantisation}, expected 0 to 51")
    if rate < 1 or key_interval < 1:
        raise ValueError(f"rate is {rate} and key_interval {key_interval}, expected 1 or more of both")
    return shape
