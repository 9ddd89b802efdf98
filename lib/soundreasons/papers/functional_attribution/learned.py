"""Selectors that are learned together with a predictor: L2X, INVASE, and REAL-X as an extension.

Task: train, for many tasks of the same number of features at once, a network that chooses features of
an input and one that predicts the label from the chosen features alone. Every tensor has the task as
its first dimension, so that a hundred trainings are one batched matrix product. Chapter:
functional_attribution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.functional_attribution.scores import is_correct
from soundreasons.papers.functional_attribution.selection import EXACT_SELECTORS, Selector
from soundreasons.papers.functional_attribution.subsets import codes
from soundreasons.papers.functional_attribution.tasks import MixtureTask, once_per_task

KINDS = ("l2x", "invase", "realx")
_N_TEST = 2048  # fresh points that a predictor is judged on


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


@dataclass(frozen=True)
class Learned:
    """Outcome of a training, by task in the order given.

    Attributes
    ----------
    kind : str
        "l2x", "invase" or "realx".
    scores : list of ndarray, shape (n_points, n_features)
        At the task's points: logits (L2X) or probabilities of selection.
    predictor_accuracy : ndarray, shape (n_tasks,)
        Share of fresh points whose label the predictor gets right from the selected features.
    label_in_mask : ndarray, shape (n_tasks,)
        Share of fresh points whose label can be told from *which* features were chosen, their values
        unseen: about one half for a selector that spells nothing.
    """

    kind: str
    scores: list[NDArray[np.float64]]
    predictor_accuracy: NDArray[np.float64]
    label_in_mask: NDArray[np.float64]

    def select(self, task_number: int, level: float) -> NDArray[np.bool_]:
        """Features whose score is at least `level` times the largest at that point."""
        scores = self.scores[task_number]
        return np.asarray(scores >= level * scores.max(axis=1, keepdims=True))

    def with_shares(self) -> Learned:
        """Return the same with L2X's logits as shares that sum to one (softmax); others are unchanged.

        The rule of `select` compares logits, which a network may shift at will: as shares they cannot be.
        """
        if self.kind != "l2x":
            return self
        risen = [np.exp(scores - scores.max(axis=1, keepdims=True)) for scores in self.scores]
        return replace(self, scores=[e / e.sum(axis=1, keepdims=True) for e in risen])


class BatchedNetwork(nn.Module):
    """As many perceptrons as tasks, side by side: two hidden SELU layers, one linear output layer.

    Parameters
    ----------
    n_tasks, n_inputs, hidden, n_outputs : int
        Sizes.
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
        n_inputs: int,
        hidden: int,
        n_outputs: int,
        *,
        has_batch_norm: bool = False,
        generator: torch.Generator | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        sizes = [n_inputs, hidden, hidden, n_outputs]
        self.has_batch_norm = has_batch_norm
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in itertools.pairwise(sizes):
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
        self.selector = BatchedNetwork(n_tasks, d, hidden, d, generator=generator, device=device)
        self.predictor = BatchedNetwork(
            n_tasks, d, hidden, 1, has_batch_norm=True, generator=generator, device=device
        )
        parameters = [*self.selector.parameters(), *self.predictor.parameters()]
        is_fused = mixtures.points.device.type in ("cpu", "cuda", "mps")
        self.optimizer = torch.optim.Adam(parameters, lr=settings.learning_rate, fused=is_fused)

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

    def step(self) -> Tensor:
        """One update; returns the loss of each point."""
        x, y = self.draw(self.settings.batch_size)
        mask, scores = self.mask(x)
        losses = self.losses(x, y, mask)
        objective = losses.mean(dim=1).sum()
        if self.kind == "realx":
            random_mask = (self._uniform(*mask.shape) < 0.5).to(x.dtype)
            objective = self.losses(x, y, random_mask).mean(dim=1).sum()
        if self.kind != "l2x":
            objective = objective + self._reinforce(losses.detach(), mask, scores).sum()
        self.optimizer.zero_grad(set_to_none=True)
        objective.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return losses.detach()

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
        x, y = self.draw(_N_TEST)
        mask, _ = self.mask(x)
        said = self.predictor(x * mask)[:, :, 0] > 0
        share: Tensor = (said == (y > 0.5)).float().mean(dim=1)
        return share

    @torch.no_grad()
    def choices(self) -> tuple[Tensor, Tensor]:
        """Which features are chosen of fresh points, (n_tasks, n, d) of bool, and their labels."""
        x, y = self.draw(_N_TEST)
        mask, _ = self.mask(x)
        return mask > 0.5, y > 0.5


def label_in_mask(masks: NDArray[np.bool_], labels: NDArray[np.bool_]) -> float:
    """How well the label can be told from which features were chosen alone.

    Half of the points say which label is the more frequent with each choice; the other half judges
    (a choice never seen counts as label 0). Chapter: functional_attribution.

    Parameters
    ----------
    masks : ndarray of bool, shape (n, n_features)
        Chosen features.
    labels : ndarray of bool, shape (n,)
        Labels of the same points.

    Returns
    -------
    float
        Share of the second half told right.

    Examples
    --------
    >>> spelled = np.array([[True, False], [False, True]] * 4)
    >>> label_in_mask(spelled, spelled[:, 0])
    1.0
    """
    code, half = codes(masks), len(labels) // 2
    votes = np.bincount(code[:half], weights=2.0 * labels[:half] - 1, minlength=1 << masks.shape[1])
    return float(np.mean((votes > 0)[code[half:]] == labels[half:]))


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


