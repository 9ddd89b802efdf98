"""The networks of the films: embedded viewers and films, restricted experts on them, a plain perceptron.

Groups: content, user, item; subsets: content, content + user, content + item, all. Paper: MovieLens.
Chapter: interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.data.films import Films
from soundreasons.papers.interpretable_attribution.experiments.plain import plain_network
from soundreasons.papers.interpretable_attribution.method import FILM_STEP

FILM_SUBSETS = ((0,), (0, 1), (0, 2), (0, 1, 2))  # of content, user, item
FILM_SUBSET_NAMES = ("content", "content + user", "content + item", "all")
_N_SEXES, _N_AGES, _N_OCCUPATIONS = 2, 7, 21
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
    n_users : int
        How many.
    content : Tensor, shape (n_items, 19)
        Year and genres.
    people : Tensor of int, shape (n_users, 3), or None
        Sex, age class, occupation.
    training : FilmTraining
        F and G: embeddings have F features, content 8 G (films) and 8 G more where people are known.
    generator : torch.Generator, optional
        Draws the first weights.
    """

    content: Tensor
    people: Tensor | None

    def __init__(
        self,
        n_users: int,
        content: Tensor,
        people: Tensor | None,
        training: FilmTraining,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        device, factors, unit = content.device, training.factors, training.content_size
        self.register_buffer("content", content, persistent=False)
        self.register_buffer("people", people, persistent=False)
        sizes = [(n_users, factors), (len(content), factors)]
        if people is not None:
            sizes += [(_N_SEXES, unit), (_N_AGES, 3 * unit), (_N_OCCUPATIONS, 4 * unit)]
        self.tables = nn.ModuleList(nn.Embedding(n, size, device=device) for n, size in sizes)
        for table in self.tables:
            nn.init.uniform_(table.weight, -0.05, 0.05, generator=generator)  # type: ignore[arg-type]
        self.told = nn.Linear(_ITEM_CONTENT, 8 * unit, device=device)
        nn.init.xavier_uniform_(self.told.weight, generator=generator)
        nn.init.zeros_(self.told.bias)
        n_content = 8 * unit * (1 if people is None else 2)
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

    Paper: MovieLens. Chapter: interpretable_attribution.
    """

    def __init__(
        self, features: FilmFeatures, factors: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.features = features
        with features.content.device:
            self.experts = fast.RestrictedExperts(
                features.groups, list(FILM_SUBSETS), block_sizes(factors), generator=generator
            )
        self.asked_first = method.strict_children(self.experts.subsets)  # once, not at every step

    @property
    def n_parameters(self) -> int:
        """Numbers that can be learned; what a mask forbids is not counted."""
        return self.experts.n_parameters + sum(p.numel() for p in self.features.parameters())

    def logits(self, pairs: Tensor) -> Tensor:
        """Answers of the experts to pairs, shape (n, 4), before it is squeezed."""
        return self.experts.logits(self.features(pairs))

    def weights(self, pairs: Tensor) -> Tensor:
        """Weights of the experts, shape (n, 4), not normalised."""
        return self._weights(torch.tanh(self.logits(pairs)))

    def _weights(self, outputs: Tensor) -> Tensor:
        return fast.gate_weights(outputs, self.experts.subsets, FILM_STEP.gate, children=self.asked_first)

    def forward(self, pairs: Tensor) -> Tensor:
        """Output of the mixture, shape (n,); larger = more likely rated."""
        outputs = torch.tanh(self.logits(pairs))
        return method.mixture(outputs, self._weights(outputs))

    def loss(self, pairs: Tensor, labels: Tensor) -> Tensor:
        """Loss of the M-step."""
        logits, subsets = self.logits(pairs), self.experts.subsets
        return fast.batch_loss(logits, labels, subsets, FILM_STEP, children=self.asked_first)


class PlainFilms(nn.Module):
    """The unrestricted counterpart: all features into one perceptron (an augmented NCF).

    Paper: MovieLens. Chapter: interpretable_attribution.

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
        self,
        features: FilmFeatures,
        factors: int,
        generator: torch.Generator | None = None,
        *,
        widening: int = 4,
    ) -> None:
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


def film_features(
    films: Films, training: FilmTraining, generator: torch.Generator | None = None, *, device: str = "cpu"
) -> FilmFeatures:
    """Build the features of an edition. Chapter: interpretable_attribution."""
    people = None if films.people is None else torch.as_tensor(films.people, device=device)
    content = torch.as_tensor(films.content, device=device)
    return FilmFeatures(films.n_users, content, people, training, generator)


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
    features = FilmFeatures(6040, content, people, FilmTraining(factors=64, content_size=2))
    return {
        "film_experts": FilmExperts(features, 64).n_parameters,
        "film_plain": PlainFilms(features, 64, widening=1).n_parameters,
        "film_wide": PlainFilms(features, 64, widening=4).n_parameters,
    }
