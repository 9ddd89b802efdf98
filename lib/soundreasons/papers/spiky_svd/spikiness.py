"""Spk@f: how few directions hold half of the items.

Task: measure whether item vectors line up along a limited number of half-lines from the origin.
Input: an embedding, one row an item, any unit. Output: the heads of the spikes found by a greedy
pass; their number per item is the score (a share, 0 to 1; low = spiky).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CANDIDATES = 256  # rows settled among themselves before one pass over all the others
_CHUNK = 4096  # rows multiplied at once
# Single precision decides a cosine unless it is this close to the bound; then double precision does.
_DOUBT = 1e-5


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

    Greedy pass of Afchar et al. (2023), metric Spk@f: by decreasing norm (equal norms: lower row
    first), an item not yet covered heads a spike and covers the items close to it. Few spikes =
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
    _check_share("coverage", coverage)
    _check_share("cosine", cosine)
    vectors, norms = _checked_vectors(embedding, dimensions)
    order = np.argsort(-norms, kind="stable")
    cover = _Cover(vectors, norms, order, cosine)
    target = coverage * len(norms)
    while cover.n_covered <= target:
        cover.advance(target)
    curve = np.cumsum(np.array(cover.sizes, dtype=np.int64))
    peaks = np.array(cover.peaks, dtype=np.int64)
    return Spikiness(peaks, len(norms), len(peaks) / len(norms), curve)


def spike_of(
    embedding: Any, peaks: NDArray[np.int64], *, dimensions: int = 64, cosine: float = 0.9
) -> NDArray[np.int64]:
    """Tell which spike each item is on.

    Chapter: spiky_svd.

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
    _check_share("cosine", cosine)
    vectors, norms = _checked_vectors(embedding, dimensions)
    if len(peaks) and not 0 <= np.min(peaks) <= np.max(peaks) < len(norms):
        raise ValueError(
            f"peaks run from {np.min(peaks)} to {np.max(peaks)}, allowed are 0 to {len(norms) - 1}"
        )
    heads = vectors[peaks].astype(np.float64) / norms[peaks, np.newaxis]
    spike = np.full(len(norms), -1, dtype=np.int64)
    for low in range(0, len(norms), _CHUNK):
        rows = slice(low, low + _CHUNK)
        close = vectors[rows].astype(np.float64) @ heads.T > cosine * norms[rows, np.newaxis]
        spike[rows] = np.where(close.any(axis=1), close.argmax(axis=1), -1)
    spike[peaks] = np.arange(len(peaks))
    return spike


class _Cover:
    """The state of the greedy pass: peaks found, and the rows not yet covered, by decreasing norm.

    The pass is that of the plain loop, taken many peaks at a time: the next rows are settled among
    themselves, those that become peaks are multiplied with all rows left at once, and the first
    close head of a row is the one that covers it.
    """

    def __init__(
        self, vectors: NDArray[Any], norms: NDArray[np.float64], order: NDArray[np.int64], cosine: float
    ) -> None:
        self.peaks: list[int] = []
        self.sizes: list[int] = []
        self.n_covered = 0
        self._vectors = vectors
        self._norms = norms
        self._cosine = cosine
        self._left = order  # rows not covered
        self._directions = np.empty((len(order), vectors.shape[1]), dtype=np.float32)
        for low in range(0, len(order), _CHUNK):
            rows = order[low : low + _CHUNK]
            self._directions[low : low + _CHUNK] = vectors[rows] / norms[rows, np.newaxis]

    def advance(self, target: float) -> None:
        """Settle the next candidates; stop at the very peak that takes the cover above `target`."""
        candidates = self._left[:_CANDIDATES].copy()  # the sweep moves other rows in their place
        is_head, sizes = self._settle(candidates)
        sizes += self._sweep(candidates[is_head], np.flatnonzero(is_head))
        covered = self.n_covered + np.cumsum(sizes)
        n_needed = int(np.searchsorted(covered, target, side="right")) + 1
        self.peaks += candidates[is_head][:n_needed].tolist()
        self.sizes += sizes[:n_needed].tolist()
        self.n_covered = int(covered[:n_needed][-1])

    def _settle(self, candidates: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Run the plain loop on the candidates alone: who heads a spike, and how many of them it covers."""
        exact = self._exact(candidates)
        close = exact @ exact.T > self._cosine
        is_head = np.zeros(len(candidates), dtype=bool)
        is_covered = np.zeros(len(candidates), dtype=bool)
        sizes = []
        for row in range(len(candidates)):
            if is_covered[row]:
                continue
            is_head[row] = True
            new = close[row] & ~is_covered
            new[row] = True
            is_covered |= new
            sizes.append(np.count_nonzero(new))
        return is_head, np.array(sizes, dtype=np.int64)

    def _sweep(self, heads: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cover the rows behind the candidates; keep the others; count the covered by head."""
        sizes = np.zeros(len(heads), dtype=np.int64)
        directions = np.ascontiguousarray(self._directions[positions].T)
        n_left = 0
        for low in range(_CANDIDATES, len(self._left), _CHUNK):
            rows = self._left[low : low + _CHUNK]
            block = self._directions[low : low + _CHUNK]
            head = self._first_close_head(rows, block @ directions, heads)
            sizes += np.bincount(head[head >= 0], minlength=len(heads))
            stays = head < 0
            n_stay = int(np.count_nonzero(stays))
            # In place: what stays is never more than what has been read.
            self._directions[n_left : n_left + n_stay] = block[stays]
            self._left[n_left : n_left + n_stay] = rows[stays]
            n_left += n_stay
        self._left, self._directions = self._left[:n_left], self._directions[:n_left]
        return sizes

    def _first_close_head(
        self, rows: NDArray[np.int64], cosines: NDArray[np.float32], heads: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        close = cosines > self._cosine
        for row, head in np.argwhere(np.abs(cosines - self._cosine) <= _DOUBT):
            pair = self._exact(np.array([rows[row], heads[head]]))
            close[row, head] = pair[0] @ pair[1] > self._cosine
        return np.where(close.any(axis=1), close.argmax(axis=1), -1)

    def _exact(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        exact: NDArray[np.float64] = self._vectors[rows].astype(np.float64) / self._norms[rows, np.newaxis]
        return exact


def _checked_vectors(embedding: Any, dimensions: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the leading coordinates (a view) and the norms of their rows."""
    array = np.asarray(embedding)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"embedding has shape {array.shape}, expected (n_items, n_dims) with at least one of each; "
            "for a single vector pass vector[np.newaxis]"
        )
    if not isinstance(dimensions, int | np.integer) or dimensions < 1:
        raise ValueError(f"dimensions is {dimensions}, allowed are integers from 1")
    vectors = array[:, :dimensions]
    norms = np.concatenate(
        [
            np.linalg.norm(vectors[low : low + _CHUNK].astype(np.float64), axis=1)
            for low in range(0, len(vectors), _CHUNK)
        ]
    )
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


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}, allowed are numbers between 0 and 1, both excluded")
