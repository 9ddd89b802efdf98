"""Attributions: one number a feature, at every point of a task.

Task: the nine methods of the paper's comparison, each as a function of a task that returns scores of
shape (n_points, n_features), in units of probability (gradients: probability per unit of a coordinate).
Every method gets the true function, its true conditional means or its true gradient: what goes wrong
is the method's own doing. Chapter: functional_attribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.subsets import shapley_weights
from soundreasons.papers.functional_attribution.tasks import GRADIENT_VARIANCE, MixtureTask

Scores = NDArray[np.float64]
_LOWEST_EXPONENT = -690.0  # below it an exponential is no longer a number above 0
_CELLS = 2_000_000  # numbers in memory at once, 8 bytes each


class Attribution(Protocol):
    """A method: scores of every point of a task. Those that sample draw from `rng`."""

    def __call__(self, task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
        """Scores, shape (n_points, n_features)."""


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
    """
    rng, scores = _generator(rng), np.empty_like(task.points)
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
    exp(-|offset|² / 2) and penalty 1. Chapter: functional_attribution.

    Parameters
    ----------
    task, rng, n_samples
        As for `lime_categorical`.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    rng, scores = _generator(rng), np.empty_like(task.points)
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
    """
    values = task.hybrid_probabilities(task.points, task.points.mean(axis=0))
    return np.asarray(values @ shapley_weights(task.n_features))


def shapley_mean_point_as_published(task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
    """The same with two slips of the paper's scripts, to show what they do; not for use.

    Up to seven features the empty coalition is left out of the sum, so that the terms of single
    features are lost; from eight on, 128 random orders are walked with a memory that files the value
    *without* a feature under the coalition *with* it. Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Draws the orders; a generator of seed 0 unless given.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    values = task.hybrid_probabilities(task.points, task.points.mean(axis=0))
    d = task.n_features
    if d <= 7:
        first = values[:, 1 << np.arange(d)] - values[:, :1]
        return np.asarray(values @ shapley_weights(d) - first / d)
    return _sampled_with_wrong_memory(values, _generator(rng), n_orders=128)


def _sampled_with_wrong_memory(values: Scores, rng: np.random.Generator, n_orders: int) -> Scores:
    n_points, d = len(values), values.shape[1].bit_length() - 1
    scores = np.zeros((n_points, d))
    memory: dict[int, Scores] = {}
    for _ in range(n_orders):
        without = 0
        for feature in rng.permutation(d):
            with_it = without | 1 << int(feature)
            before = memory.setdefault(without, values[:, without])
            known = memory.get(with_it)
            scores[:, feature] += (values[:, with_it] if known is None else known) - before
            memory.setdefault(with_it, before)
            without = with_it
    return scores / n_orders


def gradient(
    task: MixtureTask, *, rng: np.random.Generator | None = None, variance: float = GRADIENT_VARIANCE
) -> Scores:
    """Gradient of the probability, with its sign (the decision rule takes the absolute value).

    Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain.
    rng : numpy.random.Generator, optional
        Not used.
    variance : float
        Of the smoothed function; four times the task's own unless told, as in the paper's scripts, since
        gradients vanish at the centres of a narrower mixture.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    return task.gradient(task.points, variance)


def gradient_x_input(
    task: MixtureTask, *, rng: np.random.Generator | None = None, variance: float = GRADIENT_VARIANCE
) -> Scores:
    """Gradient times coordinate. Chapter: functional_attribution.

    Parameters
    ----------
    task, rng, variance
        As for `gradient`.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    return task.points * gradient(task, variance=variance)


