"""Training a detector by the paper's recipe, on crops in memory or on folders of pictures.

Mean squared error on the output, Adam from 1e-3 with two tenfold drops, and the augmentation that the
first author published: rotation, zoom, flip, brightness, colour shift. Chapter: mesonet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.autoencoder import to_tensor
from soundreasons.papers.mesonet.folding import for_scoring
from soundreasons.papers.mesonet.networks import NETWORKS, FaceNetwork

Batches = Iterator[tuple[Tensor, Tensor]]
_NORM_BATCHES = 8


@dataclass(frozen=True)
class Training:
    """Settings of the training of a detector.

    Attributes
    ----------
    steps : int
        Steps of the optimiser.
    batch_size : int
        Faces a step, half of them forged; the paper's is 75.
    learning_rate : float
        At the start.
    drops : tuple of float
        Shares of the steps after which the rate falls tenfold. The paper drops every 1,000 steps.
    augment : bool
        Whether faces are turned, zoomed, flipped, brightened and tinted at random.
    mixed_precision : bool
        Whether to compute in half precision where that is safe: float16 on a CUDA device, with the loss
        scaled so that small gradients survive, bfloat16 elsewhere.
    """

    steps: int = 150
    batch_size: int = 32
    learning_rate: float = 1e-3
    drops: tuple[float, ...] = (0.6, 0.85)
    augment: bool = True
    mixed_precision: bool = False


PAPER = Training(steps=4000, batch_size=75, drops=(0.25, 0.5, 0.75), mixed_precision=True)


def augment(faces: Tensor, generator: torch.Generator | None) -> Tensor:
    """Turn, zoom, flip, brighten and tint faces at random.

    Up to 15 degrees, a fifth in size, a fifth in brightness, 30 grey levels a channel: the values that
    the first author published, drawn uniformly for each face. Chapter: mesonet.

    Parameters
    ----------
    faces : Tensor, shape (B, 3, H, W), in [0, 1]
        On any device.
    generator : torch.Generator, optional
        On the device of the faces.

    Returns
    -------
    Tensor, shape (B, 3, H, W), in [0, 1]
    """
    n, device = len(faces), faces.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, device=device, generator=generator)

    angle, zoom = torch.deg2rad(uniform(-15, 15)), uniform(0.8, 1.2)
    flip = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cosine, sine, zero = zoom * angle.cos(), zoom * angle.sin(), torch.zeros(n, device=device)
    matrix = torch.stack([flip * cosine, -sine, zero, flip * sine, cosine, zero], 1).view(n, 2, 3)
    grid = nn.functional.affine_grid(matrix, list(faces.shape), align_corners=False)
    moved = nn.functional.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)
    tinted = moved * uniform(0.8, 1.2, 1, 1, 1) + uniform(-30 / 255, 30 / 255, 3, 1, 1)
    return tinted.clamp(0, 1)


class Trainer:
    """Trains one network; `step` takes a batch. Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        On its device.
    settings : Training
        How.
    generator : torch.Generator or None
        For the augmentation, on the same device.
    """

    def __init__(self, network: FaceNetwork, settings: Training, generator: torch.Generator | None) -> None:
        self.network, self.settings, self.generator = network.train(), settings, generator
        self.optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        at = sorted({max(1, round(share * settings.steps)) for share in settings.drops})
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, at, gamma=0.1)
        device = next(network.parameters()).device.type
        half = torch.float16 if device == "cuda" else torch.bfloat16
        self.autocast = torch.autocast(device, half) if settings.mixed_precision else contextlib.nullcontext()
        self.scaler = torch.amp.GradScaler(device, enabled=settings.mixed_precision and half == torch.float16)

    def step(self, faces: Tensor, is_real: Tensor) -> Tensor:
        """Take one step on faces (B, 3, H, W) and labels (B,), 1 = real; return the loss before it."""
        if self.settings.augment:
            faces = augment(faces, self.generator)
        with self.autocast:
            logits = self.network.logits(faces)
        loss = nn.functional.mse_loss(torch.sigmoid(logits.float()), is_real)
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.step()
        return loss.detach()


def settle_norms(network: FaceNetwork, batches: Sequence[Tensor]) -> None:
    """Replace the running statistics of the norms by plain means over some batches.

    After few steps Keras' running mean, which moves by one hundredth a step, still remembers its
    start; a network that is right by its batches is then wrong in evaluation. Chapter: mesonet.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
    network.train()
    with torch.no_grad():
        for number, faces in enumerate(batches, start=1):
            for norm in norms:
                norm.momentum = 1 / number  # so that each batch counts the same
            network.logits(faces)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    network.eval()


