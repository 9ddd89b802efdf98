"""The toy experiments: train, score against the known attribution, and take the method apart.

Shares run from 0 to 1. Source: sections 4.1 and 5. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.papers.interpretable_attribution.copies import stack_experts, unstack_experts
from soundreasons.papers.interpretable_attribution.experts import MaskedLayer, RestrictedExperts
from soundreasons.papers.interpretable_attribution.gating import gate_weights, mixture, normalised
from soundreasons.papers.interpretable_attribution.plain import fit_plain_together, plain_network
from soundreasons.papers.interpretable_attribution.toys import (
    Points,
    Toy,
    draw_points,
    streams,
    toy,
    toy_experts,
)
from soundreasons.papers.interpretable_attribution.training import TOY_STEP, EStep, fit

N_TEST = 4096
READ_BY = "L1"  # the gate that attributions are read with, as in the authors' notebook
MIXED_BY = "Lp"  # the gate that the mixture is computed with


@dataclass(frozen=True)
class Variant:
    """One way to train the experts of a toy."""

    what: str
    step: EStep = TOY_STEP
    objective: str = "em"
    has_product: bool = True
    has_masks: bool = True
    is_connected: bool = False
    stops_gradient: bool = True


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "em": Variant("the method: joint training, gate L2"),
        "gate_l1": Variant("gate L1 in the E-step", EStep(gate="L1")),
        "gate_lp": Variant("gate Lp in the E-step", EStep(gate="Lp")),
        "without_own": Variant("own confidence left out", EStep(keep_own=False)),
        "per_sample": Variant("weights scaled for each sample only", EStep(scale="sample")),
        "sequential": Variant("small experts first, then frozen", objective="sequential"),
        "through_mixture": Variant("trained through the mixture's output", objective="mixture"),
        "no_product": Variant("no product over smaller experts", has_product=False),
        "joined": Variant("larger experts read smaller ones, gradient stopped", is_connected=True),
        "joined_flowing": Variant("the same, gradient let through", is_connected=True, stops_gradient=False),
        "no_masks": Variant("every expert sees everything", has_masks=False),
    }
)


@dataclass(frozen=True)
class ToyRun:
    """Experts trained on a toy, and fresh points to judge them by."""

    problem: Toy
    experts: RestrictedExperts
    points: Points
    children: NDArray[np.bool_]

    def outputs(self, x: Tensor) -> Tensor:
        """Expert outputs, without gradient."""
        with torch.no_grad():
            return self.experts(x)  # type: ignore[no-any-return]

    def weights(self, x: Tensor, gate: str = READ_BY) -> Tensor:
        """Weights of the experts at points, not normalised."""
        return gate_weights(self.outputs(x), self.problem.subsets, gate, children=self.children)

    def prediction(self, x: Tensor) -> Tensor:
        """Output of the mixture in [-1, 1]."""
        return mixture(self.outputs(x), self.weights(x, MIXED_BY))


def judging_points(problem: Toy, seed: int, device: str) -> Points:
    """Draw the fresh points that a run is judged by. Chapter: interpretable_attribution."""
    return draw_points(problem, N_TEST, torch.Generator(device).manual_seed(2**31 + seed))


def train_toys(
    name: str, seeds: Sequence[int], steps: int, *, variant: str = "em", device: str = "cpu"
) -> list[ToyRun]:
    """Train experts on a toy, once for each seed, side by side.

    The runs have weights and batches of their own; that they are computed together changes rounding only.
    Source: section 4.1. Chapter: interpretable_attribution.

    Parameters
    ----------
    name : {"a", "b", "c", "d"}
        Which.
    seeds : sequence of int
        Of first weights and batches; the test points come from streams of their own.
    steps : int
        Batches; the paper takes 15,000.
    variant : str
        Of `VARIANTS`.
    device : str
        Where it is computed.

    Returns
    -------
    list of ToyRun
        In the order of the seeds.

    Raises
    ------
    ValueError
        If there is no such toy or variant, or no seed.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}, expected one of {', '.join(VARIANTS)}")
    problem, how = toy(name), VARIANTS[variant]
    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
    networks = [
        toy_experts(problem, one, is_connected=how.is_connected, stops_gradient=how.stops_gradient)
        for one in generators
    ]
    if not how.has_masks:
        for network, generator in zip(networks, generators, strict=True):
            unmask(network, generator)
    children = problem.children if how.has_product else np.zeros_like(problem.children)
    together, draw = stack_experts(networks), streams(problem, generators)
    fit(together, draw, steps, step=how.step, objective=how.objective, children=children)
    unstack_experts(together, networks)
    return [
        ToyRun(problem, network, judging_points(problem, seed, device), children)
        for network, seed in zip(networks, seeds, strict=True)
    ]


def train_toy(name: str, seed: int, steps: int, *, variant: str = "em", device: str = "cpu") -> ToyRun:
    """Train experts on a toy once; see `train_toys`. Chapter: interpretable_attribution."""
    return train_toys(name, [seed], steps, variant=variant, device=device)[0]


