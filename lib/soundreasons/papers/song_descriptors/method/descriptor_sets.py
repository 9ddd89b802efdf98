"""What a sentence asks for: a sampled set of its song's descriptors (def-descriptor-set of the page)."""

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
        empty string: see `draw_descriptor_set`.
    relevant : list of set of int, length n_queries
        Numbers of the documents that were drawn for each query.
    rows : ndarray of int, shape (n_queries,)
        Which caption each query comes from.
    """

    queries: list[str]
    documents: list[str]
    relevant: list[set[int]]
    rows: NDArray[np.int64]

    def wanted(self, query: int) -> str:
        """Document drawn for a query (the first, where several were).

        >>> DescriptorSets(["q"], ["sad", "slow"], [{1}], np.array([0])).wanted(0)
        'slow'
        """
        return self.documents[min(self.relevant[query])]


def split_descriptors(aspects: str) -> Descriptors:
    """Turn a published list of tags into descriptors, by the paper's own string operations.

    Square brackets go, quote-space-quote becomes comma-space, other single quotes go (those inside
    names too), newlines become commas; then the text is cut at comma-space. Epure et al. (2024), the code
    of its evaluation. Chapter: song_descriptors.

    Parameters
    ----------
    aspects : str
        A list in Python's or NumPy's notation.

    Returns
    -------
    list of str
        In order; not made distinct.

    Raises
    ------
    TypeError
        If it is a list already.

    Examples
    --------
    >>> split_descriptors("['low quality', 'piano', 'don't stop']")
    ['low quality', 'piano', 'dont stop']
    """
    if not isinstance(aspects, str):
        raise TypeError(f"aspects is {aspects!r}, expected the published text of a list; use a list as it is")
    text = re.sub(r"[\[\]]", "", aspects).replace("' '", ", ").replace("'", "").replace("\n", ",")
    return text.split(", ")


def matching(sentence: str, tags: Sequence[str]) -> tuple[Descriptors, Descriptors]:
    """Part the tags into $M$, those that stand in the sentence, letter by letter, and the others, $O$.

    Epure et al. (2024); def-descriptor-set. Chapter: song_descriptors.

    Parameters
    ----------
    sentence : str
        $r$.
    tags : sequence of str
        $T_s$, the descriptors of its song.

    Returns
    -------
    (list of str, list of str)

    Raises
    ------
    TypeError
        If `tags` is one text.

    Examples
    --------
    >>> matching("A piano ballad.", ["piano", "Ballad", "sad"])
    (['piano'], ['Ballad', 'sad'])
    """
    if isinstance(tags, str):
        raise TypeError(f"tags is the text {tags!r}, expected a list of descriptors; see split_descriptors")
    return [tag for tag in tags if tag in sentence], [tag for tag in tags if tag not in sentence]


def draw_descriptor_set(sentence: str, tags: Sequence[str], chance: random.Random) -> str:
    """Draw the set that a sentence asks for: $k_1$ of $M$, $k_2$ of $O$, shuffled and joined.

    $k_1$ is uniform from 1 to the size of $M$, and $k_2$ from 0 to the smaller size of $M$ and $O$. If
    nothing of the song stands in the sentence the set is empty. Epure et al. (2024); def-descriptor-set.
    Chapter: song_descriptors.

    Parameters
    ----------
    sentence : str
        $r$.
    tags : sequence of str
        $T_s$.
    chance : random.Random
        Asked for choice, sample, choice, sample, shuffle in this order, so that a seed gives the paper's
        sets.

    Returns
    -------
    str
        Descriptors joined by ``", "``; perhaps empty.

    Raises
    ------
    TypeError
        If `tags` is one text.

    Examples
    --------
    >>> draw_descriptor_set("A slow piano ballad", ["slow", "sad"], random.Random(3))
    'sad, slow'
    >>> draw_descriptor_set("No words", ["slow", "sad"], random.Random(0))
    ''
    """
    match, other = matching(sentence, tags)
    drawn: Descriptors = []
    if match:
        drawn += chance.sample(match, chance.choice(range(1, len(match) + 1)))
    if other:
        drawn += chance.sample(other, chance.choice(range(min(len(match), len(other)) + 1)))
    chance.shuffle(drawn)
    return ", ".join(drawn)


def sets_for(
    queries: Sequence[str],
    rows: Sequence[int],
    tags: Sequence[Sequence[str]],
    sets_per_query: int = 1,
    seed: int = 0,
) -> DescriptorSets:
    """Draw the sets of queries that are given as they are; equal sets are one document.

    Chapter: song_descriptors.

    Parameters
    ----------
    queries : sequence of str, length n_queries
        Texts that ask.
    rows : sequence of int, length n_queries
        Which song each is about.
    tags : sequence of sequence of str, length n_songs
        The descriptors of each song.
    sets_per_query : int, from 1
        Sets drawn for each; equal ones are kept once.
    seed : int
        Of Python's generator.

    Returns
    -------
    DescriptorSets

    Raises
    ------
    ValueError
        If queries and rows have different lengths, or `sets_per_query` is below 1.

    Examples
    --------
    >>> sets_for(["sad", "so sad", "loud"], [0, 0, 0], [["sad"]]).relevant
    [{0}, {0}, {1}]
    """
    if len(queries) != len(rows):
        raise ValueError(
            f"{len(queries)} queries for {len(rows)} rows; say of each query which song it is about"
        )
    if sets_per_query < 1:
        raise ValueError(f"sets_per_query is {sets_per_query}, expected 1 or more")
    chance = random.Random(seed)
    numbers: dict[str, int] = {}
    relevant = []
    for query, row in zip(queries, rows, strict=True):
        drawn = [draw_descriptor_set(query, tags[row], chance) for _ in range(sets_per_query)]
        relevant.append({numbers.setdefault(document, len(numbers)) for document in drawn})
    return DescriptorSets(list(queries), list(numbers), relevant, np.array(rows, dtype=np.int64))


def sample_descriptor_sets(
    captions: Sequence[str], tags: Sequence[Sequence[str]], sets_per_query: int = 1, seed: int = 0
) -> DescriptorSets:
    """Make queries of the sentences of captions, and draw for each the descriptor sets to be found.

    Two things to know. If no descriptor stands in a sentence, its document is the **empty string**, and
    all such sentences share it. And a set drawn for one query may fit another as well, but counts as
    wrong there. Epure et al. (2024), the code of its evaluation. Chapter: song_descriptors.

    Parameters
    ----------
    captions : sequence of str, length n_songs
        Cut into sentences at ". " (the last keeps its full stop).
    tags : sequence of sequence of str, length n_songs
        The descriptors of each song.
    sets_per_query, seed : int
        See `sets_for`.

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
    >>> task.queries, task.wanted(1)
    (['A slow piano ballad', 'No words'], '')
    """
    if len(captions) != len(tags):
        raise ValueError(f"{len(captions)} captions for {len(tags)} lists of tags; give one list a caption")
    pieces = [(row, sentence) for row, caption in enumerate(captions) for sentence in caption.split(". ")]
    return sets_for([text for _, text in pieces], [row for row, _ in pieces], tags, sets_per_query, seed)
