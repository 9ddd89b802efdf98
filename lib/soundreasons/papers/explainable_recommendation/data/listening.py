"""What the chapter stands on: who listens to whom, tags, friends and facts, as sparse matrices.

Published `Tables` become a `Listening`, numbered from 0, and are split for evaluation. Nothing that could
name a person is kept: users are rows, their publisher's numbers are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from soundreasons import trying

MUSIC_RELATIONS = {
    "music.artist.origin": "come from the same place",
    "people.person.place_of_birth": "were born in the same place",
    "music.musician.instruments_played": "play the same instrument",
    "people.person.profession": "have the same profession",
    "music.artist.genre": "share a genre",
    "film.decade": "are of the same decade",
}


WIDEST_FACT = 60  # a value that more items share says little about any of them


@dataclass(frozen=True)
class Listening:
    """Interactions with what is known beside them; users and items are numbers from 0.

    Attributes
    ----------
    name : str
        Data set.
    interactions : csr_matrix, shape (n_users, n_items)
        1 where the user listened to the artist (or rated the film).
    plays : csr_matrix, shape (n_users, n_items)
        How often (a rating, for films): same places as `interactions`.
    tags : csr_matrix, shape (n_items, n_tags)
        How many users gave the tag to the item.
    held_tags : csr_matrix, shape (n_items, n_tags)
        Tags given by users whose tags are hidden from every model: to judge tags by.
    friends : csr_matrix, shape (n_users, n_users)
        1 for each friendship, both ways.
    graph : DataFrame
        Facts: `item` (int), `relation` (text), `value` (int); see `keep_music_facts`.
    item_names, tag_names : ndarray of str
        To show a reader.
    """

    name: str
    interactions: sp.csr_matrix
    plays: sp.csr_matrix
    tags: sp.csr_matrix
    held_tags: sp.csr_matrix
    friends: sp.csr_matrix
    graph: pd.DataFrame
    item_names: NDArray[np.str_]
    tag_names: NDArray[np.str_]


def interaction_matrix(
    users: ArrayLike, items: ArrayLike, counts: ArrayLike, shape: tuple[int, int]
) -> sp.csr_matrix:
    """Build users x items with counts; a pair that stands twice is one pair with the sum.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    users, items : array-like of int, shape (n,)
        Numbers from 0.
    counts : array-like of float, shape (n,)
        How often; 0 or more. A pair with 0 is no interaction.
    shape : (int, int)
        Numbers of users and items.

    Returns
    -------
    csr_matrix, shape `shape`

    Raises
    ------
    ValueError
        If a count is negative or not finite, or a number is outside the shape.

    Examples
    --------
    >>> interaction_matrix([0, 0, 1], [2, 2, 0], [3, 4, 1], (2, 3)).toarray().tolist()
    [[0.0, 0.0, 7.0], [1.0, 0.0, 0.0]]
    """
    values = np.asarray(counts, dtype=np.float64)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        raise ValueError(f"counts hold {values[bad][0]}, expected 0 or more; drop or repair such rows")
    for what, numbers, size in (("users", users, shape[0]), ("items", items, shape[1])):
        given = np.asarray(numbers)
        if given.size and (given.min() < 0 or given.max() >= size):
            raise ValueError(f"{what} run from {given.min()} to {given.max()}, expected 0 to {size - 1}")
    matrix = sp.csr_matrix((values, (users, items)), shape=shape)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def keep_music_facts(facts: pd.DataFrame) -> pd.DataFrame:
    """Keep the facts that can link two artists and mean something.

    The published graph was linked by machine and is noisy: most of its triples are about films that
    share a name with a musician. Kept are the relations of `MUSIC_RELATIONS`, values that two items
    or more share, and no value that more than `WIDEST_FACT` items share.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    facts : DataFrame
        `item`, `relation`, `value`.

    Returns
    -------
    DataFrame
        The same columns, fewer rows, each once.

    Examples
    --------
    >>> origin, film = "music.artist.origin", "film.actor.film"
    >>> facts = pd.DataFrame({"item": [0, 1, 2], "relation": [origin, origin, film], "value": [7, 7, 7]})
    >>> keep_music_facts(facts)["item"].tolist()
    [0, 1]
    """
    kept = facts[facts["relation"].isin(MUSIC_RELATIONS)].drop_duplicates()
    shared = kept.groupby(["relation", "value"])["item"].transform("nunique")
    return kept[(shared >= 2) & (shared <= WIDEST_FACT)].reset_index(drop=True)


def sizes(listening: Listening) -> pd.DataFrame:
    """Count what is kept.

    Chapter: explainable_recommendation.
    """
    rows = {
        "users": listening.interactions.shape[0],
        "items": listening.interactions.shape[1],
        "interactions": listening.interactions.nnz,
        "tags": listening.tags.shape[1],
        "items with a tag that models see": int((listening.tags.getnnz(axis=1) > 0).sum()),
        "items with a hidden tag": int((listening.held_tags.getnnz(axis=1) > 0).sum()),
        "friendships": listening.friends.nnz // 2,
        "facts": len(listening.graph),
    }
    return pd.DataFrame({"what": list(rows), "number": list(rows.values())})


@dataclass(frozen=True)
class Tables:
    """Tables as published, one row a fact, with the publisher's ids."""

    name: str
    listens: pd.DataFrame  # user, item, plays
    taggings: pd.DataFrame  # item, tag, held
    friends: pd.DataFrame  # user, friend
    facts: pd.DataFrame  # item, relation, value
    item_names: dict[int, str]
    tag_names: dict[int, str]


