"""Subsets of features as bit codes: bit i of the code is feature i. Chapter: functional_attribution.

Everything that counts, lists or walks over the 2**d subsets of d features.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Tables of 2**d columns: 16 features are half a megabyte a point.
MOST_FEATURES = 16


@cache
def members(n_features: int) -> NDArray[np.bool_]:
    """Table of all subsets: row = code, column = feature; shape (2**n_features, n_features).

    Chapter: functional_attribution.

    Parameters
    ----------
    n_features : int, 1 to 16
        Number of features, d.

    Returns
    -------
    ndarray of bool, shape (2**n_features, n_features)
        Not to be written to.

    Raises
    ------
    ValueError
        If `n_features` is below 1 or above 16, where a table of all subsets no longer fits.

    Examples
    --------
    >>> members(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    if not 1 <= n_features <= MOST_FEATURES:
        raise ValueError(
            f"{n_features} features, allowed are 1 to {MOST_FEATURES}: all 2**d subsets are tabulated; "
            "drop features, or join them into groups"
        )
    table = (np.arange(1 << n_features)[:, np.newaxis] >> np.arange(n_features) & 1).astype(bool)
    table.setflags(write=False)
    return table


@cache
def sizes(n_features: int) -> NDArray[np.int64]:
    """Cardinality of every subset, by code.

    Chapter: functional_attribution.

    Parameters
    ----------
    n_features : int, 1 to 16
        Number of features.

    Returns
    -------
    ndarray of int, shape (2**n_features,)

    Raises
    ------
    ValueError
        As for `members`.

    Examples
    --------
    >>> sizes(2).tolist()
    [0, 1, 1, 2]
    """
    return np.asarray(members(n_features).sum(axis=1))


def codes(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Bit codes of selections, shape (..., n_features) to (...).

    Chapter: functional_attribution.

    Parameters
    ----------
    masks : ndarray of bool, shape (..., n_features)
        Selected features.

    Returns
    -------
    ndarray of int, shape (...)

    Raises
    ------
    TypeError
        If it is no array of booleans or numbers.

    Examples
    --------
    >>> codes(np.array([[True, False], [False, True]])).tolist()
    [1, 2]
    """
    return masks @ (1 << np.arange(masks.shape[-1]))


def as_masks(selections: Any, n_features: int) -> NDArray[np.bool_]:
    """Turn selections, as sets of feature numbers or as a table of booleans, into booleans.

    Parameters
    ----------
    selections : sequence of sets of int, or ndarray of bool, shape (n_points, n_features)
        One a point; features count from 0.
    n_features : int
        Number of features.

    Returns
    -------
    ndarray of bool, shape (n_points, n_features)

    Raises
    ------
    ValueError
        If a number is no feature, or a table of booleans has another width.

    Examples
    --------
    >>> as_masks([{0, 2}, set()], 3).astype(int).tolist()
    [[1, 0, 1], [0, 0, 0]]
    """
    if isinstance(selections, np.ndarray) and selections.dtype == bool:
        if selections.ndim != 2 or selections.shape[1] != n_features:
            raise ValueError(
                f"selections have shape {selections.shape}, expected (n_points, {n_features}): one column "
                "a feature"
            )
        return selections
    masks = np.zeros((len(selections), n_features), dtype=bool)
    for row, selection in enumerate(selections):
        masks[row, check_features(selection, n_features)] = True
    return masks


def check_features(subset: Iterable[int], n_features: int) -> list[int]:
    """Sort the numbers of a subset; `ValueError` if one is no feature.

    Chapter: functional_attribution.

    Parameters
    ----------
    subset : iterable of int
        Numbers of features.
    n_features : int
        How many there are.

    Returns
    -------
    list of int
        Sorted.

    Raises
    ------
    ValueError
        If a number is no feature.

    Examples
    --------
    >>> check_features({2, 0}, 3)
    [0, 2]
    """
    numbers = sorted(int(feature) for feature in subset)
    strangers = [feature for feature in numbers if not 0 <= feature < n_features]
    if strangers:
        raise ValueError(
            f"subset {numbers} names feature {strangers[0]}, allowed are 0 to {n_features - 1}: "
            "features count from 0"
        )
    return numbers


def as_sets(accepted: NDArray[np.bool_]) -> list[set[frozenset[int]]]:
    """Turn a table (n_points, 2**d) of accepted subsets into a list of sets of frozensets.

    Chapter: functional_attribution.

    Parameters
    ----------
    accepted : ndarray of bool, shape (n_points, 2**n_features)
        Column = bit code of the subset.

    Returns
    -------
    list of set of frozenset of int
        One set a point.

    Raises
    ------
    ValueError
        As for `members`.

    Examples
    --------
    >>> as_sets(np.array([[False, True, True, False]])) == [{frozenset({0}), frozenset({1})}]
    True
    """
    n_features = int(accepted.shape[1]).bit_length() - 1
    names = [frozenset(np.flatnonzero(row).tolist()) for row in members(n_features)]
    return [{names[code] for code in np.flatnonzero(row)} for row in accepted]


@cache
def shapley_weights(n_features: int) -> NDArray[np.float64]:
    r"""Weights of the Shapley value: `table @ weights` for a table of values (n_points, 2**d).

    Coalition S has weight :math:`(|S|-1)!\,(d-|S|)!/d!` for its members and
    :math:`-|S|!\,(d-|S|-1)!/d!` for the others (Shapley, 1953).

    Chapter: functional_attribution.

    Parameters
    ----------
    n_features : int, 1 to 16
        Number of features, d.

    Returns
    -------
    ndarray, shape (2**n_features, n_features)

    Raises
    ------
    ValueError
        As for `members`.

    Examples
    --------
    >>> shapley_weights(2).tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    size = sizes(n_features)
    inside = [factorial(max(s - 1, 0)) * factorial(n_features - s) for s in range(n_features + 1)]
    outside = [factorial(s) * factorial(max(n_features - s - 1, 0)) for s in range(n_features + 1)]
    weights = np.where(
        members(n_features), np.array(inside)[size, np.newaxis], -np.array(outside)[size, np.newaxis]
    )
    return np.asarray(weights / factorial(n_features))


def subset_name(subset: Sequence[int] | frozenset[int], names: Sequence[str] | None = None) -> str:
    """Write a subset for a table: features count from 1, as in the formulas.

    Chapter: functional_attribution.

    Parameters
    ----------
    subset : set or sequence of int
        Features, from 0.
    names : sequence of str, optional
        What features are called; by their numbers from 1 unless given.

    Returns
    -------
    str

    Raises
    ------
    IndexError
        If there is no name for a feature.

    Examples
    --------
    >>> subset_name({0, 2}), subset_name(set()), subset_name({1}, names=["age", "job"])
    ('{1, 3}', '∅', '{job}')
    """
    if not subset:
        return "∅"
    return "{" + ", ".join(names[i] if names else str(i + 1) for i in sorted(subset)) + "}"
