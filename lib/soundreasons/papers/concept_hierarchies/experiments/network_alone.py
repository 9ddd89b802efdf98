"""What the network says by itself: its own tags, over time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.data.activations import tag_probabilities
from soundreasons.papers.concept_hierarchies.data.taggers import tags_of


class OverTime(NamedTuple):
    """Names, most probable first, and their probabilities over time, shape (n_names, n_moments)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]


def strongest(probabilities: NDArray[np.float64], names: tuple[str, ...], n_names: int) -> OverTime:
    """Take the names that are most probable on average; of equals the one named first.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    probabilities : ndarray, shape (n_moments, n_all)
        Of each name at each moment.
    names : tuple of str
        All of them.
    n_names : int
        How many to take.

    Returns
    -------
    OverTime

    Examples
    --------
    >>> strongest(np.array([[0.1, 0.9, 0.5], [0.1, 0.7, 0.9]]), ("a", "b", "c"), 2).names
    ('b', 'c')
    """
    order = np.argsort(-probabilities.mean(axis=0), kind="stable")[:n_names]
    return OverTime(tuple(names[k] for k in order), np.ascontiguousarray(probabilities[:, order].T))


def strongest_tags(samples: NDArray[np.float32], n_names: int = 8, network: str = "MTT_vgg") -> OverTime:
    """Name the strongest tags of a recording, every three seconds.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Mono at 16 kHz.
    n_names : int
        Tags to take.
    network : str
        One of `data.taggers.NETWORKS`.

    Returns
    -------
    OverTime
    """
    return strongest(tag_probabilities(samples, network), tags_of(network), n_names)
