"""A concept is a direction: one logistic regression a concept (eq-probe, def-cav).

A probe is fitted on batches that are half positive however small the concept is, the vector
of the best validation loss is kept, and concepts that are told badly are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.tracks import TEST, TRAIN, VALIDATION

ACCURACY_TO_KEEP = 0.70  # the paper's filter
HALF_BATCH = 64
LOWEST_RATE = 1e-6


@dataclass(frozen=True)
class ProbeSettings:
    """How probes are trained; the defaults are the paper's.

    Attributes
    ----------
    sampling : {"balanced", "expected"}
        `balanced` draws 64 positives and 64 negatives a step, each at a random moment, as in the paper.
        `expected` takes all at once, weighted so that the loss is what balanced batches give on average.
    epochs, steps : int
        Most epochs, and steps in each.
    learning_rate, dropout : float
        Of Adam, and of the inputs.
    patience, plateau : int
        Epochs without a better validation loss until a concept stops; until its rate falls tenfold.
    """

    sampling: Literal["balanced", "expected"] = "balanced"
    epochs: int = 100
    steps: int = 100
    learning_rate: float = 1e-3
    dropout: float = 0.25
    patience: int = 20
    plateau: int = 10


@dataclass(frozen=True)
class Probes:
    """Fitted concept vectors.

    Attributes
    ----------
    vectors : ndarray, shape (n_concepts, n_dims)
    biases : ndarray, shape (n_concepts,)
    accuracy : ndarray, shape (n_concepts,)
        Balanced, on the tracks kept for testing.
    epochs : ndarray of int, shape (n_concepts,)
        Epoch of the best validation loss, from 1.
    """

    vectors: NDArray[np.float64]
    biases: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    epochs: NDArray[np.int64]

    @property
    def extended(self) -> NDArray[np.float64]:
        """Vectors with their bias behind, shape (n_concepts, n_dims + 1), as the paper compares them."""
        return np.column_stack([self.vectors, self.biases])


def probability(activations: NDArray[Any], vector: NDArray[Any], bias: float = 0.0) -> NDArray[np.float64]:
    """Probability that each activation is of the concept: sigmoid(v . f + b), {eq}`eq-probe`.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    activations : ndarray, shape (..., n_dims)
        f(x), of one layer at one moment.
    vector : ndarray, shape (n_dims,)
        v, the concept activation vector.
    bias : float
        b.

    Returns
    -------
    ndarray, shape (...)
        In (0, 1).

    Raises
    ------
    ValueError
        If activations and vector differ in length.

    Examples
    --------
    On the border one half; log 3 along the vector, three to one.

    >>> probability(np.array([[0.0, 5.0], [np.log(3), 5.0]]), np.array([1.0, 0.0])).round(2).tolist()
    [0.5, 0.75]
    """
    if vector.ndim != 1 or activations.shape[-1] != len(vector):
        raise ValueError(
            f"activations have shape {activations.shape}, the vector {vector.shape}; expected (..., n_dims) "
            "and (n_dims,)"
        )
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(activations @ vector + bias, -500, 500))))


def balanced_loss(scores: torch.Tensor, is_positive: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the probabilities, the concept's tracks and all others counting one half each.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    scores : Tensor, shape (n_tracks, n_moments)
        v . f + b, before the sigmoid.
    is_positive : Tensor of bool, shape (n_tracks,)
        Tracks of the concept.

    Returns
    -------
    Tensor, a number
        (mean of -log p over the concept's tracks + mean of -log(1 - p) over the others) / 2.

    Raises
    ------
    ValueError
        If one side has no track.

    Examples
    --------
    Whoever says one half to everything pays log 2, however few positives there are.

    >>> round(float(balanced_loss(torch.zeros(5, 1), torch.arange(5) < 1)), 4)
    0.6931
    """
    if not is_positive.any() or is_positive.all():
        raise ValueError(
            f"{int(is_positive.sum())} of {len(is_positive)} tracks are positive, expected both sides"
        )
    wrong = torch.nn.functional.softplus(torch.where(is_positive[:, None], -scores, scores))
    return (wrong[is_positive].mean() + wrong[~is_positive].mean()) / 2


