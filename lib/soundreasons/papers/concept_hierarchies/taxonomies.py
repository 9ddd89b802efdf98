"""Real tags, and the orders that people made of the same words.

Task: tags of real tracks as concepts, and for each of five orders (Discogs genres, the tree of beets,
AudioSet's ontology, WordNet's instruments, the map of Every Noise) who is related to whom in it. Names are
compared without capitals, spaces, hyphens and plural s.

A tree is scored against an order that is no tree by a relation: two tags are related if some branch, taken
one step below the top of the order, holds both. Where a class has several parents, it is in several branches,
and one common branch suffices.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.agreement import (
    Null,
    random_null,
    related_share,
    share_interval,
)
from soundreasons.papers.concept_hierarchies.hierarchy import Hierarchy, build_hierarchy, edges
from soundreasons.papers.concept_hierarchies.similarity import betweenness, similarity_graph
from soundreasons.papers.concept_hierarchies.structures import embedding_similarity
from soundreasons.papers.concept_hierarchies.vectors import cooccurrence

Branches = dict[str, frozenset[str]]
TAG_THRESHOLD = 0.05  # co-occurrence rates are small; the paper's 0.5 joins hardly any tags
_SPELLINGS = {"rhythmnblue": "rnb"}


@dataclass(frozen=True)
class TagSet:
    """Tags of tracks.

    Attributes
    ----------
    names : tuple of str
    labels : ndarray of bool, shape (n_tracks, n_tags)
    """

    names: tuple[str, ...]
    labels: NDArray[np.bool_]


@functools.cache
def jamendo_taggings() -> pd.DataFrame:
    """Open all tags of MTG-Jamendo once: `track`, `category`, `tag`. Chapter: concept_hierarchies."""
    table: pd.DataFrame = data.open("jamendo_tags").taggings
    return table


@functools.cache
def jamendo_tags(category: str, fewest: int = 20) -> TagSet:
    """Open the tags of one category ("genre", "instrument", "mood/theme") of MTG-Jamendo.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If the category is unknown.
    """
    table = jamendo_taggings()
    chosen = table[table["category"] == category]
    if len(chosen) == 0:
        known = ", ".join(sorted(set(table["category"])))
        raise ValueError(f"category is {category!r}, expected one of {known}")
    return _tag_set(chosen["track"], chosen["tag"], fewest)


@functools.cache
def magnatagatune_tags(fewest: int = 20) -> TagSet:
    """Open the 50 tags of MagnaTagATune, on its validation and test clips. Chapter: concept_hierarchies."""
    table = data.open("magnatagatune_labels").taggings
    return _tag_set(table["clip"], table["tag"], fewest)


def _tag_set(tracks: pd.Series, tags: pd.Series, fewest: int) -> TagSet:
    track, _ = pd.factorize(tracks)
    tag, names = pd.factorize(tags, sort=True)
    labels = np.zeros((track.max() + 1, len(names)), dtype=bool)
    labels[track, tag] = True
    often = labels.sum(axis=0) >= fewest
    return TagSet(tuple(map(str, names[often])), labels[:, often])


def plain(name: str) -> str:
    """Spell a name so that two sources can agree on it. Chapter: concept_hierarchies.

    >>> plain("Drum and bass") == plain("drumnbass"), plain("Violins"), plain("Pop music")
    (True, 'violin', 'pop')
    """
    words = re.sub(r"\band\b|&", "n", name.lower())
    letters = re.sub(r"[^a-z0-9]", "", words)
    letters = letters.removesuffix("music") if len(letters) > len("music") else letters
    letters = letters.removesuffix("s") if len(letters) > 3 else letters
    return _SPELLINGS.get(letters, letters)


def discogs_branches() -> Branches:
    """Genres of each Discogs style, and our parents of Jamendo's tags. Chapter: concept_hierarchies."""
    found: dict[str, set[str]] = {}
    styles = data.open("discogs_styles").styles
    for genre, style in zip(styles["genre"], styles["style"], strict=True):
        found.setdefault(plain(style), set()).add(genre)
        found.setdefault(plain(genre), set()).add(genre)
    parents = data.open("jamendo_genre_parents").parents
    for tag, parent in zip(parents["tag"], parents["parent"], strict=True):
        found[plain(tag)] = set(parent.split("|"))
    return _frozen(found)


