"""How a detector is trained: alternating files, two losses, a schedule, and statistics made anew.

Section 3 of Afchar et al. (2024): labels alternate file by file, so that consecutive files are different
songs; a fake's decoder is drawn evenly; each opened file gives several random snippets, mixed in a buffer.
Chapter: music_deepfakes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.music_deepfakes.detectors import REAL, Outputs, _Detector
from soundreasons.papers.music_deepfakes.front_ends import SNIPPET, features

Clips = NDArray[np.float32]  # shape (n_clips, n_samples): one version of all clips, row by row the same music
QUIETEST = 1e-4  # -80 dB of full scale: below it, nothing is said of a snippet


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
    gain : (float, float)
        Each snippet is multiplied by a number drawn between.
    """

    epochs: int = 200
    steps: int = 500
    batch_size: int = 50
    learning_rate: float = 1e-3
    encoder_weight: float = 0.2
    per_file: int = 5
    buffer: int = 500
    validation_steps: int = 50
    patience: int = 10
    stop_patience: int = 20
    lowest_rate: float = 1e-5
    gain: tuple[float, float] = (0.5, 1.0)


class Batch(NamedTuple):
    """Snippets of sound and what they are.

    `mono`, shape (batch, 34398); `encoder`, shape (batch,), 0 = human, else the decoder's number.
    """

    mono: Tensor
    encoder: Tensor

    @property
    def real(self) -> Tensor:
        """1 = human, 0 = synthetic, shape (batch,)."""
        return (self.encoder == REAL).to(self.mono.dtype)


def alternating_files(
    n_clips: int, n_encoders: int, rng: np.random.Generator, *, n_drawn: int = 10_000
) -> Iterator[tuple[int, int]]:
    """Which file to open next, without end: clips in random order, labels alternately fake and real.

    Chapter: music_deepfakes.

    Parameters
    ----------
    n_clips : int, from 1
        Pieces of music.
    n_encoders : int, from 2
        Versions of each: human, and the decoders.
    rng : numpy.random.Generator
        Draws.
    n_drawn : int
        The decoders are drawn beforehand, so many at once, as in the paper.

    Yields
    ------
    (int, int)
        Number of the clip, and of the encoder: 0 = human.

    Examples
    --------
    >>> files = alternating_files(3, 4, np.random.default_rng(0))
    >>> [encoder > 0 for _, (_, encoder) in zip(range(4), files)]
    [True, False, True, False]
    """
    order: list[int] = []
    while True:
        for encoder in rng.integers(1, n_encoders, size=n_drawn):
            for label in (int(encoder), REAL):
                if not order:
                    order = rng.permutation(n_clips).tolist()
                yield order.pop(), label


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


def detector_loss(outputs: Outputs, batch: Batch, encoder_weight: float) -> Tensor:
    """Cross-entropy of human or not, plus the weighted one of which decoder."""
    loss = functional.binary_cross_entropy_with_logits(outputs.real, batch.real)
    if outputs.encoder is not None:
        loss = loss + encoder_weight * functional.cross_entropy(outputs.encoder, batch.encoder)
    return loss


def training_step(model: _Detector, optimiser: Any, batch: Batch, encoder_weight: float) -> Tensor:
    """One step: view, outputs, loss, gradient, update; returns the loss."""
    model.train()
    view = features(batch.mono, model.kind)
    if view.ndim == 4:  # four fifths of the time of the usual layout
        view = view.contiguous(memory_format=torch.channels_last)
    loss = detector_loss(model(view), batch, encoder_weight)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return loss.detach()


def fit_detector(
    model: _Detector,
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
    losses: list[float] = []
    best: dict[str, Tensor] | None = None
    for number in range(settings.epochs):
        epoch = []
        for step in range(1, settings.steps + 1):
            epoch.append(training_step(model, optimiser, next(drawn), settings.encoder_weight))
            if progress is not None:
                progress(number * settings.steps + step)
        if validation is None or not settings.validation_steps:
            losses.append(float(torch.stack(epoch).mean()))
            continue
        recompute_statistics(model, drawn)
        losses.append(validation_loss(model, validation, settings))
        plateau.step(losses[-1])
        if losses[-1] == min(losses):
            best = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if len(losses) - 1 - int(np.argmin(losses)) >= settings.stop_patience:
            break
    if best is not None:
        model.load_state_dict(best)
    else:
        recompute_statistics(model, drawn)
    return losses


@torch.no_grad()
def validation_loss(model: _Detector, validation: Iterator[Batch], settings: Training) -> float:
    """Mean loss over `settings.validation_steps` batches."""
    model.eval()
    losses = []
    for _ in range(settings.validation_steps):
        batch = next(validation)
        losses.append(detector_loss(model.listen(batch.mono), batch, settings.encoder_weight))
    return float(torch.stack(losses).mean())


@torch.no_grad()
def recompute_statistics(model: _Detector, drawn: Iterator[Batch], n_batches: int = 6) -> None:
    """Replace the running means and variances of batch normalisation by plain averages over some batches.

    After a short training the running ones still remember the start, and accuracies between a half and
    one come out at random. Leaves the model in evaluation mode.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average
        layer.train()
    for _ in range(n_batches):
        model.listen(next(drawn).mono)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()


@torch.inference_mode()
def scores(model: _Detector, mono: Clips, *, batch_size: int = 32) -> NDArray[np.float64]:
    """Probability of "human" that a detector gives to each snippet, shape (n,); NaN where there is silence.

    Chapter: music_deepfakes.

    Parameters
    ----------
    model : SpectrogramDetector or WaveformDetector
        Put into evaluation mode.
    mono : ndarray, shape (n, n_samples)
        Snippets; those that stay within -80 dB of full scale of their mean get no score: a constant is
        silence too.
    batch_size : int
        Snippets at once.
    """
    model.eval()
    device = next(model.parameters()).device
    parts = [
        torch.sigmoid(model.listen(torch.from_numpy(mono[start : start + batch_size]).to(device)).real).cpu()
        for start in range(0, len(mono), batch_size)
    ]
    probability = torch.cat(parts).double().numpy()
    return np.where(is_silent(mono), np.nan, probability)


def is_silent(mono: Clips) -> NDArray[np.bool_]:
    """Which snippets, shape (n, n_samples), hold nothing but a constant, to -80 dB of full scale.

    Examples
    --------
    >>> is_silent(np.array([[0.5, 0.5], [0.0, 0.01]], np.float32)).tolist()
    [True, False]
    """
    # Half the distance between the extremes: the deviation from the middle, whatever the constant.
    return np.asarray(np.ptp(mono, axis=1) / 2 < QUIETEST)


def placed_snippets(clips: Clips, per_clip: int = 2) -> Clips:
    """Evenly placed snippets of each clip, shape (n_clips * per_clip, 34398), clip after clip.

    Examples
    --------
    >>> placed_snippets(np.zeros((3, 40_000), np.float32)).shape
    (6, 34398)
    """
    starts = np.linspace(0, clips.shape[1] - SNIPPET, per_clip).astype(int)
    return np.concatenate([clips[:, np.newaxis, s : s + SNIPPET] for s in starts], axis=1).reshape(
        -1, SNIPPET
    )


def clip_scores(
    model: _Detector, versions: Mapping[str, Clips], per_clip: int = 2
) -> dict[str, NDArray[np.float64]]:
    """`scores` of evenly placed snippets of each version: shape (n_clips, per_clip) each."""
    return {
        name: scores(model, placed_snippets(clips, per_clip)).reshape(len(clips), per_clip)
        for name, clips in versions.items()
    }
