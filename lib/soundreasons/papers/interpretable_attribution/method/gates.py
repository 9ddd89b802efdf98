r"""Gates and mixture: how sure an expert is, how much it counts, and what all say together.

Outputs of the experts are :math:`F_s \in [-1, 1]`, one column a subset; torch tensors on any device.
Definition def-mixture of the page. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution.method.subsets import strict_children

GATES = ("L1", "L2", "Lp", "shifted")
POWER = 4  # p of the Lp gate
CENTRE = 0.3  # of the shifted gate: what is sure when one of five examples is positive
_EPSILON = 1e-9


def confidence(outputs: Tensor, gate: str = "L2") -> Tensor:
    r"""Tell how sure an expert is, from its output alone.

    L1 is :math:`|F|`, L2 :math:`F^2`, Lp :math:`2|F|^4/(1+|F|^3)`; "shifted" is the gate of the
    paper's MovieLens experiment on :math:`q=(F+1)/2`, zero at 0.3 and one at :math:`q=1`.
    Paper: prediction, the gates of its code; table of the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs : Tensor, any shape
        Expert outputs in [-1, 1].
    gate : {"L1", "L2", "Lp", "shifted"}
        Which.

    Returns
    -------
    Tensor, same shape, in [0, 1]
        0: undecided; 1: certain.

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
    gradient. Paper: prediction; definition def-mixture of the page. Chapter: interpretable_attribution.

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
    Tensor, shape (..., H), in [0, 1]
        Not normalised.

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
    asked_first = checked_children(subsets, children, outputs.shape[-1])
    sure = confidence(outputs.detach(), gate)
    weights = []
    for expert in range(sure.shape[-1]):
        doubt = (1 - sure[..., asked_first[:, expert]]).prod(dim=-1)
        weights.append(sure[..., expert] * doubt if keep_own else doubt)
    return torch.stack(weights, dim=-1)


def checked_children(subsets: Any, children: NDArray[np.bool_] | None, n_experts: int) -> NDArray[np.bool_]:
    """Tell who is asked before whom: the children told, or those by inclusion; refused if they do not fit.

    Paper: prediction, ch(s). Chapter: interpretable_attribution.

    Parameters
    ----------
    subsets, children
        As for `gate_weights`.
    n_experts : int
        Columns of the outputs.

    Returns
    -------
    bool ndarray, shape (n_experts, n_experts)
        Entry (i, j): expert i is asked before expert j.

    Raises
    ------
    ValueError
        If the shapes disagree, or an expert is its own child.

    Examples
    --------
    >>> checked_children([(0,), (0, 1)], None, 2).astype(int).tolist()
    [[0, 1], [0, 0]]
    """
    asked = strict_children(subsets) if children is None else np.asarray(children, dtype=bool)
    if asked.shape != (n_experts, n_experts):
        raise ValueError(
            f"outputs have {n_experts} columns, but children are {asked.shape}; expected one column an expert"
        )
    if asked.diagonal().any():
        raise ValueError(f"expert {int(asked.diagonal().argmax())} is its own child; children must be others")
    return asked


def mixture(outputs: Tensor, weights: Tensor) -> Tensor:
    r"""Mix expert outputs by their weights: :math:`F = \sum_s \alpha_s F_s / \sum_s \alpha_s`.

    A small constant in the denominator, as in the paper's code. Paper: prediction; definition def-mixture of
    the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    outputs, weights : Tensor, shape (..., H)
        Outputs in [-1, 1]; weights as `gate_weights` gives them.

    Returns
    -------
    Tensor, shape (...), in [-1, 1]
        0, undecided, where no expert has any weight.

    Raises
    ------
    RuntimeError
        If the shapes disagree.

    Examples
    --------
    >>> mixture(torch.tensor([[1.0, -1.0]]), torch.tensor([[3.0, 1.0]])).tolist()
    [0.5]
    """
    return (outputs * weights).sum(dim=-1) / (weights.sum(dim=-1) + _EPSILON)
