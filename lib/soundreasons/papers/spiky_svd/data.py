"""Data sets as items and contexts, with names to show; and what the paper reports of its own.

Task: turn each published table into pairs (item, context), numbered from 0, items in the order of
the publisher's ids. Ratings and play counts become "occurs": every pair counts, whatever its value.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons import data, ledger
from soundreasons.data.registry import PlacedSource

_SHORTEST_RADIO_PLAYLIST = 5
_SPECTRUM_FACT = re.compile(r"(?P<set>\w+)_s(?P<k>\d+)")
_PAPER_SETS = {
    "aotm": ("AotM-2011", "track by playlist"),
    "cornell": ("Cornell", "track by playlist"),
    "lastfm": ("LastFM-360K", "artist by user"),
    "movielens": ("MovieLens-25M", "movie by user"),
    "spotify": ("Spotify", "track by playlist"),
    "deezer": ("Deezer", "track by playlist"),
}


@dataclass(frozen=True)
class Interactions:
    """Pairs of items and contexts, each pair once.

    Attributes
    ----------
    name : str
        Of the variant, such as "hetrec_tags".
    kind : str
        What an item and a context are.
    item, context : ndarray of int, shape (n_pairs,)
        Numbers from 0.
    item_names : ndarray of str, shape (n_items,)
        To show a reader.
    time : ndarray of int, shape (n_pairs,), or None
        Seconds since 1970 (UTC), where the publisher gives them.
    """

    name: str
    kind: str
    item: NDArray[np.int64]
    context: NDArray[np.int64]
    item_names: NDArray[np.str_]
    time: NDArray[np.int64] | None = None

    @property
    def n_items(self) -> int:
        """Number of items, whether or not they keep a pair later."""
        return len(self.item_names)

    @property
    def n_contexts(self) -> int:
        """Number of contexts."""
        return int(self.context.max()) + 1

    def incidence(self, chosen: NDArray[np.bool_] | None = None) -> sp.csr_matrix:
        """Build the binary matrix, shape (n_items, n_contexts), of all pairs or the chosen ones."""
        item, context = self.item, self.context
        if chosen is not None:
            item, context = item[chosen], context[chosen]
        ones = np.ones(len(item), dtype=np.int8)
        return sp.csr_matrix((ones, (item, context)), shape=(self.n_items, self.n_contexts))


def interactions(name: str) -> Interactions:
    """Open a data set as items and contexts.

    Chapter: spiky_svd.

    Parameters
    ----------
    name : str
        One of `DATA_SETS`.

    Returns
    -------
    Interactions

    Raises
    ------
    ValueError
        If the name is unknown.
    soundreasons.data.DataError
        If the data is not on this machine (it says how to get it) or not what it should be.

    Examples
    --------
    With the data on this machine::

        listens = interactions("hetrec_lastfm")
    """
    reader = _variant(name)
    return reader.read(data.open(reader.source))


def available(name: str) -> bool:
    """Tell whether `interactions(name)` can answer without network.

    Chapter: spiky_svd.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    source = _variant(name).source
    return source in data.names() and data.available(source)


def absent(names: Iterable[str]) -> dict[str, str]:
    """Find out which data sets are not on this machine, and how to get each.

    Chapter: spiky_svd.

    Parameters
    ----------
    names : iterable of str
        Of `DATA_SETS`; a name that is repeated counts once.

    Returns
    -------
    dict of str
        How to get it, in Markdown, by name of the data set.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> absent([])
    {}
    """
    return {name: _how_to_get(_variant(name).source) for name in dict.fromkeys(names) if not available(name)}


def _how_to_get(source_name: str) -> str:
    entry = data.entry(source_name)
    ways = []
    if not all(isinstance(source, PlacedSource) for source in entry.sources):
        ways.append(f"`soundreasons data fetch {entry.name}`")
    for source in entry.sources:
        if isinstance(source, PlacedSource):
            files = ", ".join(f"`{member.path}`" for member in entry.members_of(source).values())
            ways.append(
                f"{source.obtain} Put {files} into `placed/{entry.name}` of the data folder "
                "(`SOUNDREASONS_DATA`)."
            )
    return " Or: ".join(ways)


def from_pairs(
    name: str,
    kind: str,
    items: Any,
    contexts: Any,
    *,
    names: dict[Any, str] | None = None,
    times: Any = None,
) -> Interactions:
    """Number the items and contexts of a table of pairs; a pair that is repeated counts once.

    Chapter: spiky_svd.

    Parameters
    ----------
    name, kind : str
        As in `Interactions`.
    items, contexts : array-like, shape (n_rows,)
        Ids of any one sortable type; items are numbered in sorted order.
    names : dict, optional
        Name to show for an item id; the id itself where there is none.
    times : array-like of int, optional
        Seconds since 1970; of a repeated pair the earliest counts.

    Returns
    -------
    Interactions

    Raises
    ------
    ValueError
        If there is no row, the columns differ in length, or an id is missing.

    Examples
    --------
    >>> from_pairs("mine", "bands by friends", ["Can", "Neu!", "Can"], ["ana", "ana", "ana"]).item
    array([0, 1])
    """
    table = pd.DataFrame({"item": np.asarray(items), "context": np.asarray(contexts)})
    if table.empty:
        raise ValueError(f"{name} has no pair of an item and a context; expected at least one row")
    if table.isna().any().any():
        raise ValueError(f"{name} has {int(table.isna().any(axis=1).sum())} row(s) without item or context")
    if times is not None:
        table = table.assign(time=np.asarray(times)).sort_values("time", kind="stable")
    table = table.drop_duplicates(["item", "context"]).sort_index()
    ids, item = np.unique(table["item"].to_numpy(), return_inverse=True)
    _, context = np.unique(table["context"].to_numpy(), return_inverse=True)
    shown = np.array([str((names or {}).get(key, key)) for key in ids.tolist()])
    time = None if times is None else table["time"].to_numpy(dtype=np.int64)
    return Interactions(name, kind, item, context, shown, time)


