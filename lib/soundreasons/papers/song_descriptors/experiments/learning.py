"""Learning from other clips: what is learnt, hard negatives with soft labels, and the choice of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundreasons import data
from soundreasons.learning import seeding
from soundreasons.learning.cache import Cache
from soundreasons.papers.song_descriptors.data import encoders
from soundreasons.papers.song_descriptors.data.encoding import Encoder, TransformerEncoder, encode_cached
from soundreasons.papers.song_descriptors.data.songs import Songs
from soundreasons.papers.song_descriptors.experiments import fine_tuning
from soundreasons.papers.song_descriptors.experiments.fine_tuning import (
    Example,
    Settings,
    Tuned,
    fine_tune,
    shuffled_batches,
)
from soundreasons.papers.song_descriptors.experiments.ladder import search
from soundreasons.papers.song_descriptors.fast import tfidf, top_documents
from soundreasons.papers.song_descriptors.method.descriptor_sets import sample_descriptor_sets, sets_for
from soundreasons.papers.song_descriptors.method.teaching import descriptor_rarity, teacher_scores

TRAIN_SEED = 42  # of the descriptor sets, as in the paper
SETS_PER_QUERY = 3
NEGATIVES_PER_RETRIEVER = 30  # as in the paper
LARGEST_POOL = 2000  # descriptor sets among which negatives are mined


class Caches(NamedTuple):
    """Where encoded texts and trained weights are kept between runs."""

    texts: Cache
    weights: Cache


class Choice(NamedTuple):
    """What was tried on held-out clips, and the one that did best."""

    tried: pd.DataFrame
    best: Tuned
    settings: Settings


def open_caches(*, enabled: bool = True) -> Caches:
    """Open the caches of the chapter, beside the data.

    Chapter: song_descriptors.

    Parameters
    ----------
    enabled : bool
        Whether to use them; if not, everything is computed.
    """
    folder = data.cache_folder() / ".computed" / "song_descriptors"
    libraries = ("numpy", "torch", "tokenizers", "transformers")
    texts = Cache(folder, modules=[encoders.__name__], libraries=libraries, enabled=enabled)
    trainers = [__name__, fine_tuning.__name__]
    return Caches(texts, Cache(folder, modules=trainers, libraries=libraries, enabled=enabled))


def training_examples(source: Songs, seed: int = TRAIN_SEED) -> list[Example]:
    """Pair sentences, and whole captions, with one of up to three drawn sets each; none empty.

    Chapter: song_descriptors.

    Parameters
    ----------
    source : Songs
        Captions and tags.
    seed : int
        Draws the sets, and picks among those of a query.

    Returns
    -------
    list of Example
    """
    rows = list(range(len(source.captions)))
    rng = seeding.rng(seed, "training examples")
    examples = []
    for task in (
        sample_descriptor_sets(source.captions, source.tags, SETS_PER_QUERY, seed),
        sets_for(source.captions, rows, source.tags, SETS_PER_QUERY, seed),
    ):
        for query, numbers in zip(task.queries, task.relevant, strict=True):
            drawn = [task.documents[number] for number in sorted(numbers) if task.documents[number]]
            if drawn:
                examples.append(Example(query, drawn[rng.integers(len(drawn))]))
    return examples


def margin_examples(
    examples: Sequence[Example], settings: Settings, encoder: Encoder, cache: Cache | None = None
) -> list[Example]:
    """Mine negatives and soft labels for the very examples that training will see, in their order.

    Chapter: song_descriptors.

    Parameters
    ----------
    examples : sequence of Example
        The whole training set.
    settings : Settings
        How many of them are seen, in which order.
    encoder : Encoder
        Frozen; retrieves, and is half of the teacher.
    cache : Cache, optional
        For encoded texts.
    """
    seen = [example for batch in shuffled_batches(examples, settings) for example in batch]
    sets = sorted({example.positive for example in examples})
    pool = [sets[n] for n in seeding.rng(settings.seed, "pool").permutation(len(sets))[:LARGEST_POOL]]
    return with_negatives(seen, pool, encoder, settings.seed, cache)


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
            top_documents(*tfidf(queries, pool), NEGATIVES_PER_RETRIEVER).documents,
            top_documents(asked, songs, NEGATIVES_PER_RETRIEVER).documents,
        ]
    )
    rng = seeding.rng(seed, "hard negatives")
    chosen = [
        int(rng.choice([number for number in row if pool[number] != example.positive]))
        for example, row in zip(examples, fetched, strict=True)
    ]
    positives = encode_cached(encoder, [example.positive for example in examples], cache, "document")
    negatives = [pool[number] for number in chosen]
    rarity = descriptor_rarity(pool)
    right = teacher_scores(queries, [e.positive for e in examples], (asked * positives).sum(axis=1), rarity)
    wrong = teacher_scores(queries, negatives, (asked * songs[chosen]).sum(axis=1), rarity)
    return [
        Example(example.query, example.positive, negative, float(margin))
        for example, negative, margin in zip(examples, negatives, right - wrong, strict=True)
    ]


def choose_rate(
    start: TransformerEncoder,
    examples: Sequence[Example],
    held_out: Songs,
    rates: Sequence[float],
    settings: Settings,
    caches: Caches | None = None,
) -> Choice:
    """Fine-tune at several learning rates, and take the one that does best on held-out training clips.

    Chapter: song_descriptors.

    Parameters
    ----------
    start : TransformerEncoder
        Where each begins.
    examples : sequence of Example
        To train on.
    held_out : Songs
        Training clips kept apart; no test clip is among them.
    rates : sequence of float
        To try.
    settings : Settings
        All else.
    caches : Caches, optional
        For weights and texts.

    Returns
    -------
    Choice
        `tried` has the columns `rate` and `recall` (@10, per cent); its first row is the start.
    """
    texts, weights = caches or (None, None)
    tuned = [fine_tune(start, examples, replace(settings, rate=rate), weights) for rate in rates]
    encoders_tried = [start, *(one.encoder for one in tuned)]
    recalls = [float(search(each, held_out.task(0), None, texts).recall.mean()) for each in encoders_tried]
    best = int(np.argmax(recalls[1:]))
    tried = pd.DataFrame({"rate": [0.0, *rates], "recall": recalls})
    return Choice(tried, tuned[best], replace(settings, rate=rates[best]))
