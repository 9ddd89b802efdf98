"""Which expert may see which inputs: groups of columns, subsets of groups, and who contains whom.

A group is a list of column numbers, a subset a set of group numbers; H subsets of N groups make a table of
shape (H, N). Equation eq-inclusion of the page. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Groups = Sequence[Sequence[int]]
Subsets = NDArray[np.bool_] | Sequence[Sequence[int]]


def subset_table(subsets: Any, n_groups: int | None = None) -> NDArray[np.bool_]:
    """Lay out candidate subsets as a boolean table, and refuse what makes no sense.

    Paper: structured sparsity, the list of candidate subsets S. Chapter: interpretable_attribution.

    Parameters
    ----------
    subsets : bool array, shape (H, N), or list of tuples of int
        A row of the array, or a tuple of group numbers, is one subset.
    n_groups : int, optional
        Number of groups N; the largest number named, plus one, unless told.

    Returns
    -------
    bool ndarray, shape (H, N)
        Whether subset h holds group n.

    Raises
    ------
    ValueError
        If there is no subset, one names no group or a group that does not exist, or two are equal;
        the entry is named.

    Examples
    --------
    >>> subset_table([(0,), (1,), (0, 1)]).astype(int).tolist()
    [[1, 0], [0, 1], [1, 1]]
    """
    if isinstance(subsets, np.ndarray):
        if subsets.ndim != 2 or subsets.dtype != np.bool_:
            raise ValueError(
                f"subsets is an array of {subsets.dtype} with shape {subsets.shape}, expected bool and "
                "(H, N); or pass a list of tuples of group numbers"
            )
        table = subsets.copy()
    else:
        table = _from_tuples(list(subsets), n_groups)
    _check_table(table, n_groups)
    return table


def _from_tuples(subsets: list[Sequence[int]], n_groups: int | None) -> NDArray[np.bool_]:
    if n_groups is None:
        n_groups = 1 + max((group for subset in subsets for group in subset), default=-1)
    table = np.zeros((len(subsets), n_groups), dtype=bool)
    for place, subset in enumerate(subsets):
        for group in subset:
            if not 0 <= group < n_groups:
                raise ValueError(
                    f"subset {place}, {tuple(subset)}, names group {group}; groups are numbered "
                    f"0 to {n_groups - 1}"
                )
            table[place, group] = True
    return table


def _check_table(table: NDArray[np.bool_], n_groups: int | None) -> None:
    if len(table) == 0:
        raise ValueError(
            "the list of subsets is empty, expected one or more; the full set alone is [(0, 1, ...)]"
        )
    if n_groups is not None and table.shape[1] != n_groups:
        raise ValueError(f"subsets speak of {table.shape[1]} groups, but there are {n_groups}")
    empty = np.flatnonzero(~table.any(axis=1))
    if len(empty):
        raise ValueError(f"subset {empty[0]} names no group; an expert needs something to see")
    _, first = np.unique(table, axis=0, return_index=True)
    twice = sorted(set(range(len(table))) - set(first.tolist()))
    if twice:
        raise ValueError(f"subset {twice[0]} stands twice: {tuple(np.flatnonzero(table[twice[0]]).tolist())}")


def check_groups(groups: Groups, n_columns: int | None = None) -> list[list[int]]:
    """Check that groups are a partition of input columns, or part of one.

    Paper: group sparsity, the groups X_1 to X_N. Chapter: interpretable_attribution.

    Parameters
    ----------
    groups : list of lists of int
        Column numbers of each group.
    n_columns : int, optional
        Width of the input, if known.

    Returns
    -------
    list of lists of int
        The same, as plain lists.

    Raises
    ------
    ValueError
        If there is no group, one is empty, two overlap, or a column does not exist; both are named.

    Examples
    --------
    >>> check_groups([range(2), [2]])
    [[0, 1], [2]]
    """
    checked = [[int(column) for column in group] for group in groups]
    if not checked:
        raise ValueError("the list of groups is empty, expected one or more lists of column numbers")
    owner: dict[int, int] = {}
    for place, group in enumerate(checked):
        if not group:
            raise ValueError(f"group {place} has no column; leave it out, or name its columns")
        for column in group:
            if column < 0 or (n_columns is not None and column >= n_columns):
                limit = "from 0 up" if n_columns is None else f"0 to {n_columns - 1}"
                raise ValueError(f"group {place} names column {column}; columns are numbered {limit}")
            if column in owner:
                raise ValueError(
                    f"groups {owner[column]} and {place} overlap in column {column}; each column "
                    "belongs to one group"
                )
            owner[column] = place
    return checked


def inclusion_matrix(subsets: Any) -> NDArray[np.bool_]:
    r"""Tell which subset is contained in which: :math:`T_{ij} = 1[S_i \subseteq S_j]`.

    Paper: structured sparsity; equation eq-inclusion of the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    subsets : bool array, shape (H, N), or list of tuples of int
        As for `subset_table`.

    Returns
    -------
    bool ndarray, shape (H, H)
        Entry (i, j): subset i is contained in subset j; true on the diagonal.

    Raises
    ------
    ValueError
        As for `subset_table`.

    Examples
    --------
    >>> inclusion_matrix([(0,), (1,), (0, 1)]).astype(int).tolist()
    [[1, 0, 1], [0, 1, 1], [0, 0, 1]]
    """
    table = subset_table(subsets)
    n_outside = table.astype(int) @ (~table).astype(int).T  # groups of i that are not in j
    return np.asarray(n_outside == 0)


def strict_children(subsets: Any) -> NDArray[np.bool_]:
    r"""Tell which subset is a smaller part of which: :math:`C = T - I`, whose column j is ch(j).

    Paper: structured sparsity; equation eq-inclusion of the page. Chapter: interpretable_attribution.

    Parameters
    ----------
    subsets : bool array, shape (H, N), or list of tuples of int
        As for `subset_table`.

    Returns
    -------
    bool ndarray, shape (H, H)
        Entry (i, j): subset i is contained in subset j and is not j.

    Raises
    ------
    ValueError
        As for `subset_table`.

    Examples
    --------
    >>> strict_children([(0,), (1,), (0, 1)]).astype(int).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    """
    inclusion = inclusion_matrix(subsets)
    return np.asarray(inclusion & ~np.eye(len(inclusion), dtype=bool))


def warn_if_incomplete(table: NDArray[np.bool_]) -> None:
    """Warn that the restricted prediction cannot be complete: no subset holds all groups.

    Paper: the first wish, completeness. Chapter: interpretable_attribution.

    Parameters
    ----------
    table : bool array, shape (H, N)
        As `subset_table` gives it.

    Raises
    ------
    UserWarning
        As a warning.

    Examples
    --------
    >>> warn_if_incomplete(subset_table([(0,), (0, 1)]))
    """
    if not table.all(axis=1).any():
        warnings.warn(
            "no subset holds all groups: where all are needed, no expert can tell; add the full set",
            stacklevel=3,
        )


def subset_names(subsets: Any, group_names: Sequence[str]) -> list[str]:
    """Name subsets by their groups, the full set "all".

    Paper: reading the attribution. Chapter: interpretable_attribution.

    Parameters
    ----------
    subsets : bool array, shape (H, N), or list of tuples of int
        As for `subset_table`.
    group_names : sequence of str, of length N
        One name a group.

    Returns
    -------
    list of str, of length H
        Names of the groups, joined by a plus.

    Raises
    ------
    ValueError
        As for `subset_table`, with as many groups as names.

    Examples
    --------
    >>> subset_names([(0,), (0, 1)], ["user", "film"])
    ['user', 'all']
    """
    table = subset_table(subsets, len(group_names))
    return [
        "all" if row.all() and len(row) > 1 else " + ".join(np.asarray(group_names)[row].tolist())
        for row in table
    ]


def column_mask(groups: Groups, subsets: Any, n_columns: int) -> NDArray[np.bool_]:
    """Tell which input column each subset may see: group i feeds block j only where X_i is part of S_j.

    Paper: one network instead of H, the mask of the first layer. Chapter: interpretable_attribution.

    Parameters
    ----------
    groups : list of lists of int
        As for `check_groups`.
    subsets : bool array, shape (H, N), or list of tuples of int
        As for `subset_table`.
    n_columns : int
        Width of the input.

    Returns
    -------
    bool ndarray, shape (H, n_columns)
        Columns in no group are seen by nobody.

    Raises
    ------
    ValueError
        As for `check_groups` and `subset_table`.

    Examples
    --------
    >>> column_mask([[0, 1], [2]], [(0,), (0, 1)], 3).astype(int).tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    listed = check_groups(groups, n_columns)
    table = subset_table(subsets, len(listed))
    mask = np.zeros((len(table), n_columns), dtype=bool)
    for number, columns in enumerate(listed):
        mask[:, columns] = table[:, [number]]
    return mask
