"""Sound as the tagger wants it: a log-mel spectrogram, 62.5 frames a second, 96 bands.

Settings of musicnn (Pons and Serra, 2019), which the paper keeps: 16 kHz mono, windows of 512 samples
every 256, 96 Slaney mel bands of the power spectrum, log10(1 + 10000 m).
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

with warnings.catch_warnings():
    # librosa brings a progress bar along that warns, in a notebook, of widgets that nobody needs.
    warnings.filterwarnings("ignore", message="IProgress not found")
    import librosa
    import librosa.filters

SAMPLE_RATE = 16_000  # Hz
WINDOW, HOP = 512, 256  # samples
N_BANDS = 96
PATCH_FRAMES = 187
PATCH_SAMPLES = (PATCH_FRAMES - 1) * HOP  # 2.976 s
COMPRESSION = 10_000.0
_LONGEST_SECONDS = 1800.0


def log_mel(samples: torch.Tensor) -> torch.Tensor:
    """Compute the log-mel spectrogram of sounds, on the device where the sounds are.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : Tensor, shape (..., n_samples)
        Amplitudes at 16 kHz, usually within -1 and 1.

    Returns
    -------
    Tensor, shape (..., 1 + n_samples // 256, 96)
        log10(1 + 10000 m) of the mel power m; frames are centred, the ends padded with zeros.

    Raises
    ------
    ValueError
        If there is less than one window, or an amplitude is not finite.

    Examples
    --------
    >>> log_mel(torch.zeros(16000)).shape
    torch.Size([63, 96])
    """
    if samples.shape[-1] < WINDOW:
        raise ValueError(
            f"sound has {samples.shape[-1]} samples, expected at least {WINDOW} (32 ms at 16 kHz)"
        )
    if samples.device.type != "meta" and not bool(torch.isfinite(samples).all()):
        raise ValueError("sound holds NaN or infinite amplitudes; clean it before it is analysed")
    flat = samples.reshape(-1, samples.shape[-1])
    window = torch.hann_window(WINDOW, device=samples.device)
    spectrum = torch.stft(
        flat, WINDOW, HOP, window=window, center=True, pad_mode="constant", return_complex=True
    )
    power = spectrum.real**2 + spectrum.imag**2
    mel = torch.einsum("bf,nft->ntb", _filters().to(samples.device), power)
    return torch.log10(1.0 + COMPRESSION * mel).reshape(*samples.shape[:-1], -1, N_BANDS)


@functools.cache
def _filters() -> torch.Tensor:
    return torch.from_numpy(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=N_BANDS))


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
    import soundfile

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
    import soundfile

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
