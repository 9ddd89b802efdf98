"""Sound files of any kind into samples, and samples through lossy codecs and back (FFmpeg's libraries)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped]
from numpy.typing import ArrayLike, NDArray

DECODED_RATE = 44_100
LOSSY = {"mp3": ("libmp3lame", "mp3"), "aac": ("aac", "mp4"), "opus": ("libopus", "ogg")}
OPUS_RATE = 48_000  # the only one of Opus among the usual ones


class SoundError(ValueError):
    """A sound that cannot be read, or a signal that cannot be encoded."""


class Clip(NamedTuple):
    """Decoded sound: `samples`, shape (n, 2), float32, full scale 1; `sample_rate` in Hz."""

    samples: NDArray[np.float32]
    sample_rate: int


def decode(source: str | Path | bytes, *, start: float = 0.0, duration: float | None = None) -> Clip:
    """Read a sound file as stereo at 44.1 kHz.

    Mono becomes two equal channels; more channels are folded by the usual weights; other rates are
    resampled. A file that ends too early gives what is there, if that is anything at all.

    Parameters
    ----------
    source : path or bytes
        Anything that FFmpeg reads: MP3, Ogg, FLAC, WAV, AAC, Opus, ...
    start, duration : float
        In seconds: the part to keep; all to the end unless told.

    Returns
    -------
    Clip

    Raises
    ------
    SoundError
        If there is no such file, it holds no sound that can be decoded, `start` lies behind its end, or
        `start` or `duration` is negative.

    Examples
    --------
    >>> tone = np.sin(np.arange(22_050) / 20)
    >>> decode(encode(tone, 22_050, "mp3", 64)).samples.shape
    (44100, 2)
    """
    if start < 0 or (duration is not None and duration <= 0):
        raise SoundError(f"start is {start} s and duration {duration}, expected 0 or more and above 0")
    name = "the sound" if isinstance(source, bytes) else str(source)
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise SoundError(f"{name} is no file")
    last = None if duration is None else start + duration
    read = _read(source, name, last)
    samples = resample(read.samples, read.sample_rate, DECODED_RATE)[round(start * DECODED_RATE) :]
    if not len(samples):
        raise SoundError(f"{name} holds no sound after {start} s")
    if duration is not None:
        samples = samples[: round(duration * DECODED_RATE)]
    return Clip(samples, DECODED_RATE)


def _read(source: str | Path | bytes, name: str, last: float | None = None) -> Clip:
    """Decode up to `last` seconds at the file's own rate; what FFmpeg refuses, libsndfile may still read."""
    try:
        return _by_ffmpeg(source, name, last)
    except (av.FFmpegError, OSError) as error:
        clip = _by_libsndfile(source)
        if clip is None:
            raise SoundError(f"{name} cannot be decoded ({error}); is it a sound file?") from error
        return clip


def _by_libsndfile(source: str | Path | bytes) -> Clip | None:
    """Decode with libsndfile, which forgives some headers; None if it cannot, or there are many channels."""
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
        samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return None
    if not len(samples) or samples.shape[1] > 2:
        return None
    return Clip(np.repeat(samples, 3 - samples.shape[1], axis=1), rate)


def _by_ffmpeg(source: str | Path | bytes, name: str, last: float | None) -> Clip:
    """Decode with FFmpeg's libraries, which fold what has more than two channels."""
    blocks: list[NDArray[np.float32]] = []
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as container:
        if not container.streams.audio:
            raise SoundError(f"{name} holds no sound")
        stream = container.streams.audio[0]
        rate, layout = stream.rate, "mono" if stream.channels == 1 else "stereo"
        folded = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        for frame in _frames(container, stream):
            blocks += [np.asarray(part.to_ndarray(), dtype=np.float32) for part in folded.resample(frame)]
            if last is not None and frame.time is not None and frame.time > last + 0.1:
                break
    if not blocks:
        raise SoundError(f"{name} holds no sound that can be decoded; is it cut short?")
    samples = np.concatenate(blocks, axis=1).T
    # FFmpeg would make two channels of one at 0.71 of its level.
    return Clip(np.repeat(samples, 2, axis=1) if layout == "mono" else samples, rate)


