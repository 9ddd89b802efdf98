"""A spike is a taste: who is on the largest spikes, and which spike an item is on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.spiky_svd.experiments.pairs import Association
from soundreasons.papers.spiky_svd.experiments.spikes import measure_spikiness, rows_with_position
from soundreasons.papers.spiky_svd.method import spike_of


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
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> from soundreasons.papers.spiky_svd.experiments.pairs import associate
    >>> from soundreasons.papers.spiky_svd.fast import embed
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

    Examples
    --------
    >>> from soundreasons.papers.spiky_svd.data import from_pairs
    >>> from soundreasons.papers.spiky_svd.experiments.pairs import associate
    >>> table = from_pairs("mine", "songs by lists", list("abcabcdefdef"), list("111222333444"))
    >>> members = spike_members(associate(table), np.repeat(np.eye(2), 3, axis=0), dimensions=2)
    >>> {head: rows.tolist() for head, rows in members.items()}
    {'a': [0, 1, 2], 'd': [3, 4, 5]}
    """
    peaks = measure_spikiness(embedding, dimensions=dimensions).peaks
    spike = spike_of_items(embedding, peaks, dimensions=dimensions)
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
    rows = rows_with_position(embedding, dimensions=dimensions)
    names = association.item_names[rows]
    leading = embedding[rows, :dimensions]
    norms = np.linalg.norm(leading, axis=1)
    units = leading / norms[:, np.newaxis]
    heads = np.searchsorted(rows, measure_spikiness(embedding, dimensions=dimensions).peaks)
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


def spike_of_items(
    embedding: NDArray[Any], peaks: NDArray[np.int64], *, dimensions: int = 64
) -> NDArray[np.int64]:
    """Tell which spike each item is on; items without a position are on none.

    Chapter: spiky_svd.

    Parameters
    ----------
    embedding : ndarray, shape (n_items, n_dims)
        Zero rows are allowed.
    peaks : ndarray of int, shape (n_peaks,)
        From `measure_spikiness`.
    dimensions : int, from 1
        Leading coordinates to use.

    Returns
    -------
    ndarray of int, shape (n_items,)
        Position in `peaks`; -1 for none.

    Examples
    --------
    >>> spike_of_items(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([1]))
    array([-1,  0, -1,  0])
    """
    rows = rows_with_position(embedding, dimensions=dimensions)
    spike = np.full(len(embedding), -1, dtype=np.int64)
    spike[rows] = spike_of(embedding[rows], np.searchsorted(rows, peaks), dimensions=dimensions)
    return spike


def _row_of(item: str, names: NDArray[np.str_]) -> int:
    found = np.flatnonzero(names == item)
    if len(found) == 0:
        raise ValueError(f"no item is called {item!r} among the {len(names)} items with a position")
    return int(found[0])