@dataclass(frozen=True)
class _Variant:
    source: str
    read: Callable[[Any], Interactions]


def _listens(record: Any) -> Interactions:
    names = dict(zip(record.artists["artist_id"], record.artists["artist"], strict=True))
    table = record.listens
    return from_pairs(record.name, "artists by listeners", table["artist_id"], table["user_id"], names=names)


def _taggings(record: Any) -> Interactions:
    names = dict(zip(record.artists["artist_id"], record.artists["artist"], strict=True))
    table = record.taggings
    contexts = table["user_id"].astype("int64") * (int(table["tag_id"].max()) + 1) + table["tag_id"]
    return from_pairs("hetrec_tags", "artists by (user, tag)", table["artist_id"], contexts, names=names)


def _plays(record: Any) -> Interactions:
    names = dict(zip(record.artists["artist_id"], record.artists["artist"], strict=True))
    table = record.plays
    return from_pairs(record.name, "artists by listeners", table["artist_id"], table["user_id"], names=names)


def _ratings(record: Any) -> Interactions:
    table, movies = record.ratings, record.movies
    years = movies["year"].map(lambda year: "" if pd.isna(year) else f" ({year})")
    names = dict(zip(movies["movie_id"], movies["title"] + years, strict=True))
    return from_pairs(
        record.name,
        "movies by viewers",
        table["movie_id"],
        table["user_id"],
        names=names,
        times=table["timestamp"],
    )


def _song_runs(record: Any) -> Interactions:
    """Join pairs into runs: a row that begins with the song the row before ends with goes on with it."""
    first, second = (record.pairs[side].to_numpy() for side in ("first", "second"))
    run = np.concatenate([[0], np.cumsum(second[:-1] != first[1:])])
    return from_pairs(
        record.name, "songs by runs of a playlist", np.concatenate([first, second]), np.tile(run, 2)
    )


def _song_pairs(record: Any) -> Interactions:
    """Take each published pair as a context of its own."""
    first, second = (record.pairs[side].to_numpy() for side in ("first", "second"))
    pair = np.tile(np.arange(len(first)), 2)
    return from_pairs("aotm2003_pairs", "songs by pairs of a playlist", np.concatenate([first, second]), pair)


def _playlists(record: Any) -> Interactions:
    items = record.items
    shown = (items["artist"].fillna("") + " - " + items["title"].fillna("")).where(
        items["title"].notna(), items["key"]
    )
    entries = record.entries
    if record.name == "cornell_yes":  # as in the paper, short radio playlists are left out
        sizes = entries.groupby("playlist_id")["item_id"].transform("size")
        entries = entries[sizes >= _SHORTEST_RADIO_PLAYLIST]
    names = dict(zip(items["item_id"], shown, strict=True))
    return from_pairs(
        record.name, "songs by playlists", entries["item_id"], entries["playlist_id"], names=names
    )


_VARIANTS = {
    "movielens_2016": _Variant("movielens_2016", _ratings),
    "movielens_2018": _Variant("movielens_2018", _ratings),
    "movielens_25m": _Variant("movielens_25m", _ratings),
    "hetrec_lastfm": _Variant("hetrec_lastfm", _listens),
    "hetrec_tags": _Variant("hetrec_lastfm", _taggings),
    "aotm2003": _Variant("aotm2003", _song_runs),
    "aotm2003_pairs": _Variant("aotm2003", _song_pairs),
    "lastfm_360k": _Variant("lastfm_360k", _plays),
    "aotm2011": _Variant("aotm2011", _playlists),
    "cornell_yes": _Variant("cornell_yes", _playlists),
    "spotify_mpd": _Variant("spotify_mpd", _playlists),
}
DATA_SETS = tuple(_VARIANTS)


def _variant(name: str) -> _Variant:
    if name not in _VARIANTS:
        raise ValueError(f"data set is {name!r}, expected one of {', '.join(DATA_SETS)}")
    return _VARIANTS[name]


def published_spectra() -> dict[str, pd.Series]:
    """Read the singular values that the authors' repository ships for three of its data sets.

    Chapter: spiky_svd.

    Returns
    -------
    dict of Series
        By name of the data set; index: rank from 1, value: singular value.

    Examples
    --------
    >>> published_spectra()["AotM-2011"].loc[1]
    np.float64(247.66)
    """
    spectra: dict[str, dict[int, float]] = {}
    for name, value in ledger.read("spiky_svd").cited().items():
        match = _SPECTRUM_FACT.fullmatch(name)
        if match:
            spectra.setdefault(_PAPER_SETS[match["set"]][0], {})[int(match["k"])] = value.number
    return {name: pd.Series(values).sort_index() for name, values in spectra.items()}


def published_table() -> pd.DataFrame:
    """Lay out the paper's table of spikiness with what is known of it; the rest says "unknown".

    Chapter: spiky_svd.

    Returns
    -------
    DataFrame, one row a data set
        `data set`, `type`, `items`, `peaks` (of half a million items or of half the set), all text.

    Examples
    --------
    >>> published_table().set_index("data set").loc["AotM-2011", "peaks"]
    'unknown'
    """
    reported = ledger.read("spiky_svd").cited()

    def shown(name: str) -> str:
        return f"{reported[name].value:,}" if name in reported else "unknown"

    rows = [
        (name, kind, shown(f"{key}_items"), shown(f"C1.{key}_peaks"))
        for key, (name, kind) in _PAPER_SETS.items()
    ]
    return pd.DataFrame(rows, columns=["data set", "type", "items", "peaks"])
