r"""Learning experts and gates together: generalised expectation-maximisation, and what it is compared with.

Task: for each batch, weigh the experts by what they say now (E-step, no gradient), then move each
towards the labels it is responsible for (M-step, one Adam step on the weighted log-losses). The
mixture itself is not trained. Labels are 0 or 1. Source: section 3.4. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.experts import RestrictedExperts
from soundreasons.papers.interpretable_attribution.gating import gate_weights, mixture, normalised
from soundreasons.papers.interpretable_attribution.subsets import strict_children

SCALES = ("expert", "sample", "batch")
OBJECTIVES = ("em", "sequential", "mixture")
Draw = Callable[[], tuple[Tensor, Tensor]]
After = Callable[[int], None]
_TINY = 1e-6  # keeps logarithms and denominators finite, as in the paper's code


@dataclass(frozen=True)
class EStep:
    """How a batch is shared out among experts.

    Attributes
    ----------
    gate : {"L1", "L2", "Lp", "shifted"}
        How an expert's confidence is read.
    keep_own : bool
        Keep the factor of the expert's own confidence.
    scale : {"expert", "sample", "batch"}
        What is scaled to one: over experts for each sample and then each expert over the batch
        (toys); over experts for each sample (generic); the whole batch at once (MovieLens, sessions).
    """

    gate: str = "L2"
    keep_own: bool = True
    scale: str = "expert"


TOY_STEP = EStep()
GENERIC_STEP = EStep(keep_own=False, scale="sample")
FILM_STEP = EStep(gate="shifted", keep_own=False, scale="batch")
SESSION_STEP = EStep(keep_own=False, scale="batch")


def responsibilities(
    outputs: Tensor,
    subsets: Any,
    step: EStep = TOY_STEP,
    *,
    children: NDArray[np.bool_] | None = None,
    valid: Tensor | None = None,
    are_copies: bool = False,
) -> Tensor:
    """Share a batch out among experts: the E-step.

    Source: section 3.4, table of variants. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs : Tensor, shape (..., H)
        Expert outputs in [-1, 1].
    subsets, children
        As for `gate_weights`.
    step : EStep
        Gate and scaling.
    valid : bool Tensor, shape (...), optional
        False where there is nothing to learn (padding); such places get weight zero.
    are_copies : bool
        The first dimension counts networks side by side, each with a batch of its own.

    Returns
    -------
    Tensor, shape (..., H), without gradient
        Sums to H with scale "expert", to one otherwise; for each network, if there are several.

    Raises
    ------
    ValueError
        If there is no such scale.

    Examples
    --------
    >>> outputs = torch.tensor([[0.5, -0.5], [0.9, 0.0]])
    >>> shares = responsibilities(outputs, [(0,), (0, 1)], EStep(scale="batch"))
    >>> round(float(shares.sum()), 3)
    1.0
    """
    if step.scale not in SCALES:
        raise ValueError(f"scale is {step.scale!r}, expected one of {', '.join(SCALES)}")
    batch = tuple(range(1 if are_copies else 0, outputs.ndim - 1))
    with torch.no_grad():
        weights = gate_weights(outputs, subsets, step.gate, keep_own=step.keep_own, children=children)
        if step.scale != "batch":
            weights = normalised(weights)
        if valid is not None:
            weights = weights * valid.unsqueeze(-1)
        together = batch if step.scale == "expert" else (*batch, outputs.ndim - 1)
        return weights / (weights.sum(dim=together, keepdim=True) + _TINY)


def expert_losses(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Log-loss of each expert: its output :math:`F=\tanh z` says :math:`p=(F+1)/2=\sigma(2z)`.

    Computed from `z`, so no constant inside the logarithm is needed. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    logits : Tensor, shape (..., H)
        Before the tanh.
    labels : Tensor, shape (...), 0 or 1
        What is true.

    Returns
    -------
    Tensor, shape (..., H), nats

    Examples
    --------
    >>> round(float(expert_losses(torch.zeros(1, 1), torch.ones(1))), 4)
    0.6931
    """
    double = 2 * logits
    return functional.softplus(double) - labels.unsqueeze(-1) * double


