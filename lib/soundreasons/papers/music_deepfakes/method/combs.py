"""Why decoders can be told at all: zeros between samples make copies of the spectrum.

A transposed convolution of stride k puts k - 1 zeros between its inputs and then filters. The zeros repeat
the spectrum k times, and whatever is constant in the input (a bias, a mean activation) becomes lines at
the multiples of the new rate over k, for any weights, trained or not. Follow-up of Afchar et al.
(ISMIR 2025); the derivation on the page is ours. Chapter: music_deepfakes.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def comb_frequencies(
    strides: Sequence[int], sample_rate: float, *, layers: int | None = None
) -> NDArray[np.float64]:
    """Where a stack of transposed convolutions may leave lines.

    Proposition prop-comb, layer after layer.
    Layer j of n raises the rate to f / (k_{j+1} ... k_n), and its zeros put lines at the multiples of that
    over k_j; so all lines are multiples of f / (k_1 ... k_n), those of the last layers usually strongest.
    Chapter: music_deepfakes.

    Parameters
    ----------
    strides : sequence of int, from 1
        From the first layer to the last.
    sample_rate : float
        Rate f of what the last layer gives, in Hz.
    layers : int, optional
        Count only so many of the last layers; all unless told.

    Returns
    -------
    ndarray
        Frequencies in Hz, above 0 and up to half the rate, rising.

    Raises
    ------
    ValueError
        If there is no stride, one is below 1, or the rate or number of layers is not positive.

    Examples
    --------
    >>> comb_frequencies([2, 4], 16_000).tolist()
    [2000.0, 4000.0, 6000.0, 8000.0]
    >>> comb_frequencies([2, 4], 16_000, layers=1).tolist()
    [4000.0, 8000.0]
    """
    if not strides or min(strides) < 1 or any(stride != int(stride) for stride in strides):
        raise ValueError(f"strides are {list(strides)}, expected whole numbers from 1, at least one")
    if sample_rate <= 0:
        raise ValueError(f"sample_rate is {sample_rate} Hz, expected a positive number")
    if layers is not None and not 1 <= layers <= len(strides):
        raise ValueError(f"layers is {layers}, expected 1 to {len(strides)}")
    factor = math.prod(strides[-layers:] if layers else strides)
    return np.arange(1, factor // 2 + 1, dtype=np.float64) * (sample_rate / factor)


def line_heights(
    signal: NDArray[np.float64], frequencies: NDArray[np.float64], sample_rate: float, *, n_fft: int = 2**13
) -> NDArray[np.float64]:
    """How far the mean spectrum stands above its surroundings at given frequencies.

    Chapter: music_deepfakes.

    Parameters
    ----------
    signal : ndarray, shape (n,), n at least `n_fft`
        Amplitudes.
    frequencies : ndarray, shape (k,)
        In Hz.
    sample_rate : float
        In Hz.
    n_fft : int
        Window, in samples.

    Returns
    -------
    ndarray, shape (k,)
        In decibels: the largest of the bin and its two neighbours, less the median of the 41 around.

    Raises
    ------
    ValueError
        If the signal is shorter than a window.

    Examples
    --------
    >>> hiss = np.random.default_rng(0).normal(size=2**14)
    >>> tone = hiss + np.sin(2 * np.pi * 1000 * np.arange(2**14) / 8000)
    >>> line_heights(tone, np.array([1000.0]), 8000)[0] > 20
    np.True_
    """
    level = mean_level(signal, n_fft)
    bins = np.clip(np.rint(frequencies * n_fft / sample_rate).astype(int), 1, len(level) - 2)
    peaks = np.array([level[b - 1 : b + 2].max() for b in bins])
    around = np.array([np.median(level[max(0, b - 20) : b + 21]) for b in bins])
    return np.asarray(peaks - around, dtype=np.float64)


def mean_level(signal: NDArray[np.float64], n_fft: int = 2**13) -> NDArray[np.float64]:
    """Mean over time of the power spectrum in decibels.

    Chapter: music_deepfakes.

    Parameters
    ----------
    signal : ndarray, shape (n,), n at least `n_fft`
        Amplitudes.
    n_fft : int
        Hann window, in samples, every half of it.

    Returns
    -------
    ndarray, shape (n_fft // 2 + 1,)

    Raises
    ------
    ValueError
        If the signal is shorter than a window.

    Examples
    --------
    A constant of 1 puts the sum of the window, 4, into the lowest bin: 20 log10(4) = 12.04 dB.

    >>> mean_level(np.ones(16), 8)[:2].round(2).tolist()
    [12.04, 6.02]
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(signal, dtype=np.float64), n_fft)
    spectra = np.fft.rfft(windows[:: n_fft // 2] * np.hanning(n_fft + 1)[:-1], axis=-1)
    return np.asarray((10 * np.log10(np.abs(spectra) ** 2 + 1e-12)).mean(axis=0))