def balanced_accuracy(scores: torch.Tensor, is_positive: torch.Tensor) -> torch.Tensor:
    """Share that is told right, the concept's tracks and all others counting one half each.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    scores, is_positive
        As for `balanced_loss`.

    Returns
    -------
    Tensor, a number
        In [0, 1]; guessing gives one half.

    Raises
    ------
    ValueError
        If one side has no track.

    Examples
    --------
    A probe that says yes to everything is right about the one positive, wrong about four others.

    >>> float(balanced_accuracy(torch.ones(5, 1), torch.arange(5) < 1))
    0.5
    """
    if not is_positive.any() or is_positive.all():
        raise ValueError(
            f"{int(is_positive.sum())} of {len(is_positive)} tracks are positive, expected both sides"
        )
    right = ((scores > 0) == is_positive[:, None]).float()
    return (right[is_positive].mean() + right[~is_positive].mean()) / 2


def fit_probe(
    features: NDArray[Any],
    is_positive: NDArray[np.bool_],
    part: NDArray[np.int8],
    settings: ProbeSettings | None = None,
    *,
    seed: int = 0,
) -> Probes:
    """Fit the probe of one concept, {prf:ref}`def-cav`; `fast.fit_probes` fits hundreds at once.

    Adam on batches of 64 tracks of the concept and 64 others, each at a random moment, dropout on the
    inputs, no penalty. The rate falls tenfold on a plateau of the validation loss; the vector of the best
    validation loss is kept. Chapter: concept_hierarchies.

    Parameters
    ----------
    features : ndarray, shape (n_tracks, n_moments, n_dims)
        Activations of a layer at moments of each track.
    is_positive : ndarray of bool, shape (n_tracks,)
        Tracks of the concept.
    part : ndarray of int8, shape (n_tracks,)
        A column of `tracks.split_tracks`.
    settings : ProbeSettings
        The paper's unless told.
    seed : int
        Of first vector, batches and dropout.

    Returns
    -------
    Probes
        Of one concept.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    The first number tells the concept; the second is noise, and the vector learns to leave it alone.

    >>> is_positive = np.arange(40) % 2 == 0
    >>> features = np.random.default_rng(0).normal(size=(40, 1, 2))
    >>> features[:, 0, 0] += np.where(is_positive, 5.0, -5.0)
    >>> from soundreasons.papers.concept_hierarchies.method.tracks import split_tracks
    >>> part = split_tracks(is_positive[:, np.newaxis])[:, 0]
    >>> probe = fit_probe(features, is_positive, part, ProbeSettings(epochs=3, learning_rate=0.1))
    >>> float(probe.accuracy[0]), bool(abs(probe.vectors[0, 1]) < 0.5 * probe.vectors[0, 0])
    (1.0, True)
    """
    if not len(features) == len(is_positive) == len(part):
        raise ValueError(
            f"{len(features)} tracks, {len(is_positive)} labels, {len(part)} parts, expected as many of each"
        )
    settings = settings or ProbeSettings()
    draw = torch.Generator().manual_seed(seed)
    inputs, positive = torch.as_tensor(features, dtype=torch.float32), torch.as_tensor(is_positive)
    # Glorot's bounds for one output, as the authors' library draws them; the bias, behind, starts at zero.
    bound = (6.0 / (inputs.shape[2] + 1)) ** 0.5
    theta = (2 * torch.rand(inputs.shape[2] + 1, generator=draw) - 1) * bound
    theta[-1] = 0.0
    theta.requires_grad_()
    adam = torch.optim.Adam([theta], lr=settings.learning_rate, eps=1e-7)
    best_loss, best, best_epoch, lowered = float("inf"), theta.detach().clone(), 0, 0
    for epoch in range(1, settings.epochs + 1):
        for _ in range(settings.steps):
            batch, of_concept = _batch(inputs, positive, part, settings, draw)
            adam.zero_grad()
            balanced_loss(batch @ theta[:-1] + theta[-1], of_concept).backward()  # type: ignore[no-untyped-call]
            adam.step()
        loss = float(_judged(balanced_loss, theta, inputs, positive, part == VALIDATION))
        if loss < best_loss:
            best_loss, best, best_epoch = loss, theta.detach().clone(), epoch
        if epoch - max(best_epoch, lowered) >= settings.plateau:
            adam.param_groups[0]["lr"] = max(adam.param_groups[0]["lr"] / 10, LOWEST_RATE)
            lowered = epoch
        if epoch - best_epoch >= settings.patience:
            break
    accuracy = float(_judged(balanced_accuracy, best, inputs, positive, part == TEST))
    found = best.double().numpy()
    return Probes(found[np.newaxis, :-1], found[-1:], np.array([accuracy]), np.array([best_epoch]))