def fit(
    network: FaceNetwork, batches: Batches, settings: Training, *, generator: torch.Generator | None = None
) -> list[float]:
    """Train on a stream of batches and settle the norms on further ones; return the losses.

    Chapter: mesonet.

    Raises
    ------
    ValueError
        If the stream ends before the training does.
    """
    trainer = Trainer(network, settings, generator)
    losses = []
    for number in range(settings.steps):
        batch = next(batches, None)
        if batch is None:
            raise ValueError(f"the data ended after {number} of {settings.steps} steps")
        losses.append(float(trainer.step(*batch)))
    settle_norms(network, [faces for faces, _ in (next(batches) for _ in range(_NORM_BATCHES))])
    return losses


def balanced_batches(
    groups: Sequence[tuple[Pixels, bool]], batch_size: int, rng: np.random.Generator, device: str
) -> Batches:
    """Draw batches without end, half forged and half real, each group of a label equally often.

    Chapter: mesonet.

    Parameters
    ----------
    groups : sequence of (ndarray of uint8 (n, side, side, 3), bool)
        Faces and whether they are real: untouched and pasted-back ones are two real groups.
    batch_size : int, from 2
        Faces a batch.
    rng : numpy.random.Generator
        Draws them.
    device : str
        Where the batches go.

    Raises
    ------
    ValueError
        If one of the labels has no face.
    """
    by_label = {
        label: [faces for faces, is_real in groups if is_real == label and len(faces)]
        for label in (True, False)
    }
    empty = [("forged", "real")[label] for label, held in by_label.items() if not held]
    if empty:
        raise ValueError(f"there is no {' and no '.join(empty)} face to train on")
    labels = np.arange(batch_size) % 2 == 0
    is_real = torch.from_numpy(labels.astype(np.float32)).to(device)
    while True:
        chosen = []
        for label in labels:
            held = by_label[bool(label)]
            faces = held[rng.integers(len(held))]
            chosen.append(faces[rng.integers(len(faces))])
        yield to_tensor(np.stack(chosen), device), is_real


def train_detector(
    kind: str,
    groups: Sequence[tuple[Pixels, bool]],
    *,
    settings: Training,
    seed: int,
    device: str = "cpu",
) -> FaceNetwork:
    """Train a network of one kind on groups of crops, from scratch.

    Chapter: mesonet.

    Parameters
    ----------
    kind : {"meso4", "mesoinception4"}
        Which network.
    groups : sequence of (ndarray of uint8, bool)
        As in `balanced_batches`.
    settings : Training
        How.
    seed : int
        Of weights, draws and augmentation.
    device : str
        Where.

    Returns
    -------
    FaceNetwork
        In evaluation, channels last.

    Raises
    ------
    ValueError
        If a label has no face, or the crops are of no side that the network takes.
    """
    torch.manual_seed(seed)
    network: FaceNetwork = NETWORKS[kind](groups[0][0].shape[1])
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = balanced_batches(groups, settings.batch_size, np.random.default_rng(seed), device)
    fit(network, batches, settings, generator=torch.Generator(device).manual_seed(seed))
    return network.eval()


def score(
    network: FaceNetwork,
    crops: Pixels,
    *,
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Probability of being real, face by face.

    Channels last, in batches, the blocks pooled first (`folding.for_scoring`), without bookkeeping for
    gradients. Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        In evaluation.
    crops : ndarray of uint8, shape (n, size, size, 3)
        RGB faces.
    batch_size : int, from 1
        Faces at once.
    progress : callable, optional
        Told the number of faces done after each batch.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the faces are of another side than the network's, or the network is in training.
    """
    device = str(next(network.parameters()).device)
    network = for_scoring(network)
    found = []
    with torch.inference_mode():
        for start in range(0, len(crops), batch_size):
            faces = to_tensor(crops[start : start + batch_size], device)
            found.append(network(faces.contiguous(memory_format=torch.channels_last)).cpu().numpy())
            if progress is not None:
                progress(start + len(faces))
    return np.concatenate(found).astype(np.float64) if found else np.zeros(0)
