"""How the detectors of all sections are trained: snippets, batches, a schedule, and statistics made anew.

What is learned stands in `method.objective`; here is the way there, as section 3 of Afchar et al. (2024) has
it. Chapter: music_deepfakes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.learning.loop import BestWeights, Loop, Step
from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes import fast
from soundreasons.papers.music_deepfakes.data.recordings import Clips
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.method.front_ends import SNIPPET, features
from soundreasons.papers.music_deepfakes.method.objective import (
    ENCODER_WEIGHT,
    alternating_files,
    detector_loss,
)
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Twins

STATISTICS_BATCHES = 6


@dataclass(frozen=True)
class Training:
    """How a detector is trained; the defaults are the paper's.

    Attributes
    ----------
    epochs, steps : int
        At most so many epochs of so many steps.
    batch_size : int
        Snippets in a batch.
    learning_rate : float
        Of Adam at the start.
    encoder_weight : float
        Share of the loss of the second head.
    per_file : int
        Snippets taken of a file once it is open.
    buffer : int
        Snippets that wait, mixed, to be drawn.
    validation_steps : int
        Batches of validation after each epoch; 0 leaves schedule and choice of the best epoch out.
    patience, stop_patience : int
        Epochs without gain before the rate is divided by ten, and before training ends.
    lowest_rate : float
        The rate is never below it.
    width : float
        Of the network: multiplies its numbers of filters.
    gain : (float, float)
        Each snippet is multiplied by a number drawn between.
    """

    epochs: int = 200
    steps: int = 500
    batch_size: int = 50
    learning_rate: float = 1e-3
    encoder_weight: float = ENCODER_WEIGHT
    per_file: int = 5
    buffer: int = 500
    validation_steps: int = 50
    patience: int = 10
    stop_patience: int = 20
    lowest_rate: float = 1e-5
    width: float = 1.0
    gain: tuple[float, float] = (0.5, 1.0)


class Batch(NamedTuple):
    """Snippets of sound and what they are.

    `mono`, shape (batch, 34398); `encoder`, shape (batch,), 0 = human, else the decoder's number.
    """

    mono: Tensor
    encoder: Tensor


def snippets(
    versions: Sequence[Clips], rows: NDArray[np.intp], settings: Training, rng: np.random.Generator
) -> Iterator[tuple[Clips, int]]:
    """Random snippets with their encoder's number, mixed by the buffer, without end.

    Parameters
    ----------
    versions : sequence of ndarray, shape (n_clips, n_samples) each
        The human version, then one a decoder in their order.
    rows : ndarray of int
        Clips to use: those of one side of the split.
    settings : Training
        Snippets a file, and the buffer.
    rng : numpy.random.Generator
        Draws.
    """
    files = alternating_files(len(rows), len(versions), rng)
    waiting: list[tuple[Clips, int]] = []
    while True:
        while len(waiting) < settings.buffer:
            clip, encoder = next(files)
            sound = versions[encoder][rows[clip]]
            for start in rng.integers(len(sound) - SNIPPET + 1, size=settings.per_file):
                waiting.append((sound[start : start + SNIPPET], encoder))
        yield waiting.pop(int(rng.integers(len(waiting))))


def batches(
    versions: Sequence[Clips],
    rows: NDArray[np.intp],
    settings: Training,
    rng: np.random.Generator,
    *,
    device: str = "cpu",
    change: Callable[[Clips], Clips] | None = None,
) -> Iterator[Batch]:
    """Batches for training, without end; `change` is done to each batch of snippets, (batch, 34398)."""
    drawn = snippets(versions, rows, settings, rng)
    while True:
        sounds, encoders = zip(*(next(drawn) for _ in range(settings.batch_size)), strict=True)
        mono = np.stack(sounds)
        mono = mono if change is None else change(mono)
        mono = mono * rng.uniform(*settings.gain, size=(len(mono), 1)).astype(np.float32)
        yield Batch(torch.from_numpy(mono).to(device), torch.tensor(encoders, device=device))


def training_step(
    model: Detector, optimiser: torch.optim.Optimizer, encoder_weight: float = ENCODER_WEIGHT
) -> Step[Batch]:
    """Make the step of a detector: view, outputs, loss, gradient, update."""

    def loss_of(batch: Batch) -> Tensor:
        view = features(batch.mono, model.kind)
        if view.ndim == 4:  # four fifths of the time of the usual layout
            view = view.contiguous(memory_format=torch.channels_last)
        return detector_loss(model(view), batch.encoder, encoder_weight)

    return Step(loss_of, optimiser, Loop(steps=1))


def fit_detector(
    model: Detector,
    drawn: Iterator[Batch],
    settings: Training,
    validation: Iterator[Batch] | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> list[float]:
    """Train a detector in place, and make its batch statistics anew.

    With validation batches: the rate falls on a plateau, training ends early, and the best epoch's weights
    are kept, as in the paper. Chapter: music_deepfakes.

    Parameters
    ----------
    model : SpectrogramDetector or WaveformDetector
        On the device of the batches.
    drawn : iterator of Batch
        From `batches`.
    settings : Training
        Epochs, steps, rates.
    validation : iterator of Batch, optional
        Needed if `settings.validation_steps` is not 0.
    progress : callable, optional
        Told the number of steps done after each.

    Returns
    -------
    list of float
        Mean loss of each epoch: of validation where there is one, else of training.

    Raises
    ------
    ValueError
        If the settings ask for validation and there is none.
    """
    if settings.validation_steps and validation is None:
        raise ValueError("validation_steps is not 0, but no validation batches are given")
    if not settings.epochs * settings.steps:
        return []
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(model.parameters(), settings.learning_rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.1, patience=settings.patience, min_lr=settings.lowest_rate
    )
    step = training_step(model, optimiser, settings.encoder_weight)
    best = BestWeights(model)
    losses = []
    for number in range(settings.epochs):
        model.train()
        epoch = []
        for place in range(1, settings.steps + 1):
            epoch.append(step(next(drawn)))
            if progress is not None:
                progress(number * settings.steps + place)
        if validation is None or not settings.validation_steps:
            losses.append(float(torch.stack(epoch).mean()))
            continue
        renew_statistics(model, _views(model, drawn))
        losses.append(validation_loss(model, validation, settings))
        plateau.step(losses[-1])
        best.offer(-losses[-1])
        if best.since >= settings.stop_patience:
            break
    if best.scores:
        best.restore()
    else:
        renew_statistics(model, _views(model, drawn))
    return losses


@torch.no_grad()
def validation_loss(model: Detector, validation: Iterator[Batch], settings: Training) -> float:
    """Mean loss over `settings.validation_steps` batches."""
    model.eval()
    losses = []
    for _ in range(settings.validation_steps):
        batch = next(validation)
        losses.append(detector_loss(model.listen(batch.mono), batch.encoder, settings.encoder_weight))
    return float(torch.stack(losses).mean())


@torch.no_grad()
def renew_statistics(model: Detector, views: Iterable[Tensor]) -> None:
    """Replace the running means and variances of batch normalisation by plain averages over some batches.

    After a short training the running ones still remember the start, and accuracies between a half and
    one come out at random. Leaves the model in evaluation mode.

    Parameters
    ----------
    model : Detector
        Trained.
    views : iterable of Tensor
        Batches of what the model takes.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average
        layer.train()
    for view in views:
        model(view)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()


