"""What people do to sound: pitch, tempo, filters, reverberation, noise, lossy codecs.

The paper's list and ranges (section 4), with other tools than SoX: resampling and a phase vocoder, the
filters of the Audio EQ Cookbook, an artificial room. So the cells of our table are not the paper's; human
music goes through the same tools, and shows what they do by themselves. Chapter: music_deepfakes.
"""

from collections.abc import Callable
from typing import NamedTuple

import librosa
import numpy as np
import scipy.signal
from numpy.typing import NDArray

from soundreasons.media.decoding import resample, transcode
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE

Sound = NDArray[np.float32]
NOISE_SIGMA = 0.01
BITRATE = 64
STRETCH = (0.8, 1.2)
EQ_CHANCE = 1 / 3


class Manipulation(NamedTuple):
    """A change of sound: its name, what the paper found (robust to it or not), and the change itself.

    `apply(mono, rng)` takes and gives a signal of shape (n,).
    """

    name: str
    robust: bool
    apply: Callable[[Sound, np.random.Generator], Sound]


def pitch(mono: Sound, rng: np.random.Generator) -> Sound:
    """Shift by one or two semitones, up or down; length and tempo stay.

    Stretched by a phase vocoder, then read at another speed.
    """
    factor = 2 ** (rng.integers(1, 3) * rng.choice([-1, 1]) / 12)
    slower = _vocoded(mono, 1 / factor)
    return _fitted(resample(slower, round(SAMPLE_RATE * factor), SAMPLE_RATE), len(mono))


def stretch(mono: Sound, rng: np.random.Generator) -> Sound:
    """Play by up to a fifth faster or slower at the same pitch; what is missing at the end is repeated."""
    return _fitted(_vocoded(mono, float(rng.uniform(*STRETCH))), len(mono))


def equaliser(mono: Sound, rng: np.random.Generator) -> Sound:
    """Send through six filters, each with a chance of one in three."""
    draws: list[tuple[str, float, float, float]] = [
        ("notch", rng.uniform(80, 8000), rng.uniform(2, 8), 0),
        ("low_shelf", rng.uniform(60, 140), rng.uniform(0.3, 1), rng.uniform(-20, 20)),
        ("high_shelf", rng.uniform(1000, 5000), rng.uniform(0.3, 1), rng.uniform(-20, 20)),
        ("peak", rng.uniform(80, 8000), rng.uniform(0.5, 4), rng.uniform(-5, 5)),
        ("high_pass", rng.uniform(20, 500), rng.uniform(0.5, 4), 0),
        ("low_pass", rng.uniform(500, 8000), rng.uniform(0.5, 4), 0),
    ]
    for kind, frequency, shape, gain in draws:
        if rng.random() < EQ_CHANCE:
            b, a = biquad(kind, frequency, shape, gain)
            mono = scipy.signal.lfilter(b, a, mono).astype(np.float32)
    return _bounded(mono)


