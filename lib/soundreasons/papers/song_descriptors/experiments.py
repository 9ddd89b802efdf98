"""The experiments of the chapter: choosing settings, and reading what the ladder found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning import seeding
from soundreasons.learning.cache import Cache
from soundreasons.learning.statistics import Interval, bootstrap_interval
from soundreasons.papers.song_descriptors import encoders, finetuning, teacher
from soundreasons.papers.song_descriptors.datasets import Songs
from soundreasons.papers.song_descriptors.descriptors import Descriptors, DescriptorSets, split_descriptors
from soundreasons.papers.song_descriptors.encoding import Encoder, TransformerEncoder
from soundreasons.papers.song_descriptors.finetuning import (
    Example,
    Settings,
    Tuned,
    fine_tune,
    shuffled_batches,
)
from soundreasons.papers.song_descriptors.ladder import (
    STAGES,
    Rung,
    Searched,
    rung_labels,
    rung_stages,
    search,
    searcher,
    sentences_per_second,
    vectors,
)
from soundreasons.papers.song_descriptors.metrics import paired_gain
from soundreasons.papers.song_descriptors.search import top_documents
from soundreasons.papers.song_descriptors.vocabulary import (
    TYPES,
    descriptor_type,
    in_other_words,
    overlap,
    split_words,
    words_of,
)

TERCILES = ("low", "middle", "high")
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


@dataclass(frozen=True)
class Catalogue:
    """Clips that may be shown: descriptors of MusicCaps (CC BY-SA 4.0), or generated ones.

    Attributes
    ----------
    credit : str
        What to write beside it.
    names : list of str
        A name for each clip.
    documents : list of str
        Its descriptors, joined.
    """

    credit: str
    names: list[str]
    documents: list[str]


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
    trainers = [finetuning.__name__, teacher.__name__]
    return Caches(texts, Cache(folder, modules=trainers, libraries=libraries, enabled=enabled))


def some_queries(task: DescriptorSets, n: int, seed: int) -> NDArray[np.int64]:
    """Draw songs, and take the first query of each: the same songs for two tasks of the same songs.

    Chapter: song_descriptors.

    Parameters
    ----------
    task : DescriptorSets
        Whose queries.
    n : int
        How many; all songs if there are no more.
    seed : int
        Draws the songs.

    Returns
    -------
    ndarray of int
        Numbers of queries, rising.
    """
    songs, first = np.unique(task.rows, return_index=True)
    if n >= len(songs):
        return first
    return np.sort(first[seeding.rng(seed, "some queries").choice(len(songs), n, replace=False)])


def search_seeds(
    who: Rung | Encoder,
    tasks: Sequence[DescriptorSets],
    picks: NDArray[np.int64],
    cache: Cache | None = None,
    *,
    everything: bool = False,
) -> list[Searched]:
    """Ask all queries of every sampling seed, or some of the first.

    Chapter: song_descriptors.

    Returns
    -------
    list of Searched
        One a seed, or one.
    """
    if everything:
        return [search(who, task.queries, task.documents, task.relevant, None, cache) for task in tasks]
    task = tasks[0]
    return [search(who, task.queries, task.documents, task.relevant, picks, cache)]


def as_measure(searches: Sequence[Searched], rng: np.random.Generator) -> dict[str, Any]:
    """Recall@10 in per cent as a measure: a value a seed, or one with its bootstrap interval over queries.

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


def restricted(found: Searched, picks: NDArray[np.int64]) -> Searched:
    """Look at some of the queries that were asked.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If one of them was not asked.
    """
    rows = np.searchsorted(found.picks, picks)
    if len(picks) and (rows.max() >= len(found.picks) or (found.picks[rows] != picks).any()):
        raise ValueError(f"{found.name} was not asked all of these {len(picks)} queries")
    hits = replace(found.hits, documents=found.hits.documents[rows], scores=found.hits.scores[rows])
    return Searched(found.name, picks, hits, {name: values[rows] for name, values in found.scores.items()})


def paired_step(before: Searched, after: Searched, rng: np.random.Generator) -> Interval:
    """Points of recall@10 gained from one search to another, over the queries that both were asked.

    Chapter: song_descriptors.
    """
    shared = np.intersect1d(before.picks, after.picks)
    return paired_gain(restricted(before, shared).recall, restricted(after, shared).recall, rng)