def _batch(
    inputs: torch.Tensor,
    positive: torch.Tensor,
    part: NDArray[np.int8],
    settings: ProbeSettings,
    draw: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations to learn from in one step, with dropout, and which are the concept's."""
    here = torch.as_tensor(part == TRAIN)
    if settings.sampling == "expected":
        batch, of_concept = inputs.reshape(-1, inputs.shape[2]), positive
    else:
        sides = [torch.nonzero(here & side)[:, 0] for side in (positive, ~positive)]
        rows = [side[(torch.rand(HALF_BATCH, generator=draw) * len(side)).long()] for side in sides]
        moments = torch.randint(inputs.shape[1], (2 * HALF_BATCH,), generator=draw)
        batch = inputs[torch.cat(rows), moments]
        of_concept = torch.arange(2 * HALF_BATCH) < HALF_BATCH
    keep = 1.0 - settings.dropout
    batch = batch * (torch.rand(batch.shape, generator=draw) < keep) / keep
    if settings.sampling == "expected":
        return batch.reshape(inputs.shape)[here], positive[here]
    return batch[:, None], of_concept


def _judged(
    by: Any, theta: torch.Tensor, inputs: torch.Tensor, positive: torch.Tensor, here: NDArray[np.bool_]
) -> torch.Tensor:
    """Loss or accuracy of a vector on some of the tracks."""
    chosen = torch.as_tensor(here)
    with torch.no_grad():
        return torch.as_tensor(by(inputs[chosen] @ theta[:-1] + theta[-1], positive[chosen]))


def probabilities(features: NDArray[Any], probes: Probes, *, linear: bool = False) -> NDArray[np.float64]:
    """Ask all probes about all tracks, and average over the moments of a track.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    features : ndarray, shape (n_tracks, n_moments, n_dims)
        Activations.
    probes : Probes
        Fitted on the same layer.
    linear : bool
        Leave out the sigmoid.

    Returns
    -------
    ndarray, shape (n_tracks, n_concepts)

    Raises
    ------
    ValueError
        If the probes are of another length than the activations.

    Examples
    --------
    >>> probes = Probes(np.ones((1, 2)), np.zeros(1), np.ones(1), np.ones(1, dtype=int))
    >>> probabilities(np.zeros((1, 4, 2)), probes).tolist()
    [[0.5]]
    """
    if features.ndim != 3 or features.shape[2] != probes.vectors.shape[1]:
        raise ValueError(
            f"features have shape {features.shape}, the probes' vectors {probes.vectors.shape}; expected "
            "(n_tracks, n_moments, n_dims) and (n_concepts, n_dims)"
        )
    scores = features.astype(np.float64) @ probes.vectors.T + probes.biases
    return np.asarray((scores if linear else 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500)))).mean(axis=1))


def passing(probes: Probes, least: float = ACCURACY_TO_KEEP) -> NDArray[np.int64]:
    """Number the concepts whose test accuracy is above the paper's filter.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    probes : Probes
        Fitted.
    least : float in [0, 1)
        Strictly to exceed.

    Returns
    -------
    ndarray of int

    Raises
    ------
    ValueError
        If `least` is no share.

    Examples
    --------
    >>> passing(Probes(np.ones((2, 1)), np.zeros(2), np.array([0.9, 0.7]), np.ones(2, dtype=int))).tolist()
    [0]
    """
    if not 0 <= least < 1:
        raise ValueError(f"least is {least}, expected a share from 0 to below 1")
    return np.flatnonzero(probes.accuracy > least)
