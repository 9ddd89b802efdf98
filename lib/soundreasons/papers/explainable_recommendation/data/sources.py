"""Which published data a run reads, what stands in where it is not here, and how each is shaped."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from soundreasons import data
from soundreasons.papers.explainable_recommendation.data.listening import Listening, Tables, number_tables

_FEWEST_ITEMS = 100  # the first of two stages chooses so many


def available(name: str) -> bool:
    """Tell whether `listening(name)` can answer without network.

    Chapter: explainable_recommendation.
    """
    return name in _NEEDS and all(map(data.available, _NEEDS[name]))


@dataclass(frozen=True)
class Source:
    """The data set that a run reads, chosen before any work.

    Attributes
    ----------
    asked : str
        What the run was asked to read.
    name : str
        What it reads: the same, or the stand-in that the registry names where that is not here.
    min_listeners : int
        As asked; for a stand-in its own, since a limit made for one data set empties a smaller one.
    absent : tuple of str
        Registry entries that the run would read and that are not on this machine.
    """

    asked: str
    name: str
    min_listeners: int
    absent: tuple[str, ...]

    @property
    def stands_in(self) -> bool:
        """Whether another data set is read than the one asked for."""
        return self.name != self.asked

    def remedies(self) -> dict[str, str]:
        """Say for each absent entry what to put where."""
        return {name: _remedy(name) for name in self.absent}


def choose_source(data_set: str, min_listeners: int) -> Source:
    """Choose what a run reads: the data set asked for, or else the stand-in named by the registry.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    data_set : str
        As for `listening`.
    min_listeners : int, from 1
        Limit for `data_set`; a stand-in has its own.

    Returns
    -------
    Source

    Raises
    ------
    ValueError
        If the name is unknown.
    soundreasons.data.DataUnavailable
        If neither the data set nor any stand-in is on this machine (it says how to get it).
    """
    _require_reader(data_set)
    name: str | None = data_set
    while name is not None and not available(name):
        name = data.entry(name).stand_in
    absent = tuple(each for each in (*_NEEDS[data_set], *_BESIDE[data_set]) if not data.available(each))
    if name is None:
        how = "; ".join(f"{each}: {_remedy(each)}" for each in absent)
        raise data.DataUnavailable(f"neither {data_set} nor anything that could stand in is here. {how}")
    return Source(data_set, name, min_listeners if name == data_set else _LEAST_LISTENERS[name], absent)


def _remedy(name: str) -> str:
    """Name the command, and what a reader can place by hand; the folder as the reader knows it."""
    told = f"`soundreasons data fetch {name}`"
    entry = data.entry(name)
    for source in entry.sources:
        if source.kind == "placed":
            files = ", ".join(member.path for member in entry.members_of(source).values())
            told += f"; or by hand: {source.obtain} Put {files} into `placed/{name}` of the data folder"
    return told


def _require_reader(name: str) -> None:
    if name not in _READERS:
        raise ValueError(f"data set is {name!r}, expected one of {', '.join(_READERS)}")


def listening(name: str, *, min_listeners: int = 5, min_taggings: int = 20, seed: int = 0) -> Listening:
    """Open a data set.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    name : str
        "hetrec_lastfm" (with tags and friends, and facts where `lastfm_knowledge_graph` is here),
        "movielens_2016" (films; genres for tags, decades for facts, no friends), or "lastfm_360k"
        (tags and facts borrowed from the former by artist name, no friends).
    min_listeners : int, from 1
        Items with fewer listeners are left out, and users who keep none.
    min_taggings : int, from 1
        Tags given less often are left out.
    seed : int
        Which users' tags are hidden in `held_tags` (a third of the taggers).

    Returns
    -------
    Listening

    Raises
    ------
    ValueError
        If the name is unknown, or so few items or tags have `min_listeners` that nothing can be explained.
    soundreasons.data.DataError
        If the data is not on this machine (it says how to get it) or not what it should be.

    Examples
    --------
    With the data on this machine::

        lastfm = listening("hetrec_lastfm")
    """
    _require_reader(name)
    raw = _READERS[name](data.open(name), seed)
    found = number_tables(raw, min_listeners, min_taggings)
    n_items, n_tags = found.tags.shape
    if n_items < _FEWEST_ITEMS or not n_tags:
        raise ValueError(
            f"min_listeners is {min_listeners}, which leaves {n_items} items and {n_tags} tags of {name}, "
            f"expected {_FEWEST_ITEMS} items or more and a tag; {_LEAST_LISTENERS[name]} suits this data set"
        )
    return found


def _lastfm(record: Any, seed: int) -> Tables:
    taggings = record.taggings.rename(columns={"artist_id": "item", "tag_id": "tag", "user_id": "user"})
    return Tables(
        name=record.name,
        listens=record.listens.set_axis(["user", "item", "plays"], axis=1),
        taggings=_hide_taggers(taggings[["user", "item", "tag"]], seed),
        friends=record.friends.set_axis(["user", "friend"], axis=1),
        facts=_artist_facts(),
        item_names=dict(zip(record.artists["artist_id"], record.artists["artist"], strict=True)),
        tag_names=dict(zip(record.tags["tag_id"], record.tags["tag"], strict=True)),
    )


def _hide_taggers(taggings: pd.DataFrame, seed: int) -> pd.DataFrame:
    users = np.unique(taggings["user"])
    hidden = np.random.default_rng(seed).permutation(users)[: len(users) // 3]
    return taggings[["item", "tag"]].assign(held=taggings["user"].isin(hidden))


def _artist_facts() -> pd.DataFrame:
    if not data.available("lastfm_knowledge_graph"):
        return _no_facts()
    graph = data.open("lastfm_knowledge_graph")
    linked = graph.facts.merge(graph.artists, left_on="head", right_on="entity")
    return linked[["artist_id", "relation", "tail"]].set_axis(["item", "relation", "value"], axis=1)


def _no_facts() -> pd.DataFrame:
    return pd.DataFrame({"item": pd.Series(dtype=int), "relation": pd.Series(dtype=str), "value": []})


def _films(record: Any, seed: int) -> Tables:
    movies = record.movies
    genres = movies.set_index("movie_id")["genres"].str.split("|").explode()
    codes, words = pd.factorize(genres)
    # Genres are given once by the publisher: each stands for the tag of twenty users, none is hidden.
    taggings = pd.DataFrame({"item": genres.index, "tag": codes, "held": False})
    dated = movies.dropna(subset="year")
    decades = pd.DataFrame(
        {
            "item": dated["movie_id"].to_numpy(),
            "relation": "film.decade",
            "value": (dated["year"] // 10).to_numpy(dtype=np.int64),
        }
    )
    return Tables(
        name=record.name,
        listens=record.ratings[["user_id", "movie_id", "rating"]].set_axis(["user", "item", "plays"], axis=1),
        taggings=taggings,
        friends=pd.DataFrame({"user": [], "friend": []}, dtype=int),
        facts=decades,
        item_names=dict(zip(movies["movie_id"], movies["title"], strict=True)),
        tag_names=dict(enumerate(words)),
    )


def _large(record: Any, seed: int) -> Tables:
    small = _lastfm(data.open("hetrec_lastfm"), seed)
    numbers = {name.lower(): item for item, name in small.item_names.items()}
    artists = record.artists
    known = artists["artist"].str.lower().map(numbers)
    renamed = dict(zip(known.dropna().astype(int), artists.loc[known.notna(), "artist_id"], strict=True))
    return replace(
        small,
        name=record.name,
        listens=record.plays.set_axis(["user", "item", "plays"], axis=1),
        taggings=small.taggings.assign(item=small.taggings["item"].map(renamed)).dropna(),
        friends=pd.DataFrame({"user": [], "friend": []}, dtype=int),
        facts=small.facts.assign(item=small.facts["item"].map(renamed)).dropna(),
        item_names=dict(zip(artists["artist_id"], artists["artist"], strict=True)),
    )


_READERS = {"hetrec_lastfm": _lastfm, "movielens_2016": _films, "lastfm_360k": _large}


# What a data set cannot be read without, what is read beside it where it is here, a limit that suits it.
_NEEDS = {
    "hetrec_lastfm": ("hetrec_lastfm",),
    "movielens_2016": ("movielens_2016",),
    "lastfm_360k": ("lastfm_360k", "hetrec_lastfm"),
}


_BESIDE = {
    "hetrec_lastfm": ("lastfm_knowledge_graph",),
    "movielens_2016": (),
    "lastfm_360k": ("lastfm_knowledge_graph",),
}


_LEAST_LISTENERS = {"hetrec_lastfm": 5, "movielens_2016": 20, "lastfm_360k": 200}