def biquad(
    kind: str, frequency: float, shape: float, gain: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of a second-order filter after the Audio EQ Cookbook (Bristow-Johnson).

    Parameters
    ----------
    kind : {"notch", "low_shelf", "high_shelf", "peak", "high_pass", "low_pass"}
        Which filter.
    frequency : float
        Corner or centre, in Hz.
    shape : float
        Quality factor, or slope of a shelf.
    gain : float
        In dB, for shelves and peak.

    Returns
    -------
    (ndarray, ndarray)
        Numerator and denominator, shape (3,) each.

    Examples
    --------
    >>> b, a = biquad("low_pass", 1000, 0.7, 0)
    >>> round(float(b.sum() / a.sum()), 6)
    1.0
    """
    w = 2 * np.pi * frequency / SAMPLE_RATE
    cos, sin, level = np.cos(w), np.sin(w), 10 ** (gain / 40)
    alpha = sin / (2 * shape)
    if kind.endswith("shelf"):
        alpha = sin / 2 * np.sqrt((level + 1 / level) * (1 / shape - 1) + 2)
    root = 2 * np.sqrt(level) * alpha
    sign = 1 if kind == "high_shelf" else -1
    low, high = (level + 1) + sign * (level - 1) * cos, (level + 1) - sign * (level - 1) * cos
    across = (level - 1) + sign * (level + 1) * cos
    below = (level - 1) - sign * (level + 1) * cos
    tables: dict[str, tuple[list[float], list[float]]] = {
        "notch": ([1, -2 * cos, 1], [1 + alpha, -2 * cos, 1 - alpha]),
        "peak": (
            [1 + alpha * level, -2 * cos, 1 - alpha * level],
            [1 + alpha / level, -2 * cos, 1 - alpha / level],
        ),
        "low_pass": ([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
        "high_pass": ([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
    }
    for shelf in ("low_shelf", "high_shelf"):
        tables[shelf] = (
            [level * (low + root), -2 * sign * level * across, level * (low - root)],
            [high + root, 2 * sign * below, high - root],
        )
    if kind not in tables:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(tables)}")
    b, a = (np.array(side) for side in tables[kind])
    return b / a[0], a / a[0]


def reverb(mono: Sound, rng: np.random.Generator) -> Sound:
    """Add a room: noise that dies away, highs first, behind a short delay; the dry sound stays."""
    seconds = rng.uniform(0.2, 1.5)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / seconds)
    damping = np.exp(-2 * np.pi * rng.uniform(2_000, 8_000) / SAMPLE_RATE)
    tail = scipy.signal.lfilter([1 - damping], [1, -damping], tail)
    tail /= np.sqrt(np.sum(tail**2))
    delay = round(rng.choice([0, rng.uniform(0, 0.005)]) * SAMPLE_RATE)
    wet = scipy.signal.fftconvolve(mono, tail)[: len(mono) - delay]
    gain = 10 ** (rng.uniform(-3, 3) / 20) / 2
    return _bounded(mono + gain * np.pad(wet, (delay, 0)).astype(np.float32))


def noise(mono: Sound, rng: np.random.Generator) -> Sound:
    """Add white noise at a hundredth of full scale."""
    return mono + rng.normal(0, NOISE_SIGMA, size=mono.shape).astype(np.float32)


def _codec(codec: str) -> Callable[[Sound, np.random.Generator], Sound]:
    def apply(mono: Sound, rng: np.random.Generator) -> Sound:
        return transcode(mono, SAMPLE_RATE, codec, BITRATE)

    apply.__doc__ = f"Encode one channel with {codec} at 64 kbit/s, and decode."
    return apply


MANIPULATIONS = (
    Manipulation("pitch", False, pitch),
    Manipulation("stretch", True, stretch),
    Manipulation("equaliser", True, equaliser),
    Manipulation("reverb", True, reverb),
    Manipulation("noise", False, noise),
    Manipulation("mp3_64", False, _codec("mp3")),
    Manipulation("aac_64", False, _codec("aac")),
    Manipulation("opus_64", False, _codec("opus")),
)
BY_NAME = {manipulation.name: manipulation for manipulation in MANIPULATIONS}


def manipulate(clips: NDArray[np.float32], name: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Apply a manipulation to each clip, with parameters of its own.

    Section 4 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    clips : ndarray, shape (n_clips, n_samples)
        At 44.1 kHz.
    name : str
        One of `MANIPULATIONS`.
    rng : numpy.random.Generator
        Draws the parameters; the same state draws the same for human music and its fakes.

    Returns
    -------
    ndarray, shape (n_clips, n_samples), float32

    Raises
    ------
    ValueError
        If there is no such manipulation.

    Examples
    --------
    >>> manipulate(np.zeros((2, 1000), np.float32), "noise", np.random.default_rng(0)).shape
    (2, 1000)
    """
    if name not in BY_NAME:
        raise ValueError(f"manipulation is {name!r}, expected one of {', '.join(BY_NAME)}")
    streams = rng.spawn(len(clips))
    changed = [BY_NAME[name].apply(clip, stream) for clip, stream in zip(clips, streams, strict=True)]
    return np.stack(changed).astype(np.float32)


def _vocoded(mono: Sound, rate: float) -> Sound:
    return np.asarray(librosa.effects.time_stretch(mono, rate=rate, n_fft=2048), dtype=np.float32)


def _fitted(mono: Sound, length: int) -> Sound:
    """Cut or, where it is too short, continue with its own beginning."""
    return np.resize(mono, length).astype(np.float32)


def _bounded(mono: Sound) -> Sound:
    """Scale down what would clip."""
    return (mono / max(1.0, float(np.abs(mono).max()))).astype(np.float32)
