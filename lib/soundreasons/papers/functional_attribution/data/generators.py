"""Tasks drawn at random whose correct selection is known by construction. Chapter: functional_attribution.

The two generators of the paper. In a univariate task one feature decides at each point; in a multivariate
one, hypercubes of alternating labels need several at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method.tasks import SPACING, MixtureTask

_EDGE = 2.0  # univariate coordinates lie between -2 and 2
_TRIES = 50


def univariate_task(dimensions: int, n_pairs: int, rng: np.random.Generator) -> MixtureTask:
    """Draw pairs of points of opposite labels that differ in one feature.

    Generator of the univariate tasks: the feature is drawn uniformly; on it the two points keep a
    distance of at least 0.25 from points of the other label, on every other feature they share a
    coordinate that is as far from all used ones. A pair that finds no place in 50 tries is dropped
    (a feature has room for about 16). Chapter: functional_attribution.

    Parameters
    ----------
    dimensions : int, from 1
        Features.
    n_pairs : int, from 1
        Pairs to place.
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    MixtureTask
        One shape; `stated` is the drawn feature of each point.

    Raises
    ------
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> task = univariate_task(3, 4, np.random.default_rng(0))
    >>> len(task), (task.true_sizes == 1).all()
    (8, np.True_)
    """
    _require_positive(dimensions=dimensions, n_pairs=n_pairs)
    pairs: list[NDArray[np.float64]] = []
    features: list[int] = []
    for _ in range(n_pairs):
        feature = int(rng.integers(dimensions))
        pair = _place_pair(pairs, feature, dimensions, rng)
        if pair is not None:
            pairs.append(pair)
            features.append(feature)
    stated = [{feature} for feature in features for _ in range(2)]
    return MixtureTask(np.concatenate(pairs), np.tile([0.0, 1.0], len(pairs)), stated=stated)


def _place_pair(
    pairs: list[NDArray[np.float64]], feature: int, dimensions: int, rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """Two rows, label 0 and 1, or None if a coordinate finds no place."""
    placed = np.array(pairs).reshape(len(pairs), 2, dimensions)
    pair = np.empty((2, dimensions))
    for column in range(dimensions):
        if column != feature:
            pair[:, column] = _coordinate(placed[:, :, column].ravel(), rng)
    pair[0, feature] = _coordinate(placed[:, 1, feature], rng)
    pair[1, feature] = _coordinate(np.append(placed[:, 0, feature], pair[0, feature]), rng)
    return None if np.isnan(pair).any() else pair


def _coordinate(taken: NDArray[np.float64], rng: np.random.Generator) -> float:
    """A coordinate away from those taken; NaN if none is found."""
    for candidate in rng.uniform(-_EDGE, _EDGE, size=_TRIES):
        if np.all(np.abs(taken - candidate) >= SPACING):
            return float(candidate)
    return float("nan")


def multivariate_task(
    dimensions: int,
    n_shapes: int,
    rng: np.random.Generator,
    *,
    most_features: int = 5,
    deletion: float = 0.5,
) -> MixtureTask:
    """Draw hypercubes whose corners alternate in label, and delete corners at random.

    Generator of the multivariate tasks. Each shape varies 1 to `most_features` features; the label is 1
    where an even number of them is flipped. A corner with two flips or more is deleted with a given
    probability; each neighbour then drops, in the *stated* selection, the feature in which they
    differed, and a corner left with no feature is deleted too. That rule is not the definition (see
    `MixtureTask.minimal`), which is why both are kept. Chapter: functional_attribution.

    Parameters
    ----------
    dimensions : int, from 1
        Features.
    n_shapes : int, from 1
        Hypercubes; no two share a coordinate.
    rng : numpy.random.Generator
        Draws everything.
    most_features : int, from 1
        Most features that a shape varies, never more than `dimensions`.
    deletion : float, 0 to 1
        Probability of deletion; 0 leaves the hypercubes whole.

    Returns
    -------
    MixtureTask
        With `shapes` and `stated` selections.

    Raises
    ------
    ValueError
        If a number is below 1, or `deletion` no probability.

    Examples
    --------
    >>> task = multivariate_task(3, 1, np.random.default_rng(1), deletion=0.0)
    >>> set(task.true_sizes.tolist()) == {int(np.log2(len(task)))}
    True
    """
    _require_positive(dimensions=dimensions, n_shapes=n_shapes, most_features=most_features)
    if not 0 <= deletion <= 1:
        raise ValueError(f"deletion is {deletion}, expected a probability from 0 to 1")
    next_slot = np.zeros(dimensions, dtype=np.int64)
    cubes = []
    for _ in range(n_shapes):
        n_varied = int(rng.integers(1, min(dimensions, most_features) + 1))
        varied = rng.choice(dimensions, size=n_varied, replace=False)
        cube = _Cube(varied)
        cube.simplify(deletion, rng)
        cubes.append((cube, next_slot.copy()))
        next_slot += 1
        next_slot[varied] += 1
    return _assemble(cubes, next_slot, rng)


@dataclass
class _Cube:
    """Corners of one hypercube: which are left, and what the incremental rule says of each."""

    varied: NDArray[np.int64]
    left: dict[int, set[int]] = field(init=False)  # corner (flips as bits) -> features still stated

    def __post_init__(self) -> None:
        n_varied = len(self.varied)
        self.left = {corner: set(range(n_varied)) for corner in range(1 << n_varied)}

    def simplify(self, deletion: float, rng: np.random.Generator) -> None:
        for corner in range(1 << len(self.varied)):
            if corner.bit_count() > 1 and rng.random() < deletion:
                self._delete(corner)

    def _delete(self, corner: int) -> None:
        if self.left.pop(corner, None) is None:
            return
        for flip in range(len(self.varied)):
            neighbour = corner ^ (1 << flip)
            if neighbour in self.left:
                self.left[neighbour].discard(flip)
                if not self.left[neighbour]:
                    self._delete(neighbour)


def _assemble(
    cubes: list[tuple[_Cube, NDArray[np.int64]]], n_slots: NDArray[np.int64], rng: np.random.Generator
) -> MixtureTask:
    """Turn slots into coordinates, shuffled on each feature so that the shapes are interleaved."""
    shuffled = [(rng.permutation(n) - (n - 1) / 2) * SPACING for n in n_slots]
    slots, labels, shapes, stated = [], [], [], []
    for number, (cube, base) in enumerate(cubes):
        for corner, flips in cube.left.items():
            slot = base.copy()
            slot[cube.varied] += corner >> np.arange(len(cube.varied)) & 1
            slots.append(slot)
            labels.append(1 - corner.bit_count() % 2)
            shapes.append(number)
            stated.append({int(cube.varied[flip]) for flip in flips})
    points = np.column_stack(
        [places[column] for places, column in zip(shuffled, np.array(slots).T, strict=True)]
    )
    return MixtureTask(points, np.array(labels), np.array(shapes), stated=stated)


def drawn_tasks(
    kind: str, dimensions: list[int], per_dimension: int, rng: np.random.Generator
) -> list[MixtureTask]:
    """Draw a whole collection: task j of a dimension is as hard as j in a hundred of the paper's.

    Univariate tasks have ten pairs; multivariate ones 1 to 11 shapes, growing with j. Chapter:
    functional_attribution.

    Parameters
    ----------
    kind : {"univariate", "multivariate"}
        Which generator.
    dimensions : list of int
        Numbers of features.
    per_dimension : int, from 1
        Tasks of each; j runs evenly up to 100.
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    list of MixtureTask

    Raises
    ------
    ValueError
        If there is no such kind, or a number is below 1.

    Examples
    --------
    >>> [len(np.unique(t.shapes)) for t in drawn_tasks("multivariate", [2], 2, np.random.default_rng(0))]
    [6, 11]
    """
    _require_positive(per_dimension=per_dimension)
    numbers = published_numbers(per_dimension)
    if kind == "univariate":
        return [univariate_task(d, 10, rng) for d in dimensions for _ in numbers]
    if kind == "multivariate":
        return [multivariate_task(d, 1 + j // 10, rng) for d in dimensions for j in numbers]
    raise ValueError(f"kind is {kind!r}, expected univariate or multivariate")


def published_numbers(per_dimension: int) -> list[int]:
    """Which j of 1 to 100 to take, evenly, the hardest included.

    Examples
    --------
    >>> published_numbers(4)
    [25, 50, 75, 100]
    """
    return [round(100 * (k + 1) / per_dimension) for k in range(per_dimension)]


def _require_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}, allowed are whole numbers from 1")
