"""Spk@f: how few directions hold half of the items.

Input: an embedding, one row an item, any unit. The score is a share (peaks per item, 0 to 1; low = spiky).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 4096  # rows whose norms are taken in double precision at once


@dataclass(frozen=True)
class Spikiness:
    """Spikes found by the greedy pass.

    Attributes
    ----------
    peaks : ndarray of int, shape (n_peaks,)
        Row numbers of the heads, by decreasing norm.
    n_items : int
        Rows of the embedding.
    ratio : float
        Peaks per item; low = spiky.
    cover_curve : ndarray of int, shape (n_peaks,)
        Items covered after each peak; only the last exceeds the wanted share.
    """

    peaks: NDArray[np.int64]
    n_items: int
    ratio: float
    cover_curve: NDArray[np.int64]


def spikiness(
    embedding: Any, *, dimensions: int = 64, coverage: float = 0.5, cosine: float = 0.9
) -> Spikiness:
    r"""Find the spikes that hold more than a given share of the items.

    Greedy pass of Afchar et al. (2023), metric Spk@f (def-spikiness): by decreasing norm (equal norms: lower
    row first), an item not yet covered heads a spike and covers the items close to it. Few spikes =
    spiky. Finding the fewest spikes is a partial set cover, NP-hard: the greedy number is what the
    paper reports. Unlike the original, the pass has no safety stop but the number of items, and
    refuses zero rows, which have no direction. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Item vectors scaled by the singular values, not normalised; finite, no zero row.
    dimensions : int, from 1
        Leading coordinates to use (:math:`f`); all of them if there are fewer.
    coverage : float in (0, 1)
        Share of the items to exceed (:math:`\rho`).
    cosine : float in (0, 1)
        An item whose cosine with the head is above it (strictly) is covered (:math:`\cos\theta`).

    Returns
    -------
    Spikiness
        `peaks` (row numbers of the heads), `n_items`, `ratio` (peaks per item),
        `cover_curve` (items covered after each peak).

    Raises
    ------
    ValueError
        If `embedding` is not 2-d, a row is zero or not finite, or a share is outside (0, 1).

    Examples
    --------
    Four tracks on two half-lines: one spike holds half of them, not more.

    >>> tracks = np.array([[2, 0], [1, 0], [0, 2], [0, 1]])
    >>> [len(spikiness(tracks, coverage=c).peaks) for c in (0.4, 0.5)]
    [1, 2]
    """
    vectors, norms = checked_vectors(embedding, dimensions, coverage=coverage, cosine=cosine)
    units = vectors / norms[:, np.newaxis]
    is_covered = np.zeros(len(units), dtype=bool)
    peaks, n_covered = [], []
    for item in np.argsort(-norms, kind="stable"):
        if is_covered.sum() > coverage * len(units):
            break
        if not is_covered[item]:
            is_covered |= units @ units[item] > cosine
            is_covered[item] = True
            peaks.append(item)
            n_covered.append(is_covered.sum())
    return Spikiness(np.array(peaks), len(units), len(peaks) / len(units), np.array(n_covered))


def spike_of(
    embedding: Any, peaks: NDArray[np.int64], *, dimensions: int = 64, cosine: float = 0.9
) -> NDArray[np.int64]:
    r"""Tell which spike each item is on.

    The first head :math:`p` with :math:`\hat e_i^\top \hat e_p > \cos\theta` (def-spikiness), in the order of
    the greedy pass. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        The vectors `peaks` were found in.
    peaks : ndarray of int, shape (n_peaks,)
        Heads, in the order of the greedy pass.
    dimensions : int, from 1
        Leading coordinates to use.
    cosine : float in (0, 1)
        Bound used for the pass.

    Returns
    -------
    ndarray of int, shape (n_items,)
        Position in `peaks` of the first head whose cosine with the item is above the bound;
        -1 for items on no spike.

    Raises
    ------
    ValueError
        As for `spikiness`, and if a peak is no row of `embedding`.

    Examples
    --------
    >>> spike_of(np.array([[2, 0], [1, 0], [0, 1], [1, 1]]), np.array([0, 2]))
    array([ 0,  0,  1, -1])
    """
    vectors, norms = checked_vectors(embedding, dimensions, cosine=cosine)
    if len(peaks) and not 0 <= np.min(peaks) <= np.max(peaks) < len(norms):
        raise ValueError(
            f"peaks run from {np.min(peaks)} to {np.max(peaks)}, allowed are 0 to {len(norms) - 1}"
        )
    units = vectors / norms[:, np.newaxis]
    spike = np.full(len(norms), -1, dtype=np.int64)
    for number in reversed(range(len(peaks))):  # backwards, so that an earlier head has the last word
        spike[units @ units[peaks[number]] > cosine] = number
    return spike


def checked_vectors(
    embedding: Any, dimensions: int, **shares: float
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Check what `spikiness` is given; return the leading coordinates and the norms of their rows.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Item vectors.
    dimensions : int, from 1
        Leading coordinates to use.
    **shares : float in (0, 1)
        Numbers that must lie between 0 and 1, by name.

    Returns
    -------
    ndarray, shape (n_items, at most dimensions)
        A view.
    ndarray, shape (n_items,)
        Euclidean norms, in double precision.

    Raises
    ------
    ValueError
        As for `spikiness`.

    Examples
    --------
    >>> checked_vectors(np.array([[3.0, 4.0], [0.0, 1.0]]), 64)[1]
    array([5., 1.])
    """
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}, allowed are numbers between 0 and 1, both excluded")
    array = np.asarray(embedding)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"embedding has shape {array.shape}, expected (n_items, n_dims) with at least one of each; "
            "for a single vector pass vector[np.newaxis]"
        )
    if not isinstance(dimensions, int | np.integer) or dimensions < 1:
        raise ValueError(f"dimensions is {dimensions}, allowed are integers from 1")
    vectors = array[:, :dimensions]
    blocks = (vectors[low : low + _ROWS].astype(np.float64) for low in range(0, len(vectors), _ROWS))
    norms = np.concatenate([np.linalg.norm(block, axis=1) for block in blocks])
    _check_rows(norms, vectors.shape[1])
    return vectors, norms


def _check_rows(norms: NDArray[np.float64], n_dims: int) -> None:
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        raise ValueError(
            f"embedding has {len(bad)} row(s) with NaN or infinite values, the first is row {bad[0]}; "
            "expected finite numbers, small enough to be squared"
        )
    zero = np.flatnonzero(norms == 0)
    if len(zero):
        raise ValueError(
            f"embedding has {len(zero)} of {len(norms)} rows that are zero in the leading {n_dims} "
            f"dimension(s), the first is row {zero[0]}; a zero row has no direction: drop these rows first"
        )
