"""Sessions: why was it skipped? Restricted and plain transformer, and what explains which regime.

Paper: skip prediction; the sessions are ours. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.learning import loop
from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.data.sessions import (
    ASKED_GROUPS,
    FAMILIES,
    GIVEN_GROUPS,
    REGIMES,
    SESSION_SUBSETS,
    SUBSET_NAMES,
    SUFFICIENT,
    Sessions,
    draw_sessions,
    persistence_baseline,
)
from soundreasons.papers.interpretable_attribution.fast.learning import Batch
from soundreasons.papers.interpretable_attribution.method import (
    SESSION_STEP,
    RestrictedTransformer,
    TransformerSize,
)

FAMILY_NAMES = ("skips", "starts", "music", "all")
_SMALL = TransformerSize(width=16, n_heads=2, n_layers=1)
_FAMILIES = (*FAMILIES, [len(SESSION_SUBSETS) - 1])
_EVERYTHING = ((0, 1, 2, 3),)


@dataclass(frozen=True)
class SessionTraining:
    """Settings of the experiment on sessions.

    Attributes
    ----------
    n_sessions : int
        To learn from; a quarter as many to compare epochs on, half as many to judge on.
    epochs, batch_size : int
    size : TransformerSize
        Of each block; the plain transformer is `widening` times as wide.
    widening : int
    learning_rate : float
    """

    n_sessions: int = 4000
    epochs: int = 20
    batch_size: int = 100
    size: TransformerSize = _SMALL
    widening: int = 2
    learning_rate: float = 3e-3


class SessionRun(NamedTuple):
    """One training: scores on fresh sessions, and what the experts said there."""

    scores: dict[str, float]
    model: RestrictedTransformer
    sessions: Sessions
    outputs: Tensor  # (n, 10, H)


def session_model(kind: str, training: SessionTraining) -> RestrictedTransformer:
    """Build the restricted transformer, or the plain one: a single expert that sees everything.

    Chapter: interpretable_attribution.

    Raises
    ------
    ValueError
        If kind is neither "experts" nor "plain".
    """
    if kind not in ("experts", "plain"):
        raise ValueError(f"kind is {kind!r}, expected experts or plain")
    subsets, size = list(SESSION_SUBSETS), training.size
    if kind == "plain":
        subsets, size = list(_EVERYTHING), dataclasses.replace(size, width=training.widening * size.width)
    return RestrictedTransformer(GIVEN_GROUPS, ASKED_GROUPS, subsets, size=size)


def train_sessions(kind: str, seed: int, training: SessionTraining, *, device: str = "cpu") -> SessionRun:
    """Train on drawn sessions and judge on fresh ones.

    The weights of the epoch that tells most skips of further sessions are kept. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    kind : {"experts", "plain"}
        Which model.
    seed : int
        Of everything drawn.
    training : SessionTraining
        Settings.
    device : str
        Where it is computed.

    Returns
    -------
    SessionRun
        `scores`: `accuracy`, `first`, `maa`, and for experts what `recovery` finds.
    """
    torch.manual_seed(seed)  # layers of torch draw their first weights from the global generator
    model = session_model(kind, training).to(device)
    n = training.n_sessions
    kept, held, judged = (
        draw_sessions(size, np.random.default_rng([seed, part]))
        for part, size in enumerate((n, max(n // 4, 1), max(n // 2, 1)))
    )
    given, asked, skipped = (torch.as_tensor(part, device=device) for part in kept[:3])
    generator = torch.Generator(device).manual_seed(seed)

    def draw() -> Batch:
        chosen = torch.randint(n, (training.batch_size,), generator=generator, device=device)
        return chosen, skipped[chosen]

    def loss_of(batch: Batch) -> Tensor:
        chosen, labels = batch
        return session_loss(model, given[chosen], asked[chosen], labels)

    per_epoch = -(-n // training.batch_size)
    best = loop.BestWeights(model)
    look = fast.keep_best(best, lambda: _scores(_outputs(model, held), held)["accuracy"], per_epoch)
    n_batches = training.epochs * per_epoch
    fast.descend(model.parameters(), loss_of, draw, n_batches, training.learning_rate, look)
    best.restore()
    outputs = _outputs(model, judged)
    scores = _scores(outputs, judged)
    if kind == "experts":
        scores |= recovery(outputs, judged)
    return SessionRun(scores, model, judged, outputs)


def session_loss(model: RestrictedTransformer, given: Tensor, asked: Tensor, skipped: Tensor) -> Tensor:
    """Loss of the M-step, all places of all sessions together; with one expert, its log-loss.

    Chapter: interpretable_attribution.
    """
    logits = model.logits(given, asked).flatten(0, 1)
    return fast.batch_loss(logits, skipped.flatten(), model.subsets, SESSION_STEP, children=model.asked_first)


def _outputs(model: RestrictedTransformer, sessions: Sessions) -> Tensor:
    device = next(model.parameters()).device
    given, asked = (torch.as_tensor(part, device=device) for part in sessions[:2])
    with torch.no_grad():
        return torch.cat(
            [model(a, b) for a, b in zip(torch.split(given, 1000), torch.split(asked, 1000), strict=True)]
        )


def _weights(outputs: Tensor) -> Tensor:
    subsets = _EVERYTHING if outputs.shape[-1] == 1 else SESSION_SUBSETS
    return fast.gate_weights(outputs, list(subsets), SESSION_STEP.gate)


def _scores(outputs: Tensor, sessions: Sessions) -> dict[str, float]:
    mixed = method.mixture(outputs, _weights(outputs)).cpu().numpy()
    return skip_scores((mixed > 0) == (sessions.skipped > 0.5))


def skip_scores(correct: NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy, accuracy of the first, mean average accuracy of predictions that are right or not.

    Chapter: interpretable_attribution.
    """
    return {
        "accuracy": method.session_accuracy(correct),
        "first": method.first_accuracy(correct),
        "maa": method.mean_average_accuracy(correct),
    }