def learn(
    kind: str,
    tasks: Sequence[MixtureTask],
    *,
    settings: Training | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Learned:
    """Train a selector for each of several tasks, all at once.

    Chapter: functional_attribution.

    Parameters
    ----------
    kind : {"l2x", "invase", "realx"}
        See `Trainer`.
    tasks : sequence of MixtureTask
        Of the same number of features.
    settings : Training, optional
        The defaults unless given.
    seed : int
        Of weights, points and selections.
    device : str
        "cpu", "cuda", ...

    Returns
    -------
    Learned

    Raises
    ------
    ValueError
        If the kind is unknown, or the tasks differ in features.

    Examples
    --------
    >>> task = MixtureTask([[0.0, 0.0], [0.0, 1.0]], [0, 1])
    >>> learn("l2x", [task], settings=Training(steps=2, batch_size=16)).scores[0].shape
    (2, 2)
    """
    mixtures = as_mixtures(tasks, device)
    generator = torch.Generator(device=device).manual_seed(seed)
    trainer = Trainer(kind, mixtures, settings or Training(), generator)
    for _ in range(trainer.settings.steps):
        trainer.step()
    scores = trainer.scores().cpu().numpy().astype(np.float64)
    predictor = trainer.predictor_accuracy().cpu().numpy().astype(np.float64)
    masks, labels = (tensor.cpu().numpy() for tensor in trainer.choices())
    return Learned(
        kind,
        [scores[number, : len(task)] for number, task in enumerate(tasks)],
        predictor,
        np.array([label_in_mask(*pair) for pair in zip(masks, labels, strict=True)]),
    )


def learned_contest(
    tasks: Sequence[MixtureTask],
    kinds: Sequence[str],
    *,
    settings: Mapping[str, Training],
    levels: Sequence[float],
    seed: int = 0,
    device: str = "cpu",
) -> pd.DataFrame:
    """Train every kind on every task, and set the predictor beside the selection.

    Tasks of the same number of features are trained at once. The level is the one that suits the kind
    best over all tasks. Chapter: functional_attribution.

    Parameters
    ----------
    tasks : sequence of MixtureTask
        What to explain.
    kinds : sequence of str
        Of "l2x", "invase", "realx".
    settings : mapping of Training
        By kind.
    levels : sequence of float
        To try.
    seed, device
        As for `learn`.

    Returns
    -------
    DataFrame, one row a kind and task
        `method`, `task` (place in `tasks`), `features`, `predictor` (share of fresh points predicted
        right), `possible` (share that the true probability gets right), `in_mask` (share told from
        the choice alone), `selection` (share of points
        with a smallest sufficient set), `as_shares` (the same after `Learned.with_shares`), `sufficient`
        (with a sufficient one), `selected` (mean share of the features), `level`.
    """
    possible = [_possible_accuracy(task, seed) for task in tasks]
    parts = []
    for kind in kinds:
        predictor, spelled = np.empty(len(tasks)), np.empty(len(tasks))
        scores: dict[int, NDArray[np.float64]] = {}
        for width in sorted({task.n_features for task in tasks}):
            rows = [number for number, task in enumerate(tasks) if task.n_features == width]
            found = learn(
                kind, [tasks[row] for row in rows], settings=settings[kind], seed=seed, device=device
            )
            predictor[rows], spelled[rows] = found.predictor_accuracy, found.label_in_mask
            scores |= dict(zip(rows, found.scores, strict=True))
        learned = Learned(kind, [scores[row] for row in range(len(tasks))], predictor, spelled)
        parts.append(_learned_table(learned, tasks, levels).assign(possible=possible))
    return pd.concat(parts, ignore_index=True)


def _learned_table(learned: Learned, tasks: Sequence[MixtureTask], levels: Sequence[float]) -> pd.DataFrame:
    right = _right_by_level(learned, tasks, levels)
    best = int(right.mean(axis=1).argmax())
    masks = [learned.select(number, levels[best]) for number in range(len(tasks))]
    as_shares = _right_by_level(learned.with_shares(), tasks, levels)
    enough = [
        task.sufficient[np.arange(len(task)), codes(mask)].mean()
        for task, mask in zip(tasks, masks, strict=True)
    ]
    return pd.DataFrame(
        {
            "method": learned.kind,
            "task": range(len(tasks)),
            "features": [task.n_features for task in tasks],
            "predictor": learned.predictor_accuracy,
            "in_mask": learned.label_in_mask,
            "selection": right[best],
            "as_shares": as_shares[int(as_shares.mean(axis=1).argmax())],
            "sufficient": enough,
            "selected": [mask.mean() for mask in masks],
            "level": levels[best],
        }
    )


def _right_by_level(
    learned: Learned, tasks: Sequence[MixtureTask], levels: Sequence[float]
) -> NDArray[np.float64]:
    """Share of right selections, shape (n_levels, n_tasks)."""
    return np.array(
        [[is_correct(t, learned.select(k, level)).mean() for k, t in enumerate(tasks)] for level in levels]
    )


def _possible_accuracy(task: MixtureTask, seed: int) -> float:
    x, y = task.sample(_N_TEST, np.random.default_rng(seed))
    return float(np.mean((task.probability(x) > 0.5) == (y > 0.5)))


def _learned_selector(
    trained: Callable[[MixtureTask], Learned], task: MixtureTask, level: float
) -> NDArray[np.bool_]:
    return np.asarray(trained(task).select(0, level))


@once_per_task
def _l2x(task: MixtureTask) -> Learned:
    return learn("l2x", [task], settings=Training(learning_rate=1e-3))


@once_per_task
def _invase(task: MixtureTask) -> Learned:
    return learn("invase", [task], settings=Training(learning_rate=1e-4))


selectors: Mapping[str, Selector] = MappingProxyType(
    {
        **EXACT_SELECTORS,
        "l2x": partial(_learned_selector, _l2x),
        "invase": partial(_learned_selector, _invase),
    }
)
"""The nine subset methods, by name; the last two are trained on the task when first asked."""
