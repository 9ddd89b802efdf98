"""Which pairs survive? Real data, where items without a pair are dropped, and it is said how many."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.data import Interactions
from soundreasons.papers.spiky_svd.fast import kept_pairs, ppmi


@dataclass(frozen=True)
class Association:
    """Items that keep at least one associated pair, and the matrix that ties them.

    Attributes
    ----------
    name : str
        Of the data set.
    matrix : csr_matrix, shape (n_items, n_items)
        From `ppmi`.
    item_names : ndarray of str, shape (n_items,)
        To show a reader.
    kept : ndarray of int, shape (n_items,)
        Item numbers in the data set.
    n_dropped : int
        Items of the data set that vanish: without context, or without a pair.
    """

    name: str
    matrix: sp.csr_matrix
    item_names: NDArray[np.str_]
    kept: NDArray[np.int64]
    n_dropped: int

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.kept)

    @property
    def n_pairs(self) -> int:
        """Number of associated pairs."""
        return int(self.matrix.nnz // 2)


def associate(
    interactions: Interactions, chosen: NDArray[np.bool_] | None = None, *, min_count: int = 2
) -> Association:
    """Associate the items of a data set, dropping what has no context or no pair.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions : Interactions
        The data.
    chosen : ndarray of bool, shape (n_pairs,), optional
        Only these of its pairs (as when only some users are known).
    min_count : int, from 1
        As for `ppmi`.

    Returns
    -------
    Association

    Raises
    ------
    ValueError
        If no pair of items survives; see `ppmi`.

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> graph = associate(table)
    >>> graph.n_items, graph.n_pairs, graph.n_dropped
    (6, 6, 0)
    """
    incidence = interactions.incidence(chosen)
    seen = np.flatnonzero(np.diff(incidence.indptr))
    if len(seen) == 0:
        raise ValueError(f"no pair of {interactions.name} is chosen; choose at least one")
    matrix, kept = ppmi(incidence[seen], min_count=min_count)
    kept = seen[kept]
    return Association(
        interactions.name,
        matrix,
        interactions.item_names[kept],
        kept,
        interactions.n_items - len(kept),
    )


def rerun_counts(interactions: Interactions) -> dict[str, int]:
    """Count the items and pairs kept, and the range that the order of ties leaves open.

    Chapter: spiky_svd.

    Parameters
    ----------
    interactions : Interactions
        A data set on which the authors' own query was run.

    Returns
    -------
    dict of int
        `items_kept`, `pairs_kept` (ties by lower item number); `pairs_certain`, `items_certain` (in
        every order of ties); `pairs_possible`, `items_possible` (in some).

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> rerun_counts(table)["pairs_kept"]
    6
    """
    graph = associate(interactions)
    incidence = interactions.incidence()
    bounds = kept_pairs(incidence[np.flatnonzero(np.diff(incidence.indptr))])
    return {
        "items_kept": graph.n_items,
        "pairs_kept": graph.n_pairs,
        "pairs_certain": bounds.certain,
        "pairs_possible": bounds.possible,
        "items_certain": bounds.certain_items,
        "items_possible": bounds.possible_items,
    }
