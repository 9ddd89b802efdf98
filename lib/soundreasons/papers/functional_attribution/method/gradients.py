"""Attributions that follow the slope of the function. Chapter: functional_attribution.

Each gives scores of shape (n_points, n_features); a gradient is in probability per unit of a coordinate,
the others in units of probability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method.tasks import GRADIENT_VARIANCE, MixtureTask

Scores = NDArray[np.float64]

_LOWEST_EXPONENT = -690.0  # below it an exponential is no longer a number above 0


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

    Raises
    ------
    ValueError
        If the variance is not above 0.

    Examples
    --------
    Half-way between two points the probability rises; at the points it has all but arrived.

    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> gradient(task, variance=1.0).round(3).tolist()
    [[0.235], [0.235]]
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

    Raises
    ------
    ValueError
        If the variance is not above 0.

    Examples
    --------
    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> gradient_x_input(task, variance=1.0).round(3).tolist()
    [[0.0], [0.235]]
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

    Raises
    ------
    ValueError
        If the variance is not above 0.

    Examples
    --------
    From the middle, where the probability is one half, to each point:

    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> integrated_gradients(task).round(3).tolist()
    [[-0.5], [0.5]]
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

    Raises
    ------
    ValueError
        If the variance is not above 0.

    Examples
    --------
    A feature that all points share explains nothing:

    >>> task = MixtureTask([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    >>> bool(abs(expected_gradients(task)[:, 1]).max() < 1e-12)
    True
    """
    rng = np.random.default_rng(0 if rng is None else rng)
    tiled = task.points[np.arange(n_samples) % len(task)]
    starts = tiled + rng.normal(scale=np.sqrt(task.variance), size=tiled.shape)
    way = task.points[:, np.newaxis] - starts
    stops = starts + rng.uniform(size=(*way.shape[:2], 1)) * way
    gradients = task.gradient(stops.reshape(-1, task.n_features), variance).reshape(stops.shape)
    return np.asarray((way * gradients).mean(axis=1))


def deeplift(
    task: MixtureTask, *, rng: np.random.Generator | None = None, variance: float | None = None
) -> Scores:
    """Extension, not in the paper: DeepLIFT's rescale rule with the mean of the points as reference.

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

    Raises
    ------
    ValueError
        If the variance is not above 0.

    Examples
    --------
    >>> task = MixtureTask([[0.0], [1.0]], [0, 1])
    >>> deeplift(task).round(3).tolist()
    [[-0.5], [0.5]]
    """
    variance = task.variance if variance is None else variance
    if not variance > 0:
        raise ValueError(f"variance is {variance}, expected above 0")
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
