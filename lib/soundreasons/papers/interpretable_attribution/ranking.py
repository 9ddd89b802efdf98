"""Where the right item stands among others: hit ratio and gain of rankings with one relevant item.

Task: score `scores` of shape (n, 1 + n_others), the right item in column 0. Source: section 4.2. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def ranks_of_first(scores: Any) -> NDArray[np.int64]:
    """Rank of the item in column 0, from 1; items with the same score stand before it.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    scores : array-like, shape (n, 1 + n_others), finite
        Larger is better; the right item in column 0.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    ValueError
        If there is nothing to rank against, or a score is not finite.

    Examples
    --------
    >>> ranks_of_first([[0.9, 0.1, 0.5], [0.5, 0.5, 0.4]]).tolist()
    [1, 2]
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"scores have shape {table.shape}, expected (n, 1 + n_others) with an other item or more"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"scores hold {np.sum(~np.isfinite(table))} values that are not finite")
    return np.asarray(1 + (table[:, 1:] >= table[:, :1]).sum(axis=1), dtype=np.int64)


def hit_ratio_at_k(ranks: Any, k: int = 10) -> float:
    """Share of rankings in which the right item is among the first k.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> hit_ratio_at_k([1, 10, 11, 40])
    0.5
    """
    return float((_checked(ranks, k) <= k).mean())


def ndcg_at_k(ranks: Any, k: int = 10) -> float:
    """Mean gain of the right item, 1 / log2(rank + 1), zero beyond rank k.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> ndcg_at_k([1, 3, 11])
    0.5
    """
    found = _checked(ranks, k)
    return float(np.where(found <= k, 1 / np.log2(found + 1.0), 0.0).mean())


def _checked(ranks: Any, k: int) -> NDArray[np.int64]:
    found = np.asarray(ranks, dtype=np.int64)
    if k < 1:
        raise ValueError(f"k is {k}, allowed are integers from 1")
    if found.ndim != 1 or len(found) == 0 or found.min() < 1:
        raise ValueError("ranks are a list of one or more integers from 1")
    return found
