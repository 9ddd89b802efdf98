"""The unrestricted counterpart: one perceptron that sees everything, trained on the log-loss.

Chapter: interpretable_attribution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.training import After, Draw, check_labels, descend


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


def fit_plain(
    network: nn.Module,
    draw: Draw,
    steps: int,
    *,
    learning_rate: float = 1e-3,
    after: After | None = None,
) -> list[float]:
    """Train a network with one logit on the log-loss, in place.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    network : Module
        Maps (n, n_inputs) to (n, 1).
    draw : callable
        Gives the next batch, as for `fit`.
    steps : int
        Batches.
    learning_rate : float
        Of Adam.
    after : callable, optional
        As for `fit`.

    Returns
    -------
    list of float
        The loss at every hundredth step.

    Raises
    ------
    ValueError
        If the first batch has labels other than 0 and 1.
    """
    check_labels(draw()[1])

    def loss_of_batch() -> torch.Tensor:
        x, labels = draw()
        return functional.binary_cross_entropy_with_logits(network(x).squeeze(-1), labels)

    return descend(network.parameters(), loss_of_batch, steps, learning_rate, after=after)


def fit_plain_together(
    networks: Sequence[nn.Sequential], draw: Draw, steps: int, *, learning_rate: float = 1e-3
) -> list[float]:
    """Train networks of one layout side by side, in place: a layer of all is one batched product.

    The same trainings as one after the other, up to rounding. Chapter: interpretable_attribution.

    Parameters
    ----------
    networks : sequence of nn.Sequential
        S of them, from `plain_network`.
    draw : callable
        Gives the next batches: inputs (S, n, n_inputs) and labels (S, n).
    steps, learning_rate
        As for `fit_plain`.

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

    def loss_of_batch() -> torch.Tensor:
        x, labels = draw()
        *inner, last = layers
        x = x.mT
        for bias, weight in inner:
            x = torch.relu(torch.baddbmm(bias, weight, x))
        logits = torch.baddbmm(*last, x).squeeze(1)
        losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        return losses.mean(dim=-1).sum()

    losses = descend(itertools.chain(*layers), loss_of_batch, steps, learning_rate)
    with torch.no_grad():
        for (bias, weight), column in zip(layers, zip(*rows, strict=True), strict=True):
            for number, layer in enumerate(column):
                layer.weight.copy_(weight[number])
                layer.bias.copy_(bias[number, :, 0])
    return losses
