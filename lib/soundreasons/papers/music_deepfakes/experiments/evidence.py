"""Section "What a musician can check": where a detector finds its evidence, and how to make it heard.

Interpretability experiment of the long version of Afchar et al. (2024): a detector on small patches of the
spectrogram, slid over time and frequency, shows which patches look synthetic. A musician can then listen to
just that band. Chapter: music_deepfakes.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.signal
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.learning.loop import Loop, Step
from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes.data.recordings import Clips
from soundreasons.papers.music_deepfakes.experiments.training import Training, new_detector, renew_statistics
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.method.front_ends import HOP, N_FFT, SAMPLE_RATE, features
from soundreasons.papers.music_deepfakes.method.objective import alternating_files, detector_loss
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Twins

PATCH = 64  # frames and bins
Floats = NDArray[np.float64]


class EvidenceMap(NamedTuple):
    """Probability of "synthetic" of each patch.

    `times` (s) and `frequencies` (Hz) are the middles of the patches; `synthetic` has shape
    (n_times, n_frequencies).
    """

    times: Floats
    frequencies: Floats
    synthetic: Floats


def train_patches(twins: Twins, settings: Training, seed: int) -> Detector:
    """Train a detector on patches of 64 frames by 64 bins, cut at random places of amplitude spectrograms.

    Chapter: music_deepfakes.

    Parameters
    ----------
    twins : Twins
        Its training side is used.
    settings : Training
        Epochs times steps, batch size, rate, width.
    seed : int
        Draws weights and places.

    Returns
    -------
    Detector
        In evaluation mode; takes patches, shape (batch, 1, 64, 64).
    """
    device = twins.workshop.device
    torch.manual_seed(seed)
    draws = named_rng(seed, SLUG, "patches")
    model = new_detector("amplitude", 0, settings.width, device=device)
    optimiser = torch.optim.Adam(model.parameters(), settings.learning_rate)
    files = alternating_files(len(twins.parts["train"]), len(twins.labels), draws)
    step = patch_step(model.train(), optimiser)
    for _ in range(settings.epochs * settings.steps):
        step(_patch_batch(twins, settings.batch_size, files, draws, device))
    renewing = (_patch_batch(twins, 4 * settings.batch_size, files, draws, device)[0] for _ in range(4))
    renew_statistics(model, renewing)
    return model


def patch_step(model: Detector, optimiser: torch.optim.Optimizer) -> Step[tuple[Tensor, Tensor]]:
    """Make the step on patches, shape (batch, 1, 64, 64), and their encoders' numbers."""
    return Step(lambda batch: detector_loss(model(batch[0]), batch[1]), optimiser, Loop(steps=1))


def _patch_batch(
    twins: Twins,
    size: int,
    files: Iterator[tuple[int, int]],
    draws: np.random.Generator,
    device: str,
    per_clip: int = 8,
) -> tuple[Tensor, Tensor]:
    """Several patches of each of a few clips: one spectrogram serves for all of its patches."""
    patches, encoders = [], []
    for _ in range(max(2, size // per_clip)):
        clip, encoder = next(files)
        sound = twins.clips[twins.labels[encoder]][twins.parts["train"][clip]]
        view = features(torch.from_numpy(sound)[None].to(device), "amplitude")[0]
        for _ in range(per_clip):
            time, frequency = (int(draws.integers(length - PATCH + 1)) for length in view.shape[1:])
            patches.append(view[:, time : time + PATCH, frequency : frequency + PATCH])
            encoders.append(encoder)
    return torch.stack(patches), torch.tensor(encoders, device=device)


@torch.inference_mode()
def evidence_map(
    model: Detector, mono: NDArray[np.float32], *, step: tuple[int, int] = (16, 32)
) -> EvidenceMap:
    """Slide a patch detector over a clip.

    Chapter: music_deepfakes.

    Parameters
    ----------
    model : Detector
        From `train_patches`.
    mono : ndarray, shape (n,)
        At 44.1 kHz, at least 0.78 s.
    step : (int, int)
        Frames and bins from one patch to the next.

    Returns
    -------
    EvidenceMap
    """
    device = next(model.parameters()).device
    view = features(torch.from_numpy(mono)[None].to(device), "amplitude")[0, 0]
    patches = view.unfold(0, PATCH, step[0]).unfold(1, PATCH, step[1])  # (times, frequencies, 64, 64)
    shape = patches.shape[:2]
    real = model(patches.reshape(-1, 1, PATCH, PATCH)).real
    synthetic = torch.sigmoid(-real).reshape(shape).cpu().double().numpy()
    times = (np.arange(shape[0]) * step[0] + PATCH / 2) * HOP / SAMPLE_RATE
    frequencies = (np.arange(shape[1]) * step[1] + PATCH / 2) * SAMPLE_RATE / N_FFT
    return EvidenceMap(times, frequencies, synthetic)


def band_evidence(model: Detector, clips: Clips) -> EvidenceMap:
    """Mean of the maps of some clips; see `evidence_map`."""
    maps = [evidence_map(model, clip) for clip in clips]
    return maps[0]._replace(synthetic=np.mean([m.synthetic for m in maps], axis=0))


def strongest_band(
    found: EvidenceMap, *, width_hz: float = PATCH * SAMPLE_RATE / N_FFT
) -> tuple[float, float]:
    """Band, in Hz, whose patches look most synthetic on average over time.

    Examples
    --------
    >>> found = EvidenceMap(np.zeros(1), np.array([1000.0, 3000.0]), np.array([[0.1, 0.9]]))
    >>> strongest_band(found, width_hz=1000)
    (2500.0, 3500.0)
    """
    middle = float(found.frequencies[found.synthetic.mean(axis=0).argmax()])
    return middle - width_hz / 2, middle + width_hz / 2


def band_pass(mono: NDArray[np.float32], band: tuple[float, float]) -> NDArray[np.float32]:
    """Keep one band of a clip, and bring it to a level at which it can be heard.

    Parameters
    ----------
    mono : ndarray, shape (n,)
        At 44.1 kHz.
    band : (float, float)
        In Hz; cut to 20 Hz to 22 kHz.

    Raises
    ------
    ValueError
        If the band is empty.
    """
    low, high = max(20.0, band[0]), min(22_000.0, band[1])
    if low >= high:
        raise ValueError(f"band is {band} Hz, expected a lower and a higher frequency below 22 kHz")
    filtered = scipy.signal.sosfiltfilt(
        scipy.signal.butter(6, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos"), mono
    )
    return np.asarray(0.5 * filtered / max(1e-6, np.abs(filtered).max()), dtype=np.float32)
