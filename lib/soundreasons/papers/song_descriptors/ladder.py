"""The ladder: from shared words to encoders that know the task, all asked the same questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import Cache
from soundreasons.papers.song_descriptors import encoders
from soundreasons.papers.song_descriptors.encoding import Encoder, encode_cached
from soundreasons.papers.song_descriptors.lexical import Pair, bm25_vectors, tfidf_vectors
from soundreasons.papers.song_descriptors.metrics import POOL, metrics_per_query
from soundreasons.papers.song_descriptors.search import Hits, Vectors, top_documents

TUNED = ("contrastive", "margin")
TUNED_FROM = ("all_minilm_l6",)
STAGES = ("shared words", "raw stand-in", "similarity", "retrieval", "music")


@dataclass(frozen=True)
class Rung:
    """One way to search.

    Attributes
    ----------
    name, label : str
        For measures, and for people.
    stage : str
        One of `STAGES`.
    entries : tuple of str
        Registry entries it needs.
    words : callable, optional
        For a lexical rung: queries and documents to sparse vectors.
    load : callable, optional
        For an encoder: takes the device.
    """

    name: str
    label: str
    stage: str
    entries: tuple[str, ...] = ()
    words: Callable[[Sequence[str], Sequence[str]], Pair] | None = None
    load: Callable[[str], Encoder] | None = None


RUNGS: dict[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung("tfidf", "tf-idf", "shared words", words=tfidf_vectors),
        Rung("bm25", "BM25", "shared words", words=bm25_vectors),
        Rung("glove", "GloVe means", "raw stand-in", ("glove_50d",), load=encoders.load_glove),
        Rung("redrawn", "MiniLM, body re-drawn", "raw stand-in", ("all_minilm_l6",),
             load=encoders.load_redrawn),
        Rung("word_pieces", "MiniLM, word pieces", "raw stand-in", ("all_minilm_l6",),
             load=encoders.load_word_pieces),
        Rung("paraphrase_l3", "paraphrase-MiniLM-L3", "similarity", ("paraphrase_minilm_l3", "all_minilm_l6"),
             load=encoders.load_paraphrase),
        Rung("all_minilm", "all-MiniLM-L6", "similarity", ("all_minilm_l6",), load=encoders.load_minilm),
        Rung("all_mpnet", "all-mpnet-base", "similarity", ("all_mpnet_base",), load=encoders.load_mpnet),
        Rung("e5_small", "multilingual-e5-small", "retrieval", ("e5_small_4bit",), load=encoders.load_e5),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Searched:
    """What a rung found in a task.

    Attributes
    ----------
    name : str
        Of the rung.
    picks : ndarray of int, shape (n_asked,)
        Which queries of the task were asked.
    hits : Hits
        One hundred documents a query.
    scores : dict of str to ndarray of float, shape (n_asked,)
        Metrics of each query; see `metrics_per_query`.
    """

    name: str
    picks: NDArray[np.int64]
    hits: Hits
    scores: dict[str, NDArray[np.float64]]

    @property
    def recall(self) -> NDArray[np.float64]:
        """Recall@10 of each query, in per cent."""
        return 100 * self.scores["recall@10"]


def rung_available(name: str) -> bool:
    """Whether all that a rung needs is on this machine.

    Chapter: song_descriptors.
    """
    return all(data.available(entry) for entry in RUNGS[name].entries)


def missing_rungs(names: Iterable[str]) -> list[str]:
    """Registry entries that these rungs need and that are not here.

    Chapter: song_descriptors.
    """
    wanted = [entry for name in names for entry in RUNGS[name].entries]
    return [entry for entry in dict.fromkeys(wanted) if not data.available(entry)]


def searcher(name: str, device: str = "cpu") -> Rung | Encoder:
    """Return a lexical rung itself, or load the encoder of a rung, a folder or a name on the hub.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If a folder holds no weights, or nothing of this name is known here.
    DataUnavailable
        If a rung's data is not on this machine.
    """
    if name not in RUNGS:
        return encoders.load_folder(name, device)
    rung = RUNGS[name]
    return rung.load(device) if rung.load else rung


def vectors(
    who: Rung | Encoder, queries: Sequence[str], documents: Sequence[str], cache: Cache | None = None
) -> tuple[Vectors, Vectors]:
    """Turn queries and documents into vectors whose inner product is the score.

    Chapter: song_descriptors.
    """
    if isinstance(who, Rung):
        if who.words is None:
            raise ValueError(f"{who.name} is an encoder: load it first with `searcher`")
        return who.words(queries, documents)
    return encode_cached(who, queries, cache, "query"), encode_cached(who, documents, cache, "document")


def search(
    who: Rung | Encoder,
    queries: Sequence[str],
    documents: Sequence[str],
    relevant: Sequence[AbstractSet[int]],
    picks: NDArray[np.int64] | None = None,
    cache: Cache | None = None,
) -> Searched:
    """Ask queries of a task, all or some, and score the answers.

    Chapter: song_descriptors.

    Parameters
    ----------
    who : Rung or Encoder
        See `searcher`.
    queries, documents : sequence of str
        The task; documents are always all searched.
    relevant : sequence of set of int
        What each query should find.
    picks : ndarray of int, optional
        Which queries to ask; all unless told.
    cache : Cache, optional
        For encoded texts.

    Returns
    -------
    Searched
    """
    chosen = np.arange(len(queries)) if picks is None else picks
    asked, songs = vectors(who, [queries[pick] for pick in chosen], documents, cache)
    hits = top_documents(asked, songs, POOL)
    return Searched(who.name, chosen, hits, metrics_per_query(hits, [relevant[pick] for pick in chosen]))


def sentences_per_second(who: Encoder, texts: Sequence[str]) -> float:
    """Time the encoding of short texts, in sentences per CPU-second.

    Chapter: song_descriptors.
    """
    who.encode(texts[:8])
    clock = time.process_time()
    who.encode(texts)
    return len(texts) / max(time.process_time() - clock, 1e-9)


def megabytes(name: str) -> float:
    """Size of the files that a rung's weights take, in megabytes; 0 for shared words.

    Chapter: song_descriptors.

    >>> megabytes("tfidf"), round(megabytes("margin"))
    (0.0, 92)
    """
    entries = RUNGS[name].entries if name in RUNGS else TUNED_FROM if name in TUNED else ()
    return sum(pin.size for entry in entries[:1] for pin in data.entry(entry).files.values()) / 1e6


def metrics_table(found: Iterable[Searched]) -> pd.DataFrame:
    """Lay out the means of all metrics, one row a search, in per cent.

    Chapter: song_descriptors.
    """
    rows = {one.name: {name: 100 * values.mean() for name, values in one.scores.items()} for one in found}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rung")


def rung_labels() -> dict[str, str]:
    """Name each rung for people; the two fine-tuned encoders too.

    Chapter: song_descriptors.

    >>> rung_labels()["tfidf"]
    'tf-idf'
    """
    own = {"contrastive": "tuned, hard labels", "margin": "tuned, soft labels", "clap": "CLAP text"}
    return {name: rung.label for name, rung in RUNGS.items()} | own


def rung_stages() -> dict[str, str]:
    """Stage of each rung; the two fine-tuned encoders too.

    Chapter: song_descriptors.

    >>> rung_stages()["e5_small"]
    'retrieval'
    """
    own = {"contrastive": "music", "margin": "music", "clap": "yours"}
    return {name: rung.stage for name, rung in RUNGS.items()} | own