def number_tables(raw: Tables, min_listeners: int, min_taggings: int) -> Listening:
    """Filter, and number users, items and tags from 0 in the order of the publisher's ids."""
    pairs = raw.listens.drop_duplicates(["user", "item"])
    listeners = pairs.groupby("item")["user"].size()
    items = np.sort(listeners.index[listeners >= min_listeners])
    listens = raw.listens[raw.listens["item"].isin(items)]
    users = np.unique(listens["user"])
    taggings = raw.taggings[raw.taggings["item"].isin(items)]
    used = taggings.groupby("tag").size()
    tags = np.sort(used.index[used >= min_taggings])
    taggings = taggings[taggings["tag"].isin(tags)]
    shape = (len(users), len(items))
    user, item = np.searchsorted(users, listens["user"]), np.searchsorted(items, listens["item"])
    plays = interaction_matrix(user, item, listens["plays"], shape)
    facts = keep_music_facts(raw.facts[raw.facts["item"].isin(items)])
    return Listening(
        name=raw.name,
        interactions=binary(plays),
        plays=plays,
        tags=_counts(taggings[~taggings["held"]], items, tags),
        held_tags=_counts(taggings[taggings["held"]], items, tags),
        friends=_friendships(raw.friends, users),
        graph=facts.assign(item=np.searchsorted(items, facts["item"])),
        item_names=np.array([raw.item_names.get(int(i), "?") for i in items]),
        tag_names=np.array([raw.tag_names[int(t)] for t in tags]),
    )


def binary(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Return the same places with ones.

    Chapter: explainable_recommendation.
    """
    ones = matrix.copy()
    ones.data = np.ones_like(ones.data, dtype=np.float64)
    return ones


def _counts(taggings: pd.DataFrame, items: NDArray[Any], tags: NDArray[Any]) -> sp.csr_matrix:
    rows, columns = np.searchsorted(items, taggings["item"]), np.searchsorted(tags, taggings["tag"])
    return interaction_matrix(rows, columns, np.ones(len(taggings)), (len(items), len(tags)))


def _friendships(friends: pd.DataFrame, users: NDArray[Any]) -> sp.csr_matrix:
    kept = friends[friends["user"].isin(users) & friends["friend"].isin(users)]
    rows, columns = np.searchsorted(users, kept["user"]), np.searchsorted(users, kept["friend"])
    return binary(interaction_matrix(rows, columns, np.ones(len(kept)), (len(users), len(users))))


def split(
    interactions: sp.csr_matrix, seed: int, *, share: float = 0.2
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hide a share of every user's items, at random.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    interactions : csr_matrix, shape (n_users, n_items)
        All of them.
    seed : int
        Which ones.
    share : float in (0, 1)
        Of each history, rounded down; a user with fewer than `1 / share` items keeps them all.

    Returns
    -------
    train, test : csr_matrix
        Together the interactions, and disjoint.

    Raises
    ------
    ValueError
        If `share` is outside (0, 1).

    Examples
    --------
    >>> train, test = split(sp.csr_matrix(np.ones((2, 10))), seed=0)
    >>> train.getnnz(axis=1).tolist(), test.getnnz(axis=1).tolist()
    ([8, 8], [2, 2])
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, expected a number between 0 and 1")
    rng = np.random.default_rng(seed)
    matrix = interactions.tocsr()
    sizes = np.diff(matrix.indptr)
    row = np.repeat(np.arange(matrix.shape[0]), sizes)
    order = np.lexsort((rng.random(matrix.nnz), row))  # a random order within each row
    place = np.empty(matrix.nnz, dtype=np.int64)
    place[order] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], sizes)
    hidden = place < np.floor(share * sizes)[row]
    return _chosen(matrix, row, ~hidden), _chosen(matrix, row, hidden)


def _chosen(matrix: sp.csr_matrix, row: NDArray[Any], kept: NDArray[np.bool_]) -> sp.csr_matrix:
    places = (row[kept], matrix.indices[kept])
    return sp.csr_matrix((matrix.data[kept], places), shape=matrix.shape)


def item_numbers(names: Sequence[str], listening: Listening) -> NDArray[np.int64]:
    """Look items up by name, whatever capitals and accents.

    Chapter: explainable_recommendation.

    Returns
    -------
    ndarray of int
        In increasing order, each once.

    Raises
    ------
    ValueError
        If there is no name, or the data does not have one; with the nearest that it has.
    """
    if not names:
        raise ValueError("there is no name, and to somebody who played nothing nothing can be explained")
    known = listening.item_names.tolist()
    found = [trying.find(name, known, among=f"the names of {listening.name}") for name in names]
    return np.unique([known.index(name) for name in found]).astype(np.int64)


def most_heard(listening: Listening, n: int = 10) -> list[str]:
    """Name the items with the most listeners, ties by lower number.

    Chapter: explainable_recommendation.
    """
    counts = np.asarray(listening.interactions.sum(axis=0)).ravel()
    return [str(name) for name in listening.item_names[np.argsort(-counts, kind="stable")[:n]]]
