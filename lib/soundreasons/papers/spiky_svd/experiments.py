"""The experiments on real data that the chapter and the trial are made of.

Task: run pipeline, nulls and fits over data sets and seeds, and return plain tables. Ratios are
peaks per item (shares, 0 to 1).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.spiky_svd.datasets import available, interactions
from soundreasons.papers.spiky_svd.factorisation import embed, singular_values
from soundreasons.papers.spiky_svd.nulls import flip_signs, gaussian_rows, rewire
from soundreasons.papers.spiky_svd.pipeline import Association, associate, placed, placed_spikiness
from soundreasons.papers.spiky_svd.recovery import fit_block_model
from soundreasons.papers.spiky_svd.spikiness import spike_of


def opened(names: Sequence[str]) -> tuple[dict[str, Association], list[str]]:
    """Associate the items of every data set that is here, and say which are not.

    Chapter: spiky_svd.

    Parameters
    ----------
    names : sequence of str
        Of `DATA_SETS`.

    Returns
    -------
    dict of Association
        By name, in the order asked.
    list of str
        Names that no source on this machine has.

    Raises
    ------
    DataUnavailable
        If none of them is here.
    """
    here = [name for name in names if available(name)]
    if not here:
        wanted = ", ".join(names) or "none was asked for"
        raise data.DataUnavailable(
            f"no data set to look at ({wanted}); get one with `soundreasons data fetch movielens_2016`"
        )
    return {name: associate(interactions(name)) for name in here}, [n for n in names if n not in here]


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
        [placed_spikiness(vectors, dimensions=f, coverage=coverage).ratio for f in dimensions]
        for vectors in embeddings
    ]
    return pd.DataFrame(ratios, columns=list(dimensions))


def null_cloud(
    association: Association, null: str, rank: int, seed: int, *, rounds: int = 20, device: str = "cpu"
) -> NDArray[np.float64]:
    """Embed what is left of the data when one thing was taken away from it.

    Chapter: spiky_svd.

    Parameters
    ----------
    association : Association
        The real data.
    null : {"gaussian", "rewired", "signflip"}
        Gaussian rows; its graph rewired with degrees kept; its values with random signs.
    rank, device
        As for `embed`.
    seed : int
        Of the null and its embedding.
    rounds : int, from 1
        As for `rewire`.

    Returns
    -------
    ndarray, shape (n_items, rank)

    Raises
    ------
    ValueError
        If there is no such null.
    """
    rng = np.random.default_rng([seed, 1])  # not the stream that embed(seed) draws from
    if null == "gaussian":
        return gaussian_rows(association.n_items, rank, rng)
    graphs: Mapping[str, Callable[[], Any]] = {
        "rewired": lambda: rewire(association.matrix, rng, rounds=rounds),
        "signflip": lambda: flip_signs(association.matrix, rng),
    }
    if null not in graphs:
        raise ValueError(f"null is {null!r}, expected one of gaussian, {', '.join(graphs)}")
    return embed(graphs[null](), rank, seed, device=device)


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
    """
    peaks = placed_spikiness(embedding, dimensions=dimensions).peaks
    spike = _spike_of_placed(embedding, peaks, dimensions)
    exchanged = spike.copy()
    exchanged[spike >= 0] = rng.permutation(spike[spike >= 0])
    fit = fit_block_model(association.matrix, embedding, spike, dimensions=dimensions)
    null = fit_block_model(association.matrix, embedding, exchanged, dimensions=dimensions)
    return {"spikes": fit.error, "random": null.error, "n_spikes": len(peaks), "n_items": len(fit.items)}


def largest_spikes(
    association: Association,
    embedding: NDArray[Any],
    *,
    dimensions: int = 64,
    n_spikes: int = 8,
    n_members: int = 6,
) -> pd.DataFrame:
    """Name the members of the spikes that hold most items.

    Chapter: spiky_svd.

    Parameters
    ----------
    association : Association
        Names.
    embedding : ndarray, shape (n_items, n_dims)
        Its embedding.
    dimensions : int, from 1
        Leading coordinates to use.
    n_spikes, n_members : int, from 1
        How many to show.

    Returns
    -------
    DataFrame, one row a spike, largest first
        `head` (the item with the longest vector), `items` (members), `members` (names of the longest
        others, joined by commas).

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.datasets import from_pairs
    >>> from soundreasons.papers.spiky_svd.pipeline import associate
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> graph = associate(table)
    >>> largest_spikes(graph, embed(graph.matrix, 2, 0), dimensions=2)["items"].tolist()
    [3, 3]
    """
    norms = np.linalg.norm(embedding[:, :dimensions], axis=1)
    table = []
    for head, members in spike_members(
        association, embedding, dimensions=dimensions, n_spikes=n_spikes
    ).items():
        longest = members[np.argsort(-norms[members], kind="stable")]
        names = [name for name in association.item_names[longest[: n_members + 1]] if name != head]
        table.append((head, len(members), ", ".join(names[:n_members])))
    return pd.DataFrame(table, columns=["head", "items", "members"])