def unmask(experts: RestrictedExperts, generator: torch.Generator | None = None) -> None:
    """Let every expert see every column, in place: what the method forbids, for comparison.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    experts : RestrictedExperts
        In the masked form.
    generator : torch.Generator, optional
        Draws the weights that were forbidden.

    Raises
    ------
    ValueError
        If the experts are in the block form.
    """
    first = experts.layers[0]
    if not isinstance(first, MaskedLayer):
        raise ValueError(
            "experts are in the block form, which has no mask to take away; take .masked() first"
        )
    with torch.no_grad():
        bound = math.sqrt(6 / (first.weight.shape[1] + experts.hidden[0]))
        drawn = torch.empty_like(first.weight).uniform_(-bound, bound, generator=generator)
        first.weight.copy_(torch.where(first.mask > 0, first.weight, drawn))
        first.mask.fill_(1.0)


def score_toy(run: ToyRun, gate: str = READ_BY) -> dict[str, float]:
    """Score a run by accuracy, right attribution, and size of what is selected.

    Source: section 4.1. Chapter: interpretable_attribution.

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
    mass = normalised(weights).gather(1, points.right.unsqueeze(1))
    sizes = torch.as_tensor(problem.sizes, device=selected.device)
    alone = ((run.outputs(points.x) > 0) == is_one.unsqueeze(1)).double().mean(dim=0)
    return {
        "accuracy": _share((run.prediction(points.x) > 0) == is_one),
        "right": _share(selected == points.right),
        "mass": float(mass.double().mean()),
        "size": float(sizes[selected].double().mean()),
        **{f"expert_{k}": float(value) for k, value in enumerate(alone)},
    }


def train_plain_toys(
    name: str, seeds: Sequence[int], steps: int, *, device: str = "cpu"
) -> list[nn.Sequential]:
    """Train an unrestricted perceptron on a toy, with as many hidden units as all experts together.

    Once for each seed, side by side, as `train_toys` does. Chapter: interpretable_attribution.
    """
    problem = toy(name)
    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
    width = problem.hidden * len(problem.subsets)
    networks = [
        plain_network(problem.centres.shape[1], [width, width], generator=one, device=device)
        for one in generators
    ]
    fit_plain_together(networks, streams(problem, generators), steps)
    return networks


def plain_accuracy(network: nn.Module, points: Points) -> float:
    """Share of points that a plain network gets right. Chapter: interpretable_attribution."""
    with torch.no_grad():
        return _share((network(points.x).squeeze(-1) > 0) == (points.labels > 0.5))


def attribution_map(run: ToyRun, *, reach: float = 2.5, n: int = 50) -> NDArray[np.float64]:
    """Read normalised weights on a grid over the plane of the first two features; others are zero.

    Source: section 4.1, map of attributions. Chapter: interpretable_attribution.

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
    shares = normalised(run.weights(x)).cpu().numpy().astype(np.float64)
    return np.asarray(shares.reshape(n, n, -1))


def leaks(experts: RestrictedExperts, x: Tensor) -> float:
    """Largest gradient of an expert with respect to an input that it must not see.

    Zero, exactly, is what the restriction promises. Source: section 3.3. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    experts : RestrictedExperts
        Trained or not.
    x : Tensor, shape (n, n_columns)
        Rows to explain or to judge.

    Returns
    -------
    float
        Largest absolute value over experts, points and forbidden columns.

    Examples
    --------
    >>> leaks(toy_experts(toy("a")), torch.ones(4, 2))
    0.0
    """
    from soundreasons.papers.interpretable_attribution.subsets import column_mask

    seen = column_mask(experts.groups, experts.subsets, x.shape[1])
    given = x.clone().requires_grad_()
    largest = 0.0
    for expert, output in enumerate(experts(given).unbind(dim=1)):
        (gradient,) = torch.autograd.grad(output.sum(), given, retain_graph=True)
        forbidden = gradient[:, torch.as_tensor(~seen[expert], device=x.device)]
        largest = max(largest, float(forbidden.abs().max()) if forbidden.numel() else 0.0)
    return largest


def ablate(name: str, seeds: list[int], steps: int, variants: list[str], *, device: str = "cpu") -> Any:
    """Train several variants on one toy, and lay their scores side by side.

    Source: section 5, claims 3 and 5. Chapter: interpretable_attribution.

    Returns
    -------
    DataFrame
        One row a variant and seed: `variant`, `seed`, and the scores of `score_toy`, and `leak`.
    """
    import pandas as pd

    rows = []
    for variant in variants:
        runs = train_toys(name, seeds, steps, variant=variant, device=device)
        for seed, run in zip(seeds, runs, strict=True):
            leak = leaks(run.experts, run.points.x[:256])
            rows.append({"variant": variant, "seed": seed, **score_toy(run), "leak": leak})
    return pd.DataFrame(rows)


def _share(is_so: Tensor) -> float:
    return float(is_so.double().mean())
