"""Explanations by paths: from the user over an artist and a tag, a fact or a person to the item."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import MUSIC_RELATIONS, Listening
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence
from soundreasons.papers.explainable_recommendation.fast.people import neighbours
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender


@dataclass(frozen=True)
class Path:
    """One way from a user to an item.

    Attributes
    ----------
    start : int
        Artist of the history, or -1 where the path leads over people.
    relation : str
        "tag", a relation of `MUSIC_RELATIONS`, "listeners" or "friends".
    middle : int
        The tag, the value of the fact, or how many people.
    score : float
        Product of the weights of its steps, each from 0 to 1.
    """

    start: int
    relation: str
    middle: int
    score: float


def all_paths(model: Recommender, user: int, item: int, context: Context) -> list[Path]:
    """Find the paths of every type, the best first.

    Weights: to an artist, its rank by plays in the history; over a tag, the relevance of the tag to
    both artists; over a fact, one over the number of items that share it; over people, the share of
    the group that listens, and none if they are fewer than `context.anonymity`.
    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If the user has no history.
    """
    history = model.history(user)
    love = context.love(user, history)
    found = [*_over_tags(history, love, item, context), *_over_facts(history, love, item, context)]
    found += _over_people(user, item, context)
    return sorted(found, key=lambda path: (-path.score, path.start, path.relation, path.middle))


def paths(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite the artists of the history that a path over a tag or a fact links with the item.

    An artist weighs its best path, named in `notes` as ``relation:middle``.
    Chapter: explainable_recommendation.
    """
    best: dict[int, Path] = {}
    for path in all_paths(model, user, item, context):
        if path.start >= 0:
            best.setdefault(path.start, path)
    return Evidence(
        np.array(list(best), dtype=np.int64),
        np.array([path.score for path in best.values()]),
        "artists",
        notes=tuple(f"{path.relation}:{path.middle}" for path in best.values()),
    )


def _over_tags(history: NDArray[np.int64], love: Floats, item: int, context: Context) -> Iterator[Path]:
    shared = context.item_tags[history].multiply(context.item_tags[item]).tocsr()
    for row, start in enumerate(history):
        places = slice(*shared.indptr[row : row + 2])
        if shared.indptr[row] < shared.indptr[row + 1]:
            best = int(np.argmax(shared.data[places]))
            score = float(love[row] * shared.data[places][best])
            yield Path(int(start), "tag", int(shared.indices[places][best]), score)


def _over_facts(history: NDArray[np.int64], love: Floats, item: int, context: Context) -> Iterator[Path]:
    facts = _facts(context)
    for relation, value in facts["of"].get(item, []):
        group = facts["with"][relation, value]
        for row in np.flatnonzero(np.isin(history, group)):
            if history[row] != item:
                yield Path(int(history[row]), relation, value, float(love[row] / len(group)))


def _facts(context: Context) -> dict[str, dict]:  # type: ignore[type-arg]
    key = ("facts",)
    if key not in context.memory:
        graph: pd.DataFrame = context.graph
        of: dict[int, list[tuple[str, int]]] = {}
        for fact in graph.itertuples(index=False):
            of.setdefault(int(fact.item), []).append((str(fact.relation), int(fact.value)))
        shared = {key: np.asarray(part) for key, part in graph.groupby(["relation", "value"])["item"]}
        remember(context, key, {"of": of, "with": shared}, n_kept=1)
    return context.memory[key]  # type: ignore[no-any-return]


def _over_people(user: int, item: int, context: Context) -> Iterator[Path]:
    near, _ = neighbours(user, context)
    for relation, group in (("listeners", near), ("friends", context.friends[user].indices)):
        count = int(sp.csr_matrix(context.interactions[group])[:, [item]].sum()) if len(group) else 0
        if count >= context.anonymity:
            yield Path(-1, relation, count, count / len(group))


def path_words(path: Path, names: NDArray[np.str_], tag_names: NDArray[np.str_], item: int) -> str:
    """Put a path into words.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> path_words(Path(0, "tag", 1, 0.5), np.array(["Can", "Neu!"]), np.array(["folk", "krautrock"]), 1)
    'you play Can, which listeners call "krautrock", as they call Neu!'
    """
    if path.relation == "tag":
        word = tag_names[path.middle]
        return f'you play {names[path.start]}, which listeners call "{word}", as they call {names[item]}'
    if path.relation in MUSIC_RELATIONS:
        start, both = names[path.start], MUSIC_RELATIONS[path.relation]
        return f"you play {start}; {start} and {names[item]} {both}"
    whom = "your friends" if path.relation == "friends" else "the listeners most like you"
    return f"{path.middle} of {whom} play {names[item]}"


def link_words(path: Path, listening: Listening) -> str:
    """Name what links the artist of a path with the item: the tag, or the kind of fact.

    Chapter: explainable_recommendation.
    """
    if path.relation == "tag":
        return str(listening.tag_names[path.middle])
    return MUSIC_RELATIONS[path.relation]
