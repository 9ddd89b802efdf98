"""And back: spikes make communities. How much of the associations does a model read off the spikes miss?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.experiments.pairs import Association
from soundreasons.papers.spiky_svd.experiments.spikes import measure_spikiness
from soundreasons.papers.spiky_svd.experiments.tastes import spike_of_items
from soundreasons.papers.spiky_svd.method import fit_block_model


def fit_errors(
    association: Association, embedding: NDArray[Any], rng: np.random.Generator, *, dimensions: int = 64
) -> dict[str, float]:
    """Read a block model off the spikes, and one off the same spikes with members exchanged at random.

    Chapter: spiky_svd.

    Parameters
    ----------
    association : Association
        The matrix that was factorised.
    embedding : ndarray, shape (n_items, n_dims)
        Its embedding.
    rng : numpy.random.Generator
        Exchanges the members; spikes keep their sizes, items their norms.
    dimensions : int, from 1
        Leading coordinates to use.

    Returns
    -------
    dict
        Relative errors `spikes` and `random`, and `n_spikes`, `n_items` (on a spike).

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> from soundreasons.papers.spiky_svd.experiments.pairs import associate
    >>> from soundreasons.papers.spiky_svd.fast import embed
    >>> graph = associate(from_pairs("mine", "k", list("abcabcdefdef"), list("111222333444")))
    >>> fit_errors(graph, embed(graph.matrix, 2, 0), np.random.default_rng(0), dimensions=2)["n_spikes"]
    2
    """
    peaks = measure_spikiness(embedding, dimensions=dimensions).peaks
    spike = spike_of_items(embedding, peaks, dimensions=dimensions)
    exchanged = spike.copy()
    exchanged[spike >= 0] = rng.permutation(spike[spike >= 0])
    fit = fit_block_model(association.matrix, embedding, spike, dimensions=dimensions)
    null = fit_block_model(association.matrix, embedding, exchanged, dimensions=dimensions)
    return {"spikes": fit.error, "random": null.error, "n_spikes": len(peaks), "n_items": len(fit.items)}
