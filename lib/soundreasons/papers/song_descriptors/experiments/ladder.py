"""The ladder: from shared words to encoders that know the task, all asked the same questions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import ledger
from soundreasons.learning.cache import Cache
from soundreasons.learning.intervals import Interval, bootstrap_interval
from soundreasons.papers.song_descriptors import fast
from soundreasons.papers.song_descriptors.data.encoding import Encoder, encode_cached
from soundreasons.papers.song_descriptors.data.rungs import STAGES, Rung, Searcher, label, megabytes, stage
from soundreasons.papers.song_descriptors.method.descriptor_sets import DescriptorSets
from soundreasons.papers.song_descriptors.method.recall import POOL, metrics_per_query
from soundreasons.papers.song_descriptors.method.scores import Hits, Vectors

# Columns and rows of the paper's table, by the names of the ledger's facts.
SETS = {"mtt": "MTT", "msd": "MSD", "mc": "MC", "mc_reco": "MC-reco"}
SYSTEMS = {
    "tfidf": "tf-idf",
    "clap": "CLAP text",
    "ttmr": "TTMR text",
    "bert": "BERT",
    "minilm": "all-MiniLM-L12",
    "msmarco": "msmarco-BERT",
    "tuned": "fine-tuned",
}


class Task(Protocol):
    """What can be searched: queries, documents, and which of these each query should find."""

    @property
    def queries(self) -> list[str]: ...
    @property
    def documents(self) -> list[str]: ...
    @property
    def relevant(self) -> list[set[int]]: ...


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

    def among(self, picks: NDArray[np.int64]) -> Searched:
        """Look at some of the queries that were asked.

        Raises
        ------
        ValueError
            If one of them was not asked.
        """
        rows = np.searchsorted(self.picks, picks)
        if len(picks) and (rows.max() >= len(self.picks) or (self.picks[rows] != picks).any()):
            raise ValueError(f"{self.name} was not asked all of these {len(picks)} queries")
        hits = replace(self.hits, documents=self.hits.documents[rows], scores=self.hits.scores[rows])
        return Searched(self.name, picks, hits, {name: values[rows] for name, values in self.scores.items()})


def vectors(
    who: Searcher, queries: Sequence[str], documents: Sequence[str], cache: Cache | None = None
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
    who: Searcher, task: Task, picks: NDArray[np.int64] | None = None, cache: Cache | None = None
) -> Searched:
    """Ask queries of a task, all or some, and score the answers.

    Chapter: song_descriptors.

    Parameters
    ----------
    who : Rung or Encoder
        See `searcher`.
    task : Task
        Its documents are always all searched.
    picks : ndarray of int, optional
        Which queries to ask; all unless told.
    cache : Cache, optional
        For encoded texts.

    Returns
    -------
    Searched
    """
    chosen = np.arange(len(task.queries)) if picks is None else picks
    asked, songs = vectors(who, [task.queries[pick] for pick in chosen], task.documents, cache)
    hits = fast.top_documents(asked, songs, POOL)
    return Searched(who.name, chosen, hits, metrics_per_query(hits, [task.relevant[pick] for pick in chosen]))


def sentences_per_second(who: Encoder, texts: Sequence[str]) -> float:
    """Time the encoding of short texts, in sentences per CPU-second.

    Chapter: song_descriptors.
    """
    who.encode(texts[:8])
    clock = time.process_time()
    who.encode(texts)
    return len(texts) / max(time.process_time() - clock, 1e-9)


def metrics_table(found: Iterable[Searched]) -> pd.DataFrame:
    """Lay out the means of all metrics, one row a search, in per cent.

    Chapter: song_descriptors.
    """
    rows = {one.name: {name: 100 * values.mean() for name, values in one.scores.items()} for one in found}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rung")


def search_draws(
    who: Searcher,
    tasks: Sequence[DescriptorSets],
    picks: NDArray[np.int64],
    cache: Cache | None = None,
    *,
    everything: bool = False,
) -> list[Searched]:
    """Ask all queries of every draw of the sets, or some of the first.

    Chapter: song_descriptors.

    Parameters
    ----------
    who : Rung or Encoder
        See `searcher`.
    tasks : sequence of DescriptorSets
        One a sampling seed.
    picks : ndarray of int
        What to ask of the first, unless `everything` is asked.
    cache : Cache, optional
        For encoded texts.
    everything : bool
        Whether to ask all.

    Returns
    -------
    list of Searched
        One a draw, or one.
    """
    if everything:
        return [search(who, task, None, cache) for task in tasks]
    task = tasks[0]
    return [search(who, task, picks, cache)]


def as_measure(searches: Sequence[Searched], rng: np.random.Generator) -> dict[str, Any]:
    """Recall@10 in per cent as a measure: a value a draw, or one with its bootstrap interval over queries.

    Chapter: song_descriptors.

    Returns
    -------
    dict
        Arguments of `run.measure` beside the name.
    """
    if len(searches) > 1:
        return {"values": [float(found.recall.mean()) for found in searches], "unit": "%"}
    return as_interval(bootstrap_interval(searches[0].recall, rng), "%")


def as_interval(found: Interval, unit: str = "points") -> dict[str, Any]:
    """Arguments of `run.measure` for a number with its interval.

    Chapter: song_descriptors.

    >>> as_interval(Interval(2.0, 1.0, 3.0))
    {'values': 2.0, 'interval': (1.0, 3.0), 'unit': 'points'}
    """
    return {"values": found.mean, "interval": (found.low, found.high), "unit": unit}


def ladder_table(found: Mapping[str, Sequence[Searched]], rng: np.random.Generator) -> pd.DataFrame:
    """Lay out recall with its bootstrap interval, a row a rung, from the lowest up within each stage.

    Chapter: song_descriptors.

    Returns
    -------
    DataFrame
        `label`, `stage`, `recall`, `low`, `high` (per cent; first draw of the sets).
    """
    rows = [
        (label(name), stage(name), *bootstrap_interval(searches[0].recall, rng))
        for name, searches in found.items()
    ]
    table = pd.DataFrame(rows, columns=["label", "stage", "recall", "low", "high"])
    order = {each: number for number, each in enumerate((*STAGES[1:], STAGES[0]))}
    return table.sort_values(["stage", "recall"], key=lambda column: column.replace(order).infer_objects())


def published_table() -> pd.DataFrame:
    """Lay out the paper's table: recall@10 in per cent, a row a system, a column a test set.

    Chapter: song_descriptors.

    >>> float(published_table().loc["tf-idf", "MC"])
    89.4
    """
    book = ledger.read("song_descriptors")
    rows = {label: [book.fact(f"{name}_{part}").number for part in SETS] for name, label in SYSTEMS.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(SETS.values())).rename_axis("system")


def published_beside(
    found: Mapping[tuple[str, str], Sequence[Searched]], ours: Mapping[str, str]
) -> pd.DataFrame:
    """Lay the paper's table beside what was found here (first draw), where the two can be compared.

    Chapter: song_descriptors.

    Parameters
    ----------
    found : mapping of (str, str) to sequence of Searched
        By (set, rung).
    ours : mapping of str to str
        Our rung for a system of the paper.

    Returns
    -------
    DataFrame
        `published_table`, and a column of texts for MC and MC-reco.
    """
    table = published_table().astype(object)
    for name in ("mc", "mc_reco"):
        here = {system: found.get((name, rung)) for system, rung in ours.items()}
        table[f"ours, {SETS[name]}"] = [
            f"{one[0].recall.mean():.1f} ({ours[system]})" if (one := here.get(str(system))) else "not tested"
            for system in table.index
        ]
    return table


def cost_table(speeds: Mapping[str, float], found: Mapping[str, Searched]) -> pd.DataFrame:
    """Lay out what each encoder costs and finds, a row an encoder.

    Chapter: song_descriptors.

    Parameters
    ----------
    speeds : mapping of str to float
        Sentences per CPU-second, by rung.
    found : mapping of str to Searched
        On the same queries, by rung.

    Returns
    -------
    DataFrame
        `label`, `stage`, `speed`, `megabytes`, `recall` (per cent).
    """
    rows = [
        (label(rung), stage(rung), speed, megabytes(rung), found[rung].recall.mean())
        for rung, speed in speeds.items()
    ]
    return pd.DataFrame(rows, columns=["label", "stage", "speed", "megabytes", "recall"])
