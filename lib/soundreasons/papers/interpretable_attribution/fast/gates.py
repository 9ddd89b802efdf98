"""Gate weights as one matrix product: what every training step computes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution.method.gates import checked_children, confidence

_NEVER = -1e4  # its exponential is exactly zero


def gate_weights(
    outputs: Tensor,
    subsets: Any,
    gate: str = "L2",
    *,
    keep_own: bool = True,
    children: NDArray[np.bool_] | None = None,
) -> Tensor:
    r"""Weigh experts: :math:`\alpha_s = g_s \prod_{t \in ch(s)} (1 - g_t)`; see `method.gate_weights`.

    The product as a sum of logarithms is one matrix product. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs, subsets, gate, keep_own, children
        As for `method.gate_weights`.

    Returns
    -------
    Tensor, shape (..., H), in [0, 1]
        Not normalised.

    Raises
    ------
    ValueError
        If the shapes disagree, an expert is its own child, or the gate is unknown.

    Examples
    --------
    >>> gate_weights(torch.tensor([[1.0, 0.0, 0.9]]), [(0,), (1,), (0, 1)]).tolist()
    [[1.0, 0.0, 0.0]]
    """
    asked_first = checked_children(subsets, children, outputs.shape[-1])
    with torch.no_grad():
        sure = confidence(outputs, gate)
        order = _on_device(asked_first.tobytes(), len(asked_first), str(outputs.device)).to(sure.dtype)
        # The logarithm of a certain child is so far down that its parents get exactly zero.
        doubt = torch.log((1 - sure).clamp_(min=0)).clamp_(min=_NEVER)
        # Experts may come first in memory; then they stay there.
        joint = doubt @ order if doubt.stride(-1) == 1 else (order.mT @ doubt.mT).mT
        weights = joint.exp_()
        return weights.mul_(sure) if keep_own else weights


@functools.lru_cache(maxsize=256)
def _on_device(table: bytes, n: int, device: str) -> Tensor:
    """Put a table of children on a device once, not at every step."""
    asked_first = np.frombuffer(table, dtype=bool).reshape(n, n)
    return torch.tensor(asked_first.astype(np.float32).tolist(), device=device)