def compare(session_runs: Mapping[str, Sequence[SessionRun]]) -> pd.DataFrame:
    """Lay the scores of the models side by side, with those of going on as before.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    session_runs : mapping of str to sequence of SessionRun
        By "experts" and "plain", one a seed.

    Returns
    -------
    DataFrame
        One row a model and seed: `model`, `accuracy`, `first`, `maa`; the third model is "persistence". For
        experts, also what `recovery` finds.
    """
    rows = [{"model": kind, **run.scores} for kind, runs in session_runs.items() for run in runs]
    for run in session_runs["experts"]:
        is_right = (persistence_baseline(run.sessions) > 0.5) == (run.sessions.skipped > 0.5)
        rows.append({"model": "persistence", **skip_scores(is_right)})
    return pd.DataFrame(rows)


def recovery(outputs: Tensor, sessions: Sessions) -> dict[str, float]:
    """Share of asked tracks explained by the smallest subset that suffices for the session's regime.

    Chapter: interpretable_attribution.

    Returns
    -------
    dict of float
        `recovered.all` over all tracks, `recovered.<regime>` each by itself, and `size`, the mean number of
        groups in the explaining subset, the place left out.
    """
    explaining = method.explaining_subset(_weights(outputs))
    right = explaining == np.asarray(SUFFICIENT)[sessions.regime][:, np.newaxis]
    sizes = np.array([len(subset) - 1 for subset in SESSION_SUBSETS])
    each = {f"recovered.{name}": float(right[sessions.regime == k].mean()) for k, name in enumerate(REGIMES)}
    return {"recovered.all": float(right.mean()), **each, "size": float(sizes[explaining].mean())}


def explaining_subsets(run: SessionRun) -> pd.DataFrame:
    """Share of the asked tracks that each subset explains, by the regime of the session.

    Chapter: interpretable_attribution.

    Returns
    -------
    DataFrame, one row a regime, one column a subset, %
    """
    explaining = method.explaining_subset(_weights(run.outputs))
    rows = [
        100 * np.bincount(explaining[run.sessions.regime == k].reshape(-1), minlength=len(SUBSET_NAMES))
        / explaining[run.sessions.regime == k].size
        for k in range(len(REGIMES))
    ]  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(REGIMES, name="regime"), columns=list(SUBSET_NAMES))


def attribution_by_place(run: SessionRun) -> NDArray[np.float64]:
    """Mean attribution to each family of subsets, by regime and asked place.

    Chapter: interpretable_attribution.

    Returns
    -------
    ndarray, shape (3 regimes, 10 places, 4 families)
        Families: skips, starts, music (alone or with skips), all. Sums to one over families.
    """
    shares = method.family_attribution(_weights(run.outputs), _FAMILIES)
    return np.stack([shares[run.sessions.regime == k].mean(axis=0) for k in range(len(REGIMES))])


def describe_session(run: SessionRun, number: int) -> pd.DataFrame:
    """Describe one session track by track, as the paper's example does.

    Chapter: interpretable_attribution.

    Returns
    -------
    DataFrame, one row an asked track
        `track`, `chance of a skip`, `skipped`, `explained by`, and the attribution to each family.
    """
    weights = _weights(run.outputs[number])
    chance = (method.mixture(run.outputs[number], weights).cpu().numpy() + 1) / 2
    shares = method.family_attribution(weights, _FAMILIES)
    return pd.DataFrame(
        {
            "track": [f"B{place + 1}" for place in range(len(chance))],
            "chance of a skip": chance,
            "skipped": np.where(run.sessions.skipped[number] > 0.5, "yes", "no"),
            "explained by": [SUBSET_NAMES[k] for k in method.explaining_subset(weights)],
            **{name: shares[:, k] for k, name in enumerate(FAMILY_NAMES)},
        }
    )


def session_leak(run: SessionRun, n: int = 16) -> float:
    """Largest gradient of an expert with respect to a given or asked column that it must not see.

    Chapter: interpretable_attribution.
    """
    device = next(run.model.parameters()).device
    sides = [torch.as_tensor(part[:n], device=device).requires_grad_() for part in run.sessions[:2]]
    outputs, largest = run.model(*sides), 0.0
    for expert in range(outputs.shape[-1]):
        gradients = torch.autograd.grad(outputs[..., expert].sum(), sides, retain_graph=True)
        for side, gradient in zip(("given", "asked"), gradients, strict=True):
            forbidden = torch.ones(gradient.shape[-1], dtype=torch.bool, device=device)
            forbidden[run.model.get_buffer(f"{side}_{expert}")] = False
            if forbidden.any():
                largest = max(largest, float(gradient[..., forbidden].abs().max()))
    return largest
