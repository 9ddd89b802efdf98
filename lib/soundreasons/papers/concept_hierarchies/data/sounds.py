"""Sound files, mono at 16 kHz, and patches of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.network import PATCH_SAMPLES, SAMPLE_RATE

_LONGEST_SECONDS = 1800.0


def load_sound(path: Path) -> NDArray[np.float32]:
    """Read a sound file as mono at 16 kHz.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    path : Path
        WAV, FLAC, Ogg, Opus or MP3; at most half an hour.

    Returns
    -------
    ndarray, shape (n_samples,), float32

    Raises
    ------
    ValueError
        If the file is missing, is no sound, is empty or too long: names the file.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise _unreadable(path, error) from error
    if len(samples) == 0:
        raise ValueError(f"{path} holds no sound: it has 0 samples")
    if len(samples) > _LONGEST_SECONDS * rate:
        minutes = len(samples) / rate / 60
        raise ValueError(
            f"{path} lasts {minutes:.0f} min, at most {_LONGEST_SECONDS / 60:.0f} are read; cut it"
        )
    return resampled(samples.mean(axis=1), rate)


def _unreadable(path: Path, error: Exception) -> ValueError:
    why = str(error) if path.is_file() else "there is no such file"  # libsndfile says "System error"
    return ValueError(f"{path} cannot be read as a sound ({why}); give WAV, FLAC, Ogg or MP3")


def load_middle(path: Path, seconds: float = 30.0) -> NDArray[np.float32]:
    """Read the middle of a sound file as mono at 16 kHz; nothing else of it is held in memory.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    path : Path
        As for `load_sound`, of any length.
    seconds : float
        How long; a shorter file is given whole.

    Returns
    -------
    ndarray, shape (n_samples,), float32

    Raises
    ------
    ValueError
        If the file is missing, is no sound or is empty: names the file.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate, length = file.samplerate, round(seconds * file.samplerate)
            file.seek(max(0, (len(file) - length) // 2))
            samples = file.read(length, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise _unreadable(path, error) from error
    if len(samples) == 0:
        raise ValueError(f"{path} holds no sound: it has 0 samples")
    return resampled(samples.mean(axis=1), rate)


def resampled(samples: NDArray[Any], rate: int) -> NDArray[np.float32]:
    """Bring a mono signal to 16 kHz.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> resampled(np.zeros(44100), 44100).shape
    (16000,)
    """
    if rate == SAMPLE_RATE:
        return np.asarray(samples, dtype=np.float32)
    return np.asarray(
        librosa.resample(np.asarray(samples, dtype=np.float32), orig_sr=rate, target_sr=SAMPLE_RATE),
        dtype=np.float32,
    )


def patches(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut a sound into patches of 187 frames; the last is filled up with silence.

    A remainder of less than a tenth of a patch is dropped if there is a whole patch before it.
    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At 16 kHz.

    Returns
    -------
    ndarray, shape (n_patches, 47616)

    Raises
    ------
    ValueError
        If there is no sample.

    Examples
    --------
    >>> patches(np.ones(99_000, dtype=np.float32)).shape
    (2, 47616)
    """
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"sound has shape {samples.shape}, expected (n_samples,), not empty")
    whole, rest = divmod(len(samples), PATCH_SAMPLES)
    n_patches = whole + (1 if rest and (whole == 0 or rest >= PATCH_SAMPLES / 10) else 0)
    filled = np.zeros(n_patches * PATCH_SAMPLES, dtype=np.float32)
    filled[: len(samples)] = samples[: len(filled)]
    return filled.reshape(n_patches, PATCH_SAMPLES)
