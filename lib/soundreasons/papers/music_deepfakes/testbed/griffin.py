"""GriffinMel: a mel spectrogram read back through its pseudo-inverse and the Griffin-Lim algorithm.

The paper's stand-in for generators that draw spectrograms, with its settings: windows of 100 ms every
10 ms, zero-padded to 400 ms, 256 or 512 bands, 32 iterations. No weights, no upsampling: the artefact is a
phase that fits no sound. Griffin and Lim (1984), with the momentum of Perraudin et al. (2013).
Chapter: music_deepfakes.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor


class GriffinSettings(NamedTuple):
    """Lengths in samples at 44.1 kHz, and how long to iterate."""

    n_fft: int = 17_640
    hop: int = 441
    window: int = 4_410
    n_iterations: int = 32
    momentum: float = 0.99
    sample_rate: int = 44_100


PAPER = GriffinSettings()


def griffin_mel(
    signal: ArrayLike, n_mels: int, *, settings: GriffinSettings = PAPER, seed: int = 0
) -> NDArray[np.float32]:
    """Reconstruct a signal from its mel spectrogram, each channel by itself.

    Section 3 of Afchar et al. (2024), "GriffinMel". Chapter: music_deepfakes.

    Parameters
    ----------
    signal : array-like, shape (n,) or (n, n_channels)
        Amplitudes, finite, longer than half of `settings.n_fft`.
    n_mels : int
        Bands, 256 or 512 in the paper.
    settings : GriffinSettings
        The paper's unless told.
    seed : int
        Draws the first phases.

    Returns
    -------
    ndarray, float32, of the shape of `signal`

    Raises
    ------
    ValueError
        If the shape or length is not allowed, or a sample is not finite.

    Examples
    --------
    >>> quick = GriffinSettings(n_fft=1024, hop=64, window=512, n_iterations=2)
    >>> griffin_mel(np.sin(np.arange(4000) / 9), 64, settings=quick).shape
    (4000,)
    """
    samples = np.asarray(signal, dtype=np.float32)
    if samples.ndim not in (1, 2) or len(samples) <= settings.n_fft // 2:
        raise ValueError(
            f"signal has shape {samples.shape}, expected (n,) or (n, n_channels), "
            f"n above {settings.n_fft // 2}"
        )
    if not np.isfinite(samples).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(samples))} samples are NaN or infinite; clean the signal first"
        )
    channels = np.atleast_2d(np.ascontiguousarray(samples.T))
    generator = torch.Generator().manual_seed(seed)
    rebuilt = [griffin_mel_mono(torch.from_numpy(c), n_mels, settings, generator) for c in channels]
    return torch.stack(rebuilt, dim=-1).numpy().reshape(samples.shape)


def griffin_mel_mono(
    mono: Tensor, n_mels: int, settings: GriffinSettings, generator: torch.Generator
) -> Tensor:
    """One channel, shape (n,), on its own device; the first phases come from a generator on the CPU."""
    magnitude = _stft(mono, settings).abs()
    bank = mel_bank(n_mels, settings.n_fft // 2 + 1, settings.sample_rate).to(mono.device)
    # Moore-Penrose: values may come out negative, and the paper leaves them so.
    guessed = torch.linalg.pinv(bank).T @ (bank.T @ magnitude)
    start = torch.rand(*guessed.shape, 2, generator=generator).to(mono.device)
    return _griffin_lim(guessed, torch.view_as_complex(start), len(mono), settings)


def mel_bank(n_mels: int, n_bins: int, sample_rate: int) -> Tensor:
    """Triangular filters on the HTK mel scale, peaks at 1, shape (n_bins, n_mels).

    Examples
    --------
    >>> float(mel_bank(4, 513, 16_000).max()) <= 1
    True
    """
    frequencies = torch.linspace(0, sample_rate / 2, n_bins)
    highest = 2595 * np.log10(1 + sample_rate / 2 / 700)
    corners = 700 * (10 ** (torch.linspace(0, highest, n_mels + 2) / 2595) - 1)
    widths = corners.diff()
    slopes = corners[None] - frequencies[:, None]
    rising, falling = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return torch.minimum(rising, falling).clamp(min=0)


def _griffin_lim(magnitude: Tensor, angles: Tensor, length: int, settings: GriffinSettings) -> Tensor:
    """Go back and forth between the wanted magnitudes and the phases of a real signal."""
    inertia = settings.momentum / (1 + settings.momentum)
    before = torch.zeros_like(angles)
    for _ in range(settings.n_iterations):
        rebuilt = _stft(_istft(magnitude * angles, length, settings), settings)
        angles = rebuilt - inertia * before
        angles = angles / (angles.abs() + 1e-16)
        before = rebuilt
    return _istft(magnitude * angles, length, settings)


def _stft(mono: Tensor, settings: GriffinSettings) -> Tensor:
    window = torch.hann_window(settings.window, device=mono.device)
    return torch.stft(
        mono, settings.n_fft, settings.hop, settings.window, window, center=True, return_complex=True
    )


def _istft(spectra: Tensor, length: int, settings: GriffinSettings) -> Tensor:
    window = torch.hann_window(settings.window, device=spectra.device)
    return torch.istft(
        spectra, settings.n_fft, settings.hop, settings.window, window, center=True, length=length
    )
