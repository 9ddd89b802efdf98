"""Tasks with a known answer: labelled points, smoothed into a probability. Chapter: functional_attribution.

A balanced mixture of equal Gaussians around labelled points. Because the noise is the same in every
direction, what is known of the output from some features alone is exact: drop the others. Coordinates have
no unit; probabilities run from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundreasons.papers.functional_attribution import fast
from soundreasons.papers.functional_attribution.method import checks, subsets

SPACING = 0.25  # sigma: least distance of contradicting points along a feature
VARIANCE = (SPACING / 2) ** 2
GRADIENT_VARIANCE = SPACING**2  # what the paper's scripts hand to gradient methods
PUBLISHED_FLOOR = float(np.finfo(np.float32).eps)  # what they add to the density below the bar
_FEW_CELLS = 65_536  # as many stay in a processor's cache


@dataclass(frozen=True, eq=False)
class MixtureTask:
    r"""A classification task whose probability, gradient and conditional means are exact.

    Section 5 of Afchar et al. (2021): :math:`p(x)=\frac1K\sum_c\mathcal N(x;\mu_c,vI)` and
    :math:`f(x)=P(Y=1\mid x)`. Chapter: functional_attribution.

    Parameters
    ----------
    points : array-like, shape (n_points, n_features)
        The centres :math:`\mu_c`; finite. Two equal points must have equal labels.
    labels : array-like, shape (n_points,)
        0 or 1, both present.
    shapes : array-like of int, shape (n_points,), optional
        Number of the shape that a point belongs to; one shape unless told. The truth and the property
        score are taken inside a shape.
    variance : float, above 0
        :math:`v`, square of a coordinate.
    stated : sequence of sets or ndarray of bool, shape (n_points, n_features), optional
        The selections that the maker of the task states; the truth is always computed anew.
    floor : float, from 0
        Density added to the denominator of :math:`f`, and to that of its gradient (a density squared).
        It has no effect near the points, and pulls both to 0 far from them; the paper's scripts have
        one (`PUBLISHED_FLOOR`). Conditional means are taken near the points, and have none.

    Raises
    ------
    ValueError
        If there is no point or no feature, a number is not finite, a label is not 0 or 1, there is
        one class only, or two equal points have different labels.

    Examples
    --------
    >>> task = MixtureTask([[0.0, 0.0], [0.0, 1.0]], [0, 1])
    >>> task.true_selections() == [{frozenset({1})}] * 2
    True
    >>> task.conditional_means([[0.0, 1.0]]).round(3).tolist()
    [[0.5, 0.5, 1.0, 1.0]]
    """

    points: NDArray[np.float64]
    labels: NDArray[np.float64]
    shapes: Any = None
    variance: float = VARIANCE
    stated: Any = field(default=None, kw_only=True)
    floor: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Check what was given, once."""
        points = checks.checked_points(self.points)
        labels = checks.checked_labels(self.labels, len(points))
        checks.check_contradictions(points, labels)
        if not (np.isfinite(self.variance) and self.variance > 0) or not self.floor >= 0:
            raise ValueError(
                f"variance is {self.variance} and floor {self.floor}, expected above 0 and from 0"
            )
        shapes = checks.checked_shapes(self.shapes, len(points))
        stated = None if self.stated is None else subsets.as_masks(self.stated, points.shape[1])
        if stated is not None and len(stated) != len(points):
            raise ValueError(f"{len(stated)} selections are stated for {len(points)} points")
        for name, value in {"points": points, "labels": labels, "shapes": shapes, "stated": stated}.items():
            object.__setattr__(self, name, value)

    @property
    def n_features(self) -> int:
        """Number of features, d."""
        return int(self.points.shape[1])

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)

    def with_floor(self, floor: float) -> MixtureTask:
        """Return the same task with another floor under the density."""
        return replace(self, floor=floor)

    def probability(self, x: ArrayLike) -> NDArray[np.float64]:
        """Probability of label 1 at any points.

        Parameters
        ----------
        x : array-like, shape (n, n_features)
            Finite.

        Returns
        -------
        ndarray, shape (n,)

        Raises
        ------
        ValueError
            If `x` has another width or a number that is not finite.
        """
        x = self._checked(x)
        values = np.empty(len(x))
        for rows in fast.blocks(len(x), len(self), _FEW_CELLS):
            weights, scale = self._scaled_weights(x[rows], self.variance)
            ones, total = self._sums(weights)
            values[rows] = ones / (total + fast.scaled_floor(self, scale, self.variance))
        return values

    def gradient(self, x: ArrayLike, variance: float | None = None) -> NDArray[np.float64]:
        r"""Gradient of the probability, per unit of a coordinate.

        Parameters
        ----------
        x : array-like, shape (n, n_features)
            Finite.
        variance : float, optional
            :math:`v` of the smoothed function; the task's own unless told. (The paper's scripts hand
            gradient methods one four times larger, `GRADIENT_VARIANCE`.)

        Returns
        -------
        ndarray, shape (n, n_features)

        Raises
        ------
        ValueError
            If `x` has another width or a number that is not finite, or the variance is not above 0.
        """
        x = self._checked(x)
        variance = self.variance if variance is None else variance
        if not (np.isfinite(variance) and variance > 0):
            raise ValueError(f"variance is {variance}, expected above 0")
        gradient = np.empty_like(x)
        for rows in fast.blocks(len(x), len(self), _FEW_CELLS):
            weights, scale = self._scaled_weights(x[rows], variance)
            ones, total = self._sums(weights)
            pull = self.labels[:, np.newaxis] - ones / total
            pull *= weights
            pull /= total
            # Quotient rule (n'd - nd') / (d² + floor): what is divided by d² + floor is scaled by this.
            kept = 1 / (1 + fast.scaled_floor(self, 2 * scale, variance, power=2) / total**2)
            # The sum of `pull` is 0 but for rounding, which would drown the small gradients at centres.
            moved = pull.T @ self.points - x[rows] * pull.sum(axis=0)[:, np.newaxis]
            gradient[rows] = moved * kept[:, np.newaxis] / variance
        return gradient

    def conditional_means(self, x: ArrayLike) -> NDArray[np.float64]:
        r"""All :math:`f_I(x)=E[Y\mid X_I=x_I]`, the mean of the output given some features.

        Each column is what `conditional_mean` computes for one subset; `fast.hybrid_values` computes all
        of them at once.

        Parameters
        ----------
        x : array-like, shape (n, n_features)
            Finite.

        Returns
        -------
        ndarray, shape (n, 2**n_features)
            Column = bit code of the subset, bit i = feature i (from 0).
        """
        return fast.hybrid_values(self, self._checked(x))

    def hybrid_probabilities(self, x: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
        r"""All :math:`f(x_I, r_{\bar I})`: the probability with the other features set to a reference.

        Parameters
        ----------
        x : array-like, shape (n, n_features)
            Finite.
        reference : array-like, shape (n_features,)
            :math:`r`, such as the mean of the points.

        Returns
        -------
        ndarray, shape (n, 2**n_features)
            Column = bit code of the features taken from `x`.
        """
        return fast.hybrid_values(self, self._checked(x), self._checked(np.atleast_2d(np.asarray(reference))))

    def conditional_mean(self, x: ArrayLike, subset: Iterable[int]) -> NDArray[np.float64]:
        r"""One :math:`f_I(x)=E[Y\mid X_I=x_I]`: the mean label, weighted by how near each centre is on I.

        Section 5 of Afchar et al. (2021).

        Parameters
        ----------
        x : array-like, shape (n, n_features)
            Finite.
        subset : iterable of int
            Features that are known, from 0.

        Returns
        -------
        ndarray, shape (n,)

        Raises
        ------
        ValueError
            If the subset names a feature that is not there.
        """
        chosen = subsets.check_features(subset, self.n_features)
        squared = self._squared_distances(self._checked(x)[:, chosen], self.points[:, chosen])
        weights = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / (2 * self.variance))
        return np.asarray(weights @ self.labels / weights.sum(axis=1))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw points of the mixture and their labels, shapes (n, n_features) and (n,)."""
        chosen = rng.integers(len(self), size=n)
        noise = rng.normal(scale=np.sqrt(self.variance), size=(n, self.n_features))
        return self.points[chosen] + noise, self.labels[chosen]

    @cached_property
    def means_at_points(self) -> NDArray[np.float64]:
        """Conditional means at the task's own points, shape (n_points, 2**d); computed once."""
        return self.conditional_means(self.points)

    @cached_property
    def sufficient(self) -> NDArray[np.bool_]:
        """Which subsets decide the label at each point, inside its shape; shape (n_points, 2**d).

        A subset fails exactly when a point of the other label agrees with it on all its features: when
        it is contained in the set of features on which two such points agree. So mark these sets, and
        let the mark spread down.
        """
        refuted = np.zeros((len(self), 1 << self.n_features), dtype=bool)
        for shape in np.unique(self.shapes):
            rows = np.flatnonzero(self.shapes == shape)
            for row in rows:
                others = rows[self.labels[rows] != self.labels[row]]
                refuted[row, subsets.codes(self.points[others] == self.points[row])] = True
        return ~fast.spread_down(refuted)

    @cached_property
    def minimal(self) -> NDArray[np.bool_]:
        """Which subsets are sufficient and of least cardinality, shape (n_points, 2**d)."""
        size = np.where(self.sufficient, subsets.sizes(self.n_features), self.n_features + 1)
        return np.asarray(size == size.min(axis=1, keepdims=True))

    @cached_property
    def true_sizes(self) -> NDArray[np.int64]:
        """Cardinality of the true selection at each point, shape (n_points,)."""
        return np.asarray(subsets.sizes(self.n_features)[self.minimal.argmax(axis=1)])

    def true_selections(self) -> list[set[frozenset[int]]]:
        """All smallest sufficient subsets at each point, by brute force from the definition.

        Returns
        -------
        list of set of frozenset of int
            One set of answers a point; features count from 0.
        """
        return subsets.as_sets(self.minimal)

    def one_selection(self) -> NDArray[np.bool_]:
        """One of the smallest sufficient subsets at each point, shape (n_points, n_features).

        The first by bit code where there are several.
        """
        return np.asarray(subsets.members(self.n_features)[self.minimal.argmax(axis=1)])

    def _checked(self, x: ArrayLike) -> NDArray[np.float64]:
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.n_features:
            raise ValueError(
                f"x has shape {x.shape}, expected (n, {self.n_features}); "
                "for a single point pass x[np.newaxis]"
            )
        if not np.isfinite(x).all():
            raise ValueError(f"x has {np.sum(~np.isfinite(x))} numbers that are not finite")
        return x

    @staticmethod
    def _squared_distances(x: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = (x**2).sum(axis=1)[:, np.newaxis] - 2 * x @ centres.T + (centres**2).sum(axis=1)
        return np.asarray(np.maximum(squared, 0.0))

    def _scaled_weights(
        self, x: NDArray[np.float64], variance: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights of the centres at some points, (n_points, n), the largest 1; minus the logarithm taken out.

        Centres come first: what is done for each point of `x` runs along memory.
        """
        half = (self.points**2).sum(axis=1) / (2 * variance)
        # Without |x|² / 2v, which is the same for all centres; it is put back into what is taken out.
        exponent = (self.points / variance) @ x.T
        exponent -= half[:, np.newaxis]
        largest = exponent.max(axis=0)
        exponent -= largest
        np.exp(exponent, out=exponent)
        return exponent, np.maximum((x**2).sum(axis=1) / (2 * variance) - largest, 0.0)

    def _sums(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums of the weights of centres of label 1, and of all."""
        return self.labels @ weights, weights.sum(axis=0)
