"""MovieLens 100K: ratings with sex, age and occupation of the viewers, as the package RecBole ships them.

Harper and Konstan (2015). Tables of tab-separated cells whose header gives a type behind each name.
Chapter: interpretable_attribution.
"""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, text_lines
from soundreasons.data.readers.movielens_people import MovieLensPeople

AGE_CLASSES = (1, 18, 25, 35, 45, 50, 56)  # lower ends, those of MovieLens 1M


def read_atomic(folder: Folder) -> MovieLensPeople:
    """Read ml-100k.inter, ml-100k.item and ml-100k.user.

    Ages, which this edition tells in years, are put into the classes of MovieLens 1M; occupations, which
    it tells in words, are numbered in alphabetical order.

    Raises
    ------
    DataError
        If a column is missing or a row has another number of cells; it is named.
    """
    ratings = _cells(folder, "ml-100k.inter", ["user_id", "item_id", "rating", "timestamp"])
    movies = _cells(folder, "ml-100k.item", ["item_id", "movie_title", "release_year", "class"])
    users = _cells(folder, "ml-100k.user", ["user_id", "age", "gender", "occupation"])
    whole = {"user_id": "int32", "movie_id": "int32", "rating": "float32", "timestamp": "int64"}
    films = pd.DataFrame(
        {
            "movie_id": movies["item_id"].astype("int32"),
            "title": movies["movie_title"],
            "year": pd.to_numeric(movies["release_year"], errors="coerce").astype("Int64"),
            "genres": movies["class"].str.replace(" ", "|"),
        }
    )
    place = np.searchsorted(AGE_CLASSES, users["age"].astype("int32"), side="right") - 1
    people = pd.DataFrame(
        {
            "user_id": users["user_id"].astype("int32"),
            "sex": users["gender"],
            "age": np.array(AGE_CLASSES, dtype="int32")[place],
            "occupation": pd.factorize(users["occupation"], sort=True)[0].astype("int32"),
        }
    )
    renamed = ratings.rename(columns={"item_id": "movie_id"})
    return MovieLensPeople(folder.name, renamed.astype(whole), films, people)


def _cells(folder: Folder, file: str, wanted: list[str]) -> pd.DataFrame:
    lines = text_lines(folder.path(file))
    header, *rows = csv.reader((line for line in lines if line), delimiter="\t", quoting=csv.QUOTE_NONE)
    names = [name.partition(":")[0] for name in header]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataError(f"{folder.name}: {file} has no column {missing[0]}; it has {', '.join(names)}")
    odd = next((number for number, row in enumerate(rows, 2) if len(row) != len(names)), None)
    if odd is not None:
        raise DataError(
            f"{folder.name}: line {odd} of {file} has {len(rows[odd - 2])} cells, expected {len(names)}"
        )
    return pd.DataFrame(rows, columns=names)[wanted]
