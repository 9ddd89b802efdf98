"""Attributions that change or hide features: LIME, GAM, Shapley values. Chapter: functional_attribution.

Each gives scores of shape (n_points, n_features), in units of probability, from the true function or its
true conditional means: what goes wrong is the method's own doing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method.subsets import shapley_weights
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Scores = NDArray[np.float64]
_CELLS = 2_000_000  # numbers in memory at once, 8 bytes each


def lime_categorical(
    task: MixtureTask, *, rng: np.random.Generator | None = None, n_samples: int = 1000
) -> Scores:
    """LIME with coordinates as categories: which of them equal the point's own?

    Samples take each coordinate from the values it has in the task, independently; the point itself is
    the first. A ridge regression (penalty 1, with intercept) of the probability on "equal to the
    point's" weighs a sample with k other coordinates by exp(-k / 2). Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Draws the samples; a generator of seed 0 unless given.
    n_samples : int
        Samples a point.

    Returns
    -------
    ndarray, shape (n_points, n_features)
        Coefficients.

    Raises
    ------
    ValueError
        If `n_samples` is below 1.

    Examples
    --------
    Without the second feature's help the label is known, and that is what the weights say:

    >>> task = MixtureTask([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    >>> lime_categorical(task).round(1).tolist()
    [[-1.0, -0.0], [1.0, -0.0]]
    """
    rng, scores = np.random.default_rng(0 if rng is None else rng), np.empty_like(task.points)
    for rows in _blocks(task, n_samples):
        points = task.points[rows, np.newaxis]
        drawn = rng.integers(len(task), size=(len(points), n_samples, task.n_features))
        samples = task.points[drawn, np.arange(task.n_features)]
        samples[:, :1] = points
        equal = (samples == points).astype(np.float64)
        weights = np.exp(-(task.n_features - equal.sum(axis=2)) / 2)
        scores[rows] = _ridge(equal, weights, _probabilities(task, samples))
    return scores


def lime_continuous(
    task: MixtureTask, *, rng: np.random.Generator | None = None, n_samples: int = 1000
) -> Scores:
    """LIME with coordinates as numbers: a weighted plane through samples around the point.

    Samples move the point by Gaussian offsets, as wide on each feature as the task's points are spread,
    the point itself being the first; the regression is on the offsets in these units, with weight
    `exp(-|offset|² / 2)` and penalty 1. Chapter: functional_attribution.

    Parameters
    ----------
    task, rng, n_samples
        As for `lime_categorical`.

    Returns
    -------
    ndarray, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If `n_samples` is below 1.

    Examples
    --------
    >>> task = MixtureTask([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    >>> first, second = abs(lime_continuous(task)).T
    >>> bool((first > 10 * second).all())
    True
    """
    rng, scores = np.random.default_rng(0 if rng is None else rng), np.empty_like(task.points)
    spread = task.points.std(axis=0)
    for rows in _blocks(task, n_samples):
        points = task.points[rows, np.newaxis]
        offsets = rng.normal(size=(len(points), n_samples, task.n_features))
        offsets[:, 0] = 0
        weights = np.exp(-(offsets**2).sum(axis=2) / 2)
        scores[rows] = _ridge(offsets, weights, _probabilities(task, points + offsets * spread))
    return scores


def _blocks(task: MixtureTask, n_samples: int) -> Iterator[slice]:
    """Slices of the points whose samples fit in memory together."""
    step = max(1, _CELLS // (n_samples * task.n_features))
    return (slice(start, start + step) for start in range(0, len(task), step))


def _probabilities(task: MixtureTask, samples: Scores) -> Scores:
    return task.probability(samples.reshape(-1, task.n_features)).reshape(samples.shape[:-1])


def _ridge(inputs: Scores, weights: Scores, values: Scores, penalty: float = 1.0) -> Scores:
    """Weighted ridge regressions with free intercept: inputs (n, s, d), weights and values (n, s)."""
    total = weights.sum(axis=1, keepdims=True)
    mean = np.einsum("ns,nsd->nd", weights, inputs) / total
    centred = inputs - mean[:, np.newaxis]
    weighted = centred * weights[:, :, np.newaxis]
    gram = np.matmul(weighted.transpose(0, 2, 1), centred) + penalty * np.eye(inputs.shape[2])
    # The mean of the values drops out: the weighted inputs sum to zero.
    moment = np.matmul(values[:, np.newaxis], weighted)[:, 0]
    return np.asarray(np.linalg.solve(gram, moment[:, :, np.newaxis])[:, :, 0])


def gam(task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
    """What each feature says alone: conditional mean given it, minus the mean of the output.

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Not used.

    Returns
    -------
    ndarray, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    Of two features that decide only together, neither says anything alone:

    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> bool(abs(gam(xor)).max() < 1e-12)
    True
    """
    means = task.means_at_points
    return means[:, 1 << np.arange(task.n_features)] - means[:, :1]


def shapley_conditional(task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
    """Shapley values of the conditional means, exact: every coalition is counted.

    (The paper's scripts sample 128 orders from eight features on.) They sum to f(x) minus the mean of
    the output. Chapter: functional_attribution.

    Parameters
    ----------
    task, rng
        As for `gam`.

    Returns
    -------
    ndarray, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    Two features that decide only together share the way from one half to the label:

    >>> xor = MixtureTask([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> shapley_conditional(xor)[:2].round(3).tolist()
    [[-0.25, -0.25], [0.25, 0.25]]
    """
    return np.asarray(task.means_at_points @ shapley_weights(task.n_features))


def shapley_mean_point(task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
    """Shapley values of the function with absent features at their mean, exact.

    What KernelSHAP estimates with the mean as its one reference. They sum to f(x) - f(mean). Chapter:
    functional_attribution.

    Parameters
    ----------
    task, rng
        As for `gam`.

    Returns
    -------
    ndarray, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If the task has too many features for a table of all subsets (`subsets.members`).

    Examples
    --------
    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> shapley_mean_point(task).round(3).tolist()
    [[-0.5], [0.5]]
    """
    values = task.hybrid_probabilities(task.points, task.points.mean(axis=0))
    return np.asarray(values @ shapley_weights(task.n_features))


def permutation_importance(
    task: MixtureTask, *, rng: np.random.Generator | None = None, n_samples: int = 200
) -> Scores:
    """Extension, not in the paper: how far the probability moves when one coordinate is exchanged.

    Breiman's (2001) idea taken to single points: the mean absolute change over values that the feature
    has in the task. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Draws the values; a generator of seed 0 unless given.
    n_samples : int
        Exchanges a feature.

    Returns
    -------
    ndarray, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If `n_samples` is below 1.

    Examples
    --------
    A feature that all points share can be exchanged freely:

    >>> task = MixtureTask([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    >>> permutation_importance(task)[:, 1].tolist()
    [0.0, 0.0]
    """
    rng = np.random.default_rng(0 if rng is None else rng)
    own = task.probability(task.points)
    scores = np.empty_like(task.points)
    for feature in range(task.n_features):
        moved = np.repeat(task.points[:, np.newaxis], n_samples, axis=1)
        moved[:, :, feature] = rng.choice(task.points[:, feature], size=moved.shape[:2])
        scores[:, feature] = np.abs(_probabilities(task, moved) - own[:, np.newaxis]).mean(axis=1)
    return scores
