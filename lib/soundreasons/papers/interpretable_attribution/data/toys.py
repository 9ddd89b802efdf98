"""Toy problems whose right attribution is known: clusters in the plane, some told by one feature alone.

Draws points, labels and the subset that explains each point, for the paper's toys and two more. All clusters
are Gaussian with standard deviation 0.25. Paper: toy problems. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution.method import Draw

SPREAD = 0.25  # standard deviation of every cluster
# Centre, label and explaining subset of each cluster of A and B, for a distance of one.
_A = ((-1, 0, 0, 0), (1, 0, 1, 0), (0, 1, 1, 1), (0, -1, 0, 1))
_B = ((-1, -1, 0, 2), (1, -1, 1, 2), (-1, 1, 1, 2), (1, 1, 0, 2))


@dataclass(frozen=True)
class Toy:
    """A toy problem.

    Attributes
    ----------
    name : str
        "a", "b", "c" or "d".
    centres : ndarray, shape (n_clusters, n_features)
        Of the clusters, all equally likely.
    labels, right : ndarray of int, shape (n_clusters,)
        Label of a cluster, and number of the subset that explains it.
    is_blank : bool ndarray, shape (n_clusters, n_features)
        Features that are exactly zero in a cluster, without noise.
    hidden : int
        Units in each of the two hidden layers of an expert.
    batch_size : int
        Points in a batch.
    """

    name: str
    centres: NDArray[np.float64]
    labels: NDArray[np.int64]
    right: NDArray[np.int64]
    is_blank: NDArray[np.bool_]
    hidden: int = 16
    batch_size: int = 256
    groups: list[list[int]] = field(default_factory=lambda: [[0], [1]])
    subsets: list[tuple[int, ...]] = field(default_factory=lambda: [(0,), (1,), (0, 1)])

    @property
    def children(self) -> NDArray[np.bool_]:
        """The third expert is asked after the two others, in toy D too, where it does not contain them."""
        return np.array([[False, False, True], [False, False, True], [False, False, False]])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of features each expert sees."""
        return np.array([sum(len(self.groups[g]) for g in subset) for subset in self.subsets])

    @property
    def truth_size(self) -> float:
        """Mean number of features in the right subset."""
        return float(self.sizes[self.right].mean())


class Points(NamedTuple):
    """Points drawn from a toy: inputs (n, n_features), labels (n,), right subset (n,)."""

    x: Tensor
    labels: Tensor
    right: Tensor


def toy(name: str) -> Toy:
    """Give one of the toy problems.

    A: left and right are told by the first feature, top and bottom by the second (the paper's first
    toy). B: exclusive or, it takes both. C: half A, half B twice as far out, in one plane (the
    paper's second toy). D: half A on two features, half B on two others.
    Paper: toy problems. Chapter: interpretable_attribution.

    Parameters
    ----------
    name : {"a", "b", "c", "d"}
        Which.

    Returns
    -------
    Toy

    Raises
    ------
    ValueError
        If there is no such toy.

    Examples
    --------
    >>> toy("c").truth_size
    1.5
    """
    a, b = np.array(_A, dtype=np.float64), np.array(_B, dtype=np.float64)
    if name == "a":
        return _planar("a", a, hidden=8)
    if name == "b":
        return _planar("b", b, hidden=16)
    if name == "c":
        return _planar("c", np.concatenate([a, b * [2, 2, 1, 1]]), hidden=16)
    if name == "d":
        return _in_four(a, b)
    raise ValueError(f"toy is {name!r}, expected one of a, b, c, d")


def _planar(name: str, rows: NDArray[np.float64], hidden: int) -> Toy:
    labels, right = rows[:, 2].astype(np.int64), rows[:, 3].astype(np.int64)
    return Toy(name, rows[:, :2], labels, right, np.zeros((len(rows), 2), dtype=bool), hidden)


def _in_four(a: NDArray[np.float64], b: NDArray[np.float64]) -> Toy:
    zero, rows = np.zeros((4, 2)), np.concatenate([a, b])
    centres = np.block([[a[:, :2], zero], [zero, b[:, :2]]])
    is_blank = np.repeat(np.array([[False, False, True, True], [True, True, False, False]]), 4, axis=0)
    labels, right = rows[:, 2].astype(np.int64), rows[:, 3].astype(np.int64)
    groups: list[list[int]] = [[0], [1], [2, 3]]
    subsets: list[tuple[int, ...]] = [(0,), (1,), (2,)]
    return Toy("d", centres, labels, right, is_blank, 16, 512, groups, subsets)


def draw_points(problem: Toy, n: int, generator: torch.Generator) -> Points:
    """Draw fresh points of a toy, as many of each cluster, on the device of the generator.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    problem : Toy
        Which toy.
    n : int, from 1
        How many.
    generator : torch.Generator
        Draws them; its device is used.

    Returns
    -------
    Points

    Examples
    --------
    >>> draw_points(toy("d"), 5, torch.Generator().manual_seed(0)).x.shape
    torch.Size([5, 4])
    """
    return _Drawer(problem, n, generator).draw()


class _Drawer:
    """Draws batch after batch; what does not change is put on the device once."""

    def __init__(self, problem: Toy, n: int, generator: torch.Generator) -> None:
        device = generator.device
        # Equal shares, not equal chances: as in the paper's batches, every cluster is there.
        cluster = np.arange(n) % len(problem.labels)
        self._generator = generator
        self._centres = torch.tensor(problem.centres[cluster], dtype=torch.float32, device=device)
        spread = np.where(problem.is_blank[cluster], 0.0, SPREAD)
        self._spread = torch.tensor(spread, dtype=torch.float32, device=device)
        self.labels = torch.tensor(problem.labels[cluster], dtype=torch.float32, device=device)
        self._right = torch.tensor(problem.right[cluster], device=device)

    def draw(self) -> Points:
        noise = torch.randn(self._centres.shape, generator=self._generator, device=self._centres.device)
        return Points(torch.addcmul(self._centres, noise, self._spread), self.labels, self._right)


def stream(problem: Toy, generator: torch.Generator) -> Draw:
    """Give a function that draws one fresh batch after another. Chapter: interpretable_attribution."""
    drawer = _Drawer(problem, problem.batch_size, generator)

    def draw() -> tuple[Tensor, Tensor]:
        points = drawer.draw()
        return points.x, points.labels

    return draw


def streams(problem: Toy, generators: Sequence[torch.Generator]) -> Draw:
    """Give batches for networks side by side, one of its own for each. Chapter: interpretable_attribution.

    Examples
    --------
    >>> x, labels = streams(toy("a"), [torch.Generator().manual_seed(k) for k in range(3)])()
    >>> x.shape, labels.shape
    (torch.Size([3, 256, 2]), torch.Size([3, 256]))
    """
    drawers = [_Drawer(problem, problem.batch_size, generator) for generator in generators]
    labels = torch.stack([drawer.labels for drawer in drawers])  # the same in every batch

    def draw() -> tuple[Tensor, Tensor]:
        return torch.stack([drawer.draw().x for drawer in drawers]), labels

    return draw
