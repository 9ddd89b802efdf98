"""Does the explanation cost accuracy? One perceptron that sees everything, trained on the log-loss.

Chapter: interpretable_attribution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution import fast
from soundreasons.papers.interpretable_attribution.data.toys import Points, streams, toy
from soundreasons.papers.interpretable_attribution.experiments.toys import ToyRun, score_toy
from soundreasons.papers.interpretable_attribution.fast.learning import Batch
from soundreasons.papers.interpretable_attribution.method import Draw, check_labels


def plain_network(
    n_inputs: int, hidden: Sequence[int], *, generator: torch.Generator | None = None, device: str = "cpu"
) -> nn.Sequential:
    """Build a perceptron with ReLU layers and one output, a logit.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    n_inputs : int
        Columns of the input.
    hidden : sequence of int
        Units in each hidden layer.
    generator : torch.Generator, optional
        Draws the first weights (uniform after Glorot, biases zero), as those of the experts.
    device : str
        Where it is computed.

    Returns
    -------
    nn.Sequential
        Maps (n, n_inputs) to (n, 1).

    Examples
    --------
    >>> plain_network(2, [8])(torch.zeros(3, 2)).shape
    torch.Size([3, 1])
    """
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise([n_inputs, *hidden, 1]):
        layer = nn.Linear(n_in, n_out, device=device)
        bound = math.sqrt(6 / (n_in + n_out))
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def plain_loss(network: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Log-loss of a network with one logit, mean over a batch.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    network : Module
        Maps (n, n_inputs) to (n, 1).
    x, labels : Tensor, shapes (n, n_inputs) and (n,)
        The batch; labels are 0 or 1.

    Returns
    -------
    Tensor, a number
        Nats.

    Examples
    --------
    >>> round(float(plain_loss(torch.zeros_like, torch.ones(3, 1), torch.ones(3))), 4)
    0.6931
    """
    return functional.binary_cross_entropy_with_logits(network(x).squeeze(-1), labels)


def fit_plain_together(
    networks: Sequence[nn.Sequential], draw: Draw, n_batches: int, *, learning_rate: float = 1e-3
) -> list[float]:
    """Train networks of one layout side by side, in place: a layer of all is one batched product.

    The same trainings as one after the other, up to rounding. Chapter: interpretable_attribution.

    Parameters
    ----------
    networks : sequence of nn.Sequential
        S of them, from `plain_network`.
    draw : callable
        Gives the next batches: inputs (S, n, n_inputs) and labels (S, n).
    n_batches : int
        How many.
    learning_rate : float
        Of Adam.

    Returns
    -------
    list of float
        The sum of the losses at every hundredth step.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1.
    """
    check_labels(draw()[1])
    rows = [[layer for layer in network if isinstance(layer, nn.Linear)] for network in networks]
    # Features first in memory, as in the experts: nothing is copied between two layers.
    layers = [
        (
            nn.Parameter(torch.stack([layer.bias.detach() for layer in column]).unsqueeze(-1)),
            nn.Parameter(torch.stack([layer.weight.detach() for layer in column])),
        )
        for column in zip(*rows, strict=True)
    ]

    def loss_of(batch: Batch) -> Tensor:
        x, labels = batch
        *inner, last = layers
        x = x.mT
        for bias, weight in inner:
            x = torch.relu(torch.baddbmm(bias, weight, x))
        logits = torch.baddbmm(*last, x).squeeze(1)
        losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        return losses.mean(dim=-1).sum()

    losses = fast.descend(itertools.chain(*layers), loss_of, draw, n_batches, learning_rate)
    with torch.no_grad():
        for (bias, weight), column in zip(layers, zip(*rows, strict=True), strict=True):
            for number, layer in enumerate(column):
                layer.weight.copy_(weight[number])
                layer.bias.copy_(bias[number, :, 0])
    return losses


def train_plain_toys(
    name: str, seeds: Sequence[int], n_batches: int, *, device: str = "cpu"
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
    fit_plain_together(networks, streams(problem, generators), n_batches)
    return networks


def plain_accuracy(network: nn.Module, points: Points) -> float:
    """Share of points that a plain network gets right. Chapter: interpretable_attribution."""
    with torch.no_grad():
        is_right = (network(points.x).squeeze(-1) > 0) == (points.labels > 0.5)
    return float(is_right.double().mean())


def cost_of_toys(
    plain: Mapping[str, Sequence[nn.Module]], trained: Mapping[str, Sequence[ToyRun]]
) -> pd.DataFrame:
    """Compare plain networks and experts on the same test points.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    plain : mapping of str to sequence of Module
        Plain networks by the name of the toy, one a seed.
    trained : mapping of str to sequence of ToyRun
        Runs of the experts, of the same seeds.

    Returns
    -------
    DataFrame
        One row a toy and seed: `toy`, `plain_accuracy`, and `cost`, the points that experts lose.
    """
    rows = []
    for name, networks in plain.items():
        for network, run in zip(networks, trained[name], strict=True):
            accuracy = plain_accuracy(network, run.points)
            cost = round(100 * (accuracy - score_toy(run)["accuracy"]), 6)
            rows.append((name, accuracy, cost))
    return pd.DataFrame(rows, columns=["toy", "plain_accuracy", "cost"])


def by_model(values: Mapping[str, Any]) -> pd.DataFrame:
    """Lay values that are named `experiment.model.score` out as a table, one row a model.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> by_model({"films.plain.ndcg": 0.4, "films.plain.hit_ratio": 0.7})
       model  ndcg  hit_ratio
    0  plain   0.4        0.7
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        _, model, score = name.split(".")
        rows.setdefault(model, {"model": model})[score] = value
    return pd.DataFrame(list(rows.values()))


def points_lost(scores: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Tell how many points (hundredths) one model lies below another, run by run.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    scores : DataFrame
        From 0 to 1, one row a run, its model the index; as many runs of either.
    first, second : str
        Two models.

    Returns
    -------
    DataFrame
        In points, rounded to what is not noise of the machine.

    Examples
    --------
    >>> points_lost(pd.DataFrame({"auc": [0.9, 0.88]}, index=["plain", "experts"]), "plain", "experts")
       auc
    0  2.0
    """
    before, after = (scores.loc[[model]].reset_index(drop=True) for model in (first, second))
    return (100 * (before - after)).map(lambda points: round(float(points), 6))
