"""MovieLens as an implicit signal: who rated what, whatever the stars; the latest film is to be guessed.

Ratings are split by user (latest = test, a random other = validation), what is known of films (and of
people, in some editions) is laid out, negatives are drawn. Paper: MovieLens. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons import data

GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
YEAR_MEAN, YEAR_SPREAD = 1986.1, 16.9  # the paper's, of MovieLens 1M
N_NEGATIVES = 4  # for each positive, in training
N_OTHERS = 99  # unseen films that the right one is ranked among


class Split(NamedTuple):
    """Ratings by user: pairs to learn from, and one film each to validate and to test on."""

    users: NDArray[np.int64]  # (n_pairs,)
    items: NDArray[np.int64]  # (n_pairs,)
    validation: NDArray[np.int64]  # (n_users,)
    test: NDArray[np.int64]  # (n_users,)


@dataclass(frozen=True)
class Films:
    """An edition of MovieLens, users and films numbered from 0.

    Attributes
    ----------
    name : str
    ratings : DataFrame
        `user`, `item`, `timestamp`.
    titles : ndarray of str, shape (n_items,)
    content : ndarray, shape (n_items, 19)
        Standardised year (0 where unknown), and 18 genres as 0 or 1.
    people : ndarray of int, shape (n_users, 3), or None
        Sex, age class and occupation, where the edition has them.
    """

    name: str
    ratings: pd.DataFrame
    titles: NDArray[np.str_]
    content: NDArray[np.float32]
    people: NDArray[np.int64] | None

    @property
    def n_users(self) -> int:
        """How many people rated."""
        return int(self.ratings["user"].max()) + 1

    @property
    def n_items(self) -> int:
        """How many films were rated."""
        return len(self.titles)


def load_films(name: str) -> Films:
    """Open an edition of MovieLens; films that nobody rated are left out.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    name : {"movielens_2016", "movielens_2018", "movielens_100k", "movielens_1m"}
        Which.

    Returns
    -------
    Films

    Raises
    ------
    DataUnavailable
        If no copy is on this machine.
    """
    edition = data.open(name)
    user, users = pd.factorize(edition.ratings["user_id"], sort=True)
    item, items = pd.factorize(edition.ratings["movie_id"], sort=True)
    ratings = pd.DataFrame({"user": user, "item": item, "timestamp": edition.ratings["timestamp"]})
    films = edition.movies.set_index("movie_id").reindex(items)
    shown = films["title"].astype(str) + films["year"].map(lambda y: "" if pd.isna(y) else f" ({int(y)})")
    people = None
    if hasattr(edition, "users"):
        people = _people(edition.users.set_index("user_id").reindex(users))
    return Films(name, ratings, shown.to_numpy().astype(str), film_content(films), people)


def film_content(films: pd.DataFrame) -> NDArray[np.float32]:
    """Lay out year and genres of films as numbers.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    films : DataFrame
        `year` (missing where unknown) and `genres` (joined by ``|``).

    Returns
    -------
    ndarray, shape (n, 19)

    Examples
    --------
    >>> film_content(pd.DataFrame({"year": [None], "genres": ["Action|War"]})).sum()
    np.float32(2.0)
    """
    year = (pd.to_numeric(films["year"]).astype("Float64") - YEAR_MEAN) / YEAR_SPREAD
    listed = films["genres"].fillna("").str.replace("Children's", "Children").str.split("|")
    genres = [[float(genre in row) for genre in GENRES] for row in listed]
    columns = [year.fillna(0.0).to_numpy(dtype=np.float32)[:, np.newaxis], np.array(genres, dtype=np.float32)]
    return np.concatenate(columns, axis=1)


def _people(users: pd.DataFrame) -> NDArray[np.int64]:
    columns = [pd.factorize(users[name], sort=True)[0] for name in ("sex", "age", "occupation")]
    return np.stack(columns, axis=1).astype(np.int64)


def leave_last_out(ratings: pd.DataFrame, seed: int) -> Split:
    """Split ratings by user: latest to test, a random other to validate, the rest to learn from.

    Paper: MovieLens. Ratings at the same second are ordered by film number. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    ratings : DataFrame
        `user`, `item` (numbered from 0), `timestamp`.
    seed : int
        Draws the film to validate on.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If somebody has fewer than three ratings; the first is named.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [0, 0, 0], "item": [0, 1, 2], "timestamp": [5, 9, 7]})
    >>> leave_last_out(table, 0).test.tolist()
    [1]
    """
    counts = ratings["user"].value_counts().sort_index()
    few = counts[counts < 3]
    if len(few):
        raise ValueError(
            f"user {few.index[0]} has {few.iloc[0]} rating(s), expected 3 or more: one each to learn from, "
            "to validate and to test; leave such users out"
        )
    ordered = ratings.sort_values(["user", "timestamp", "item"], kind="stable", ignore_index=True)
    is_last = ordered["user"] != ordered["user"].shift(-1)
    others = ordered[~is_last]
    draw = np.random.default_rng([seed, 11]).random(len(others))
    is_held = pd.Series(draw, index=others.index).groupby(others["user"]).rank(method="first") == 1
    kept, held = others[~is_held], others[is_held]
    return Split(
        *(part.to_numpy(np.int64, copy=True) for part in (kept["user"], kept["item"])),
        *(part.to_numpy(np.int64, copy=True) for part in (held["item"], ordered.loc[is_last, "item"])),
    )  # fmt: skip


def unseen_items(films: Films, seed: int, n: int = N_OTHERS) -> NDArray[np.int64]:
    """Draw films that each user never rated, to rank the right one among.

    Chapter: interpretable_attribution.

    Returns
    -------
    ndarray of int, shape (n_users, n)
        Without repeats for one user.

    Raises
    ------
    ValueError
        If somebody rated so many films that fewer than `n` are left.
    """
    rng = np.random.default_rng([seed, 13])
    seen = [np.asarray(part) for part in films.ratings.groupby("user")["item"].agg(list)]
    rows = []
    for user, items in enumerate(seen):
        left = np.setdiff1d(np.arange(films.n_items), items, assume_unique=True)
        if len(left) < n:
            raise ValueError(
                f"user {user} left {len(left)} films unrated, expected {n} or more to rank among"
            )
        rows.append(rng.choice(left, n, replace=False))
    return np.stack(rows).astype(np.int64)


class NegativeDraw:
    """Batches of positives with uniform negatives; a film that the user trained on is never a negative.

    Paper: MovieLens. Validation and test films may be drawn. Chapter: interpretable_attribution.

    Parameters
    ----------
    split : Split
        What is trained on.
    n_users, n_items : int
        How many of either.
    batch_size : int
        Positives and negatives together.
    generator : torch.Generator
        Its device holds everything.
    """

    def __init__(
        self, split: Split, n_users: int, n_items: int, batch_size: int, generator: torch.Generator
    ) -> None:
        device = generator.device
        self.users = torch.as_tensor(split.users, device=device)
        self.items = torch.as_tensor(split.items, device=device)
        self.is_trained = torch.zeros(n_users, n_items, dtype=torch.bool, device=device)
        self.is_trained[self.users, self.items] = True
        self.n_positive = max(1, batch_size // (1 + N_NEGATIVES))
        self.generator = generator

    @property
    def steps_per_epoch(self) -> int:
        """Batches that hold each positive once, on average."""
        return -(-len(self.users) // self.n_positive)

    def __call__(self) -> tuple[Tensor, Tensor]:
        """Draw pairs (n, 2) of user and item, and labels (n,)."""
        device = self.generator.device
        chosen = torch.randint(len(self.users), (self.n_positive,), generator=self.generator, device=device)
        users = self.users[chosen].repeat_interleave(N_NEGATIVES)
        items = self._draw_items(len(users))
        for _ in range(20):  # who has seen half of the films needs about four rounds
            seen = self.is_trained[users, items]
            if not seen.any():
                break
            items = torch.where(seen, self._draw_items(len(users)), items)
        positives = torch.stack([self.users[chosen], self.items[chosen]], dim=1)
        pairs = torch.cat([positives, torch.stack([users, items], dim=1)])
        return pairs, (torch.arange(len(pairs), device=device) < self.n_positive).float()

    def _draw_items(self, n: int) -> Tensor:
        n_items = self.is_trained.shape[1]
        return torch.randint(n_items, (n,), generator=self.generator, device=self.generator.device)
