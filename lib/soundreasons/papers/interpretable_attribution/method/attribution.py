r"""Reading the attribution off the weights: shares, the explaining subset, sums by family and by group.

Weights are those of `gate_weights`, one column a subset. Definition def-mixture of the page. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.interpretable_attribution.method.subsets import subset_table

_LEAST = 1e-37  # nothing that is a number above zero in single precision is below


def normalised(weights: Tensor) -> Tensor:
    r"""Scale weights to sum to one over experts: :math:`\bar\alpha_s = \alpha_s / \sum_t \alpha_t`.

    Where all are zero, all become equal. Paper: reading the attribution. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H), not negative
        As `gate_weights` gives them.

    Returns
    -------
    Tensor, same shape
        Shares of each instance.

    Raises
    ------
    IndexError
        If `weights` has no dimension.

    Examples
    --------
    >>> normalised(torch.tensor([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    total = weights.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, weights / total.clamp(min=_LEAST), 1 / weights.shape[-1])


def explaining_subset(weights: Tensor) -> NDArray[np.int64]:
    r"""Tell which subset explains: :math:`\arg\max_s \alpha_s`; of several equal ones, the first.

    Paper: reading the attribution; definition def-mixture of the page. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H)
        As `gate_weights` gives them.

    Returns
    -------
    ndarray of int, shape (...)
        Number of the subset of each instance.

    Raises
    ------
    IndexError
        If there is no expert.

    Examples
    --------
    >>> explaining_subset(torch.tensor([[0.1, 0.7, 0.2]])).tolist()
    [1]
    """
    return weights.argmax(dim=-1).cpu().numpy().astype(np.int64)


def family_attribution(weights: Tensor, families: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    r"""Sum shares over families of subsets: :math:`\sum_{s \in f} \bar\alpha_s` for each family f.

    Paper: reading the attribution (persistence, interaction, musical). Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H)
        As `gate_weights` gives them.
    families : list of lists of int
        Numbers of the subsets in each family.

    Returns
    -------
    ndarray, shape (..., n_families)
        Sums to one where every subset is in one family.

    Raises
    ------
    IndexError
        If a family names a subset that does not exist.

    Examples
    --------
    >>> family_attribution(torch.tensor([[1.0, 1.0, 2.0]]), [[0, 1], [2]]).tolist()
    [[0.5, 0.5]]
    """
    shares = normalised(weights).detach().cpu().numpy().astype(np.float64)
    return np.stack([shares[..., list(family)].sum(axis=-1) for family in families], axis=-1)


def group_attribution(weights: Tensor, subsets: Any) -> NDArray[np.float64]:
    r"""Sum shares over the subsets that hold a group: :math:`\sum_{s \ni i} \bar\alpha_s` for each group i.

    A group in every subset that counts gets one; subsets overlap, so the groups do not sum to one. Paper:
    reading the attribution. Chapter: interpretable_attribution.

    Parameters
    ----------
    weights : Tensor, shape (..., H)
        As `gate_weights` gives them.
    subsets : bool array (H, N) or list of tuples of int
        What each expert sees.

    Returns
    -------
    ndarray, shape (..., N)
        Each from 0 to 1.

    Raises
    ------
    ValueError
        As for `subset_table`, or if there are not as many subsets as weights.

    Examples
    --------
    >>> group_attribution(torch.tensor([[1.0, 0.0, 3.0]]), [(0,), (1,), (0, 1)]).tolist()
    [[1.0, 0.75]]
    """
    shares = normalised(weights).detach().cpu().numpy().astype(np.float64)
    return np.asarray(shares @ subset_table(subsets).astype(np.float64))
