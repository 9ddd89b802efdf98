"""Guessing the next film: restricted experts, and the unrestricted network they are compared with.

Task: embed users and films, add what is known of them, and tell rated from unrated pairs. Groups: user,
item, content; subsets: content, content + user, content + item, all. Source: section 4.2. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution.experts import RestrictedExperts
from soundreasons.papers.interpretable_attribution.films import (
    N_OTHERS,
    Films,
    NegativeDraw,
    Split,
    leave_last_out,
    unseen_items,
)
from soundreasons.papers.interpretable_attribution.gating import explaining_subset, gate_weights, mixture
from soundreasons.papers.interpretable_attribution.plain import plain_network
from soundreasons.papers.interpretable_attribution.ranking import hit_ratio_at_k, ndcg_at_k, ranks_of_first
from soundreasons.papers.interpretable_attribution.subsets import strict_children
from soundreasons.papers.interpretable_attribution.training import FILM_STEP, BestOf, descend, em_loss

FILM_SUBSETS = ((0,), (0, 1), (0, 2), (0, 1, 2))  # of content, user, item
FILM_SUBSET_NAMES = ("content", "content + user", "content + item", "all")
_N_SEXES, _N_AGES, _N_OCCUPATIONS = 2, 7, 21
_AT_ONCE = 65_536  # pairs scored at once
_ITEM_CONTENT = 19  # year and 18 genres


@dataclass(frozen=True)
class FilmTraining:
    """Settings of the MovieLens experiment; the paper's are 64, 2, 20 epochs of batches of 256.

    Attributes
    ----------
    factors : int
        Size of an embedding (F).
    content_size : int
        Unit of the sizes of content features (G).
    epochs, batch_size : int
    learning_rate : float
    """

    factors: int = 16
    content_size: int = 2
    epochs: int = 10
    batch_size: int = 1024
    learning_rate: float = 1e-3


class FilmFeatures(nn.Module):
    """Features of a (user, item) pair in three groups: content, user, item.

    Parameters
    ----------
    n_users, n_items : int
        How many of either.
    factors, content_size : int
        F and G: embeddings have F features, content 8 G (films) and 8 G more where people are told.
    content : Tensor, shape (n_items, 19)
        Year and genres.
    people : Tensor of int, shape (n_users, 3), optional
        Sex, age class, occupation.
    """

    content: Tensor
    people: Tensor | None

    def __init__(
        self,
        n_users: int,
        n_items: int,
        factors: int,
        content_size: int,
        content: Tensor,
        people: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        device = content.device
        self.register_buffer("content", content, persistent=False)
        self.register_buffer("people", people, persistent=False)
        sizes = [(n_users, factors), (n_items, factors)]
        if people is not None:
            unit = content_size
            sizes += [(_N_SEXES, unit), (_N_AGES, 3 * unit), (_N_OCCUPATIONS, 4 * unit)]
        self.tables = nn.ModuleList(nn.Embedding(n, size, device=device) for n, size in sizes)
        for table in self.tables:
            nn.init.uniform_(table.weight, -0.05, 0.05, generator=generator)  # type: ignore[arg-type]
        self.told = nn.Linear(_ITEM_CONTENT, 8 * content_size, device=device)
        nn.init.xavier_uniform_(self.told.weight, generator=generator)
        nn.init.zeros_(self.told.bias)
        n_content = 8 * content_size * (1 if people is None else 2)
        self.groups = [
            list(range(n_content)),
            list(range(n_content, n_content + factors)),
            list(range(n_content + factors, n_content + 2 * factors)),
        ]

    @property
    def n_features(self) -> int:
        """Features of a pair."""
        return self.groups[-1][-1] + 1

    def forward(self, pairs: Tensor) -> Tensor:
        """Pairs of user and item, shape (n, 2), to features, shape (n, n_features)."""
        user, item = pairs.unbind(dim=1)
        users, items, *rest = self.tables
        content = [torch.tanh(self.told(self.content[item]))]
        if self.people is not None:
            about = self.people[user].unbind(dim=1)
            content += [table(kind) for table, kind in zip(rest, about, strict=True)]
        return torch.cat([*content, users(user), items(item)], dim=1)


def block_sizes(factors: int) -> list[int]:
    """Units of a block in each hidden layer. Chapter: interpretable_attribution.

    Examples
    --------
    >>> block_sizes(64)
    [128, 64, 32, 16]
    """
    return [2 * factors, factors, factors // 2, factors // 4]


class FilmExperts(nn.Module):
    """Four experts on content, content + user, content + item, all.

    Source: section 4.2. Chapter: interpretable_attribution.
    """

    def __init__(
        self, features: FilmFeatures, factors: int, *, form: str = "masked",
        generator: torch.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.features = features
        self.experts = RestrictedExperts(
            features.groups, list(FILM_SUBSETS), block_sizes(factors), form=form, generator=generator,
            device=str(features.content.device),
        )  # fmt: skip
        self.smaller = strict_children(self.experts.subsets)  # once, not at every step

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned; what a mask forbids is not counted."""
        return self.experts.n_parameters + sum(p.numel() for p in self.features.parameters())

    def logits(self, pairs: Tensor) -> Tensor:
        """What the experts say of pairs, shape (n, 4), before it is squeezed."""
        return self.experts.logits(self.features(pairs))

    def weights(self, pairs: Tensor) -> Tensor:
        """Weights of the experts, shape (n, 4), not normalised."""
        return self._weights(torch.tanh(self.logits(pairs)))

    def _weights(self, outputs: Tensor) -> Tensor:
        return gate_weights(outputs, self.experts.subsets, FILM_STEP.gate, children=self.smaller)

    def forward(self, pairs: Tensor) -> Tensor:
        """Output of the mixture, shape (n,); larger = more likely rated."""
        outputs = torch.tanh(self.logits(pairs))
        return mixture(outputs, self._weights(outputs))

    def loss(self, pairs: Tensor, labels: Tensor) -> Tensor:
        """Loss of the M-step."""
        return em_loss(self.logits(pairs), labels, self.experts.subsets, FILM_STEP, children=self.smaller)


