r"""Learning experts and gates together: generalised expectation-maximisation.

For each batch, weigh the experts by what they say now (E-step, no gradient: `gate_weights`, then
`responsibilities`), and move each towards the labels that it is responsible for (M-step: one step of Adam on
`em_loss`). The mixture itself is not trained. Labels are 0 or 1. Equation eq-em of the page. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.method.attribution import normalised
from soundreasons.papers.interpretable_attribution.method.experts import RestrictedExperts
from soundreasons.papers.interpretable_attribution.method.gates import gate_weights

SCALES = ("expert", "sample", "batch")
Draw = Callable[[], tuple[Tensor, Tensor]]
"""Gives the next batch: inputs (n, n_columns) and labels (n,), on the device of the experts."""
_TINY = 1e-6  # keeps denominators finite, as in the paper's code


@dataclass(frozen=True)
class EStep:
    """How a batch is shared out among experts; the paper's code does it in four ways.

    Attributes
    ----------
    gate : {"L1", "L2", "Lp", "shifted"}
        How an expert's confidence is read.
    keep_own : bool
        Keep the factor of the expert's own confidence.
    scale : {"expert", "sample", "batch"}
        What is scaled to one: over experts for each sample and then each expert over the batch
        (toys); over experts for each sample (generic); the whole batch at once (films, sessions).
    """

    gate: str = "L2"
    keep_own: bool = True
    scale: str = "expert"


TOY_STEP = EStep()
GENERIC_STEP = EStep(keep_own=False, scale="sample")
FILM_STEP = EStep(gate="shifted", keep_own=False, scale="batch")
SESSION_STEP = EStep(keep_own=False, scale="batch")


def responsibilities(weights: Tensor, scale: str = "expert", valid: Tensor | None = None) -> Tensor:
    r"""Share a batch out among experts: :math:`\tilde\alpha_s(x_b)`, the weights scaled over the batch.

    Paper: training, the E-step; equation eq-em of the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., n, H)
        As `gate_weights` gives them for a batch of n; dimensions before that count networks side by side,
        each with a batch of its own.
    scale : {"expert", "sample", "batch"}
        As for `EStep`.
    valid : bool Tensor, shape (..., n), optional
        False where there is nothing to learn (padding); such places get weight zero.

    Returns
    -------
    Tensor, shape (..., n, H)
        Sums to H with scale "expert", to one otherwise; for each network, if there are several.

    Raises
    ------
    ValueError
        If there is no such scale.

    Examples
    --------
    Two samples, two experts. Scaled over experts the rows are (0, 1) and (1/4, 3/4); then each expert is
    scaled to take one in all:

    >>> weights = torch.tensor([[0.0, 2.0], [1.0, 3.0]])
    >>> responsibilities(weights).numpy().round(3)
    array([[0.   , 0.571],
           [1.   , 0.429]], dtype=float32)
    """
    if scale not in SCALES:
        raise ValueError(f"scale is {scale!r}, expected one of {', '.join(SCALES)}")
    if scale != "batch":
        weights = normalised(weights)
    if valid is not None:
        weights = weights * valid.unsqueeze(-1)
    together = (-2,) if scale == "expert" else (-2, -1)
    return weights / (weights.sum(dim=together, keepdim=True) + _TINY)


def expert_losses(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Log-loss of each expert: its output :math:`F=\tanh z` says :math:`p=(F+1)/2=\sigma(2z)`.

    It is :math:`\mathrm{BCE}(y, p) = \log(1 + e^{2z}) - 2 y z`, so no constant inside the logarithm is
    needed. Paper: training; equation eq-em of the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    logits : Tensor, shape (..., H)
        Before the tanh.
    labels : Tensor, shape (...), 0 or 1
        What is true.

    Returns
    -------
    Tensor, shape (..., H), nats
        Not negative.

    Raises
    ------
    RuntimeError
        If the shapes disagree.

    Examples
    --------
    An undecided expert pays log 2:

    >>> round(float(expert_losses(torch.zeros(1, 1), torch.ones(1))), 4)
    0.6931
    """
    double = 2 * logits
    return functional.softplus(double) - labels.unsqueeze(-1) * double


def em_loss(logits: Tensor, labels: Tensor, shares: Tensor) -> Tensor:
    r"""Weigh the experts' own log-losses: :math:`\sum_s \sum_b \tilde\alpha_s(x_b) \mathrm{BCE}(y_b, f_s)`.

    What the M-step descends. Paper: training; equation eq-em of the page. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    logits : Tensor, shape (..., n, H)
        Before the tanh.
    labels : Tensor, shape (..., n), 0 or 1
        What is true.
    shares : Tensor, shape (..., n, H)
        As `responsibilities` gives them, without gradient.

    Returns
    -------
    Tensor, a number
        Nats; summed over networks side by side, which share no weight.

    Raises
    ------
    RuntimeError
        If the shapes disagree.

    Examples
    --------
    Two samples, one undecided expert that takes half a share of each: it pays log 2.

    >>> float(em_loss(torch.zeros(2, 1), torch.ones(2), torch.full((2, 1), 0.5)))
    0.693...
    """
    return (shares * expert_losses(logits, labels)).sum()


def fit(
    experts: RestrictedExperts,
    draw: Draw,
    n_batches: int,
    how: EStep = TOY_STEP,
    *,
    learning_rate: float = 1e-3,
    children: NDArray[np.bool_] | None = None,
) -> list[float]:
    """Train experts in place: for every batch an E-step and an M-step.

    Paper: training. Chapter: interpretable_attribution.

    Parameters
    ----------
    experts : RestrictedExperts
        Trained in place.
    draw : callable
        Gives the next batch: inputs (n, n_columns) and labels (n,), on the device of the experts.
    n_batches : int, from 1
        How many.
    how : EStep
        How a batch is shared out.
    learning_rate : float
        Of Adam.
    children : bool array, shape (H, H), optional
        As for `gate_weights`.

    Returns
    -------
    list of float
        The loss of every batch.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1, or `how` names no gate or scale.

    Examples
    --------
    One column that tells: the loss of the only expert falls.

    >>> experts = RestrictedExperts([[0]], [(0,)], [4], generator=torch.Generator().manual_seed(0))
    >>> losses = fit(experts, lambda: (torch.tensor([[-1.0], [1.0]]), torch.tensor([0.0, 1.0])), 50)
    >>> losses[-1] < losses[0]
    True
    """
    check_labels(draw()[1])  # a look at the first batch; training starts with the next
    adam, losses = torch.optim.Adam(experts.parameters(), learning_rate), []
    for _ in range(n_batches):
        x, labels = draw()
        logits = experts.logits(x)
        weights = gate_weights(
            torch.tanh(logits), experts.subsets, how.gate, keep_own=how.keep_own, children=children
        )
        loss = em_loss(logits, labels, responsibilities(weights, how.scale))
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        losses.append(loss.item())
    return losses


def check_labels(labels: Tensor) -> None:
    """Refuse labels that are not 0 or 1; the first wrong entry is named.

    Paper: problem, y in {0, 1}. Chapter: interpretable_attribution.

    Parameters
    ----------
    labels : Tensor, any shape
        What is true.

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1.

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