def em_loss(
    logits: Tensor,
    labels: Tensor,
    subsets: Any,
    step: EStep = TOY_STEP,
    *,
    children: NDArray[np.bool_] | None = None,
    valid: Tensor | None = None,
    are_copies: bool = False,
) -> Tensor:
    """Log-losses of the experts, weighted by their responsibilities: what the M-step descends.

    Source: section 3.4. Chapter: interpretable_attribution.

    Parameters
    ----------
    logits : Tensor, shape (..., H)
        Before the tanh.
    labels : Tensor, shape (...), 0 or 1
        What is true.
    subsets, step, children, valid, are_copies
        As for `responsibilities`.

    Returns
    -------
    Tensor, a number
        Summed over networks side by side, which share no weight.

    Examples
    --------
    >>> float(em_loss(torch.zeros(2, 1), torch.ones(2), [(0,)], EStep(keep_own=False)))
    0.693...
    """
    shares = responsibilities(
        torch.tanh(logits.detach()), subsets, step, children=children, valid=valid, are_copies=are_copies
    )
    return (shares * expert_losses(logits, labels)).sum()


def mixture_loss(
    logits: Tensor, labels: Tensor, subsets: Any, step: EStep, *, children: NDArray[np.bool_] | None = None
) -> Tensor:
    """Log-loss of the mixture itself: the training that the paper does *not* use.

    Mean over the batch; networks side by side are summed. Chapter: interpretable_attribution.
    """
    outputs = torch.tanh(logits)
    weights = gate_weights(outputs, subsets, step.gate, keep_own=step.keep_own, children=children)
    share = ((mixture(outputs, weights) + 1) / 2).clamp(_TINY, 1 - _TINY)
    return functional.binary_cross_entropy(share, labels, reduction="none").mean(dim=-1).sum()


def check_labels(labels: Tensor) -> None:
    """Refuse labels that are not 0 or 1; the first wrong entry is named.

    Chapter: interpretable_attribution.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_labels(torch.tensor([0.0, 1.0]))
    """
    wrong = torch.nonzero((labels != 0) & (labels != 1))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        shown = place[0] if len(place) == 1 else place
        raise ValueError(
            f"label {shown} is {labels[place].item():g}, expected 0 or 1; -1 and 1 become 0 and 1 by "
            "(y + 1) / 2"
        )


def optimiser(parameters: Iterable[nn.Parameter], learning_rate: float) -> torch.optim.Adam:
    """Adam, in one kernel where the device has one. Chapter: interpretable_attribution."""
    listed = list(parameters)
    is_fused = all(parameter.device.type in ("cpu", "cuda", "mps") for parameter in listed)
    return torch.optim.Adam(listed, learning_rate, fused=is_fused)