class PlainFilms(nn.Module):
    """The unrestricted counterpart: all features into one perceptron (an augmented NCF).

    Source: section 4.2. Chapter: interpretable_attribution.

    Parameters
    ----------
    features : FilmFeatures
        Of pairs.
    factors : int
        F, which sets the width of the layers.
    widening : int
        Layers are this many times as wide as a block; 4 gives about as many parameters.
    """

    def __init__(
        self, features: FilmFeatures, factors: int, widening: int = 4, *,
        generator: torch.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.features = features
        hidden = [widening * width for width in block_sizes(factors)]
        self.network = plain_network(
            features.n_features, hidden, generator=generator, device=str(features.content.device)
        )

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, pairs: Tensor) -> Tensor:
        """Logit of each pair, shape (n,)."""
        return self.network(self.features(pairs)).squeeze(-1)  # type: ignore[no-any-return]

    def loss(self, pairs: Tensor, labels: Tensor) -> Tensor:
        """Log-loss."""
        return functional.binary_cross_entropy_with_logits(self(pairs), labels)


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

    The weights of the epoch with the best validation hit ratio are kept. Source: section 4.2.
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
    tuned = _candidates(split.validation, unseen_items(films, seed + 10_000, others.shape[1]))

    def validation() -> float:
        return hit_ratio_at_k(ranks_of_first(score_candidates(model, tuned)))

    keeper = BestOf(model, validation, draw.steps_per_epoch)
    steps = training.epochs * draw.steps_per_epoch
    descend(model.parameters(), lambda: model.loss(*draw()), steps, training.learning_rate, after=keeper)
    keeper.restore()
    candidates = _candidates(split.test, others)
    return FilmRun(rank_scores(score_candidates(model, candidates)), model, split, candidates)


