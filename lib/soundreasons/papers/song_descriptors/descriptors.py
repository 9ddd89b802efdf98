"""From captions and tags to a retrieval task: every sentence asks for a sampled set of descriptors."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Descriptors = list[str]


@dataclass(frozen=True)
class DescriptorSets:
    """A retrieval task.

    Attributes
    ----------
    queries : list of str, length n_queries
        Sentences of the captions (or requests), in order.
    documents : list of str, length n_documents
        Distinct descriptor sets, each joined by ``", "``, in order of first appearance. May hold one
        empty string: see `sample_descriptor_sets`.
    relevant : list of set of int, length n_queries
        Numbers of the documents that were drawn for each query.
    rows : ndarray of int, shape (n_queries,)
        Which caption each query comes from.
    """

    queries: list[str]
    documents: list[str]
    relevant: list[set[int]]
    rows: NDArray[np.int64]


def split_descriptors(aspects: str) -> Descriptors:
    """Turn a published list of tags into descriptors, by the paper's own string operations.

    Square brackets go, quote-space-quote becomes comma-space, other single quotes go (those inside
    names too), newlines become commas; then the text is cut at comma-space. Section 4.1 of the dossier
    of Epure et al. (2024). Chapter: song_descriptors.

    Parameters
    ----------
    aspects : str
        A list in Python's or NumPy's notation.

    Returns
    -------
    list of str
        In order; not made distinct.

    Examples
    --------
    >>> split_descriptors("['low quality', 'piano', 'don't stop']")
    ['low quality', 'piano', 'dont stop']
    """
    text = re.sub(r"[\[\]]", "", aspects).replace("' '", ", ").replace("'", "").replace("\n", ",")
    return text.split(", ")


def clean_caption(caption: str) -> str:
    r"""Put a caption on one line.

    Chapter: song_descriptors.

    >>> clean_caption("a ballad\nwith strings")
    'a ballad with strings'
    """
    return caption.replace("\n", " ")


def matching(sentence: str, tags: Sequence[str]) -> tuple[Descriptors, Descriptors]:
    """Part the tags into those that stand in the sentence, letter by letter, and the others.

    Chapter: song_descriptors.

    Examples
    --------
    >>> matching("A piano ballad.", ["piano", "Ballad", "sad"])
    (['piano'], ['Ballad', 'sad'])
    """
    return [tag for tag in tags if tag in sentence], [tag for tag in tags if tag not in sentence]


def sample_descriptor_sets(
    captions: Sequence[str], tags: Sequence[Sequence[str]], sets_per_query: int = 1, seed: int = 0
) -> DescriptorSets:
    """Make queries of the sentences of captions, and draw for each the descriptor sets to be found.

    Of the descriptors that stand in a sentence, at least one is drawn; of the others at most as many
    as there are of the first kind, perhaps none. The order is shuffled. Equal sets are one document.
    Epure et al. (2024), the code of its evaluation. Chapter: song_descriptors.

    Two things to know. If no descriptor stands in a sentence, its document is the **empty string**, and
    all such sentences share it. And a set drawn for one query may fit another as well, but counts as
    wrong there.

    Parameters
    ----------
    captions : sequence of str
        One a song; cut into sentences at ". " (the last keeps its full stop).
    tags : sequence of sequence of str
        The descriptors of each song.
    sets_per_query : int, from 1
        Sets drawn for each sentence; equal ones are kept once.
    seed : int
        Of Python's generator.

    Returns
    -------
    DescriptorSets

    Raises
    ------
    ValueError
        If the two have different lengths, or `sets_per_query` is below 1.

    Examples
    --------
    >>> task = sample_descriptor_sets(["A slow piano ballad. No words"], [["slow", "piano", "sad"]])
    >>> task.queries, task.documents[task.relevant[1].pop()]
    (['A slow piano ballad', 'No words'], '')
    """
    if len(captions) != len(tags):
        raise ValueError(f"{len(captions)} captions for {len(tags)} lists of tags; give one list a caption")
    if sets_per_query < 1:
        raise ValueError(f"sets_per_query is {sets_per_query}, expected 1 or more")
    pieces = [(row, sentence) for row, caption in enumerate(captions) for sentence in caption.split(". ")]
    return draw_for([text for _, text in pieces], [row for row, _ in pieces], tags, sets_per_query, seed)


def draw_for(
    queries: Sequence[str],
    rows: Sequence[int],
    tags: Sequence[Sequence[str]],
    sets_per_query: int = 1,
    seed: int = 0,
) -> DescriptorSets:
    """Draw the descriptor sets of queries that are given as they are; see `sample_descriptor_sets`.

    Chapter: song_descriptors.

    Parameters
    ----------
    queries : sequence of str
        Texts that ask.
    rows : sequence of int, length n_queries
        Which song each is about.
    tags : sequence of sequence of str
        The descriptors of each song.
    sets_per_query : int, from 1
        Sets drawn for each.
    seed : int
        Of Python's generator.

    Returns
    -------
    DescriptorSets
    """
    chance = random.Random(seed)
    numbers: dict[str, int] = {}
    relevant = []
    for query, row in zip(queries, rows, strict=True):
        drawn = [_draw(query, tags[row], chance) for _ in range(sets_per_query)]
        relevant.append({numbers.setdefault(document, len(numbers)) for document in drawn})
    return DescriptorSets(list(queries), list(numbers), relevant, np.array(rows, dtype=np.int64))


def _draw(sentence: str, tags: Sequence[str], chance: random.Random) -> str:
    # Choice, sample, choice, sample, shuffle: in this order, so that a seed gives the paper's sets.
    match, other = matching(sentence, tags)
    drawn: Descriptors = []
    if match:
        drawn += chance.sample(match, chance.choice(range(1, len(match) + 1)))
    if other:
        drawn += chance.sample(other, chance.choice(range(min(len(match), len(other)) + 1)))
    chance.shuffle(drawn)
    return ", ".join(drawn)
