"""How spiky is it? The metric on real embeddings, in which some items have no position."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.fast import spikiness
from soundreasons.papers.spiky_svd.method import Spikiness

# An item in a corner of the graph that the leading vectors don't reach has a zero row but for
# rounding; below this share of the longest vector a direction is nothing but rounding.
_POSITION_FROM = 1e-10


def rows_with_position(embedding: NDArray[Any], *, dimensions: int = 64) -> NDArray[np.int64]:
    """Find the items that have a position in the leading coordinates.

    The rows of items in corners of the graph that the leading singular vectors do not reach are zero
    but for rounding. Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        From `embed`.
    dimensions : int, from 1
        Leading coordinates to use.

    Returns
    -------
    ndarray of int
        Row numbers, increasing.

    Examples
    --------
    >>> rows_with_position(np.array([[1.0, 0.0], [1e-17, 2.0]]), dimensions=1)
    array([0])
    """
    norms = np.linalg.norm(embedding[:, :dimensions], axis=1)
    return np.flatnonzero(norms > _POSITION_FROM * norms.max())


def measure_spikiness(
    embedding: NDArray[Any],
    *,
    dimensions: int = 64,
    coverage: float = 0.5,
    cosine: float = 0.9,
    max_items: int = 1_000_000,
    seed: int = 0,
) -> Spikiness:
    """Find the spikes among the items that have a position; `peaks` are rows of `embedding`.

    `n_items` counts the items with a position, so `len(embedding) - n_items` were dropped. As in
    the paper, at most a million items are kept, drawn without replacement. Chapter: spiky_svd.

    Parameters
    ----------
    embedding, dimensions, coverage, cosine
        As for `spikiness`; zero rows are allowed here.
    max_items : int, from 1
        Items kept at most.
    seed : int
        Of the draw, where there are more.

    Returns
    -------
    Spikiness

    Raises
    ------
    ValueError
        If no row has a position; otherwise as for `spikiness`.

    Examples
    --------
    >>> measure_spikiness(np.array([[0.0, 0], [2, 0], [1, 0]])).n_items
    2
    """
    rows = rows_with_position(embedding, dimensions=dimensions)
    if len(rows) == 0:
        raise ValueError(
            f"none of the {len(embedding)} rows of embedding has a position in the leading {dimensions} "
            "dimension(s): all are zero, or not finite"
        )
    if len(rows) > max_items:
        rows = np.sort(np.random.default_rng(seed).choice(rows, max_items, replace=False))
    spikes = spikiness(embedding[rows], dimensions=dimensions, coverage=coverage, cosine=cosine)
    return replace(spikes, peaks=rows[spikes.peaks])


def spike_ratios(
    embeddings: Sequence[NDArray[Any]], dimensions: Sequence[int], *, coverage: float = 0.5
) -> pd.DataFrame:
    """Measure Spk@f for several numbers of dimensions and several embeddings of the same items.

    Chapter: spiky_svd.

    Parameters
    ----------
    embeddings : sequence of ndarray, shape (n_items, n_dims)
        One a seed.
    dimensions : sequence of int
        Values of f.
    coverage : float in (0, 1)
        As for `spikiness`.

    Returns
    -------
    DataFrame, one row an embedding, one column a number of dimensions
        Peaks per item.

    Examples
    --------
    >>> spike_ratios([np.repeat(np.eye(4), 5, axis=0)], [2, 4]).values.round(3).tolist()
    [[0.2, 0.15]]
    """
    ratios = [
        [measure_spikiness(vectors, dimensions=f, coverage=coverage).ratio for f in dimensions]
        for vectors in embeddings
    ]
    return pd.DataFrame(ratios, columns=list(dimensions))