def rank_scores(scores: NDArray[np.float64]) -> dict[str, float]:
    """Hit ratio and gain at 10 of scores with the right item first. Chapter: interpretable_attribution."""
    ranks = ranks_of_first(scores)
    return {"hit_ratio": hit_ratio_at_k(ranks), "ndcg": ndcg_at_k(ranks)}


def film_scores(run: FilmRun) -> dict[str, float]:
    """Hit ratio at 10 of each expert alone, by `hit_ratio_<k>`. Chapter: interpretable_attribution."""
    assert isinstance(run.model, FilmExperts)
    pairs = _pairs(run.candidates, next(run.model.parameters()).device)
    with torch.no_grad():
        said = torch.cat([run.model.logits(part) for part in torch.split(pairs, _AT_ONCE)]).cpu().numpy()
    tables = said.reshape(*run.candidates.shape, len(FILM_SUBSETS))
    return {
        f"hit_ratio_{k}": hit_ratio_at_k(ranks_of_first(tables[..., k])) for k in range(len(FILM_SUBSETS))
    }


def published_film_sizes() -> dict[str, int]:
    """Count the parameters of the paper's models for MovieLens 1M; nothing is allocated.

    Chapter: interpretable_attribution.

    Returns
    -------
    dict of int
        `film_experts`, `film_plain`, `film_wide`.

    Examples
    --------
    >>> published_film_sizes()
    {'film_experts': 771306, 'film_plain': 655767, 'film_wide': 879255}
    """
    content = torch.empty(3706, _ITEM_CONTENT, device="meta")
    people = torch.empty(6040, 3, dtype=torch.long, device="meta")
    features = FilmFeatures(6040, 3706, 64, 2, content, people)
    return {
        "film_experts": FilmExperts(features, 64, form="blocks").n_parameters,
        "film_plain": PlainFilms(features, 64, 1).n_parameters,
        "film_wide": PlainFilms(features, 64, 4).n_parameters,
    }


def popularity_scores(split: Split, candidates: NDArray[np.int64], n_items: int) -> dict[str, float]:
    """Scores of ranking by the number of training ratings: the floor. Chapter: interpretable_attribution."""
    counts = np.bincount(split.items, minlength=n_items).astype(np.float64)
    return rank_scores(counts[candidates])


def film_features(
    films: Films, training: FilmTraining, generator: torch.Generator | None = None, *, device: str = "cpu"
) -> FilmFeatures:
    """Build the features of an edition. Chapter: interpretable_attribution."""
    people = None if films.people is None else torch.as_tensor(films.people, device=device)
    return FilmFeatures(
        films.n_users, films.n_items, training.factors, training.content_size,
        torch.as_tensor(films.content, device=device), people, generator=generator,
    )  # fmt: skip


def _model(
    films: Films, kind: str, training: FilmTraining, generator: torch.Generator
) -> FilmExperts | PlainFilms:
    features = film_features(films, training, generator, device=str(generator.device))
    if kind == "experts":
        return FilmExperts(features, training.factors, generator=generator)
    if kind == "plain":
        return PlainFilms(features, training.factors, generator=generator)
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


def who_explains_films(run: FilmRun) -> pd.DataFrame:
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
        chosen = explaining_subset(
            torch.cat([run.model.weights(part) for part in torch.split(pairs, _AT_ONCE)])
        )
    chosen = chosen.reshape(run.candidates.shape)
    is_hit = ranks_of_first(score_candidates(run.model, run.candidates)) <= 10
    parts = {"test films, %": chosen[:, 0], "hits, %": chosen[is_hit, 0], "other films, %": chosen[:, 1:]}
    table = pd.DataFrame({"subset": FILM_SUBSET_NAMES})
    for name, part in parts.items():
        counts = np.bincount(part.reshape(-1), minlength=len(FILM_SUBSETS))
        table[name] = 100 * counts / max(1, part.size)
    return table
