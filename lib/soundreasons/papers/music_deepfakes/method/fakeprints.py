"""Fakeprints: what stands out of the average spectrum, and a linear model on it.

The follow-up paper (Afchar, Meseguer-Brocal, Akesbi and Hennequin, ISMIR 2025) shows why decoders can be
told: their upsampling leaves narrow peaks at places that depend on the architecture alone. A fakeprint
keeps such peaks and drops the music. Patent notice: the authors state that the method is covered by a
patent application of theirs and release their code for research only; this is our own code, written from
the description, for research and teaching. Chapter: music_deepfakes.
"""

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import interp1d
from sklearn.linear_model import LogisticRegression

WINDOW = 2**14
BAND = (5_000.0, 16_000.0)  # Hz, ends excluded
POWER_RANGE = (1e-10, 1e6)
HULL_BINS = 10
FLOOR_DB = -45.0
CEILING_DB = 5.0
LONGEST_SECONDS = 180
# A fakeprint is scaled by its own largest peak, so noise of the last bit would look like evidence.
QUIETEST = 10 ** (-80 / 20)


def fakeprint(signal: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Peaks of the average spectrum between 5 and 16 kHz, from 0 to 1.

    Afchar et al. (ISMIR 2025), equation eq-fakeprint: mean in decibels over time and channels of a
    spectrogram with windows of 2^14 samples, less its lower envelope, cut at 5 dB. Chapter: music_deepfakes.

    Parameters
    ----------
    signal : array-like, shape (n,) or (n, n_channels)
        Amplitudes, finite, full scale 1; from 2^14 samples on, of which the first 180 s are used.
    sample_rate : int
        In Hz, above 32,000: the band must be there.

    Returns
    -------
    ndarray, shape (n_bins,): 4,087 at 44.1 kHz
        Not negative; all zero if nothing stands out.

    Raises
    ------
    ValueError
        If the shape, rate or length is not allowed, a sample is not finite, or the signal is silent
        (below -80 dB of full scale): then there is nothing to print.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 44_100)
    >>> fakeprint(noise, 44_100).shape
    (4087,)
    """
    curve = mean_spectrum(signal, sample_rate)
    residual = np.clip(curve - lower_envelope(curve), 0.0, CEILING_DB)
    return np.asarray(residual / (residual.max() + 1e-6), dtype=np.float64)


def print_frequencies(sample_rate: int) -> NDArray[np.float64]:
    """Frequencies of the bins of a fakeprint.

    Chapter: music_deepfakes.

    Parameters
    ----------
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n_bins,)
        In Hz, rising; empty if nothing of the band is below half the rate.

    Raises
    ------
    ValueError
        If the rate is not positive.

    Examples
    --------
    >>> len(print_frequencies(44_100)), round(print_frequencies(44_100)[0])
    (4087, 5001)
    """
    if sample_rate <= 0:
        raise ValueError(f"sample_rate is {sample_rate} Hz, expected a positive number")
    frequencies = scipy.fft.rfftfreq(WINDOW, 1 / sample_rate)
    return np.asarray(frequencies[(frequencies > BAND[0]) & (frequencies < BAND[1])])


def mean_spectrum(signal: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Mean level of each bin of the band over time and channels.

    Equation eq-fakeprint, its $M$. Chapter: music_deepfakes.

    Parameters
    ----------
    signal : array-like, shape (n,) or (n, n_channels)
        As for `fakeprint`.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n_bins,)
        In decibels.

    Raises
    ------
    ValueError
        As `fakeprint`.

    Examples
    --------
    A tone at 9 kHz: the highest bin is the one nearest to it.

    >>> tone = np.sin(2 * np.pi * 9_000 * np.arange(44_100) / 44_100)
    >>> abs(print_frequencies(44_100)[mean_spectrum(tone, 44_100).argmax()] - 9_000) < 44_100 / WINDOW
    np.True_
    """
    samples = _checked(signal, sample_rate)
    # Mirrored by half a window at both ends, as the usual audio libraries do.
    samples = np.pad(samples, ((WINDOW // 2, WINDOW // 2), (0, 0)), mode="reflect")
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=0)[:: WINDOW // 2]
    frequencies = scipy.fft.rfftfreq(WINDOW, 1 / sample_rate)
    band = (frequencies > BAND[0]) & (frequencies < BAND[1])
    total = np.zeros(int(band.sum()))
    for frame in frames:  # one at a time: three minutes at once would take a gigabyte
        spectra = scipy.fft.rfft(frame * window)[..., band]
        power = np.clip(spectra.real**2 + spectra.imag**2, *POWER_RANGE)
        total += 10 * np.log10(power).mean(axis=0)
    return total / len(frames)


def lower_envelope(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth curve under a spectrum: quadratic interpolation of its running minima, at least -45 dB.

    Equation eq-fakeprint, its $L$. Chapter: music_deepfakes.

    Parameters
    ----------
    curve : ndarray, shape (n,), n at least 10
        In decibels.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If there are fewer than ten bins.

    Examples
    --------
    A single peak has flat ground under it.

    >>> flat = np.zeros(100); flat[50] = 20.0
    >>> float(lower_envelope(flat).max())
    0.0
    """
    windows = np.lib.stride_tricks.sliding_window_view(curve, HULL_BINS)
    places = np.arange(len(windows)) + windows.argmin(axis=1)
    knots = np.unique(np.concatenate([[0], places, [len(curve) - 1]]))
    hull = interp1d(knots, curve[knots], kind="quadratic")(np.arange(len(curve)))
    return np.asarray(np.maximum(hull, FLOOR_DB), dtype=np.float64)


def _checked(signal: ArrayLike, sample_rate: int) -> NDArray[np.float32]:
    if sample_rate <= 2 * BAND[1]:
        raise ValueError(
            f"sample_rate is {sample_rate} Hz, expected more than {2 * BAND[1]:.0f}: no band to look at"
        )
    samples = np.asarray(signal, dtype=np.float32)
    if samples.ndim == 1:
        samples = samples[:, np.newaxis]
    if samples.ndim != 2 or len(samples) < WINDOW:
        raise ValueError(
            f"signal has shape {np.shape(signal)}, expected (n,) or (n, n_channels) with n at least {WINDOW}"
        )
    samples = samples[: LONGEST_SECONDS * sample_rate]
    if not np.isfinite(samples).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(samples))} samples are NaN or infinite; clean the signal first"
        )
    if np.ptp(samples, axis=0).max() < 2 * QUIETEST:
        raise ValueError("the signal is silent (below -80 dB of full scale); there is nothing to print")
    return samples


def print_classifier() -> LogisticRegression:
    """The linear model of the follow-up: logistic regression with balanced classes, 1 = synthetic.

    Chapter: music_deepfakes.

    Returns
    -------
    LogisticRegression
        Not fitted.

    Raises
    ------
    ValueError
        When fitted on one class alone.

    Examples
    --------
    >>> print_classifier().fit([[0.0], [0.1], [0.9]], [0, 0, 1]).predict([[1.0]]).tolist()
    [1]
    """
    return LogisticRegression(class_weight="balanced", max_iter=1000)
