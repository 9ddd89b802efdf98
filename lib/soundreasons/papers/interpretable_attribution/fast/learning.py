"""Training as the experiments do it: the same E-step and M-step, without a pause to look at each loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.learning import loop
from soundreasons.papers.interpretable_attribution import method
from soundreasons.papers.interpretable_attribution.fast.gates import gate_weights
from soundreasons.papers.interpretable_attribution.method import TOY_STEP, Draw, EStep

Batch: TypeAlias = tuple[Tensor, Tensor]


def e_step(
    logits: Tensor,
    subsets: Any,
    how: EStep = TOY_STEP,
    *,
    children: NDArray[np.bool_] | None = None,
    valid: Tensor | None = None,
) -> Tensor:
    """Share a batch out among experts by what they say now: gate weights, then responsibilities.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    logits : Tensor, shape (..., n, H)
        Before the tanh; dimensions before the last two count networks side by side.
    subsets, children
        As for `method.gate_weights`.
    how : EStep
        How the batch is shared out.
    valid : bool Tensor, shape (..., n), optional
        As for `method.responsibilities`.

    Returns
    -------
    Tensor, shape (..., n, H)
        As `method.responsibilities` gives them, without gradient.

    Examples
    --------
    >>> e_step(torch.zeros(2, 1), [(0,)], EStep(keep_own=False)).numpy().round(3).tolist()
    [[0.5], [0.5]]
    """
    outputs = torch.tanh(logits.detach())
    weights = gate_weights(outputs, subsets, how.gate, keep_own=how.keep_own, children=children)
    return method.responsibilities(weights, how.scale, valid)


def batch_loss(
    logits: Tensor,
    labels: Tensor,
    subsets: Any,
    how: EStep = TOY_STEP,
    *,
    children: NDArray[np.bool_] | None = None,
    valid: Tensor | None = None,
) -> Tensor:
    """Loss of a batch: its E-step, by what the experts say now, and `method.em_loss`.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    logits, subsets, how, children, valid
        As for `e_step`.
    labels : Tensor, shape (..., n), 0 or 1
        What is true.

    Returns
    -------
    Tensor, a number
        Nats.

    Examples
    --------
    >>> float(batch_loss(torch.zeros(2, 1), torch.ones(2), [(0,)], EStep(keep_own=False)))
    0.693...
    """
    return method.em_loss(logits, labels, e_step(logits, subsets, how, children=children, valid=valid))


def fit(
    experts: method.RestrictedExperts,
    draw: Draw,
    n_batches: int,
    how: EStep = TOY_STEP,
    *,
    learning_rate: float = 1e-3,
    children: NDArray[np.bool_] | None = None,
) -> list[float]:
    """Train experts in place; see `method.fit`. Several networks at once, if they stand side by side.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    experts, draw, n_batches, how, learning_rate, children
        As for `method.fit`; of networks side by side, batches have one more dimension in front.

    Returns
    -------
    list of float
        The loss at every hundredth batch.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1, or `how` names no gate or scale.

    Examples
    --------
    >>> experts = method.RestrictedExperts([[0]], [(0,)], [4])
    >>> len(fit(experts, lambda: (torch.zeros(8, 1), torch.ones(8)), 100))
    1
    """
    method.check_labels(draw()[1])  # a look at the first batch, as in `method.fit`
    asked_first = method.strict_children(experts.subsets) if children is None else children

    def loss_of(batch: Batch) -> Tensor:
        x, labels = batch
        return batch_loss(experts.logits(x), labels, experts.subsets, how, children=asked_first)

    return descend(experts.parameters(), loss_of, draw, n_batches, learning_rate)


def descend(
    parameters: Iterable[nn.Parameter],
    loss_of: Callable[[Batch], Tensor],
    draw: Draw,
    n_batches: int,
    learning_rate: float,
    after: loop.After | None = None,
) -> list[float]:
    """Take steps of Adam on the loss of one drawn batch after another.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    parameters : iterable of Parameter
        What is moved.
    loss_of : callable
        Gives the loss of a batch.
    draw : callable
        Gives the next batch.
    n_batches : int
        How many.
    learning_rate : float
        Of Adam.
    after : callable, optional
        Told the number of batches done, after each.

    Returns
    -------
    list of float
        The loss at every hundredth batch.

    Examples
    --------
    A point goes to 1, where the loss is least:

    >>> point = nn.Parameter(torch.tensor(0.0))
    >>> draw = lambda: (torch.ones(1), torch.ones(1))
    >>> losses = descend([point], lambda batch: (point - batch[1]).square().sum(), draw, 200, 0.1)
    >>> [round(loss, 3) for loss in losses]
    [0.0, 0.0]
    """
    adam, how = loop.fused_adam(parameters, learning_rate), loop.Loop(n_batches, every=100)
    return loop.train(loss_of, loop.endless(draw), adam, how, after=after).tolist()  # type: ignore[no-any-return]


def keep_best(best: loop.BestWeights, score: Callable[[], float], every: int) -> loop.After:
    """Look at a score once an epoch, for `descend`: offer the weights as they are then.

    Paper: MovieLens (best validation hit ratio). Chapter: interpretable_attribution.

    Parameters
    ----------
    best : BestWeights
        Of the model that is trained.
    score : callable
        What is to be large.
    every : int
        Batches between two looks.

    Returns
    -------
    callable
        Told the number of batches done, after each.

    Examples
    --------
    >>> best = loop.BestWeights(nn.Linear(1, 1))
    >>> look = keep_best(best, iter([0.7, 0.9, 0.8]).__next__, every=10)
    >>> for number in range(1, 31):
    ...     look(number)
    >>> best.best, best.scores
    (0.9, [0.7, 0.9, 0.8])
    """

    def look(number: int) -> None:
        if number % every == 0:
            best.offer(score())

    return look
