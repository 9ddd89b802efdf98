"""Hundreds of probes at once: parameters, Adam's moments and best values have one row a concept."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method import probe as method
from soundreasons.papers.concept_hierarchies.method.probe import (
    HALF_BATCH,
    LOWEST_RATE,
    Probes,
    ProbeSettings,
)
from soundreasons.papers.concept_hierarchies.method.tracks import TEST, TRAIN, VALIDATION

_BLOCK_CELLS = 4_000_000  # of 8 bytes: what is asked at once


def fit_probes(
    features: NDArray[Any],
    labels: NDArray[np.bool_],
    parts: NDArray[np.int8],
    settings: ProbeSettings | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
) -> Probes:
    """Fit one logistic regression a concept, all at once; of one concept the same as `method.fit_probe`.

    Adam on the cross-entropy, dropout on the inputs, no penalty; the rate of a concept falls tenfold on a
    plateau of its validation loss, and it keeps the vector of its best one. Concepts share the draws of
    the dropout, which are independent of everything, so that each is trained as it would be alone.
    Chapter: concept_hierarchies.

    Parameters
    ----------
    features : ndarray, shape (n_tracks, n_moments, n_dims)
        Activations of a layer at moments of each track; finite.
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.
    parts : ndarray of int8, shape (n_tracks, n_concepts)
        From `tracks.split_tracks`.
    settings : ProbeSettings
        The paper's unless told.
    seed : int
        Of the batches and the dropout.
    device : str
        Where it is computed.

    Returns
    -------
    Probes

    Raises
    ------
    ValueError
        If the shapes do not fit or a feature is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.random((200, 3)) < 0.5
    >>> features = rng.normal(size=(200, 1, 3)) + 3.0 * labels[:, np.newaxis]
    >>> from soundreasons.papers.concept_hierarchies.method import split_tracks
    >>> quick = ProbeSettings(sampling="expected", epochs=20, learning_rate=0.05)
    >>> bool((fit_probes(features, labels, split_tracks(labels), quick).accuracy > 0.8).all())
    True
    """
    settings = settings or ProbeSettings()
    if features.ndim != 3 or labels.shape != parts.shape or len(features) != len(labels):
        raise ValueError(
            f"features have shape {features.shape}, labels {labels.shape}, parts {parts.shape}; expected "
            "(n_tracks, n_moments, n_dims) and twice (n_tracks, n_concepts)"
        )
    if not np.isfinite(features).all():
        raise ValueError(
            f"{int((~np.isfinite(features)).sum())} features are NaN or infinite; check the sounds"
        )
    job = _Fit(features, labels, parts, settings, seed, device)
    return job.run()


class _Fit:
    """State of one fit: parameters, Adam's moments, best values, all with one row a concept."""

    def __init__(
        self,
        features: NDArray[Any],
        labels: NDArray[np.bool_],
        parts: NDArray[np.int8],
        settings: ProbeSettings,
        seed: int,
        device: str,
    ) -> None:
        self.settings, self.device = settings, device
        self.generator = torch.Generator(device=device).manual_seed(seed)
        self.features = torch.as_tensor(np.asarray(features, dtype=np.float32), device=device)
        self.n_tracks, self.n_moments, self.n_dims = self.features.shape
        self.flat = self.features.reshape(-1, self.n_dims)
        self.labels = torch.as_tensor(labels, device=device)
        self.parts = torch.as_tensor(parts, device=device)
        self.n_concepts = labels.shape[1]
        self.weights = {part: self._weights(part) for part in (TRAIN, VALIDATION, TEST)}
        self.members = [self._members(side) for side in (True, False)]

    def _weights(self, part: int) -> torch.Tensor:
        """Weight of each track for each concept: positives and negatives of a part sum to one half each."""
        here = self.parts == part
        positive, negative = (here & side for side in (self.labels, ~self.labels))
        return 0.5 * (
            positive / positive.sum(dim=0).clamp(min=1) + negative / negative.sum(dim=0).clamp(min=1)
        )

    def _members(self, side: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Training tracks of each concept on one side, first in their row, and how many they are."""
        here = (self.labels == side) & (self.parts == TRAIN)
        counts = here.sum(dim=0)
        order = torch.argsort(here.T.to(torch.uint8), dim=1, descending=True, stable=True)
        return order[:, : int(counts.max())].contiguous(), counts

    def run(self) -> Probes:
        shape = (self.n_concepts, self.n_dims + 1)
        # Glorot's bounds for one output, as the authors' library draws them; the bias starts at zero.
        bound = (6.0 / (self.n_dims + 1)) ** 0.5
        theta = (2 * torch.rand(shape, generator=self.generator, device=self.device) - 1) * bound
        theta[:, -1] = 0.0
        moments = [torch.zeros_like(theta), torch.zeros_like(theta)]
        best, best_theta = torch.full((self.n_concepts,), torch.inf, device=self.device), theta.clone()
        best_epoch = torch.zeros(self.n_concepts, dtype=torch.int64, device=self.device)
        rate = torch.full((self.n_concepts, 1), self.settings.learning_rate, device=self.device)
        lowered = torch.zeros_like(best_epoch)
        step = 0
        for epoch in range(1, self.settings.epochs + 1):
            for _ in range(self.settings.steps):
                step += 1
                theta = self._adam(theta, self._gradient(theta), moments, rate, step)
            loss = self._loss(theta, VALIDATION)
            better = loss < best
            best = torch.where(better, loss, best)
            best_theta = torch.where(better[:, None], theta, best_theta)
            best_epoch = torch.where(better, epoch, best_epoch)
            waiting = epoch - torch.maximum(best_epoch, lowered)
            fall = waiting >= self.settings.plateau
            rate = torch.where(fall[:, None], (rate / 10).clamp(min=LOWEST_RATE), rate)
            lowered = torch.where(fall, epoch, lowered)
            if bool((epoch - best_epoch >= self.settings.patience).all()):
                break
        accuracy = self._accuracy(best_theta)
        found = best_theta.double().cpu().numpy()
        return Probes(found[:, :-1], found[:, -1], accuracy.double().cpu().numpy(), best_epoch.cpu().numpy())

    def _adam(
        self,
        theta: torch.Tensor,
        gradient: torch.Tensor,
        moments: list[torch.Tensor],
        rate: torch.Tensor,
        step: int,
    ) -> torch.Tensor:
        moments[0].mul_(0.9).add_(gradient, alpha=0.1)
        moments[1].mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        first, second = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)
        return theta - rate * first / (second.sqrt() + 1e-7)

    def _mask(self, rows: int) -> torch.Tensor:
        keep = 1.0 - self.settings.dropout
        drawn = torch.rand((rows, self.n_dims), generator=self.generator, device=self.device) < keep
        return drawn / keep

    def _gradient(self, theta: torch.Tensor) -> torch.Tensor:
        return self._expected(theta) if self.settings.sampling == "expected" else self._balanced(theta)

    def _expected(self, theta: torch.Tensor) -> torch.Tensor:
        """Gradient of the balanced loss over all training tracks and moments."""
        inputs = self.flat * self._mask(len(self.flat))
        logits = inputs @ theta[:, :-1].T + theta[:, -1]
        targets = self.labels.repeat_interleave(self.n_moments, dim=0)
        weights = self.weights[TRAIN].repeat_interleave(self.n_moments, dim=0) / self.n_moments
        error = weights * (torch.sigmoid(logits) - targets.to(logits.dtype))
        return torch.cat([error.T @ inputs, error.sum(dim=0)[:, None]], dim=1)

    def _balanced(self, theta: torch.Tensor) -> torch.Tensor:
        """Gradient of the loss on 64 positives and 64 negatives of each concept, at random moments."""
        drawn = [self._draw(*members) for members in self.members]
        rows = torch.cat(drawn, dim=1)
        moments = torch.randint(self.n_moments, rows.shape, generator=self.generator, device=self.device)
        inputs = self.flat[rows * self.n_moments + moments] * self._mask(rows.shape[1])
        logits = torch.bmm(inputs, theta[:, :-1, None]).squeeze(2) + theta[:, -1:]
        error = torch.sigmoid(logits)
        error[:, :HALF_BATCH] -= 1.0
        error /= rows.shape[1]
        slope = torch.bmm(error[:, None, :], inputs).squeeze(1)
        return torch.cat([slope, error.sum(dim=1, keepdim=True)], dim=1)

    def _draw(self, members: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        shape = (self.n_concepts, HALF_BATCH)
        uniform = torch.rand(shape, generator=self.generator, device=self.device)
        places = (uniform * counts[:, None]).long().clamp(max=members.shape[1] - 1)
        return torch.gather(members, 1, torch.minimum(places, counts[:, None] - 1))

    def _logits(self, theta: torch.Tensor) -> torch.Tensor:
        """Scores at all moments, shape (n_tracks, n_moments, n_concepts)."""
        return self.features @ theta[:, :-1].T + theta[:, -1]

    def _loss(self, theta: torch.Tensor, part: int) -> torch.Tensor:
        targets = self.labels[:, None].expand(-1, self.n_moments, -1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            self._logits(theta), targets.float(), reduction="none"
        )
        return (loss.mean(dim=1) * self.weights[part]).sum(dim=0)

    def _accuracy(self, theta: torch.Tensor) -> torch.Tensor:
        right = (self._logits(theta) > 0) == self.labels[:, None]
        return (right.float().mean(dim=1) * self.weights[TEST]).sum(dim=0)


def probabilities(features: NDArray[Any], probes: Probes, *, linear: bool = False) -> NDArray[np.float64]:
    """As `method.probabilities`, some tracks at a time.

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
    n_tracks, n_moments, n_dims = features.shape
    answers = np.empty((n_tracks, len(probes.biases)))
    rows = max(1, _BLOCK_CELLS // (n_moments * max(n_dims, len(probes.biases))))
    for start in range(0, n_tracks, rows):
        answers[start : start + rows] = method.probabilities(
            features[start : start + rows], probes, linear=linear
        )
    return answers
