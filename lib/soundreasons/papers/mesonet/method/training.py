"""Training a detector by the paper's recipe, on crops in memory or on folders of pictures.

Mean squared error on the output, Adam from 1e-3 with two tenfold drops, and the augmentation that the
first author published: rotation, zoom, flip, brightness, colour shift. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from soundreasons.learning.loop import Loop, train
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.networks import NETWORKS, FaceNetwork, to_tensor

Batch: TypeAlias = tuple[Tensor, Tensor]
Batches: TypeAlias = Iterator[Batch]
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


def squared_error(logits: Tensor, is_real: Tensor) -> Tensor:
    """Mean squared distance of the probability from the truth, (eq-mesonet-loss).

    Not cross-entropy: a face that is called wrong for sure pulls less, since the slope of the sigmoid
    vanishes there. Chapter: mesonet.

    Parameters
    ----------
    logits : Tensor, shape (n,)
        Values whose sigmoid is the probability of being real.
    is_real : Tensor, shape (n,)
        1.0 for a real face, 0.0 for a forged one; on the same device.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    Undecided about one real and one forged face: (0.5^2 + 0.5^2) / 2.

    >>> squared_error(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.0]))
    tensor(0.2500)
    """
    if logits.shape != is_real.shape:
        raise ValueError(f"logits have shape {tuple(logits.shape)}, labels {tuple(is_real.shape)}")
    return nn.functional.mse_loss(torch.sigmoid(logits.float()), is_real)


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

    Raises
    ------
    ValueError
        If the faces have another shape.

    Examples
    --------
    >>> black = augment(torch.zeros(8, 3, 4, 4), torch.Generator().manual_seed(0))
    >>> bool((black <= 30 / 255).all())  # nothing to turn: a tint of thirty grey levels at most
    True
    """
    if faces.ndim != 4 or faces.shape[1] != 3:
        raise ValueError(f"faces have shape {tuple(faces.shape)}, expected (B, 3, H, W)")
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


class Recipe(NamedTuple):
    """What a training loop takes: the loss of a batch, who moves the weights, for how long, how fast."""

    loss_of: Callable[[Batch], Tensor]
    optimiser: torch.optim.Adam
    loop: Loop
    schedule: torch.optim.lr_scheduler.MultiStepLR


def recipe(network: FaceNetwork, settings: Training) -> Recipe:
    """Lay out the paper's training: squared error, Adam, tenfold drops of its rate (Section 4).

    Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        On its device; set to training.
    settings : Training
        How.

    Returns
    -------
    Recipe

    Raises
    ------
    ValueError
        If there are fewer than 0 steps.

    Examples
    --------
    >>> from soundreasons.papers.mesonet.method import Meso4
    >>> told = recipe(Meso4(32), Training(steps=10, drops=(0.5,)))
    >>> told.optimiser.param_groups[0]["lr"], dict(told.schedule.milestones)
    (0.001, {5: 1})
    """
    network.train()
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    drops = sorted({max(1, round(share * settings.steps)) for share in settings.drops})
    return Recipe(
        lambda batch: squared_error(network.logits(batch[0]), batch[1]),
        optimiser,
        Loop(settings.steps, precision="half" if settings.mixed_precision else "single"),
        torch.optim.lr_scheduler.MultiStepLR(optimiser, drops, gamma=0.1),
    )


def settle_norms(network: FaceNetwork, batches: Sequence[Tensor]) -> None:
    """Replace the running statistics of the norms by plain means over some batches.

    After few steps Keras' running mean, which moves by one hundredth a step, still remembers its
    start; a network that is right by its batches is then wrong in evaluation. Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        Changed in place, left in evaluation.
    batches : sequence of Tensor, each (B, 3, size, size)
        Faces in [0, 1]; each batch counts the same.

    Raises
    ------
    ValueError
        If there is no batch.

    Examples
    --------
    On black faces the first convolution gives its bias alone, of which the ReLU keeps what is positive:

    >>> from soundreasons.papers.mesonet.method import Meso4
    >>> network = Meso4(32)
    >>> settle_norms(network, [torch.zeros(2, 3, 32, 32)])
    >>> convolution, _, norm, _ = network.blocks[0]
    >>> torch.allclose(norm.running_mean, convolution.bias.relu())
    True
    """
    if not batches:
        raise ValueError("there is no batch to settle the norms on")
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
    """Train on a stream of batches, and settle the norms on further ones.

    Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        Changed in place, left in evaluation.
    batches : iterator of (Tensor, Tensor)
        Faces (B, 3, size, size) in [0, 1], and 1.0 for each that is real, on the network's device.
    settings : Training
        How.
    generator : torch.Generator, optional
        Of the augmentation, on the same device.

    Returns
    -------
    list of float
        Loss of each step.

    Raises
    ------
    ValueError
        If the stream ends before the training does.

    Examples
    --------
    >>> from soundreasons.papers.mesonet.method import Meso4
    >>> bright = iter([(torch.ones(2, 3, 32, 32), torch.ones(2))] * 20)
    >>> losses = fit(Meso4(32), bright, Training(steps=3, augment=False))
    >>> len(losses), len(list(bright))
    (3, 9)
    """
    told = recipe(network, settings)
    shown = ((augment(faces, generator) if settings.augment else faces, real) for faces, real in batches)
    losses = train(told.loss_of, shown, told.optimiser, told.loop, schedule=told.schedule)
    settle_norms(network, [faces for faces, _ in islice(batches, _NORM_BATCHES)])
    return losses.tolist()


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

    Yields
    ------
    (Tensor, Tensor)
        Faces (batch_size, 3, side, side) in [0, 1], and 1.0 for each that is real.

    Raises
    ------
    ValueError
        If one of the labels has no face.

    Examples
    --------
    >>> black, rng = np.zeros((3, 2, 2, 3), dtype=np.uint8), np.random.default_rng(0)
    >>> x, is_real = next(balanced_batches([(black, True), (black, False)], 4, rng, "cpu"))
    >>> x.shape, is_real.tolist()
    (torch.Size([4, 3, 2, 2]), [1.0, 0.0, 1.0, 0.0])
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

    Examples
    --------
    >>> white, black = np.full((4, 32, 32, 3), 255, np.uint8), np.zeros((4, 32, 32, 3), np.uint8)
    >>> settings = Training(steps=40, batch_size=8, augment=False)
    >>> network = train_detector("meso4", [(white, True), (black, False)], settings=settings, seed=0)
    >>> (network(torch.ones(1, 3, 32, 32)) > network(torch.zeros(1, 3, 32, 32))).item()
    True
    """
    if kind not in NETWORKS:
        raise ValueError(f"kind is {kind!r}, expected one of {list(NETWORKS)}")
    torch.manual_seed(seed)
    network: FaceNetwork = NETWORKS[kind](groups[0][0].shape[1])
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = balanced_batches(groups, settings.batch_size, np.random.default_rng(seed), device)
    fit(network, batches, settings, generator=torch.Generator(device).manual_seed(seed))
    return network.eval()
