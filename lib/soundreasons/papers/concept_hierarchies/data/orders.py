"""Orders that people made of the words that tags are: Discogs, beets, AudioSet, WordNet, Every Noise.

Names are compared without capitals, spaces, hyphens and plural s. A tree is scored against an order that is
no tree by a relation: two tags are related if some branch, taken one step below the top of the order, holds
both. Where a class has several parents, it is in several branches, and one common branch suffices.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.data.tags import TagSet, jamendo_tags, magnatagatune_tags

Branches = dict[str, frozenset[str]]
_SPELLINGS = {"rhythmnblue": "rnb"}


def spelling(name: str) -> str:
    """Spell a name so that two sources can agree on it. Chapter: concept_hierarchies.

    >>> spelling("Drum and bass") == spelling("drumnbass"), spelling("Violins"), spelling("Pop music")
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
        found.setdefault(spelling(style), set()).add(genre)
        found.setdefault(spelling(genre), set()).add(genre)
    parents = data.open("jamendo_genre_parents").parents
    for tag, parent in zip(parents["tag"], parents["parent"], strict=True):
        found[spelling(tag)] = set(parent.split("|"))
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
    spelled = {
        label: spelling(label) for label in labels.values() if "," in label and spelling(label) in found
    }
    synonyms = {spelling(word): found[key] for label, key in spelled.items() for word in label.split(",")}
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
                found.setdefault(spelling(word.replace("_", " ")), set()).add(words[branch].split("|")[0])
    return _frozen(found)


def _branches(pairs: Iterable[tuple[str, str]], top: str) -> Branches:
    below = _below(pairs)
    found: dict[str, set[str]] = {}
    for branch in below.get(top, []):
        for name in _reach(branch, below):
            found.setdefault(spelling(name), set()).add(branch)
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
    own = [branches.get(spelling(name), frozenset()) for name in names]
    related = np.array([[bool(first & second) for second in own] for first in own])
    return related, np.array([bool(branch) for branch in own])


def map_positions(names: Iterable[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Find names on the map of Every Noise: positions in pixels, and which are there.

    Chapter: concept_hierarchies.

    Returns
    -------
    ndarray, shape (n, 2), ndarray of bool, shape (n,)
        Zero where a name is not on the map.
    """
    table = data.open("every_noise_map").genres
    place = {
        spelling(genre): (x, y) for genre, x, y in zip(table["genre"], table["x"], table["y"], strict=True)
    }
    wanted = [spelling(name) for name in names]
    positions = np.array([place.get(name, (0, 0)) for name in wanted], dtype=np.float64)
    return positions, np.array([name in place for name in wanted])


class Order(NamedTuple):
    """Tags, the branches that people sorted their words into, and the data sets that both need."""

    tags: Callable[[], TagSet]
    branches: Callable[[], Branches]
    needs: tuple[str, ...]


ORDERS = {
    "jamendo_genre.discogs": Order(
        lambda: jamendo_tags("genre"), discogs_branches, ("jamendo_tags", "discogs_styles")
    ),
    "jamendo_genre.beets": Order(
        lambda: jamendo_tags("genre"), beets_branches, ("jamendo_tags", "genre_names")
    ),
    "jamendo_genre.audioset": Order(
        lambda: jamendo_tags("genre"),
        lambda: audioset_branches("Music genre"),
        ("jamendo_tags", "audioset_ontology"),
    ),
    "jamendo_instrument.audioset": Order(
        lambda: jamendo_tags("instrument"),
        lambda: audioset_branches("Musical instrument"),
        ("jamendo_tags", "audioset_ontology"),
    ),
    "jamendo_instrument.wordnet": Order(
        lambda: jamendo_tags("instrument"), wordnet_branches, ("jamendo_tags", "wordnet")
    ),
    "magnatagatune.discogs": Order(
        magnatagatune_tags, discogs_branches, ("magnatagatune_labels", "discogs_styles")
    ),
    "magnatagatune.audioset": Order(
        magnatagatune_tags,
        lambda: audioset_branches("Musical instrument") | audioset_branches("Music genre"),
        ("magnatagatune_labels", "audioset_ontology"),
    ),
}


def order(name: str) -> Order:
    """Look up a comparison of tags with an order.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If the name is none of `ORDERS`.
    """
    if name not in ORDERS:
        raise ValueError(f"order is {name!r}, expected one of {', '.join(ORDERS)}")
    return ORDERS[name]