def beets_branches() -> Branches:
    """Roots of the tree of beets above each genre. Chapter: concept_hierarchies."""
    table = data.open("genre_names").tree
    return _branches(zip(table["parent"], table["genre"], strict=True), top="")


def audioset_branches(top: str) -> Branches:
    """Branches of AudioSet's ontology below `top` ("Music genre", "Musical instrument").

    Chapter: concept_hierarchies.
    """
    record = data.open("audioset_ontology")
    labels = dict(zip(record.classes["class_id"], record.classes["label"], strict=True))
    pairs = [
        (labels[parent], labels[child])
        for parent, child in zip(record.children["parent"], record.children["child"], strict=True)
    ]
    found = _branches(pairs, top=top)
    # "Violin, fiddle" are two words for one class.
    spelled = {label: plain(label) for label in labels.values() if "," in label and plain(label) in found}
    synonyms = {plain(word): found[key] for label, key in spelled.items() for word in label.split(",")}
    return synonyms | found


@functools.cache
def wordnet_branches(top: str = "musical_instrument") -> Branches:
    """Branches of WordNet's nouns below `top`. Chapter: concept_hierarchies."""
    record = data.open("wordnet")
    synsets = record.synsets[record.synsets["synset_id"].str.startswith("n")]
    words = dict(zip(synsets["synset_id"], synsets["words"], strict=True))
    (start,) = [key for key, spelled in words.items() if top in spelled.split("|")][:1]
    kinds = record.relations[record.relations["relation"] == "hypernym"]
    below = _below(zip(kinds["parent"], kinds["child"], strict=True))
    found: dict[str, set[str]] = {}
    for branch in below.get(start, []):
        for synset in _reach(branch, below):
            for word in words[synset].split("|"):
                found.setdefault(plain(word.replace("_", " ")), set()).add(words[branch].split("|")[0])
    return _frozen(found)


def _branches(pairs: Iterable[tuple[str, str]], top: str) -> Branches:
    below = _below(pairs)
    found: dict[str, set[str]] = {}
    for branch in below.get(top, []):
        for name in _reach(branch, below):
            found.setdefault(plain(name), set()).add(branch)
    return _frozen(found)


