"""Hard negatives and soft labels for MarginMSE, with a stand-in for the paper's teacher.

The paper's teacher is a cross-encoder fine-tuned on MusicCaps; none can be had without a model hub. Ours
adds two opinions: how much of a set, weighted by rarity, stands in the text, and how near a small frozen
encoder puts the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning import seeding
from soundreasons.learning.cache import Cache
from soundreasons.papers.song_descriptors.encoding import Embedding, Encoder, encode_cached
from soundreasons.papers.song_descriptors.finetuning import Example
from soundreasons.papers.song_descriptors.lexical import tfidf_vectors
from soundreasons.papers.song_descriptors.search import top_documents

NEGATIVES_PER_RETRIEVER = 30  # as in the paper


def descriptor_rarity(documents: Sequence[str]) -> dict[str, float]:
    """Weigh each descriptor by its rarity among descriptor sets: log(sets / sets that hold it).

    Chapter: song_descriptors.

    >>> descriptor_rarity(["sad, piano", "sad"])["sad"]
    0.0
    """
    counts = Counter(part for document in documents for part in set(document.split(", ")))
    return {part: float(np.log(len(documents) / n)) for part, n in counts.items()}


def share_named(query: str, document: str, rarity: Mapping[str, float]) -> float:
    """Share of a set's descriptors that stand in a text, weighted by rarity; from 0 to 1.

    Chapter: song_descriptors.

    >>> share_named("a sad song", "sad, piano", {"sad": 1.0, "piano": 3.0})
    0.25
    """
    weights = {part: rarity.get(part, 1.0) for part in document.split(", ")}
    named = sum(weight for part, weight in weights.items() if part and part.lower() in query.lower())
    total = sum(weights.values())
    return named / total if total else 0.0


def teacher_scores(
    queries: Sequence[str],
    documents: Sequence[str],
    cosines: NDArray[np.floating],
    rarity: Mapping[str, float],
) -> NDArray[np.float64]:
    """Score pairs: the mean of the share named and of the cosine, from about 0 to 1.

    In this range a difference of two scores can be a difference of two cosines, which is what the student
    is asked for. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : sequence of str, length n_pairs
        Pair by pair.
    cosines : ndarray, shape (n_pairs,)
        What a frozen encoder says of them.
    rarity : mapping of str to float
        Weights of descriptors.

    Returns
    -------
    ndarray of float, shape (n_pairs,)
    """
    shares = [
        share_named(query, document, rarity) for query, document in zip(queries, documents, strict=True)
    ]
    return (np.array(shares) + np.asarray(cosines, dtype=np.float64)) / 2


def with_negatives(
    examples: Sequence[Example],
    pool: Sequence[str],
    encoder: Encoder,
    seed: int = 0,
    cache: Cache | None = None,
) -> list[Example]:
    """Give each example a hard negative and the teacher's margin.

    Two retrievers, tf-idf and the frozen encoder, fetch thirty sets each from a pool; the positive is
    removed, and one of the others is drawn. Chapter: song_descriptors.

    Parameters
    ----------
    examples : sequence of Example
        Queries with their positives.
    pool : sequence of str
        Distinct descriptor sets, none empty, more than sixty.
    encoder : Encoder
        Retrieves, and is half of the teacher.
    seed : int
        Draws the negatives.
    cache : Cache, optional
        For encoded texts.

    Returns
    -------
    list of Example

    Raises
    ------
    ValueError
        If the pool is too small.
    """
    if len(pool) <= 2 * NEGATIVES_PER_RETRIEVER:
        raise ValueError(f"a pool of {len(pool)} sets, expected more than {2 * NEGATIVES_PER_RETRIEVER}")
    queries = [example.query for example in examples]
    asked = encode_cached(encoder, queries, cache, "query")
    songs = encode_cached(encoder, pool, cache, "document")
    fetched = np.hstack(
        [
            top_documents(*tfidf_vectors(queries, pool), NEGATIVES_PER_RETRIEVER).documents,
            top_documents(asked, songs, NEGATIVES_PER_RETRIEVER).documents,
        ]
    )
    rng = seeding.rng(seed, "hard negatives")
    chosen = [
        int(rng.choice([number for number in row if pool[number] != example.positive]))
        for example, row in zip(examples, fetched, strict=True)
    ]
    positives = encode_cached(encoder, [example.positive for example in examples], cache, "document")
    return _with_margins(examples, [pool[number] for number in chosen], asked, positives, songs[chosen], pool)


def _with_margins(
    examples: Sequence[Example],
    negatives: Sequence[str],
    asked: Embedding,
    positives: Embedding,
    negative_vectors: Embedding,
    pool: Sequence[str],
) -> list[Example]:
    rarity = descriptor_rarity(pool)
    queries = [example.query for example in examples]
    right = teacher_scores(queries, [e.positive for e in examples], (asked * positives).sum(axis=1), rarity)
    wrong = teacher_scores(queries, negatives, (asked * negative_vectors).sum(axis=1), rarity)
    return [
        Example(example.query, example.positive, negative, float(margin))
        for example, negative, margin in zip(examples, negatives, right - wrong, strict=True)
    ]
