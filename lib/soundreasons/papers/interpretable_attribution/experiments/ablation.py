"""Which part does the work? The method taken to pieces on a toy: other gates, other trainings, no masks.

Paper: training. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.experiments.toys import (
    METHOD,
    Variant,
    leak,
    score_toy,
    train_toys,
)
from soundreasons.papers.interpretable_attribution.fast.learning import Batch
from soundreasons.papers.interpretable_attribution.method import Draw, EStep

_TINY = 1e-6  # keeps logarithms finite


def ablate(
    name: str, seeds: Sequence[int], n_batches: int, variant: str, *, device: str = "cpu"
) -> pd.DataFrame:
    """Train one variant of the method on a toy, once for each seed, and score it.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    name, seeds, n_batches, device
        As for `train_toys`.
    variant : str
        Of `VARIANTS`.

    Returns
    -------
    DataFrame
        One row a seed: `variant`, `seed`, the scores of `score_toy`, and `leak`, the largest forbidden
        gradient.

    Raises
    ------
    ValueError
        If there is no such toy or variant, or no seed.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}, expected one of {', '.join(VARIANTS)}")
    runs = train_toys(name, seeds, n_batches, VARIANTS[variant], device=device)
    rows = [
        {"variant": variant, "seed": seed, **score_toy(run), "leak": leak(run)}
        for seed, run in zip(seeds, runs, strict=True)
    ]
    return pd.DataFrame(rows)


def lead(scores: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Tell by how many points one variant is better than another, seed by seed.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    scores : DataFrame
        Rows of `ablate`.
    first, second : str
        Two variants among them.

    Returns
    -------
    DataFrame
        One row a seed: `right` and `accuracy`, in points.

    Examples
    --------
    >>> rows = [("em", 0, 0.9, 1.0), ("sequential", 0, 0.7, 1.0)]
    >>> table = pd.DataFrame(rows, columns=["variant", "seed", "right", "accuracy"])
    >>> lead(table, "em", "sequential").round(6).to_dict("records")
    [{'right': 20.0, 'accuracy': 0.0}]
    """
    parts = scores.set_index("seed").groupby("variant")[["right", "accuracy"]]
    return 100 * (parts.get_group(first) - parts.get_group(second))


def mixture_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Log-loss of the mixture itself: the training that the paper does *not* use.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    logits, weights : Tensor, shape (..., n, H)
        Before the tanh; as `gate_weights` gives them.
    labels : Tensor, shape (..., n), 0 or 1
        What is true.

    Returns
    -------
    Tensor, a number
        Mean over the batch; networks side by side are summed.

    Examples
    --------
    >>> round(float(mixture_loss(torch.zeros(2, 1), torch.ones(2), torch.ones(2, 1))), 4)
    0.6931
    """
    share = ((method.mixture(torch.tanh(logits), weights) + 1) / 2).clamp(_TINY, 1 - _TINY)
    return functional.binary_cross_entropy(share, labels, reduction="none").mean(dim=-1).sum()


def fit_through_mixture(
    experts: method.RestrictedExperts,
    draw: Draw,
    n_batches: int,
    how: EStep = method.TOY_STEP,
    *,
    learning_rate: float = 1e-3,
    children: NDArray[np.bool_] | None = None,
) -> list[float]:
    """Train experts in place through the output of their mixture.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    experts, draw, n_batches, learning_rate, children
        As for `fast.fit`.
    how : EStep
        Its gate; nothing is shared out, so `keep_own` and `scale` must be those of `TOY_STEP`.

    Returns
    -------
    list of float
        The loss at every hundredth batch.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1, or `how` asks for what is not used.
    """
    if (how.keep_own, how.scale) != (method.TOY_STEP.keep_own, method.TOY_STEP.scale):
        raise ValueError(
            f"how is {how}, but training through the mixture shares nothing out: only its gate may differ "
            f"from {method.TOY_STEP}"
        )
    method.check_labels(draw()[1])
    asked_first = method.strict_children(experts.subsets) if children is None else children

    def loss_of(batch: Batch) -> Tensor:
        logits = experts.logits(batch[0])
        weights = fast.gate_weights(torch.tanh(logits), experts.subsets, how.gate, children=asked_first)
        return mixture_loss(logits, batch[1], weights)

    return fast.descend(experts.parameters(), loss_of, draw, n_batches, learning_rate)


def levels(children: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Length of the longest chain of children below each expert.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> levels(method.strict_children([(0,), (1,), (0, 1)])).tolist()
    [0, 0, 1]
    """
    depth = np.zeros(len(children), dtype=np.int64)
    for _ in range(len(children)):
        depth = np.where(children.any(axis=0), 1 + (children * depth[:, np.newaxis]).max(axis=0), 0)
    return depth


def fit_by_level(
    experts: method.RestrictedExperts,
    draw: Draw,
    n_batches: int,
    how: EStep = method.TOY_STEP,
    *,
    learning_rate: float = 1e-3,
    children: NDArray[np.bool_] | None = None,
) -> list[float]:
    """Train small experts first, in place, then freeze them: boosting in turn.

    A level is learned on what the frozen levels below leave over. Chapter: interpretable_attribution.

    Parameters
    ----------
    experts, draw, how, learning_rate, children
        As for `fast.fit`.
    n_batches : int
        Shared out evenly among the levels.

    Returns
    -------
    list of float
        The loss at every hundredth batch of each level.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1, or `how` names no gate or scale.
    """
    method.check_labels(draw()[1])
    asked_first = method.strict_children(experts.subsets) if children is None else children
    depth, losses = levels(asked_first), []
    device = next(experts.parameters()).device
    for level in range(int(depth.max()) + 1):
        is_active = torch.as_tensor(depth == level, device=device)

        def loss_of_level(batch: Batch, is_active: Tensor = is_active) -> Tensor:
            x, labels = batch
            logits = experts.logits(x)
            shares = fast.e_step(logits, experts.subsets, how, children=asked_first)
            return method.em_loss(logits, labels, shares * is_active)

        # A new Adam for each level: it has no momentum, so what gets no gradient does not move.
        per_level = n_batches // (int(depth.max()) + 1)
        losses += fast.descend(experts.parameters(), loss_of_level, draw, per_level, learning_rate)
    return losses


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "em": METHOD,
        "gate_l1": Variant("gate L1 in the E-step", EStep(gate="L1")),
        "gate_lp": Variant("gate Lp in the E-step", EStep(gate="Lp")),
        "without_own": Variant("own confidence left out", EStep(keep_own=False)),
        "per_sample": Variant("weights scaled for each sample only", EStep(scale="sample")),
        "sequential": Variant("small experts first, then frozen", fit=fit_by_level),
        "through_mixture": Variant("trained through the mixture's output", fit=fit_through_mixture),
        "no_product": Variant("no product over smaller experts", has_product=False),
        "joined": Variant("larger experts read smaller ones, gradient stopped", sharing="stopped"),
        "joined_flowing": Variant("the same, gradient let through", sharing="flowing"),
        "no_masks": Variant("every expert sees everything", has_masks=False),
    }
)