def fit(
    experts: RestrictedExperts,
    draw: Draw,
    steps: int,
    *,
    step: EStep = TOY_STEP,
    objective: str = "em",
    learning_rate: float = 1e-3,
    children: NDArray[np.bool_] | None = None,
    after: After | None = None,
) -> list[float]:
    """Train experts in place.

    Source: section 3.4. Chapter: interpretable_attribution.

    Parameters
    ----------
    experts : RestrictedExperts
        Trained in place; several at once, if they stand side by side (see `stack_experts`).
    draw : callable
        Gives the next batch: inputs of shape (n, n_columns) and labels of shape (n,), on the device
        of the experts; of networks side by side, with one more dimension in front.
    steps : int, from 1
        Batches; "sequential" shares them out among its levels.
    step : EStep
        How a batch is shared out.
    objective : {"em", "sequential", "mixture"}
        All experts at once; smallest first, then frozen; or through the output of the mixture.
    learning_rate : float
        Of Adam.
    children : bool array, shape (H, H), optional
        As for `gate_weights`.
    after : callable, optional
        Called after each step with its number, from 1; may look, and copy weights. Not for "sequential".

    Returns
    -------
    list of float
        The loss at every hundredth step.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1, or there is no such objective.

    Examples
    --------
    >>> experts = RestrictedExperts([[0]], [(0,)], [4])
    >>> len(fit(experts, lambda: (torch.zeros(8, 1), torch.ones(8)), 100))
    1
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective is {objective!r}, expected one of {', '.join(OBJECTIVES)}")
    check_labels(draw()[1])
    asked = strict_children(experts.subsets) if children is None else children
    if objective == "sequential":
        return _fit_by_level(experts, draw, steps, step, learning_rate, asked)
    return descend(
        experts.parameters(),
        lambda: _loss_of_batch(experts, draw, objective, step, asked),
        steps,
        learning_rate,
        after=after,
    )


def _loss_of_batch(
    experts: RestrictedExperts, draw: Draw, objective: str, step: EStep, asked: NDArray[np.bool_]
) -> Tensor:
    x, labels = draw()
    logits = experts.logits(x)
    if objective == "mixture":
        return mixture_loss(logits, labels, experts.subsets, step, children=asked)
    are_copies = experts.n_copies is not None
    return em_loss(logits, labels, experts.subsets, step, children=asked, are_copies=are_copies)


def descend(
    parameters: Iterable[nn.Parameter],
    loss_of_batch: Callable[[], Tensor],
    steps: int,
    learning_rate: float,
    *,
    after: After | None = None,
) -> list[float]:
    """Take steps of Adam on the loss of one batch after another. Chapter: interpretable_attribution.

    Returns
    -------
    list of float
        The loss at every hundredth step.
    """
    adam, losses = optimiser(parameters, learning_rate), []
    for number in range(1, steps + 1):
        loss = loss_of_batch()
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        if number % 100 == 0:
            losses.append(loss.item())
        if after is not None:
            after(number)
    return losses


class BestOf:
    """Keep the weights that did best on held-out data, looking once an epoch.

    Source: section 4.2 (best validation hit-ratio). Chapter: interpretable_attribution.

    Parameters
    ----------
    model : Module
        Its weights are copied.
    score : callable
        What is to be large.
    every : int
        Steps between two looks.

    Examples
    --------
    >>> keeper = BestOf(nn.Linear(1, 1), iter([0.7, 0.9, 0.8]).__next__, every=10)
    >>> for step in range(1, 31):
    ...     keeper(step)
    >>> keeper.best, keeper.scores
    (0.9, [0.7, 0.9, 0.8])
    """

    def __init__(self, model: nn.Module, score: Callable[[], float], every: int) -> None:
        self._model, self._score, self._every = model, score, every
        self.best: float = -np.inf
        self.scores: list[float] = []
        self._state: dict[str, Tensor] = {}

    def __call__(self, step: int) -> None:
        """Look, if it is time."""
        if step % self._every:
            return
        self.scores.append(self._score())
        if self.scores[-1] > self.best:
            self.best = self.scores[-1]
            self._state = {name: value.clone() for name, value in self._model.state_dict().items()}

    def restore(self) -> None:
        """Put the best weights back."""
        if self._state:
            self._model.load_state_dict(self._state)


def levels(children: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Length of the longest chain of children below each expert.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> levels(strict_children([(0,), (1,), (0, 1)])).tolist()
    [0, 0, 1]
    """
    depth = np.zeros(len(children), dtype=np.int64)
    for _ in range(len(children)):
        depth = np.where(children.any(axis=0), 1 + (children * depth[:, np.newaxis]).max(axis=0), 0)
    return depth


def _fit_by_level(
    experts: RestrictedExperts, draw: Draw, steps: int, step: EStep, rate: float, asked: NDArray[np.bool_]
) -> list[float]:
    """Boosting in turn: a level is learned on what the frozen levels below leave over."""
    depth, losses = levels(asked), []
    device = next(experts.parameters()).device
    for level in range(int(depth.max()) + 1):
        active = torch.as_tensor(depth == level, device=device)

        def loss_of_level(active: Tensor = active) -> Tensor:
            x, labels = draw()
            logits = experts.logits(x)
            shares = responsibilities(
                torch.tanh(logits.detach()), experts.subsets, step, children=asked,
                are_copies=experts.n_copies is not None,
            )  # fmt: skip
            return (shares * active * expert_losses(logits, labels)).sum()

        # A new Adam for each level: it has no momentum, so what gets no gradient does not move.
        losses += descend(experts.parameters(), loss_of_level, steps // (int(depth.max()) + 1), rate)
    return losses