def _views(model: Detector, drawn: Iterator[Batch]) -> Iterator[Tensor]:
    return (features(next(drawn).mono, model.kind) for _ in range(STATISTICS_BATCHES))


def new_detector(
    kind: str, n_encoders: int = 10, width: float = 1.0, *, device: str | None = None
) -> Detector:
    """Make the paper's network for a front end: a `WaveformDetector` for "raw", else a `SpectrogramDetector`.

    The waveform network costs about a hundred times the operations; below full width it gets an eighth
    of the width asked for, which evens that out.
    """
    if kind == "raw":
        return fast.WaveformDetector(n_encoders, width if width >= 1 else width / 8, device=device)
    return fast.SpectrogramDetector(kind, n_encoders, width, device=device)


def train(
    twins: Twins,
    kind: str,
    settings: Training,
    seed: int,
    *,
    decoders: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Detector:
    """Train a detector on the training side, with the second head, or on one decoder without it.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    twins : Twins
        From `testbed.make_twins`.
    kind : str
        Front end.
    settings : Training
        How long, and how wide a network.
    seed : int
        Draws weights and batches.
    decoders : sequence of str, optional
        Decoders to learn; all of the labels unless told. A single one leaves the second head out.
    progress : callable, optional
        Told the number of steps done after each.

    Returns
    -------
    SpectrogramDetector or WaveformDetector
        In evaluation mode, with statistics made anew.
    """
    device = twins.workshop.device
    names = ["real", *(twins.labels[1:] if decoders is None else decoders)]
    versions = [twins.clips[name] for name in names]
    torch.manual_seed(seed)
    model = new_detector(kind, len(names) if len(names) > 2 else 0, settings.width, device=device)
    sides = [
        batches(versions, twins.parts[part], settings, named_rng(seed, SLUG, part, kind), device=device)
        for part in ("train", "validation")
    ]
    fit_detector(
        model, sides[0], settings, sides[1] if settings.validation_steps else None, progress=progress
    )
    return model
