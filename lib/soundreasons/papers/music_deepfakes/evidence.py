"""Where a detector finds its evidence, and how to make it heard.

Interpretability experiment of the long version of Afchar et al. (2024): a detector on small patches of the
spectrogram, slid over time and frequency, shows which patches look synthetic. A musician can then listen to
just that band. Chapter: music_deepfakes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy.signal
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes import combs, fakeprints
from soundreasons.papers.music_deepfakes.collection import SLUG, Collection
from soundreasons.papers.music_deepfakes.detectors import SpectrogramDetector, _Detector
from soundreasons.papers.music_deepfakes.front_ends import HOP, N_BINS, N_FFT, SAMPLE_RATE, features
from soundreasons.papers.music_deepfakes.training import (
    Batch,
    Clips,
    Training,
    alternating_files,
    detector_loss,
)

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


def train_patches(
    collection: Collection, settings: Training, seed: int, *, width: float = 1.0, device: str = "cpu"
) -> SpectrogramDetector:
    """Train a detector on patches of 64 frames by 64 bins, cut at random places of amplitude spectrograms.

    Chapter: music_deepfakes.

    Parameters
    ----------
    collection : Collection
        Its training side is used.
    settings : Training
        Epochs times steps, batch size, rate.
    seed : int
        Draws weights and places.
    width : float
        Of the network.
    device : str
        Where.

    Returns
    -------
    SpectrogramDetector
        In evaluation mode; takes patches, shape (batch, 1, 64, 64).
    """
    torch.manual_seed(seed)
    draws = named_rng(seed, SLUG, "patches")
    model = SpectrogramDetector("amplitude", 0, width, device=device)
    optimiser = torch.optim.Adam(model.parameters(), settings.learning_rate)
    files = alternating_files(len(collection.parts["train"]), len(collection.labels), draws)
    for _ in range(settings.epochs * settings.steps):
        patch_step(model, optimiser, *_patch_batch(collection, settings.batch_size, files, draws, device))
    _renew_statistics(
        model, [_patch_batch(collection, 4 * settings.batch_size, files, draws, device)[0] for _ in range(4)]
    )
    return model


def patch_step(
    model: SpectrogramDetector, optimiser: torch.optim.Optimizer, patches: Tensor, encoder: Tensor
) -> Tensor:
    """One step on patches, shape (batch, 1, 64, 64), and their encoders' numbers; returns the loss."""
    model.train()
    loss = detector_loss(model(patches), Batch(patches, encoder), 0.0)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return loss.detach()


def _patch_batch(
    collection: Collection,
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
        sound = collection.clips[collection.labels[encoder]][collection.parts["train"][clip]]
        view = features(torch.from_numpy(sound)[None].to(device), "amplitude")[0]
        for _ in range(per_clip):
            time, frequency = (int(draws.integers(length - PATCH + 1)) for length in view.shape[1:])
            patches.append(view[:, time : time + PATCH, frequency : frequency + PATCH])
            encoders.append(encoder)
    return torch.stack(patches), torch.tensor(encoders, device=device)


@torch.no_grad()
def _renew_statistics(model: _Detector, batches: Sequence[Tensor]) -> None:
    """As `training.recompute_statistics`, for patches that are there already."""
    model.eval()
    layers = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    for patches in batches:
        model(patches)
    model.eval()


@torch.inference_mode()
def evidence_map(
    model: SpectrogramDetector, mono: NDArray[np.float32], *, step: tuple[int, int] = (16, 32)
) -> EvidenceMap:
    """Slide a patch detector over a clip.

    Chapter: music_deepfakes.

    Parameters
    ----------
    model : SpectrogramDetector
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


def band_evidence(model: SpectrogramDetector, clips: Clips) -> EvidenceMap:
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


def decoder_lines(collection: Collection, name: str, strides: Sequence[int], *, layers: int) -> Floats:
    """How far a decoder's lines stand above those of the same music, in dB, clip by clip of the test side.

    Only lines in the band of the fakeprint count, 5 to 16 kHz. Chapter: music_deepfakes.

    Parameters
    ----------
    collection : Collection
        From `collect`.
    name : str
        Version to look at.
    strides : sequence of int
        Of its decoder, from the first layer to the last.
    layers : int
        So many of the last layers are looked at: lines of the first ones are dense and weak.

    Returns
    -------
    ndarray, shape (n_clips,)
    """
    lines = combs.comb_frequencies(strides, SAMPLE_RATE, layers=layers)
    lines = lines[(lines > fakeprints.BAND[0]) & (lines < fakeprints.BAND[1])]
    heights = {
        version: [
            combs.line_heights(clip, lines, SAMPLE_RATE).mean() for clip in collection.part("test", version)
        ]
        for version in ("real", name)
    }
    return np.subtract(heights[name], heights["real"], dtype=np.float64)


def stack_heights(stride_sets: Sequence[Sequence[int]], seeds: Sequence[int]) -> dict[str, Floats]:
    """Heights, in dB, of untrained stacks at the predicted places and between them: one median a stack."""
    found: dict[str, list[float]] = {"predicted": [], "between": []}
    for strides in stride_sets:
        lines = combs.comb_frequencies(strides, SAMPLE_RATE)
        between = lines[:-1] + 0.37 * np.diff(lines) if len(lines) > 1 else 0.63 * lines
        for seed in seeds:
            output = combs.stack_output(
                combs.untrained_stack(strides, seed), 2**17 // int(np.prod(strides)), seed
            )
            for name, places in (("predicted", lines), ("between", between)):
                found[name].append(float(np.median(combs.line_heights(output, places, SAMPLE_RATE))))
    return {name: np.array(values) for name, values in found.items()}


def bins_in_hertz() -> Floats:
    """Frequencies of the 743 bins of a spectrogram view, in Hz."""
    return np.arange(N_BINS) * SAMPLE_RATE / N_FFT
