"""Films: the paper's protocol. The latest film of each viewer is ranked among ninety-nine unseen ones.

Paper: MovieLens. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.learning import loop, ranking
from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.data.films import (
    N_OTHERS,
    Films,
    NegativeDraw,
    Split,
    leave_last_out,
    unseen_items,
)
from soundreasons.papers.interpretable_attribution.experiments.film_networks import (
    FILM_SUBSET_NAMES,
    FILM_SUBSETS,
    FilmExperts,
    FilmTraining,
    PlainFilms,
    film_features,
)

_AT_ONCE = 65_536  # pairs scored at once
_N_FIRST = 10  # films shown; the right one is a hit among them


class FilmRun(NamedTuple):
    """One training: scores on the test films, and the model."""

    scores: dict[str, float]
    model: FilmExperts | PlainFilms
    split: Split
    candidates: NDArray[np.int64]  # (n_users, 100), the test film first


def train_films(
    films: Films, kind: str, seed: int, training: FilmTraining, *, device: str = "cpu"
) -> FilmRun:
    """Train one model by the paper's protocol and rank the test films.

    The weights of the epoch with the best validation hit ratio are kept. Paper: MovieLens.
    Chapter: interpretable_attribution.

    Parameters
    ----------
    films : Films
        An edition of MovieLens.
    kind : {"experts", "plain"}
        Which model.
    seed : int
        Of split, candidates, first weights and negatives.
    training : FilmTraining
        Settings.
    device : str
        Where it is computed.

    Returns
    -------
    FilmRun
        `scores`: `hit_ratio` and `ndcg` at 10.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    split = leave_last_out(films.ratings, seed)
    others = unseen_items(films, seed, min(N_OTHERS, films.n_items // 4))
    generator = torch.Generator(device).manual_seed(seed)
    model = _model(films, kind, training, generator)
    draw = NegativeDraw(split, films.n_users, films.n_items, training.batch_size, generator)
    validated = _candidates(split.validation, unseen_items(films, seed + 10_000, others.shape[1]))

    def validation() -> float:
        return rank_scores(score_candidates(model, validated))["hit_ratio"]

    best = loop.BestWeights(model)
    look = fast.keep_best(best, validation, draw.steps_per_epoch)
    n_batches = training.epochs * draw.steps_per_epoch
    rate = training.learning_rate
    fast.descend(model.parameters(), lambda batch: model.loss(*batch), draw, n_batches, rate, look)
    best.restore()
    candidates = _candidates(split.test, others)
    return FilmRun(rank_scores(score_candidates(model, candidates)), model, split, candidates)


def rank_scores(scores: NDArray[np.float64]) -> dict[str, float]:
    """Hit ratio and gain at 10 of scores with the right item first. Chapter: interpretable_attribution.

    Parameters
    ----------
    scores : ndarray, shape (n_users, 1 + n_others)
        Larger is better; the right film in column 0.

    Returns
    -------
    dict of float
        `hit_ratio` and `ndcg`, means over users.

    Examples
    --------
    Right first, and right second of two; the second gains 1 / log2(3):

    >>> {name: round(value, 2) for name, value in rank_scores(np.array([[0.9, 0.1], [0.1, 0.9]])).items()}
    {'hit_ratio': 1.0, 'ndcg': 0.82}
    """
    ranks = ranking.ranks_of_first(scores)
    is_hit, n_right = ranking.hits_of_ranks(ranks, _N_FIRST), np.ones(len(ranks), dtype=np.int64)
    return {
        "hit_ratio": float(ranking.recall_at_k(is_hit, n_right, _N_FIRST).mean()),
        "ndcg": float(ranking.ndcg_at_k(is_hit, n_right, _N_FIRST).mean()),
    }


def expert_hit_ratios(run: FilmRun) -> dict[str, float]:
    """Hit ratio at 10 of each expert alone, by `expert_<k>`. Chapter: interpretable_attribution."""
    assert isinstance(run.model, FilmExperts)
    pairs = _pairs(run.candidates, next(run.model.parameters()).device)
    with torch.no_grad():
        logits = torch.cat([run.model.logits(part) for part in torch.split(pairs, _AT_ONCE)]).cpu().numpy()
    tables = logits.reshape(*run.candidates.shape, len(FILM_SUBSETS))
    return {f"expert_{k}": rank_scores(tables[..., k])["hit_ratio"] for k in range(len(FILM_SUBSETS))}


def compare(film_runs: Mapping[str, Sequence[FilmRun]], n_items: int) -> pd.DataFrame:
    """Lay the scores of the models side by side, with those of popularity.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    film_runs : mapping of str to sequence of FilmRun
        By "experts" and "plain", one a seed.
    n_items : int
        Films of the edition.

    Returns
    -------
    DataFrame
        One row a model and seed: `model`, `hit_ratio`, `ndcg`; the third model is "popularity".
    """
    rows = [{"model": kind, **run.scores} for kind, runs in film_runs.items() for run in runs]
    floor = [popularity_scores(run.split, run.candidates, n_items) for run in film_runs["experts"]]
    return pd.DataFrame([*rows, *({"model": "popularity", **scores} for scores in floor)])


def popularity_scores(split: Split, candidates: NDArray[np.int64], n_items: int) -> dict[str, float]:
    """Scores of ranking by the number of training ratings: the floor. Chapter: interpretable_attribution."""
    counts = np.bincount(split.items, minlength=n_items).astype(np.float64)
    return rank_scores(counts[candidates])


def _model(
    films: Films, kind: str, training: FilmTraining, generator: torch.Generator
) -> FilmExperts | PlainFilms:
    features = film_features(films, training, generator, device=str(generator.device))
    if kind == "experts":
        return FilmExperts(features, training.factors, generator)
    if kind == "plain":
        return PlainFilms(features, training.factors, generator)
    raise ValueError(f"kind is {kind!r}, expected experts or plain")


def _candidates(right: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([right[:, np.newaxis], others], axis=1)


def _pairs(candidates: NDArray[np.int64], device: Any) -> Tensor:
    users = np.repeat(np.arange(len(candidates)), candidates.shape[1])
    return torch.as_tensor(np.stack([users, candidates.reshape(-1)], axis=1), device=device)


def score_candidates(model: FilmExperts | PlainFilms, candidates: NDArray[np.int64]) -> NDArray[np.float64]:
    """Score films for each user, row by row. Chapter: interpretable_attribution.

    Parameters
    ----------
    model : FilmExperts or PlainFilms
        A trained model.
    candidates : ndarray of int, shape (n_users, n)
        Films by number, a row a user.

    Returns
    -------
    ndarray, shape (n_users, n)
    """
    pairs = _pairs(candidates, next(model.parameters()).device)
    with torch.no_grad():
        scores = torch.cat([model(part) for part in torch.split(pairs, _AT_ONCE)])
    return scores.cpu().numpy().astype(np.float64).reshape(candidates.shape)


def explaining_subsets(run: FilmRun) -> pd.DataFrame:
    """Count what explains the test films and the films they are ranked among.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    run : FilmRun
        Of the experts.

    Returns
    -------
    DataFrame, one row a subset
        `subset`, `test films, %`, `hits, %` (test films ranked in the first ten), `other films, %`,
        all by the explaining subset.
    """
    assert isinstance(run.model, FilmExperts)
    pairs = _pairs(run.candidates, next(run.model.parameters()).device)
    with torch.no_grad():
        chosen = method.explaining_subset(
            torch.cat([run.model.weights(part) for part in torch.split(pairs, _AT_ONCE)])
        )
    chosen = chosen.reshape(run.candidates.shape)
    is_hit = ranking.ranks_of_first(score_candidates(run.model, run.candidates)) <= _N_FIRST
    parts = {"test films, %": chosen[:, 0], "hits, %": chosen[is_hit, 0], "other films, %": chosen[:, 1:]}
    table = pd.DataFrame({"subset": FILM_SUBSET_NAMES})
    for name, part in parts.items():
        counts = np.bincount(part.reshape(-1), minlength=len(FILM_SUBSETS))
        table[name] = 100 * counts / max(1, part.size)
    return table
