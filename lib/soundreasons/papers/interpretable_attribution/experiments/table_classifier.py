"""A classifier of tables: experts behind the usual `fit` and `predict_proba`, and an `explain`.

Predicts a binary outcome from numeric columns in groups, and says for each row which groups explain the
prediction. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from torch import Tensor, nn

from soundreasons.learning import loop
from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.experiments.plain import plain_loss, plain_network
from soundreasons.papers.interpretable_attribution.fast.learning import Batch
from soundreasons.papers.interpretable_attribution.method import GENERIC_STEP, Draw, EStep
from soundreasons.papers.interpretable_attribution.method.subsets import Groups


@dataclass(frozen=True)
class TableTraining:
    """Settings of a training on a table.

    Attributes
    ----------
    hidden : tuple of int
        Units of a block in each hidden layer.
    epochs, batch_size : int
    held_out : float
        Share of the rows that epochs are compared on, by log-loss: the weights of the best epoch are
        kept. (By accuracy or ranking an early epoch can win before the gates have settled.) 0 keeps the
        last.
    learning_rate : float
        Of Adam.
    is_balanced : bool
        Draw as many positives as negatives: then an output of 0 means "cannot tell", also where
        positives are rare, and confidence is distance from it. Probabilities are corrected back.
    how : EStep
        How a batch is shared out.
    """

    hidden: tuple[int, ...] = (32, 16)
    epochs: int = 40
    batch_size: int = 256
    held_out: float = 0.15
    learning_rate: float = 1e-3
    is_balanced: bool = True
    how: EStep = GENERIC_STEP


class Explanation(NamedTuple):
    """What the experts say about rows.

    Attributes
    ----------
    subset : ndarray of int, shape (n,)
        Number of the explaining subset.
    weights : ndarray, shape (n, H)
        Normalised weights.
    groups : ndarray, shape (n, N)
        Share of the weight on subsets that hold each group.
    outputs : ndarray, shape (n, H)
        What each expert says, in [-1, 1].
    """

    subset: NDArray[np.int64]
    weights: NDArray[np.float64]
    groups: NDArray[np.float64]
    outputs: NDArray[np.float64]


class _Scaled:
    """What every classifier of a table does: check, standardise, draw batches, keep the best epoch."""

    model: nn.Module

    def __init__(self, training: TableTraining, seed: int, device: str) -> None:
        self.training, self.seed, self.device = training, seed, device

    def _train(self, x: Any, y: Any, loss_of: Callable[[Batch], Tensor]) -> None:
        inputs, labels = _checked_inputs(x), torch.as_tensor(np.asarray(y, dtype=np.float32))
        _check_outcome(inputs, labels)
        kept, held = _hold_out(len(labels), self.training.held_out, self.seed)
        self.mean = inputs[kept].mean(axis=0)
        spread = inputs[kept].std(axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)
        share = float(labels.mean())
        self.prior_log_odds = float(np.log(share / (1 - share)))
        generator = torch.Generator(self.device).manual_seed(self.seed)
        draw = _batches(self._scaled(inputs[kept]), labels[kept].to(self.device), self.training, generator)
        epoch = -(-len(kept) // self.training.batch_size)
        y_held = labels[held].numpy()
        best = loop.BestWeights(self.model)
        look = None
        if len(np.unique(y_held)) == 2:
            look = fast.keep_best(best, lambda: -_log_loss(y_held, self.predict_proba(inputs[held])), epoch)
        method.check_labels(draw()[1])  # a look at the first batch, as in `method.fit`
        n_batches, rate = epoch * self.training.epochs, self.training.learning_rate
        fast.descend(self.model.parameters(), loss_of, draw, n_batches, rate, look)
        best.restore()

    def predict_proba(self, x: Any) -> NDArray[np.float64]:
        """Probability of a one for each row, shape (n,)."""
        raise NotImplementedError

    def _scaled(self, x: Any) -> Tensor:
        rows = ((_checked_inputs(x) - self.mean) / self.spread).astype(np.float32)
        return torch.as_tensor(rows, device=self.device)

    def _corrected(self, log_odds: Tensor) -> NDArray[np.float64]:
        shift = self.prior_log_odds if self.training.is_balanced else 0.0
        return torch.sigmoid(log_odds + shift).cpu().numpy().astype(np.float64)  # type: ignore[no-any-return]


class RestrictedClassifier(_Scaled):
    """Tell a binary outcome from groups of columns, and which groups it was told from.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    groups : list of lists of int
        Columns of each group.
    subsets : bool array (H, N) or list of tuples of int
        Groups that each expert sees; should hold the full set.
    training : TableTraining, optional
        Settings.
    seed : int
        Of first weights and batches.
    device : str
        Where it is computed.

    Raises
    ------
    ValueError
        As for `RestrictedExperts`; and from `fit`, for labels that are not 0 or 1, or all equal,
        and inputs that are not finite.

    Examples
    --------
    The outcome is the sign of column 0, and the expert on it is the one that explains:

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 2))
    >>> quick = TableTraining(hidden=(8,), epochs=60, batch_size=64, learning_rate=1e-2)
    >>> model = RestrictedClassifier([[0], [1]], [(0,), (1,), (0, 1)], quick).fit(x, x[:, 0] > 0)
    >>> model.explain([[2.0, 0.5]]).subset.tolist()
    [0]
    """

    def __init__(
        self,
        groups: Groups,
        subsets: Any,
        training: TableTraining | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(training or TableTraining(), seed, device)
        generator = torch.Generator(device).manual_seed(seed)
        self.experts = fast.RestrictedExperts(groups, subsets, self.training.hidden, generator=generator)
        self.model, self.subsets = self.experts, self.experts.subsets
        self._asked_first = method.strict_children(self.subsets)  # once, not at every step

    def fit(self, x: Any, y: Any) -> RestrictedClassifier:
        """Train on rows `x`, shape (n, n_columns), and labels `y`, shape (n,); returns itself."""

        def loss_of(batch: Batch) -> Tensor:
            logits = self.experts.logits(batch[0])
            how, asked_first = self.training.how, self._asked_first
            return fast.batch_loss(logits, batch[1], self.subsets, how, children=asked_first)

        self._train(x, y, loss_of)
        return self

    def outputs(self, x: Any) -> Tensor:
        """Output of every expert for rows `x`, shape (n, H), in [-1, 1]."""
        with torch.no_grad():
            return self.experts(self._scaled(x))  # type: ignore[no-any-return]

    def weights(self, x: Any) -> Tensor:
        """Weight of every expert, shape (n, H), not normalised."""
        return fast.gate_weights(self.outputs(x), self.subsets, self.training.how.gate)

    def predict_proba(self, x: Any) -> NDArray[np.float64]:
        """Probability of a one for each row, shape (n,)."""
        outputs = self.outputs(x)
        mixed = method.mixture(outputs, fast.gate_weights(outputs, self.subsets, self.training.how.gate))
        return self._corrected(2 * torch.atanh(mixed.clamp(-1 + 1e-6, 1 - 1e-6)))

    def explain(self, x: Any) -> Explanation:
        """Say which subset of groups each row is told from."""
        outputs = self.outputs(x)
        weights = fast.gate_weights(outputs, self.subsets, self.training.how.gate)
        return Explanation(
            method.explaining_subset(weights),
            method.normalised(weights).cpu().numpy().astype(np.float64),
            method.group_attribution(weights, self.subsets),
            outputs.cpu().numpy().astype(np.float64),
        )


class PlainClassifier(_Scaled):
    """The unrestricted counterpart, with the same training.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    n_columns : int
        Width of the table.
    hidden : sequence of int
        Units in each hidden layer.
    training, seed, device
        As for `RestrictedClassifier`.
    """

    def __init__(
        self,
        n_columns: int,
        hidden: Sequence[int],
        training: TableTraining | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(training or TableTraining(), seed, device)
        generator = torch.Generator(device).manual_seed(seed)
        self.network = plain_network(n_columns, hidden, generator=generator, device=device)
        self.model = self.network

    def fit(self, x: Any, y: Any) -> PlainClassifier:
        """Train on rows and labels; returns itself."""
        self._train(x, y, lambda batch: plain_loss(self.network, *batch))
        return self

    def predict_proba(self, x: Any) -> NDArray[np.float64]:
        """Probability of a one for each row, shape (n,)."""
        with torch.no_grad():
            return self._corrected(self.network(self._scaled(x)).squeeze(-1))


def _hold_out(n: int, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.random.default_rng([seed, 7]).permutation(n)
    n_held = round(share * n)
    return np.sort(order[n_held:]), np.sort(order[:n_held])


def _log_loss(y: NDArray[Any], probability: NDArray[np.float64]) -> float:
    return float(log_loss(y, probability, labels=[0, 1]))


def _check_outcome(inputs: NDArray[np.float64], labels: Tensor) -> None:
    if len(inputs) != len(labels):
        raise ValueError(f"x has {len(inputs)} rows and y {len(labels)}: give one label a row")
    method.check_labels(labels)
    n_ones = int(labels.sum())
    if n_ones in (0, len(labels)):
        raise ValueError(f"all {len(labels)} labels are {int(n_ones > 0)}: there is nothing to tell apart")


def _checked_inputs(x: Any) -> NDArray[np.float64]:
    """Rows as numbers, refused unless two-dimensional and finite."""
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"x has shape {rows.shape}, expected (n, n_columns); one row alone is x[np.newaxis]")
    bad = np.argwhere(~np.isfinite(rows))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"x holds {len(bad)} values that are not finite, the first in row {row}, column {column}"
        )
    return rows


def _batches(inputs: Tensor, labels: Tensor, training: TableTraining, generator: torch.Generator) -> Draw:
    """Draw rows with replacement: as many of either label, or as they come."""
    device, ones = labels.device, torch.nonzero(labels > 0.5).squeeze(1)
    zeros = torch.nonzero(labels < 0.5).squeeze(1)
    half = training.batch_size // 2

    def pick(rows: Tensor, n: int) -> Tensor:
        return rows[torch.randint(len(rows), (n,), generator=generator, device=device)]

    def draw() -> tuple[Tensor, Tensor]:
        if training.is_balanced:
            chosen = torch.cat([pick(ones, half), pick(zeros, training.batch_size - half)])
        else:
            chosen = torch.randint(len(labels), (training.batch_size,), generator=generator, device=device)
        return inputs[chosen], labels[chosen]

    return draw