def choose_rate(
    start: TransformerEncoder,
    examples: Sequence[Example],
    held_out: Songs,
    rates: Sequence[float],
    settings: Settings,
    caches: Caches | None,
    *,
    name: str,
    seed: int = 0,
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
    name : str
        Of the encoder.
    seed : int
        Order of the examples.

    Returns
    -------
    Choice
        `tried` has the columns `rate` and `recall` (@10, per cent); its first row is the start.
    """
    task = held_out.task(0)
    texts, weights = caches or (None, None)

    def score(encoder: TransformerEncoder) -> float:
        found = search(encoder, task.queries, task.documents, task.relevant, cache=texts)
        return float(found.recall.mean())

    tuned = [
        fine_tune(start, examples, replace(settings, rate=rate), seed, name=name, cache=weights)
        for rate in rates
    ]
    recalls = [score(one.encoder) for one in tuned]
    best = int(np.argmax(recalls))
    tried = pd.DataFrame({"rate": [0.0, *rates], "recall": [score(start), *recalls]})
    return Choice(tried, tuned[best], replace(settings, rate=rates[best]))


def margin_examples(
    examples: Sequence[Example], settings: Settings, encoder: Encoder, seed: int, cache: Cache | None
) -> list[Example]:
    """Mine negatives and soft labels for the very examples that training will see, in their order.

    Chapter: song_descriptors.

    Parameters
    ----------
    examples : sequence of Example
        The whole training set.
    settings : Settings
        How many of them are seen.
    encoder : Encoder
        Frozen; retrieves, and is half of the teacher.
    seed : int
        Of the training.
    cache : Cache, optional
        For encoded texts.
    """
    seen = [example for batch in shuffled_batches(examples, settings, seed) for example in batch]
    sets = sorted({example.positive for example in examples})
    pool = [sets[n] for n in seeding.rng(seed, "pool").permutation(len(sets))[:LARGEST_POOL]]
    return teacher.with_negatives(seen, pool, encoder, seed, cache)


def overlap_groups(task: DescriptorSets, picks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Part queries into thirds by the share of their descriptors' words that they name: 0, 1, 2.

    Ties at a border are parted by the order of the queries. Chapter: song_descriptors.
    """
    shares = [overlap(task.queries[p], task.documents[min(task.relevant[p])]) for p in picks]
    order = np.argsort(shares, kind="stable")
    groups = np.empty(len(picks), dtype=np.int64)
    groups[order] = np.arange(len(picks)) * 3 // max(len(picks), 1)
    return groups


def mean_overlap(task: DescriptorSets) -> float:
    """Mean share of a set's words that its query names.

    Chapter: song_descriptors.
    """
    pairs = zip(task.queries, task.relevant, strict=True)
    return float(np.mean([overlap(query, task.documents[min(wanted)]) for query, wanted in pairs]))


def recall_by_group(
    found: Sequence[Searched], groups: NDArray[np.int64], names: Sequence[str] = TERCILES
) -> pd.DataFrame:
    """Mean recall@10 of each group of queries, one row a search.

    Chapter: song_descriptors.
    """
    rows = {
        one.name: [float(one.recall[groups == number].mean()) for number in range(len(names))]
        for one in found
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(names)).rename_axis("rung")


def lead_difference(
    first: Searched,
    second: Searched,
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    n_resamples: int = 2000,
) -> Interval:
    """How much larger is the lead of the first over the second in the highest group than in the lowest?

    Chapter: song_descriptors.

    Returns
    -------
    Interval
        Points of recall@10; bootstrap over the queries of each group, 95 %.
    """
    lead = first.recall - second.recall
    high, low = lead[groups == groups.max()], lead[groups == groups.min()]
    draws = [
        rng.choice(high, len(high)).mean() - rng.choice(low, len(low)).mean() for _ in range(n_resamples)
    ]
    return Interval(float(high.mean() - low.mean()), *map(float, np.quantile(draws, [0.025, 0.975])))


def reworded(task: DescriptorSets, picks: NDArray[np.int64]) -> tuple[list[str], float]:
    """Say what each query shares with its descriptors in other words, where we know one.

    Chapter: song_descriptors.

    Returns
    -------
    (list of str, float)
        All queries, those picked reworded; and the share of shared words that were replaced.
    """
    queries, n_replaced, n_shared = list(task.queries), 0, 0
    for pick in picks:
        wanted = task.documents[min(task.relevant[pick])].split(", ")
        queries[pick], replaced, shared = in_other_words(task.queries[pick], wanted)
        n_replaced, n_shared = n_replaced + replaced, n_shared + shared
    return queries, n_replaced / max(n_shared, 1)


def only_words_of(queries: Sequence[str], documents: Sequence[str]) -> list[str]:
    """Keep of each query the words that occur in some document.

    Chapter: song_descriptors.

    >>> only_words_of(["Play me a Sad song"], ["sad, piano"])
    ['sad']
    """
    known = words_of(documents)
    return [" ".join(word for word in split_words(query) if word in known) for query in queries]


def names_unseen(task: DescriptorSets, training: Songs) -> NDArray[np.int64]:
    """Queries that look for a descriptor which no training clip carries.

    Chapter: song_descriptors.

    Returns
    -------
    ndarray of int
        Their numbers.
    """
    seen = {tag for tags in training.tags for tag in tags}
    rows = [
        number
        for number, wanted in enumerate(task.relevant)
        if any(part and part not in seen for part in task.documents[min(wanted)].split(", "))
    ]
    return np.array(rows, dtype=np.int64)


def recall_by_type(task: DescriptorSets, found: Sequence[Searched]) -> pd.DataFrame:
    """Recall@10 of the queries whose set holds a descriptor of each type.

    Chapter: song_descriptors.

    Returns
    -------
    DataFrame
        One row a type of `TYPES`: `queries` (how many of those asked), and one column a search, per cent.
        A query counts for every type in its set.
    """
    picks = found[0].picks
    kinds = [
        {descriptor_type(part) for part in task.documents[min(task.relevant[pick])].split(", ") if part}
        for pick in picks
    ]
    rows = {}
    for kind in TYPES:
        chosen = np.array([kind in own for own in kinds])
        if chosen.any():
            shares = {one.name: float(restricted(one, picks).recall[chosen].mean()) for one in found}
            rows[kind] = {"queries": int(chosen.sum()), **shares}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("type")


def demand_profile(
    who: Rung | Encoder,
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


def without_a_word(requests: Sequence[str], documents: Sequence[str]) -> float:
    """Share of requests, in per cent, that share no word of three letters or more with any document.

    Chapter: song_descriptors.
    """
    known = {word for word in words_of(documents) if len(word) > 2}
    return 100 * float(np.mean([not (words_of([request]) & known) for request in requests]))


def catalogue(n_songs: int, seed: int = 0) -> Catalogue:
    """Draw clips of MusicCaps' training part for search; without it, generated songs.

    Chapter: song_descriptors.
    """
    if not data.available("musiccaps"):
        from soundreasons.papers.song_descriptors.datasets import generated_songs

        tags = generated_songs(n_songs, seed).tags
        names = [f"generated song {number}" for number in range(len(tags))]
        return Catalogue(
            "Generated from the genre names of beets and the words of two taggers.", names, _joined(tags)
        )
    clips = data.open("musiccaps").clips
    clips = clips[~clips["is_eval"]]
    chosen = np.sort(
        seeding.rng(seed, "catalogue").choice(len(clips), min(n_songs, len(clips)), replace=False)
    )
    rows = clips.iloc[chosen]
    names = [f"{row.clip_id}, from {row.start_s} s" for row in rows.itertuples()]
    credit = "Descriptors: MusicCaps (Agostinelli et al., Google Research), CC BY-SA 4.0, unchanged."
    return Catalogue(credit, names, _joined([split_descriptors(a) for a in rows["aspects"]]))


def _joined(tags: Sequence[Descriptors]) -> list[str]:
    return [", ".join(part for part in own if part) for own in tags]


def neighbours(
    encoders_by_name: Mapping[str, Rung | Encoder],
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


def moved(before: Searched, after: Searched, k: int = 10) -> float:
    """Share of the first k answers that changed, in per cent.

    Chapter: song_descriptors.
    """
    return _changed(before.hits.documents[:, :k], after.hits.documents[:, :k])


def answers_moved(
    before: Rung | Encoder,
    after: Rung | Encoder,
    requests: Sequence[str],
    documents: Sequence[str],
    cache: Cache | None = None,
    k: int = 10,
) -> float:
    """Share of the first k answers that change from one search to another, in per cent.

    For requests of which nobody knows the right answers. Chapter: song_descriptors.
    """
    both = (top_documents(*vectors(who, requests, documents, cache), k).documents for who in (before, after))
    return _changed(*both)


def _changed(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    shared = (before[:, :, np.newaxis] == after[:, np.newaxis, :]).any(axis=2)
    return 100 * (1 - float(shared.mean()))


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


def mean_gain(before: Sequence[Searched], after: Sequence[Searched], rng: np.random.Generator) -> Interval:
    """Points of recall@10 gained, mean over the sampling seeds; bootstrap over the queries.

    Chapter: song_descriptors.

    Parameters
    ----------
    before, after : sequence of Searched
        One a seed, all asked the same queries.
    rng : numpy.random.Generator
        Draws the resamples.

    Raises
    ------
    ValueError
        If the two have different numbers of seeds or of queries.
    """
    shapes = {(len(group), len(one.recall)) for group in (before, after) for one in group}
    if len(shapes) != 1:
        raise ValueError(f"(seeds, queries) are {sorted(shapes)}, expected the same everywhere")
    means = [np.mean([one.recall for one in group], axis=0) for group in (before, after)]
    return paired_gain(means[0], means[1], rng)


def paired_drop(caption: Searched, request: Searched, rng: np.random.Generator) -> Interval:
    """Points of recall@10 lost from captions to requests of the same songs, in the same order.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If the two were not asked for the same number of songs.
    """
    return paired_gain(request.recall, caption.recall, rng)


def loss_difference(
    first: Searched, first_after: Searched, second: Searched, second_after: Searched, rng: np.random.Generator
) -> Interval:
    """How many points more does the first search lose than the second, over the queries asked again?

    Chapter: song_descriptors.
    """
    picks = first_after.picks
    lost = [
        restricted(before, picks).recall - after.recall
        for before, after in ((first, first_after), (second, second_after))
    ]
    return paired_gain(lost[1], lost[0], rng)


def same_sentences(other: Songs, task: DescriptorSets) -> list[str]:
    """Sentences of other texts in the place of a task's own, song by song.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If a text has another number of sentences.
    """
    sentences = [sentence for caption in other.captions for sentence in caption.split(". ")]
    if len(sentences) != len(task.queries):
        raise ValueError(f"{len(sentences)} sentences for {len(task.queries)} queries")
    return sentences


def ladder_table(found: Mapping[str, Sequence[Searched]], rng: np.random.Generator) -> pd.DataFrame:
    """Lay out recall with its bootstrap interval, a row a rung, from the lowest up within each stage.

    Chapter: song_descriptors.

    Returns
    -------
    DataFrame
        `label`, `stage`, `recall`, `low`, `high` (per cent; first draw of the sets).
    """
    labels, stages = rung_labels(), rung_stages()
    rows = [
        (labels.get(name, name), stages.get(name, "yours"), *bootstrap_interval(searches[0].recall, rng))
        for name, searches in found.items()
    ]
    table = pd.DataFrame(rows, columns=["label", "stage", "recall", "low", "high"])
    order = {stage: number for number, stage in enumerate((*STAGES[1:], "yours", STAGES[0]))}
    return table.sort_values(["stage", "recall"], key=lambda column: column.replace(order).infer_objects())


def has_entry(name: str) -> bool:
    """Whether a data set of the registry is on this machine.

    Chapter: song_descriptors.
    """
    return data.available(name)


class Climbed(NamedTuple):
    """What each rung found in each task, by (task, rung), and how fast each encoder is."""

    found: dict[tuple[str, str], list[Searched]]
    speeds: dict[str, float]


def climb(
    names: Sequence[str],
    tasks: Mapping[str, Sequence[DescriptorSets]],
    picks: Mapping[str, NDArray[np.int64]],
    cache: Cache | None,
    *,
    whole: Sequence[str],
    timed: Sequence[str],
    device: str = "cpu",
) -> Climbed:
    """Ask every rung in turn; each encoder leaves memory before the next is loaded.

    Chapter: song_descriptors.

    Parameters
    ----------
    names : sequence of str
        Rungs, folders, or names on the hub.
    tasks : mapping of str to sequence of DescriptorSets
        By name, one a sampling seed.
    picks : mapping of str to ndarray of int
        What the dearer rungs are asked.
    cache : Cache, optional
        For encoded texts.
    whole : sequence of str
        Rungs that are asked everything, for every seed.
    timed : sequence of str
        Texts on which the speed of encoders is measured.
    device : str
        Where they run.

    Returns
    -------
    Climbed
    """
    found, speeds = {}, {}
    for rung in names:
        who = searcher(rung, device)
        for task, tries in tasks.items():
            everything = rung in whole
            found[task, who.name] = search_seeds(who, tries, picks[task], cache, everything=everything)
        if not isinstance(who, Rung):
            speeds[who.name] = sentences_per_second(who, timed)
    return Climbed(found, speeds)


def ask_again(
    names: Sequence[str],
    tuned: Mapping[str, Tuned],
    tasks: Mapping[str, DescriptorSets],
    queries: Mapping[str, Sequence[str]],
    picks: Mapping[str, NDArray[np.int64]],
    cache: Cache | None,
    device: str = "cpu",
) -> dict[tuple[str, str], Searched]:
    """Ask other sentences in the place of a task's own, by (task, rung).

    Chapter: song_descriptors.

    Parameters
    ----------
    names : sequence of str
        Rungs, or names in `tuned`.
    tuned : mapping of str to Tuned
        Encoders of this run.
    tasks : mapping of str to DescriptorSets
        By name.
    queries : mapping of str to sequence of str
        The new sentences, as many as the task has.
    picks : mapping of str to ndarray of int
        Which of them to ask.
    cache : Cache, optional
        For encoded texts.
    device : str
        Where encoders run.
    """
    found = {}
    for name in names:
        who = tuned[name].encoder if name in tuned else searcher(name, device)
        for key, task in tasks.items():
            found[key, name] = search(who, queries[key], task.documents, task.relevant, picks[key], cache)
    return found
