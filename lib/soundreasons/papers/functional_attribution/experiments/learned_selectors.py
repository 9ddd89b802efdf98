"""Selectors that are learned together with a predictor: L2X, INVASE, and REAL-X as an extension. Chapter:
functional_attribution.

For many tasks of the same number of features at once, a network that chooses features of an input and one
that predicts the label from the chosen features alone. Every tensor has the task as its first dimension, so
that a hundred trainings are one batched matrix product.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.learning.loop import Loop, endless, fused_adam, train
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

KINDS = ("l2x", "invase", "realx")
N_TEST = 2048  # fresh points that a predictor is judged on


@dataclass(frozen=True)
class Training:
    """Settings of a training; the paper's scripts use 512 points a step and at least 20,000 steps.

    Attributes
    ----------
    steps, batch_size : int
        Updates, and fresh points of the mixture in each.
    learning_rate : float
        Of Adam; 1e-3 for L2X and 1e-4 for INVASE in the paper's scripts.
    hidden : int
        Units in each of the two hidden layers.
    n_chosen : int
        L2X: draws, so at most that many features.
    temperature : float
        L2X: of the relaxed draws.
    penalty : float
        INVASE and REAL-X: cost of selecting everything, in nats of the predictor's loss.
    """

    steps: int = 3000
    batch_size: int = 512
    learning_rate: float = 1e-3
    hidden: int = 100
    n_chosen: int = 5
    temperature: float = 0.1
    penalty: float = 0.01


class Mixtures(NamedTuple):
    """Tasks of the same number of features as tensors; shorter ones are padded, never drawn from."""

    points: Tensor  # (n_tasks, n_points, n_features)
    labels: Tensor  # (n_tasks, n_points)
    sizes: Tensor  # (n_tasks, 1), how many points are real
    spread: float  # standard deviation of the noise


class BatchedNetwork(nn.Module):
    """As many perceptrons as tasks, side by side: two hidden SELU layers, one linear output layer.

    Parameters
    ----------
    n_tasks : int
        Networks.
    sizes : (int, int, int)
        Inputs, units of each hidden layer, outputs.
    has_batch_norm : bool
        Normalise the hidden layers over the batch, each task by itself.
    generator : torch.Generator, optional
        Draws the weights (uniform, after Glorot).
    device : str
        Where the weights live.
    """

    def __init__(
        self,
        n_tasks: int,
        sizes: tuple[int, int, int],
        *,
        has_batch_norm: bool = False,
        generator: torch.Generator | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        n_inputs, hidden, n_outputs = sizes
        self.has_batch_norm = has_batch_norm
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in itertools.pairwise((n_inputs, hidden, hidden, n_outputs)):
            bound = math.sqrt(6 / (n_in + n_out))
            weight = torch.empty(n_tasks, n_in, n_out, device=device)
            self.weights.append(nn.Parameter(weight.uniform_(-bound, bound, generator=generator)))
            self.biases.append(nn.Parameter(torch.zeros(n_tasks, 1, n_out, device=device)))

    def forward(self, x: Tensor) -> Tensor:
        """(n_tasks, batch, n_inputs) to (n_tasks, batch, n_outputs)."""
        # Features come first in memory: the products need no copy, and a unit's batch is one row.
        last, x = len(self.weights) - 1, x.mT
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias.mT, weight.mT, x)
            if layer < last:
                x = functional.selu(x)
                x = _normalised(x) if self.has_batch_norm else x
        return x.mT


def _normalised(x: Tensor) -> Tensor:
    """Batch-normalise (n_tasks, n_units, batch): every unit of every task is a channel of its own."""
    channels = x.reshape(1, -1, x.shape[-1])
    return functional.batch_norm(channels, None, None, training=True, eps=1e-3).reshape(x.shape)


class Trainer:
    """One training of a selector and a predictor on several tasks at once.

    Parameters
    ----------
    kind : {"l2x", "invase", "realx"}
        L2X (Chen et al., 2018) draws a fixed number of features, relaxed; INVASE (Yoon et al., 2019,
        without its baseline network, as in the paper's scripts) draws each feature and learns from the
        reward; REAL-X (Jethani et al., 2021; not in the paper) does so against a predictor that was
        trained on random selections, and so cannot learn to read the label off the selection.
    mixtures : Mixtures
        The tasks.
    settings : Training
        Sizes and steps.
    generator : torch.Generator or None
        On the device of the tasks.
    """

    def __init__(
        self, kind: str, mixtures: Mixtures, settings: Training, generator: torch.Generator | None
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
        self.kind, self.mixtures, self.settings, self._generator = kind, mixtures, settings, generator
        n_tasks, _, d = mixtures.points.shape
        device = str(mixtures.points.device)
        hidden = settings.hidden
        self.selector = BatchedNetwork(n_tasks, (d, hidden, d), generator=generator, device=device)
        self.predictor = BatchedNetwork(
            n_tasks, (d, hidden, 1), has_batch_norm=True, generator=generator, device=device
        )
        parameters = [*self.selector.parameters(), *self.predictor.parameters()]
        self.optimiser = fused_adam(parameters, learning_rate=settings.learning_rate)

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """Fresh points of every mixture, (n_tasks, n, d), and their labels, (n_tasks, n)."""
        points, labels, sizes, spread = self.mixtures
        row = (self._uniform(len(points), n) * sizes).long()
        centres = torch.gather(points, 1, row[:, :, None].expand(-1, -1, points.shape[2]))
        noise = torch.empty_like(centres).normal_(generator=self._generator)
        return centres + spread * noise, torch.gather(labels, 1, row)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.empty(shape, device=self.mixtures.points.device).uniform_(generator=self._generator)

    def mask(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a selection, (n_tasks, batch, d), and return it with the selector's output."""
        scores = self.selector(x)
        if self.kind == "l2x":
            return self._relaxed(scores), scores
        return (self._uniform(*scores.shape) < scores.detach().sigmoid()).to(x.dtype), scores

    def _relaxed(self, logits: Tensor) -> Tensor:
        n_chosen = min(self.settings.n_chosen, logits.shape[2])
        uniform = self._uniform(n_chosen, *logits.shape).clamp_(1e-7, 1 - 1e-7)
        gumbel = -torch.log(-torch.log(uniform))
        return torch.softmax((logits + gumbel) / self.settings.temperature, dim=-1).amax(dim=0)

    def losses(self, x: Tensor, y: Tensor, mask: Tensor) -> Tensor:
        """Cross-entropy of the predictor on each point, in nats, (n_tasks, batch)."""
        logits = self.predictor(x * mask)[:, :, 0]
        return functional.binary_cross_entropy_with_logits(logits, y, reduction="none")

    def objective(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """What is made small: the sum over tasks, so that each task learns as if it were alone."""
        x, y = batch
        mask, scores = self.mask(x)
        losses = self.losses(x, y, mask)
        objective = losses.mean(dim=1).sum()
        if self.kind == "realx":
            random_mask = (self._uniform(*mask.shape) < 0.5).to(x.dtype)
            objective = self.losses(x, y, random_mask).mean(dim=1).sum()
        if self.kind != "l2x":
            objective = objective + self._reinforce(losses.detach(), mask, scores).sum()
        return objective

    def train(self) -> Tensor:
        """Take the steps of the settings; the objective before each, on its device."""
        batches = endless(lambda: self.draw(self.settings.batch_size))
        # The relaxed draws of L2X are so sharp that most of their gradients are numbers too small for a
        # processor's quick arithmetic; as zeros they cost a third of the time.
        torch.set_flush_denormal(True)
        try:
            return train(self.objective, batches, self.optimiser, Loop(self.settings.steps))
        finally:
            torch.set_flush_denormal(False)

    def _reinforce(self, losses: Tensor, mask: Tensor, scores: Tensor) -> Tensor:
        """Loss whose gradient is the expected loss of the selections, plus the cost of their size."""
        log_probability = -functional.binary_cross_entropy_with_logits(scores, mask, reduction="none").sum(
            dim=2
        )
        if self.kind == "realx":  # less noise: compare with the task's mean loss
            losses = losses - losses.mean(dim=1, keepdim=True)
        penalty = self.settings.penalty * scores.sigmoid().mean(dim=2)
        return (losses * log_probability + penalty).mean(dim=1)

    @torch.no_grad()
    def scores(self) -> Tensor:
        """Logits (L2X) or probabilities at the points, (n_tasks, n_points, d)."""
        scores: Tensor = self.selector(self.mixtures.points)
        return scores if self.kind == "l2x" else scores.sigmoid()

    @torch.no_grad()
    def predictor_accuracy(self) -> Tensor:
        """Share of fresh points that the predictor gets right from drawn selections, (n_tasks,)."""
        x, y = self.draw(N_TEST)
        mask, _ = self.mask(x)
        said = self.predictor(x * mask)[:, :, 0] > 0
        share: Tensor = (said == (y > 0.5)).float().mean(dim=1)
        return share

    @torch.no_grad()
    def choices(self) -> tuple[Tensor, Tensor]:
        """Which features are chosen of fresh points, (n_tasks, n, d) of bool, and their labels."""
        x, y = self.draw(N_TEST)
        mask, _ = self.mask(x)
        return mask > 0.5, y > 0.5


def as_mixtures(tasks: Sequence[MixtureTask], device: str = "cpu") -> Mixtures:
    """Put tasks of the same number of features side by side on a device.

    Raises
    ------
    ValueError
        If there is no task, or they differ in features or variance.
    """
    if len({(task.n_features, task.variance) for task in tasks}) != 1:
        kinds = sorted({(task.n_features, task.variance) for task in tasks})
        raise ValueError(f"tasks have (features, variance) {kinds}, expected one kind; train others apart")
    sizes = [len(task) for task in tasks]
    points = np.zeros((len(tasks), max(sizes), tasks[0].n_features), dtype=np.float32)
    labels = np.zeros(points.shape[:2], dtype=np.float32)
    for number, task in enumerate(tasks):
        points[number, : sizes[number]], labels[number, : sizes[number]] = task.points, task.labels
    arrays: list[Any] = [points, labels, np.array(sizes, dtype=np.float32)[:, np.newaxis]]
    tensors = [torch.from_numpy(array).to(device) for array in arrays]
    return Mixtures(tensors[0], tensors[1], tensors[2], math.sqrt(tasks[0].variance))
