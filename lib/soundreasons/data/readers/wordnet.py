"""WordNet: English words in sets of synonyms, and how these sets are related (Miller, 1995).

Chapter: concept_hierarchies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, text_lines

# Pointer symbols of the data files that say "is a kind of" and "is an instance of".
RELATIONS = {"@": "hypernym", "@i": "instance hypernym"}


@dataclass(frozen=True)
class WordNet:
    """Synonym sets of nouns and verbs.

    Attributes
    ----------
    name : str
        Name in the registry.
    version : str
        ``"3.0"`` or ``"3.1"``: synset ids differ between them, words and glosses hardly.
    synsets : DataFrame
        One row a set: `synset_id` (text, part of speech and offset, such as ``n07020895``),
        `words` (text, joined by ``|``, spaces as underscores), `gloss` (text).
    relations : DataFrame
        One row a pointer upwards: `child`, `parent` (synset ids), `relation` (``hypernym`` or
        ``instance hypernym``).
    """

    name: str
    version: str
    synsets: pd.DataFrame
    relations: pd.DataFrame


def read_wordnet(folder: Folder) -> WordNet:
    """Read the noun and verb data files (format: wndb(5WN))."""
    lines = [parsed for file in ("data.noun", "data.verb") for parsed in _lines(folder.path(file))]
    synsets = pd.DataFrame([line[0] for line in lines], columns=["synset_id", "words", "gloss"], dtype="str")
    upwards = [relation for line in lines for relation in line[1]]
    relations = pd.DataFrame(upwards, columns=["child", "parent", "relation"], dtype="str")
    return WordNet(folder.name, folder.version, synsets, relations)


def _lines(path: Path) -> Iterator[tuple[tuple[str, str, str], list[tuple[str, str, str]]]]:
    for line in text_lines(path):
        if line and not line.startswith(" "):  # the licence at the top is indented
            try:
                yield _synset(line)
            except (ValueError, IndexError) as error:
                raise DataError(f"{path} has a line that is no synset: {line[:80]!r}") from error


def _synset(line: str) -> tuple[tuple[str, str, str], list[tuple[str, str, str]]]:
    data, _, gloss = line.partition(" | ")
    cells = data.split(" ")
    offset, part, n_words = cells[0], cells[2], int(cells[3], 16)
    words = [word.partition("(")[0] for word in cells[4 : 4 + 2 * n_words : 2]]
    start = 4 + 2 * n_words
    n_pointers = int(cells[start])
    synset_id = f"{part}{int(offset):08d}"
    pointers = [cells[start + 1 + 4 * k : start + 5 + 4 * k] for k in range(n_pointers)]
    upwards = [
        (synset_id, f"{target_part}{int(target):08d}", RELATIONS[symbol])
        for symbol, target, target_part, _ in pointers
        if symbol in RELATIONS
    ]
    return (synset_id, "|".join(words), gloss.strip()), upwards
