"""The nine methods of the comparison that give one number a feature. Chapter: functional_attribution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.functional_attribution.method.gradients import (
    expected_gradients,
    gradient,
    gradient_x_input,
    integrated_gradients,
)
from soundreasons.papers.functional_attribution.method.perturbation import (
    gam,
    lime_categorical,
    lime_continuous,
    shapley_conditional,
    shapley_mean_point,
)
from soundreasons.papers.functional_attribution.method.tasks import MixtureTask

Scores = NDArray[np.float64]


class Attribution(Protocol):
    """A method: scores of every point of a task. Those that sample draw from `rng`."""

    def __call__(self, task: MixtureTask, *, rng: np.random.Generator | None = None) -> Scores:
        """Scores, shape (n_points, n_features)."""


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


def with_variance(method: str, variance: float) -> Attribution:
    """Return a gradient method that is handed a function of another variance.

    Chapter: functional_attribution.

    Parameters
    ----------
    method : str
        One of `GRADIENT_METHODS`.
    variance : float, above 0
        Of the smoothed function.

    Returns
    -------
    Attribution
        The method, with that variance.

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
