"""Train the learned selectors on tasks, and set each predictor beside its selection. Chapter:
functional_attribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.experiments.learned_selectors import (
    N_TEST,
    Trainer,
    Training,
    as_mixtures,
)
from soundreasons.papers.functional_attribution.fast import once_per_task
from soundreasons.papers.functional_attribution.method.scores import is_correct
from soundreasons.papers.functional_attribution.method.subset_methods import EXACT_SELECTORS, Selector
from soundreasons.papers.functional_attribution.method.subsets import codes
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask


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
    trainer.train()
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
    x, y = task.sample(N_TEST, np.random.default_rng(seed))
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
