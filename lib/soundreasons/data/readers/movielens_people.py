"""MovieLens 1M: ratings with sex, age class and occupation of the viewers (Harper and Konstan, 2015).

Chapter: interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, text_lines

_TITLE_AND_YEAR = r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)\s*$"


@dataclass(frozen=True)
class MovieLensPeople:
    """Ratings of films by people of whom something is known.

    Attributes
    ----------
    name : str
        Name in the registry.
    ratings : DataFrame
        `user_id`, `movie_id` (int), `rating` (1 to 5), `timestamp` (int, seconds since 1970, UTC).
    movies : DataFrame
        `movie_id` (int), `title` (text, without the year), `year` (Int64), `genres` (joined by ``|``).
    users : DataFrame
        `user_id` (int), `sex` (text), `age` (int, lower end of a class), `occupation` (int code).
    """

    name: str
    ratings: pd.DataFrame
    movies: pd.DataFrame
    users: pd.DataFrame


def read_dat(folder: Folder) -> MovieLensPeople:
    """Read the publisher's layout: ratings.dat, movies.dat, users.dat, cells between two colons."""
    ratings = _cells(folder, "ratings.dat", ["user_id", "movie_id", "rating", "timestamp"])
    movies = _cells(folder, "movies.dat", ["movie_id", "title", "genres"])
    users = _cells(folder, "users.dat", ["user_id", "sex", "age", "occupation", "zip"])
    parts = movies["title"].str.extract(_TITLE_AND_YEAR)
    whole = {"user_id": "int32", "movie_id": "int32", "rating": "float32", "timestamp": "int64"}
    films = pd.DataFrame(
        {
            "movie_id": movies["movie_id"].astype("int32"),
            "title": parts["title"].fillna(movies["title"]),
            "year": parts["year"].astype("Int64"),
            "genres": movies["genres"],
        }
    )
    people = users.drop(columns="zip").astype({"user_id": "int32", "age": "int32", "occupation": "int32"})
    return MovieLensPeople(folder.name, ratings.astype(whole), films, people)


def _cells(folder: Folder, file: str, columns: list[str]) -> pd.DataFrame:
    rows = [line.split("::") for line in text_lines(folder.path(file), encoding="latin-1") if line]
    odd = next((number for number, row in enumerate(rows, 1) if len(row) != len(columns)), None)
    if odd is not None:
        raise DataError(
            f"{folder.name}: line {odd} of {file} has {len(rows[odd - 1])} cells, expected {len(columns)} "
            f"between '::' ({', '.join(columns)})"
        )
    return pd.DataFrame(rows, columns=columns)