def _below(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    below: dict[str, list[str]] = {}
    for parent, child in pairs:
        below.setdefault(parent, []).append(child)
    return below


def _reach(start: str, below: Mapping[str, list[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for child in below.get(waiting.pop(), []):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return seen


def _frozen(found: Mapping[str, set[str]]) -> Branches:
    return {name: frozenset(branches) for name, branches in found.items()}


def relation(names: Iterable[str], branches: Branches) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which names share a branch, and which are known at all.

    Chapter: concept_hierarchies.

    Returns
    -------
    ndarray of bool, shape (n, n), ndarray of bool, shape (n,)
        Related; known.

    Examples
    --------
    >>> related, known = relation(["viola", "oboe", "x"], {"viola": frozenset("s"), "oboe": frozenset("w")})
    >>> related.tolist(), known.tolist()
    ([[True, False, False], [False, True, False], [False, False, False]], [True, True, False])
    """
    own = [branches.get(plain(name), frozenset()) for name in names]
    related = np.array([[bool(first & second) for second in own] for first in own])
    return related, np.array([bool(branch) for branch in own])


def tag_hierarchy(similarity: NDArray[np.float64], threshold: float = TAG_THRESHOLD) -> Hierarchy:
    """Build a tree of tags from rates of co-occurrence: low threshold, no least similarity.

    Chapter: concept_hierarchies.
    """
    return build_hierarchy(
        similarity, betweenness(similarity_graph(similarity, threshold)), min_similarity=0.0
    )


ORDERS: dict[str, tuple[str, str, Callable[[], Branches], tuple[str, ...]]] = {
    "jamendo_genre.discogs": ("jamendo", "genre", discogs_branches, ("jamendo_tags", "discogs_styles")),
    "jamendo_genre.beets": ("jamendo", "genre", beets_branches, ("jamendo_tags", "genre_names")),
    "jamendo_genre.audioset": (
        "jamendo",
        "genre",
        lambda: audioset_branches("Music genre"),
        ("jamendo_tags", "audioset_ontology"),
    ),
    "jamendo_instrument.audioset": (
        "jamendo",
        "instrument",
        lambda: audioset_branches("Musical instrument"),
        ("jamendo_tags", "audioset_ontology"),
    ),
    "jamendo_instrument.wordnet": ("jamendo", "instrument", wordnet_branches, ("jamendo_tags", "wordnet")),
    "magnatagatune.discogs": (
        "magnatagatune",
        "",
        discogs_branches,
        ("magnatagatune_labels", "discogs_styles"),
    ),
    "magnatagatune.audioset": (
        "magnatagatune",
        "",
        lambda: audioset_branches("Musical instrument") | audioset_branches("Music genre"),
        ("magnatagatune_labels", "audioset_ontology"),
    ),
}


def needed(order: str) -> tuple[str, ...]:
    """Name the data sets that one comparison reads. Chapter: concept_hierarchies."""
    return ORDERS[order][3]


@dataclass(frozen=True)
class TagAgreement:
    """How a tree of tags agrees with an order.

    Attributes
    ----------
    ours, transposed, cosine : float
        Share of judged edges whose ends are related: for S[i, j] = P(j | i), for its transpose, and for
        cosines of co-occurrence.
    n_judged : int
        Edges between two known tags, of the first tree.
    null : Null
        The same for random trees.
    """

    ours: float
    transposed: float
    cosine: float
    n_judged: int
    null: Null

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `ours`, for the number of judged edges."""
        return share_interval(self.ours, self.n_judged)


def tag_agreement(order: str, rng: np.random.Generator, n_draws: int = 1000) -> TagAgreement:
    """Build a tree of tags and judge it by an order.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    order : str
        A key of `ORDERS`.
    rng : Generator
        Of the random trees.
    n_draws : int
        Number of random trees.

    Raises
    ------
    ValueError
        If the order is unknown.
    """
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}, expected one of {', '.join(ORDERS)}")
    source, category, branches, _ = ORDERS[order]
    tags = jamendo_tags(category) if source == "jamendo" else magnatagatune_tags()
    related, known = relation(tags.names, branches())
    similarity = cooccurrence(tags.labels)

    def score(structure: NDArray[np.uint8]) -> float:
        return related_share(structure, related, known)

    tree = tag_hierarchy(similarity)
    cosines = embedding_similarity(similarity)
    return TagAgreement(
        score(tree),
        score(tag_hierarchy(np.ascontiguousarray(similarity.T))),
        score(tag_hierarchy(cosines, threshold=float(np.quantile(cosines, 0.9)))),
        int(known[edges(tree)].all(axis=1).sum()),
        random_null(score, len(tags.names), rng, n_draws),
    )


def map_positions(names: Iterable[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Find names on the map of Every Noise: positions in pixels, and which are there.

    Chapter: concept_hierarchies.

    Returns
    -------
    ndarray, shape (n, 2), ndarray of bool, shape (n,)
        Zero where a name is not on the map.
    """
    table = data.open("every_noise_map").genres
    place = {plain(genre): (x, y) for genre, x, y in zip(table["genre"], table["x"], table["y"], strict=True)}
    wanted = [plain(name) for name in names]
    positions = np.array([place.get(name, (0, 0)) for name in wanted], dtype=np.float64)
    return positions, np.array([name in place for name in wanted])
