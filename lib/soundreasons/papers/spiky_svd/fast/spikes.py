"""The greedy pass for a million items: the plain loop of `method.spikiness`, taken many peaks at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.method import spikes
from soundreasons.papers.spiky_svd.method.spikes import Spikiness

_CANDIDATES = 256  # rows settled among themselves before one pass over all the others
_CHUNK = 4096  # rows multiplied at once
# Single precision decides a cosine unless it is this close to the bound; then double precision does.
_DOUBT = 1e-5


def spikiness(
    embedding: Any, *, dimensions: int = 64, coverage: float = 0.5, cosine: float = 0.9
) -> Spikiness:
    """Find the spikes that hold more than a given share of the items; as `method.spikiness`, and equal to it.

    Rows that are covered are dropped, so that what is left is multiplied with ever fewer of them. Needs about
    four bytes a number of the leading coordinates beside the embedding. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Item vectors; finite, no zero row.
    dimensions, coverage, cosine
        As for `method.spikiness`.

    Returns
    -------
    Spikiness
        The very peaks of the plain loop.

    Raises
    ------
    ValueError
        As `method.spikiness`.

    Examples
    --------
    >>> tracks = np.array([[2, 0], [1, 0], [0, 2], [0, 1]])
    >>> [len(spikiness(tracks, coverage=c).peaks) for c in (0.4, 0.5)]
    [1, 2]
    """
    vectors, norms = spikes.checked_vectors(embedding, dimensions, coverage=coverage, cosine=cosine)
    order = np.argsort(-norms, kind="stable")
    cover = _Cover(vectors, norms, order, cosine)
    target = coverage * len(norms)
    while cover.n_covered <= target:
        cover.advance(target)
    curve = np.cumsum(np.array(cover.sizes, dtype=np.int64))
    peaks = np.array(cover.peaks, dtype=np.int64)
    return Spikiness(peaks, len(norms), len(peaks) / len(norms), curve)


class _Cover:
    """The state of the greedy pass: peaks found, and the rows not yet covered, by decreasing norm.

    The next rows are settled among themselves, those that become peaks are multiplied with all rows left at
    once, and the first close head of a row is the one that covers it.
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
