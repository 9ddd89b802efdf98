"""Which tracks a concept learns from, and which it is judged on; and labels that lost their tracks."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.agreement import TooFew

TRAIN, VALIDATION, TEST = 0, 1, 2
_MOST_DRAWS = 500


def split_tracks(
    labels: NDArray[np.bool_], seed: int = 123, *, common: bool = False, fewest: int = 10
) -> NDArray[np.int8]:
    """Part the positives and the negatives of each concept into 70 % train, 10 % validation, 20 % test.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.
    seed : int
        Of the shuffles; the authors took 123.
    common : bool
        One split of the tracks for all concepts (a track kept for testing is then unseen by every probe),
        instead of one a concept (as in the paper).
    fewest : int, from 4
        Positives, and negatives, that a concept must have.

    Returns
    -------
    ndarray of int8, shape (n_tracks, n_concepts)
        `TRAIN`, `VALIDATION` or `TEST`.

    Raises
    ------
    ValueError
        If a concept has fewer positives or negatives than it must.
    TooFew
        If a part of a concept stays empty.

    Examples
    --------
    >>> parts = split_tracks(np.arange(40)[:, np.newaxis] < 20)
    >>> [int((parts[:20] == part).sum()) for part in (TRAIN, VALIDATION, TEST)]
    [14, 2, 4]
    """
    if labels.ndim != 2 or labels.dtype != np.bool_:
        raise ValueError(
            f"labels are {labels.dtype} of shape {labels.shape}, expected bool (n_tracks, n_concepts)"
        )
    counts = np.stack([labels.sum(axis=0), (~labels).sum(axis=0)])
    if (counts < fewest).any():
        worst = int(counts.min(axis=0).argmin())
        raise ValueError(
            f"concept {worst} has {counts[0, worst]} positives and {counts[1, worst]} negatives, expected at "
            f"least {fewest} of each; leave it out or give more tracks"
        )
    rng = np.random.default_rng(seed)
    parts = np.empty(labels.shape, dtype=np.int8)
    if common:
        parts[:] = _common_parts(labels, rng)[:, np.newaxis]
    else:
        for concept in range(labels.shape[1]):
            for side in (True, False):
                rows = np.flatnonzero(labels[:, concept] == side)
                parts[rows, concept] = _parts(len(rows), rng)
    for part in (TRAIN, VALIDATION, TEST):
        here = (labels & (parts == part)).sum(axis=0)
        if (here == 0).any():
            raise TooFew(f"concept {int(here.argmin())} has no positive in part {part}; it needs more tracks")
    return parts


def _common_parts(labels: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int8]:
    """Draw a split again until every concept has a positive in each part; the last one if none has."""
    for _ in range(_MOST_DRAWS):
        parts = _parts(len(labels), rng)
        if all(labels[parts == part].any(axis=0).all() for part in (TRAIN, VALIDATION, TEST)):
            break
    return parts


def _parts(n: int, rng: np.random.Generator) -> NDArray[np.int8]:
    ranks = rng.permutation(n)
    n_train, n_validation = round(0.7 * n), max(1, round(0.1 * n))
    return np.where(
        ranks < n_train, TRAIN, np.where(ranks < n_train + n_validation, VALIDATION, TEST)
    ).astype(np.int8)


def shuffled_labels(labels: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Give the label sets of the tracks to other tracks: concepts keep their sizes and their overlaps.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.
    rng : Generator
        Of the exchange.

    Returns
    -------
    ndarray of bool, shape (n_tracks, n_concepts)

    Raises
    ------
    ValueError
        If there is no track.

    Examples
    --------
    >>> shuffled_labels(np.eye(3, dtype=bool), np.random.default_rng(0)).sum(axis=0).tolist()
    [1, 1, 1]
    """
    if len(labels) == 0:
        raise ValueError("there is no track whose labels could be exchanged")
    return np.asarray(labels[rng.permutation(len(labels))])
