"""Short mono clips for the pages."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
LONGEST_SECONDS = 15.0


def to_clip(samples: ArrayLike, sample_rate: int) -> NDArray[np.float32]:
    """Check a signal and fold it to mono, peak at most 1.

    Parameters
    ----------
    samples : array-like, shape (n,) or (n, n_channels)
        Amplitudes, finite; louder than 1 is scaled down, never clipped.
    sample_rate : int
        In Hz, one of the rates that MP3 knows.

    Returns
    -------
    ndarray, shape (n,), float32

    Raises
    ------
    ValueError
        If the shape, the rate, the length (over 15 s) or a value is not allowed.

    Examples
    --------
    >>> to_clip([[0.5, 1.5], [0.0, -4.0]], 8000).tolist()
    [0.5, -1.0]
    """
    signal = np.asarray(samples, dtype=np.float64)
    if signal.ndim not in (1, 2) or signal.size == 0:
        raise ValueError(f"samples have shape {signal.shape}, expected (n,) or (n, n_channels), not empty")
    if sample_rate not in MP3_RATES:
        raise ValueError(f"sample_rate is {sample_rate} Hz, expected one of {MP3_RATES}; resample first")
    if not np.isfinite(signal).all():
        raise ValueError("samples hold NaN or infinite values; clean the signal before it is played")
    if len(signal) > LONGEST_SECONDS * sample_rate:
        seconds = len(signal) / sample_rate
        raise ValueError(f"clip lasts {seconds:.1f} s, a page plays at most {LONGEST_SECONDS:.0f} s; cut it")
    mono = signal if signal.ndim == 1 else signal.mean(axis=1)
    return np.asarray(mono / max(1.0, np.abs(mono).max()), dtype=np.float32)


def encode_mp3(samples: ArrayLike, sample_rate: int) -> bytes:
    """Encode a clip as a mono MP3, which every browser plays.

    Parameters, errors: as `to_clip`.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> len(encode_mp3(tone, 8000)) < 16000
    True
    """
    buffer = io.BytesIO()
    soundfile.write(
        buffer, to_clip(samples, sample_rate), sample_rate, format="MP3", subtype="MPEG_LAYER_III"
    )
    return buffer.getvalue()


def chord(sample_rate: int = 22050, duration: float = 2.0) -> NDArray[np.float32]:
    """Four notes of A minor that enter one after the other: the sample sound of the reading guide.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    duration : float
        In seconds.

    Returns
    -------
    ndarray, shape (n,), float32

    Examples
    --------
    >>> chord(8000, 0.5).shape
    (4000,)
    """
    time = np.arange(int(sample_rate * duration)) / sample_rate
    signal = np.zeros_like(time)
    for number, step in enumerate((0, 3, 7, 12)):
        since = time - number * duration / 8
        swell = np.clip(since / 0.02, 0.0, 1.0) * np.exp(-1.5 * np.maximum(since, 0.0))
        signal += 0.22 * swell * np.sin(2 * np.pi * 220.0 * 2 ** (step / 12) * since)
    return to_clip(signal, sample_rate)
