"""Toys: is the credit given to the right features? Train, and score against the known attribution.

Shares run from 0 to 1. Paper: toy problems. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.data.toys import (
    Points,
    Toy,
    draw_points,
    streams,
    toy,
)
from soundreasons.papers.interpretable_attribution.fast.experts import MaskedLayer

N_TEST = 4096
_N_LEAK = 256  # points that the forbidden gradient is looked for at
READ_BY = "L1"  # the gate that attributions are read with, as in the authors' notebook
MIXED_BY = "Lp"  # the gate that the mixture is computed with


@dataclass(frozen=True)
class Variant:
    """One way to train the experts of a toy; the method itself unless told.

    Attributes
    ----------
    what : str
        In words.
    how : EStep
        How a batch is shared out.
    fit : callable
        As `fast.fit`.
    has_product, has_masks : bool
        Ask smaller experts first; restrict what experts see.
    sharing : {"none", "stopped", "flowing"}
        As for `RestrictedExperts`.
    """

    what: str
    how: method.EStep = method.TOY_STEP
    fit: Callable[..., Any] = fast.fit
    has_product: bool = True
    has_masks: bool = True
    sharing: str = "none"


METHOD = Variant("the method: joint training, gate L2")


@dataclass(frozen=True)
class ToyRun:
    """Experts trained on a toy, and fresh points to judge them by."""

    problem: Toy
    experts: fast.RestrictedExperts
    points: Points
    children: NDArray[np.bool_]

    def outputs(self, x: Tensor) -> Tensor:
        """Expert outputs, without gradient."""
        with torch.no_grad():
            return self.experts(x)  # type: ignore[no-any-return]

    def weights(self, x: Tensor, gate: str = READ_BY) -> Tensor:
        """Weights of the experts at points, not normalised."""
        return fast.gate_weights(self.outputs(x), self.problem.subsets, gate, children=self.children)

    def prediction(self, x: Tensor) -> Tensor:
        """Output of the mixture in [-1, 1]."""
        return method.mixture(self.outputs(x), self.weights(x, MIXED_BY))


def toy_experts(
    problem: Toy, generator: torch.Generator | None = None, *, sharing: str = "none"
) -> fast.RestrictedExperts:
    """Build the experts of a toy: two hidden layers each, sharing nothing unless told.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    problem : Toy
        Which toy.
    generator : torch.Generator, optional
        Draws the first weights; they live on its device.
    sharing : {"none", "stopped", "flowing"}
        As for `RestrictedExperts`.

    Examples
    --------
    >>> [toy_experts(toy(name)).n_parameters for name in "acd"]
    [299, 979, 979]
    """
    with warnings.catch_warnings():
        # Toy D has no expert that sees everything, on purpose.
        warnings.filterwarnings("ignore", message="no subset holds all groups")
        return fast.RestrictedExperts(
            problem.groups, problem.subsets, [problem.hidden] * 2, sharing=sharing, generator=generator
        )


def train_toys(
    name: str, seeds: Sequence[int], n_batches: int, variant: Variant = METHOD, *, device: str = "cpu"
) -> list[ToyRun]:
    """Train experts on a toy, once for each seed, side by side.

    The runs have weights and batches of their own; that they are computed together changes rounding only.
    Paper: toy problems. Chapter: interpretable_attribution.

    Parameters
    ----------
    name : {"a", "b", "c", "d"}
        Which.
    seeds : sequence of int
        Of first weights and batches; the test points come from streams of their own.
    n_batches : int
        The paper takes 15,000.
    variant : Variant
        How they are trained.
    device : str
        Where it is computed.

    Returns
    -------
    list of ToyRun
        In the order of the seeds.

    Raises
    ------
    ValueError
        If there is no such toy, or no seed.
    """
    problem = toy(name)
    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
    networks = [toy_experts(problem, generator, sharing=variant.sharing) for generator in generators]
    if not variant.has_masks:
        for network, generator in zip(networks, generators, strict=True):
            unmask(network, generator)
    children = problem.children if variant.has_product else np.zeros_like(problem.children)
    together = fast.stack_experts(networks)
    variant.fit(together, streams(problem, generators), n_batches, variant.how, children=children)
    fast.unstack_experts(together, networks)
    return [
        ToyRun(problem, network, _test_points(problem, seed, device), children)
        for network, seed in zip(networks, seeds, strict=True)
    ]


def _test_points(problem: Toy, seed: int, device: str) -> Points:
    return draw_points(problem, N_TEST, torch.Generator(device).manual_seed(2**31 + seed))


def unmask(experts: method.RestrictedExperts, generator: torch.Generator | None = None) -> None:
    """Let every expert see every column, in place: what the method forbids, for comparison.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    experts : fast.RestrictedExperts
        Changed in place.
    generator : torch.Generator, optional
        Draws the weights that were forbidden.

    Raises
    ------
    ValueError
        If the experts are in blocks.
    """
    first = experts.layers[0]
    if not isinstance(first, MaskedLayer):
        raise ValueError(
            "these experts are in blocks, which have no mask to take away; take "
            "fast.RestrictedExperts.of first"
        )
    with torch.no_grad():
        bound = math.sqrt(6 / (first.weight.shape[1] + experts.hidden[0]))
        drawn = torch.empty_like(first.weight).uniform_(-bound, bound, generator=generator)
        first.weight.copy_(torch.where(first.mask > 0, first.weight, drawn))
        first.mask.fill_(1.0)


def score_toy(run: ToyRun, gate: str = READ_BY) -> dict[str, float]:
    """Score a run by accuracy, right attribution, and size of what is selected.

    Paper: toy problems. Chapter: interpretable_attribution.

    Parameters
    ----------
    run : ToyRun
        A finished training.
    gate : str
        Gate that attributions are read with.

    Returns
    -------
    dict of float
        `accuracy` of the mixture; `right`, share of points whose explaining subset is the right one;
        `mass`, mean normalised weight of the right subset; `size`, mean number of features of the
        explaining subset; `expert_0` ..., accuracy of each expert alone.
    """
    points, problem = run.points, run.problem
    is_one = points.labels > 0.5
    weights = run.weights(points.x, gate)
    selected = weights.argmax(dim=-1)
    mass = method.normalised(weights).gather(1, points.right.unsqueeze(1))
    sizes = torch.as_tensor(problem.sizes, device=selected.device)
    alone = ((run.outputs(points.x) > 0) == is_one.unsqueeze(1)).double().mean(dim=0)
    return {
        "accuracy": _share((run.prediction(points.x) > 0) == is_one),
        "right": _share(selected == points.right),
        "mass": float(mass.double().mean()),
        "size": float(sizes[selected].double().mean()),
        **{f"expert_{k}": float(value) for k, value in enumerate(alone)},
    }


def score_toys(trained: Mapping[str, Sequence[ToyRun]]) -> pd.DataFrame:
    """Score all runs of some toys.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    trained : mapping of str to sequence of ToyRun
        By the name of the toy.

    Returns
    -------
    DataFrame
        One row a run: `toy`, the scores of `score_toy`, `alone` (mean accuracy of the two experts on one
        feature), `leak` (largest forbidden gradient) and `parameters`.
    """
    rows = [
        {"toy": name, **score_toy(run), "leak": leak(run), "parameters": run.experts.n_parameters}
        for name, runs in trained.items()
        for run in runs
    ]
    scores = pd.DataFrame(rows)
    return scores.assign(alone=scores[["expert_0", "expert_1"]].mean(axis=1))


def leak(run: ToyRun) -> float:
    """Largest gradient of an expert at test points with respect to a feature that it must not see.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> leak(train_toys("a", [0], 1)[0])
    0.0
    """
    return method.leaks(run.experts, run.points.x[:_N_LEAK])


def attribution_map(run: ToyRun, *, reach: float = 2.5, n: int = 50) -> NDArray[np.float64]:
    """Read normalised weights on a grid over the plane of the first two features; others are zero.

    Paper: toy problems, map of attributions. Chapter: interpretable_attribution.

    Parameters
    ----------
    run : ToyRun
        A finished training.
    reach : float
        The grid goes from -reach to reach.
    n : int
        Points a side.

    Returns
    -------
    ndarray, shape (n, n, H)
        First axis: second feature, rising.
    """
    side = torch.linspace(-reach, reach, n, device=run.points.x.device)
    rows, columns = torch.meshgrid(side, side, indexing="ij")
    x = torch.zeros(n * n, run.points.x.shape[1], device=side.device)
    x[:, 0], x[:, 1] = columns.reshape(-1), rows.reshape(-1)
    shares = method.normalised(run.weights(x)).cpu().numpy().astype(np.float64)
    return np.asarray(shares.reshape(n, n, -1))


def _share(is_so: Tensor) -> float:
    return float(is_so.double().mean())