def spike_members(
    association: Association, embedding: NDArray[Any], *, dimensions: int = 64, n_spikes: int = 8
) -> dict[str, NDArray[np.int64]]:
    """Find the items on the spikes that hold most of them.

    Chapter: spiky_svd.

    Parameters
    ----------
    association, embedding, dimensions, n_spikes
        As for `largest_spikes`.

    Returns
    -------
    dict of ndarray of int
        Rows of the embedding by name of the spike's head, largest spike first.
    """
    peaks = placed_spikiness(embedding, dimensions=dimensions).peaks
    spike = _spike_of_placed(embedding, peaks, dimensions)
    sizes = np.bincount(spike[spike >= 0], minlength=len(peaks))
    largest = np.argsort(-sizes, kind="stable")[:n_spikes]
    return {str(association.item_names[peaks[k]]): np.flatnonzero(spike == k) for k in largest}


def companions(
    association: Association,
    embedding: NDArray[Any],
    items: Sequence[str],
    *,
    dimensions: int = 64,
    n_companions: int = 5,
) -> pd.DataFrame:
    """Tell which spike items are on: its head, the angle to it, and who else is near.

    Chapter: spiky_svd.

    Parameters
    ----------
    association : Association
        Names.
    embedding : ndarray, shape (n_items, n_dims)
        Its embedding.
    items : sequence of str
        Names, as the data set spells them.
    dimensions : int, from 1
        Leading coordinates to use.
    n_companions : int, from 1
        Nearest items to name, by cosine.

    Returns
    -------
    DataFrame, one row an item
        `item`, `head` of the nearest spike, `cosine` to it, `on it` (yes or no: above the bound),
        `norm rank` (1 = longest vector of all), `companions` (nearest items, joined by commas).

    Raises
    ------
    ValueError
        If a name is not among the items that have a position.
    """
    rows = placed(embedding, dimensions=dimensions)
    names = association.item_names[rows]
    leading = embedding[rows, :dimensions]
    norms = np.linalg.norm(leading, axis=1)
    units = leading / norms[:, np.newaxis]
    heads = np.searchsorted(rows, placed_spikiness(embedding, dimensions=dimensions).peaks)
    table = []
    for item in items:
        row = _row_of(item, names)
        cosines = units @ units[row]
        head = heads[np.argmax(cosines[heads])]
        near = [names[other] for other in np.argsort(-cosines, kind="stable") if other != row][:n_companions]
        rank = int(np.count_nonzero(norms > norms[row])) + 1
        on_it = "yes" if cosines[head] > 0.9 else "no"
        table.append((item, names[head], cosines[head], on_it, rank, ", ".join(near)))
    return pd.DataFrame(table, columns=["item", "head", "cosine", "on it", "norm rank", "companions"])


def spectra(embeddings: Mapping[str, NDArray[Any]]) -> dict[str, pd.Series]:
    """Read singular values off embeddings.

    Chapter: spiky_svd.

    Parameters
    ----------
    embeddings : mapping of str to ndarray, shape (n_items, rank)
        By name of the data set.

    Returns
    -------
    dict of Series
        Index: rank from 1, value: singular value.

    Examples
    --------
    >>> spectra({"mine": np.diag([3.0, 2.0])})["mine"].tolist()
    [3.0, 2.0]
    """
    return {
        name: pd.Series(singular_values(vectors), index=np.arange(1, vectors.shape[1] + 1))
        for name, vectors in embeddings.items()
    }


def _spike_of_placed(embedding: NDArray[Any], peaks: NDArray[np.int64], dimensions: int) -> NDArray[np.int64]:
    """Tell each item's spike, -1 for none; items without a position are on none."""
    rows = placed(embedding, dimensions=dimensions)
    spike = np.full(len(embedding), -1, dtype=np.int64)
    spike[rows] = spike_of(embedding[rows], np.searchsorted(rows, peaks), dimensions=dimensions)
    return spike


def _row_of(item: str, names: NDArray[np.str_]) -> int:
    found = np.flatnonzero(names == item)
    if len(found) == 0:
        raise ValueError(f"no item is called {item!r} among the {len(names)} items with a position")
    return int(found[0])