def integrated_gradients(
    task: MixtureTask,
    *,
    rng: np.random.Generator | None = None,
    variance: float = GRADIENT_VARIANCE,
    n_steps: int = 50,
) -> Scores:
    """Gradient along the way from the mean of the points, times that way; trapezoid rule.

    They sum to f(x) - f(mean) of the function smoothed with `variance`, up to the step. Chapter:
    functional_attribution.

    Parameters
    ----------
    task, rng, variance
        As for `gradient`.
    n_steps : int
        Steps of the integral.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    way = task.points - task.points.mean(axis=0)
    shares = np.linspace(0, 1, n_steps + 1)
    stops = task.points.mean(axis=0) + shares[:, np.newaxis, np.newaxis] * way
    gradients = task.gradient(stops.reshape(-1, task.n_features), variance).reshape(stops.shape)
    return np.asarray(way * np.trapezoid(gradients, shares, axis=0))


def expected_gradients(
    task: MixtureTask,
    *,
    rng: np.random.Generator | None = None,
    variance: float = GRADIENT_VARIANCE,
    n_samples: int = 500,
) -> Scores:
    """Integrated gradients from random starts: the points themselves, with noise.

    Chapter: functional_attribution.

    Parameters
    ----------
    task, variance
        As for `gradient`.
    rng : numpy.random.Generator, optional
        Draws noise and places on the way; a generator of seed 0 unless given.
    n_samples : int
        Starts.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    rng = _generator(rng)
    tiled = task.points[np.arange(n_samples) % len(task)]
    starts = tiled + rng.normal(scale=np.sqrt(task.variance), size=tiled.shape)
    way = task.points[:, np.newaxis] - starts
    stops = starts + rng.uniform(size=(*way.shape[:2], 1)) * way
    gradients = task.gradient(stops.reshape(-1, task.n_features), variance).reshape(stops.shape)
    return np.asarray((way * gradients).mean(axis=1))


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
    """
    rng = _generator(rng)
    own = task.probability(task.points)
    scores = np.empty_like(task.points)
    for feature in range(task.n_features):
        moved = np.repeat(task.points[:, np.newaxis], n_samples, axis=1)
        moved[:, :, feature] = rng.choice(task.points[:, feature], size=moved.shape[:2])
        scores[:, feature] = np.abs(_probabilities(task, moved) - own[:, np.newaxis]).mean(axis=1)
    return scores


def deeplift(
    task: MixtureTask, *, rng: np.random.Generator | None = None, variance: float | None = None
) -> Scores:
    r"""Extension, not in the paper: DeepLIFT's rescale rule with the mean of the points as reference.

    The function as a network: exponents of the centres (sums over features), their exponentials, a sum
    for each label, its logarithm, and the logistic function of the difference. Each unit hands on the
    ratio of its change to the change of its input, so that scores sum to f(x) - f(mean) (Shrikumar et
    al., 2017). Chapter: functional_attribution.

    Parameters
    ----------
    task : MixtureTask
        What to explain; its floor is left out.
    rng : numpy.random.Generator, optional
        Not used.
    variance : float, optional
        Of the mixture; the task's own unless given.

    Returns
    -------
    ndarray, shape (n_points, n_features)
    """
    variance = task.variance if variance is None else variance
    pair = (task.points, task.points.mean(axis=0))
    by_feature = [-((x[..., np.newaxis, :] - task.points) ** 2) / (2 * variance) for x in pair]
    change = by_feature[0] - by_feature[1]  # (point, centre, feature)
    units = [np.exp(np.maximum(z.sum(axis=-1), _LOWEST_EXPONENT)) for z in by_feature]
    onward = _ratio(units[0] - units[1], change.sum(axis=2))
    scores, odds = np.zeros_like(task.points), [np.zeros(len(task)), np.zeros(())]
    for label, sign in ((1, 1), (0, -1)):
        of_label = task.labels == label
        sums = [unit[..., of_label].sum(axis=-1) for unit in units]
        logs = [np.log(total) for total in sums]
        reached = np.einsum("pc,pcf->pf", onward[:, of_label], change[:, of_label])
        scores += sign * reached * _ratio(logs[0] - logs[1], sums[0] - sums[1])[:, np.newaxis]
        odds = [so_far + sign * log for so_far, log in zip(odds, logs, strict=True)]
    values = [1 / (1 + np.exp(-np.clip(o, -700, 700))) for o in odds]
    return np.asarray(scores * _ratio(values[0] - values[1], odds[0] - odds[1])[:, np.newaxis])


def _ratio(numerator: Scores, denominator: Scores) -> Scores:
    """Change over change; 0 where the input does not change."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator != 0)


def with_variance(method: str, variance: float) -> Attribution:
    """Return a gradient method that is handed a function of another variance.

    Raises
    ------
    ValueError
        If the method takes no gradient.

    Examples
    --------
    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> with_variance("gradient", 1.0)(task).round(3).tolist()
    [[0.235], [0.235]]
    """
    if method not in GRADIENT_METHODS:
        raise ValueError(f"method is {method!r}, expected one of {', '.join(GRADIENT_METHODS)}")
    return partial(attributions[method], variance=variance)  # type: ignore[call-arg]


def _generator(rng: np.random.Generator | None) -> np.random.Generator:
    return np.random.default_rng(0) if rng is None else rng


attributions: Mapping[str, Attribution] = MappingProxyType(
    {
        "lime_categorical": lime_categorical,
        "lime_continuous": lime_continuous,
        "gam": gam,
        "shapley_conditional": shapley_conditional,
        "shapley_mean_point": shapley_mean_point,
        "gradient": gradient,
        "gradient_x_input": gradient_x_input,
        "integrated_gradients": integrated_gradients,
        "expected_gradients": expected_gradients,
    }
)
"""The nine per-feature methods, by name."""

GRADIENT_METHODS = ("gradient", "gradient_x_input", "integrated_gradients", "expected_gradients")
"""Those that a variance can be handed to."""
