r"""Gates, mixture and the attribution that is read off them.

Task: from expert outputs :math:`F_s \in [-1, 1]`, one column a subset, compute how sure each expert is
(`confidence`), how much it counts (`gate_weights`), what all say together (`mixture`) and which
subset explains an instance (`explaining_subset`). Works on torch tensors, on any device. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution.subsets import quiet_table, strict_children

GATES = ("L1", "L2", "Lp", "shifted")
POWER = 4  # p of the Lp gate
CENTRE = 0.3  # of the shifted gate: what is sure when one of five examples is positive
_EPSILON = 1e-9
_NEVER = -1e4  # its exponential is exactly zero
_LEAST = 1e-37  # nothing that is a number above zero in single precision is below


def confidence(outputs: Tensor, gate: str = "L2") -> Tensor:
    r"""Tell how sure an expert is, from its output alone.

    L1 is :math:`|F|`, L2 :math:`F^2`, Lp :math:`2|F|^4/(1+|F|^3)`; "shifted" is the gate of the
    paper's MovieLens experiment on :math:`q=(F+1)/2`, zero at 0.3 and one at :math:`q=1`.
    Source: table of gates in section 3.2. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs : Tensor, any shape
        Expert outputs in [-1, 1].
    gate : {"L1", "L2", "Lp", "shifted"}
        Which.

    Returns
    -------
    Tensor, same shape, in [0, 1]

    Raises
    ------
    ValueError
        If there is no such gate.

    Examples
    --------
    >>> [round(float(confidence(torch.tensor(0.5), gate)), 3) for gate in GATES]
    [0.5, 0.25, 0.111, 0.21]
    """
    if gate == "L1":
        return outputs.abs()
    if gate == "L2":
        return outputs.square()
    if gate == "Lp":
        size = outputs.abs()
        return 2 * size**POWER / (1 + size ** (POWER - 1))
    if gate == "shifted":
        distance = ((outputs + 1) / 2 - CENTRE).abs()
        top = 1 - CENTRE
        return distance**4 / (1 + distance**3) * (1 + top**3) / top**4
    raise ValueError(f"gate is {gate!r}, expected one of {', '.join(GATES)}")


def gate_weights(
    outputs: Tensor,
    subsets: Any,
    gate: str = "L2",
    *,
    keep_own: bool = True,
    children: NDArray[np.bool_] | None = None,
) -> Tensor:
    r"""Weigh experts: :math:`\alpha_s = g_s \prod_{t \in ch(s)} (1 - g_t)`.

    An expert counts where it is sure and none of those that see less is. Gates are cut off from the
    gradient. Source: section 3.2. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs : Tensor, shape (..., H)
        Expert outputs in [-1, 1].
    subsets : bool array (H, N) or list of tuples of int
        What each expert sees.
    gate : {"L1", "L2", "Lp", "shifted"}
        How confidence is read.
    keep_own : bool
        Keep the factor of the expert's own confidence; without it the largest undecided expert
        counts fully.
    children : bool array, shape (H, H), optional
        Entry (i, j): expert i is asked before expert j. Strict inclusion unless told; an all-false
        array switches the product off.

    Returns
    -------
    Tensor, shape (..., H), in [0, 1], not normalised

    Raises
    ------
    ValueError
        If the shapes disagree, an expert is its own child, or the gate is unknown.

    Examples
    --------
    The first expert is certain, so the one that contains it gets nothing:

    >>> gate_weights(torch.tensor([[1.0, 0.0, 0.9]]), [(0,), (1,), (0, 1)]).tolist()
    [[1.0, 0.0, 0.0]]
    """
    asked = _children(subsets, children, outputs.shape[-1])
    with torch.no_grad():
        sure = confidence(outputs, gate)
        order = _order(asked.tobytes(), len(asked), str(outputs.device)).to(sure.dtype)
        # The product as a sum of logarithms is one matrix product. The logarithm of a certain child is so
        # far down that its parents get exactly zero.
        doubt = torch.log((1 - sure).clamp_(min=0)).clamp_(min=_NEVER)
        # Experts may come first in memory; then they stay there.
        joint = doubt @ order if doubt.stride(-1) == 1 else (order.mT @ doubt.mT).mT
        weights = joint.exp_()
        return weights.mul_(sure) if keep_own else weights


@functools.lru_cache(maxsize=256)
def _order(table: bytes, n: int, device: str) -> Tensor:
    """Put a table of children on a device once, not at every step."""
    asked = np.frombuffer(table, dtype=bool).reshape(n, n)
    return torch.tensor(asked.astype(np.float32).tolist(), device=device)


def _children(subsets: Any, children: NDArray[np.bool_] | None, n_experts: int) -> NDArray[np.bool_]:
    asked = strict_children(subsets) if children is None else np.asarray(children, dtype=bool)
    if asked.shape != (n_experts, n_experts):
        raise ValueError(
            f"outputs have {n_experts} columns, but children are {asked.shape}; expected one column an expert"
        )
    if asked.diagonal().any():
        raise ValueError(f"expert {int(asked.diagonal().argmax())} is its own child; children must be others")
    return asked


def normalised(weights: Tensor) -> Tensor:
    """Scale weights so that those of an instance sum to one; if all are zero, all are equal.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H), not negative
        As `gate_weights` gives them.

    Returns
    -------
    Tensor, same shape

    Examples
    --------
    >>> normalised(torch.tensor([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    total = weights.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, weights / total.clamp(min=_LEAST), 1 / weights.shape[-1])


def mixture(outputs: Tensor, weights: Tensor) -> Tensor:
    """Mix expert outputs by their weights.

    Source: section 3.2, with the small constant of section 3.2 in the denominator. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    outputs, weights : Tensor, shape (..., H)
        Outputs in [-1, 1]; weights as `gate_weights` gives them.

    Returns
    -------
    Tensor, shape (...), in [-1, 1]
        0, undecided, where no expert has any weight.

    Examples
    --------
    >>> mixture(torch.tensor([[1.0, -1.0]]), torch.tensor([[3.0, 1.0]])).tolist()
    [0.5]
    """
    return (outputs * weights).sum(dim=-1) / (weights.sum(dim=-1) + _EPSILON)


def explaining_subset(weights: Tensor) -> NDArray[np.int64]:
    """Number of the subset with the largest weight, for each instance.

    Source: section 3.5. Ties go to the first. Chapter: interpretable_attribution.

    Examples
    --------
    >>> explaining_subset(torch.tensor([[0.1, 0.7, 0.2]])).tolist()
    [1]
    """
    return weights.argmax(dim=-1).cpu().numpy().astype(np.int64)


def family_attribution(weights: Tensor, families: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Sum normalised weights over families of subsets.

    Source: section 3.5 (persistence, interaction, musical). Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H)
        As `gate_weights` gives them.
    families : list of lists of int
        Numbers of the subsets in each family.

    Returns
    -------
    ndarray, shape (..., n_families)

    Examples
    --------
    >>> family_attribution(torch.tensor([[1.0, 1.0, 2.0]]), [[0, 1], [2]]).tolist()
    [[0.5, 0.5]]
    """
    shares = normalised(weights).detach().cpu().numpy().astype(np.float64)
    return np.stack([shares[..., list(family)].sum(axis=-1) for family in families], axis=-1)


def group_attribution(weights: Tensor, subsets: Any) -> NDArray[np.float64]:
    """Share of the weight that stands on subsets holding a group, for each instance and group.

    A group in every subset that counts gets one; shares of different groups overlap, so they do not
    sum to one. Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H)
        As `gate_weights` gives them.
    subsets : bool array (H, N) or list of tuples of int
        What each expert sees.

    Returns
    -------
    ndarray, shape (..., N)

    Examples
    --------
    >>> group_attribution(torch.tensor([[1.0, 0.0, 3.0]]), [(0,), (1,), (0, 1)]).tolist()
    [[1.0, 0.75]]
    """
    shares = normalised(weights).detach().cpu().numpy().astype(np.float64)
    return np.asarray(shares @ quiet_table(subsets).astype(np.float64))


def selected_size(weights: Tensor, subsets: Any) -> NDArray[np.float64]:
    """Number of groups in the explaining subset, for each instance.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> selected_size(torch.tensor([[0.1, 0.0, 0.9]]), [(0,), (1,), (0, 1)]).tolist()
    [2.0]
    """
    return np.asarray(quiet_table(subsets).sum(axis=1)[explaining_subset(weights)], dtype=np.float64)