def _frames(container: Any, stream: Any) -> Any:
    """Frames of a stream; a damaged packet is left out, and the end of a cut file is its end."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def resample(samples: ArrayLike, sample_rate: int, target_rate: int) -> NDArray[np.float32]:
    """Change the sample rate (soxr, high quality).

    Parameters
    ----------
    samples : array-like, shape (n,) or (n, n_channels)
        Amplitudes.
    sample_rate, target_rate : int
        In Hz, positive.

    Returns
    -------
    ndarray, float32, shape (n * target_rate / sample_rate, ...)

    Raises
    ------
    SoundError
        If a rate is not positive.

    Examples
    --------
    >>> resample(np.zeros(48_000), 48_000, 44_100).shape
    (44100,)
    """
    if min(sample_rate, target_rate) <= 0:
        raise SoundError(f"rates are {sample_rate} and {target_rate} Hz, expected positive numbers")
    signal = np.ascontiguousarray(samples, dtype=np.float32)
    if sample_rate == target_rate:
        return signal
    return np.asarray(soxr.resample(signal, sample_rate, target_rate), dtype=np.float32)


def encode(samples: ArrayLike, sample_rate: int, codec: str, bitrate: int) -> bytes:
    """Encode with a lossy codec.

    Parameters
    ----------
    samples : array-like, shape (n,), (n, 1) or (n, 2)
        Amplitudes, finite, full scale 1; beyond it they are clipped, as a sound card would.
    sample_rate : int
        In Hz, one that the codec knows; for Opus, 48,000.
    codec : {"mp3", "aac", "opus"}
        How.
    bitrate : int
        In kbit/s, for all channels together.

    Returns
    -------
    bytes
        A file, with the marks that tell a player which samples are padding.

    Raises
    ------
    SoundError
        If the codec or shape is not allowed, a sample is not finite, or the codec refuses rate or bit rate.

    Examples
    --------
    >>> len(encode(np.zeros((44_100, 2)), 44_100, "aac", 64)) > 100
    True
    """
    if codec not in LOSSY:
        raise SoundError(f"codec is {codec!r}, expected one of {', '.join(LOSSY)}")
    signal = np.asarray(samples, dtype=np.float32)
    signal = signal[:, np.newaxis] if signal.ndim == 1 else signal
    if signal.ndim != 2 or signal.shape[1] not in (1, 2) or not len(signal):
        raise SoundError(f"samples have shape {signal.shape}, expected (n,), (n, 1) or (n, 2), not empty")
    if not np.isfinite(signal).all():
        raise SoundError("samples hold NaN or infinite values; clean the signal before it is encoded")
    name, container_format = LOSSY[codec]
    layout = "mono" if signal.shape[1] == 1 else "stereo"
    target = io.BytesIO()
    try:
        with av.open(target, "w", format=container_format) as container:
            stream: Any = container.add_stream(name, rate=sample_rate, layout=layout)
            stream.bit_rate = 1000 * bitrate
            # A frame of any length is cut to the encoder's own size by the encoder's queue.
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(np.clip(signal, -1, 1).T), format="fltp", layout=layout
            )
            frame.sample_rate, frame.pts = sample_rate, 0
            for part in [frame, None]:
                for packet in stream.encode(part):
                    container.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        raise SoundError(f"{codec} refuses {sample_rate} Hz at {bitrate} kbit/s ({error})") from error
    return target.getvalue()


def transcode(samples: ArrayLike, sample_rate: int, codec: str, bitrate: int) -> NDArray[np.float32]:
    """Send a signal through a lossy codec and back: same shape, same place in time.

    Parameters, errors: as `encode`; Opus is given 48 kHz and taken back.

    Examples
    --------
    >>> transcode(np.zeros((44_100, 2)), 44_100, "opus", 64).shape
    (44100, 2)
    """
    signal = np.asarray(samples, dtype=np.float32)
    rate = OPUS_RATE if codec == "opus" else sample_rate
    decoded = _read(encode(resample(signal, sample_rate, rate), rate, codec, bitrate), "the sound")
    back = resample(decoded.samples, decoded.sample_rate, sample_rate)
    back = back if signal.ndim == 2 and signal.shape[1] == 2 else back[:, :1]
    lacking = max(0, len(signal) - len(back))
    return np.pad(back, ((0, lacking), (0, 0)))[: len(signal)].reshape(signal.shape)
