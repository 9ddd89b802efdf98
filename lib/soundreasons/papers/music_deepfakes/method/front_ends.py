"""What the detector sees: five views of 0.78 s of sound.

Section 3 of Afchar et al. (2024, 2025): amplitude, complex, phase or polar spectrogram below 16 kHz, or
the waveform itself. The cut hides the low-pass edge that lossy codecs leave; nothing is padded, so no
view holds invented samples. Chapter: music_deepfakes.
"""

from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

Kind = Literal["amplitude", "complex", "phase", "polar", "raw"]
KINDS: tuple[str, ...] = get_args(Kind)
CHANNELS = {"amplitude": 1, "complex": 2, "phase": 2, "polar": 3, "raw": 1}

SAMPLE_RATE = 44_100
SNIPPET = 34_398  # samples: 0.78 s
N_FFT = 2048
HOP = 512
HIGHEST = 16_000  # Hz
N_BINS = int(2 * HIGHEST / SAMPLE_RATE * (N_FFT // 2 + 1))  # 743
N_FRAMES = 1 + (SNIPPET - N_FFT) // HOP  # 64
POWER_RANGE = (1e-10, 1e6)
RAW_SCALE = 0.15
SILENCE = 1e-4  # -80 dB of full scale: below it, nothing is said of a snippet


def front_end(signal: ArrayLike, kind: str, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """Turn stereo sound into what a detector of this kind sees.

    Section 3 of Afchar et al. (2024), equation eq-views, for one signal; its two channels are mixed half and
    half, as at test time. Chapter: music_deepfakes.

    Parameters
    ----------
    signal : array-like, shape (n, 2), (n, 1) or (n,)
        Amplitudes, finite, full scale 1; one channel counts as two equal ones. At least 2,048 samples;
        34,398 give the 64 frames that the networks were made for.
    kind : {"amplitude", "complex", "phase", "polar", "raw"}
        Logarithm of the power; real and imaginary part; cosine and sine of the angle; these and the
        amplitude; samples.
    sample_rate : int
        In Hz; 44,100 is the only one.

    Returns
    -------
    ndarray, float32
        Shape (frames, 743, channels), or (n, 1) for "raw"; normalised as in the paper.

    Raises
    ------
    ValueError
        If kind, rate or shape is another, the signal is too short, or a sample is not finite.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(SNIPPET) / SAMPLE_RATE)
    >>> front_end(np.stack([tone, tone], axis=1), "polar").shape
    (64, 743, 3)
    """
    require_kind(kind)
    mono = to_mono(signal, sample_rate)
    view = features(torch.from_numpy(mono)[None], kind)[0]
    return np.ascontiguousarray(view.movedim(0, -1).numpy())


def require_kind(kind: str) -> None:
    """Refuse a front end that does not exist.

    Chapter: music_deepfakes.

    Parameters
    ----------
    kind : str
        Name of a front end.

    Raises
    ------
    ValueError
        If it is none of `KINDS`.

    Examples
    --------
    >>> require_kind("mel")
    Traceback (most recent call last):
    ...
    ValueError: kind is 'mel', expected one of amplitude, complex, phase, polar, raw
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")


def to_mono(signal: ArrayLike, sample_rate: int) -> NDArray[np.float32]:
    """Check a signal and mix its one or two channels half and half.

    Chapter: music_deepfakes.

    Parameters
    ----------
    signal : array-like, shape (n, 2), (n, 1) or (n,)
        Amplitudes, finite, full scale 1.
    sample_rate : int
        In Hz; 44,100 is the only one.

    Returns
    -------
    ndarray, shape (n,), float32

    Raises
    ------
    ValueError
        If rate or shape is another, the signal is too short, or a sample is not finite.

    Examples
    --------
    >>> to_mono(np.tile([1.0, 0.0], (2048, 1)), 44_100)[:2].tolist()
    [0.5, 0.5]
    """
    if sample_rate != SAMPLE_RATE:
        raise ValueError(
            f"sample_rate is {sample_rate} Hz, expected {SAMPLE_RATE}; "
            "resample first (soundreasons.media.decoding.resample)"
        )
    samples = np.asarray(signal, dtype=np.float32)
    if samples.ndim == 1:
        samples = samples[:, np.newaxis]
    if samples.ndim != 2 or samples.shape[1] not in (1, 2):
        raise ValueError(
            f"signal has shape {samples.shape}, expected (n, 2) or (n, 1); "
            "fold more channels to stereo first (soundreasons.media.decoding.decode does)"
        )
    if len(samples) < N_FFT:
        seconds = len(samples) / SAMPLE_RATE
        raise ValueError(f"signal lasts {seconds:.3f} s, a window needs {N_FFT} samples (0.046 s)")
    if not np.isfinite(samples).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(samples))} samples are NaN or infinite; clean the signal first"
        )
    return np.ascontiguousarray(samples.mean(axis=1))


def spectrogram(mono: Tensor) -> Tensor:
    """Complex spectrogram: Hann window of 2,048 samples every 512, no padding; the lowest 743 bins.

    Equation eq-views, its $X$. Chapter: music_deepfakes.

    Parameters
    ----------
    mono : Tensor, shape (batch, n), n at least 2,048
        Amplitudes.

    Returns
    -------
    Tensor, complex, shape (batch, 1 + (n - 2048) // 512, 743)

    Raises
    ------
    RuntimeError
        If the signal is shorter than a window.

    Examples
    --------
    A constant of 1 puts the sum of the window, 1,024, into the lowest bin, and half of it into the next.

    >>> spectrogram(torch.ones(1, N_FFT)).abs()[0, 0, :3].round().tolist()
    [1024.0, 512.0, 0.0]
    """
    window = torch.hann_window(N_FFT, dtype=mono.dtype, device=mono.device)
    frames = mono.unfold(-1, N_FFT, HOP) * window
    spectra: Tensor = torch.fft.rfft(frames)[..., :N_BINS]
    return spectra


def features(mono: Tensor, kind: str) -> Tensor:
    """What a batch of mono snippets looks like to a detector of this kind, on the batch's device.

    Equation eq-views. Chapter: music_deepfakes.

    Parameters
    ----------
    mono : Tensor, shape (batch, n)
        Amplitudes.
    kind : str
        As for `front_end`.

    Returns
    -------
    Tensor, shape (batch, channels, frames, 743), or (batch, 1, n) for "raw"

    Raises
    ------
    RuntimeError
        If the signal is shorter than a window.

    Examples
    --------
    >>> features(torch.zeros(2, SNIPPET), "amplitude").shape
    torch.Size([2, 1, 64, 743])
    """
    if kind == "raw":
        return mono[:, None] / RAW_SCALE
    spectra = spectrogram(mono)
    if kind == "complex":
        return torch.stack([spectra.real, spectra.imag], dim=1) / 3
    power = spectra.real**2 + spectra.imag**2
    amplitude = (torch.log10(power.clamp(*POWER_RANGE)) + 4) / 3
    if kind == "amplitude":
        return amplitude[:, None]
    angle = _angle(spectra, power)
    return angle if kind == "phase" else torch.cat([angle, amplitude[:, None]], dim=1)


def _angle(spectra: Tensor, power: Tensor) -> Tensor:
    """Cosine and sine of the angle; an empty bin has angle zero, as everywhere in numerics."""
    empty = power == 0
    length = torch.where(empty, 1.0, power.sqrt())
    cosine = torch.where(empty, 1.0, spectra.real / length)
    return torch.stack([cosine, spectra.imag / length], dim=1)
