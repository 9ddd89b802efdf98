"""What people really ask: requests of a forum, to which nobody knows the right answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import pandas as pd

from soundreasons.learning import seeding
from soundreasons.learning.cache import Cache
from soundreasons.papers.song_descriptors.data.rungs import Searcher
from soundreasons.papers.song_descriptors.data.vocabulary import split_words
from soundreasons.papers.song_descriptors.experiments.ladder import vectors
from soundreasons.papers.song_descriptors.experiments.steps import share_moved
from soundreasons.papers.song_descriptors.fast import top_documents


def demand_profile(
    who: Searcher,
    requests: Sequence[str],
    documents: Sequence[str],
    cache: Cache | None = None,
    k: int = 10,
) -> dict[str, float]:
    """What does a set of requests do to a catalogue, when nobody knows the right answers?

    Chapter: song_descriptors.

    Parameters
    ----------
    who : Rung or Encoder
        What searches.
    requests, documents : sequence of str
        What is asked, and what can be found.
    cache : Cache, optional
        For encoded texts.
    k : int
        Answers to each request.

    Returns
    -------
    dict of str to float
        `unanswered`: share of requests without any answer above zero; `never`: share of documents that
        no request brings up; `crowding`: share of all places taken by the hundredth of the documents
        that come up most often; `best_score`: mean score of the first answer. Shares in per cent.
    """
    asked, songs = vectors(who, requests, documents, cache)
    hits = top_documents(asked, songs, k)
    counts = np.bincount(hits.documents.ravel(), minlength=len(documents))
    n_crowd = max(len(documents) // 100, 1)
    return {
        "unanswered": 100 * float((hits.scores[:, 0] <= 0).mean()),
        "never": 100 * float((counts == 0).mean()),
        "crowding": 100 * float(np.sort(counts)[-n_crowd:].sum() / counts.sum()),
        "best_score": float(hits.scores[:, 0].mean()),
    }


def first_answers(
    encoders_by_name: Mapping[str, Searcher],
    requests: Sequence[str],
    documents: Sequence[str],
    cache: Cache | None = None,
) -> pd.DataFrame:
    """Show the first answer of several searches to each request, side by side.

    Chapter: song_descriptors.
    """
    columns: dict[str, list[str]] = {"request": list(requests)}
    for name, who in encoders_by_name.items():
        hits = top_documents(*vectors(who, requests, documents, cache), 1)
        columns[name] = [documents[row[0]] for row in hits.documents]
    return pd.DataFrame(columns)


def answers_moved(
    before: Searcher,
    after: Searcher,
    requests: Sequence[str],
    documents: Sequence[str],
    cache: Cache | None = None,
    k: int = 10,
) -> float:
    """Share of the first k answers that change from one search to another, in per cent.

    For requests of which nobody knows the right answers. Chapter: song_descriptors.
    """
    both = (top_documents(*vectors(who, requests, documents, cache), k).documents for who in (before, after))
    return share_moved(*both)


def naming_requests(
    requests: Sequence[str], documents: Sequence[str], n: int, seed: int = 0, longest: int = 16
) -> list[str]:
    """Draw requests that name a descriptor of a catalogue, word for word, and can be read at a glance.

    Chapter: song_descriptors.

    Parameters
    ----------
    requests : sequence of str
        What was asked.
    documents : sequence of str
        Descriptors, joined by commas.
    n : int
        How many; all that there are, if fewer.
    seed : int
        Draws them.
    longest : int
        Words of a request, at most.

    Returns
    -------
    list of str
        In their order.

    Examples
    --------
    >>> naming_requests(["a sad song", "something like Abba"], ["sad, piano"], 1)
    ['a sad song']
    """
    names = {part for document in documents for part in document.lower().split(", ") if part}
    naming = [
        row
        for row, request in enumerate(requests)
        if len(words := split_words(request)) <= longest and _names(words, names)
    ]
    order = seeding.rng(seed, "naming requests").permutation(len(naming))
    return [requests[naming[place]] for place in sorted(order[:n])]


def _names(words: Sequence[str], names: AbstractSet[str]) -> bool:
    """Whether one of the names stands in a text, as up to three words in a row."""
    runs = (" ".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words) - size + 1))
    return any(run in names for run in runs)
