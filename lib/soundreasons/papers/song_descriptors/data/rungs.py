"""The rungs of the ladder: ways to search, from shared words to encoders of any place, by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from soundreasons import data
from soundreasons.learning.cache import digest
from soundreasons.papers.song_descriptors import fast
from soundreasons.papers.song_descriptors.data import encoders, placed_models
from soundreasons.papers.song_descriptors.data.encoding import Encoder

TUNED = ("contrastive", "margin")
TUNED_FROM = ("all_minilm_l6",)
STAGES = ("shared words", "raw stand-in", "similarity", "retrieval", "music", "yours")
# Searches that are no rung: encoders of this run, and the text side of an audio-text model.
OWN_LABELS = {"contrastive": "tuned, hard labels", "margin": "tuned, soft labels", "clap": "CLAP text"}


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
    words: Callable[[Sequence[str], Sequence[str]], fast.Pair] | None = None
    load: Callable[[str], Encoder] | None = None


RUNGS: dict[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung("tfidf", "tf-idf", "shared words", words=fast.tfidf),
        Rung("bm25", "BM25", "shared words", words=fast.bm25),
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

Searcher: TypeAlias = Rung | Encoder


def label(name: str) -> str:
    """Name of a search for people.

    >>> label("tfidf"), label("margin"), label("my_model")
    ('tf-idf', 'tuned, soft labels', 'my_model')
    """
    return RUNGS[name].label if name in RUNGS else OWN_LABELS.get(name, name)


def stage(name: str) -> str:
    """Stage of a search on the ladder, one of `STAGES`.

    >>> stage("e5_small"), stage("margin"), stage("my_model")
    ('retrieval', 'music', 'yours')
    """
    return RUNGS[name].stage if name in RUNGS else "music" if name in TUNED else "yours"


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


def measure_names(places: Iterable[str]) -> dict[str, str]:
    """Give each model the name under which it is measured: the last part of its own, as measures spell.

    Lower-case letters and digits, all else an underscore. Where two models would share a name, or one a
    rung's, a digest of the whole place stands behind it. Chapter: song_descriptors.

    Parameters
    ----------
    places : iterable of str
        Folders, or names on the hub.

    Returns
    -------
    dict of str to str
        By place; no two alike, and none a rung's.

    Examples
    --------
    >>> measure_names(["sentence-transformers/all-MiniLM-L12-v2"])
    {'sentence-transformers/all-MiniLM-L12-v2': 'all_minilm_l12_v2'}
    """
    plain = {place: re.sub(r"[^a-z0-9]", "_", Path(place).name.lower()) or "model" for place in places}
    counts = Counter([*plain.values(), *RUNGS, *OWN_LABELS])
    return {
        place: f"{name}_{digest(place)[:8]}" if counts[name] > 1 else name for place, name in plain.items()
    }


def searcher(name: str, device: str = "cpu", measured_as: str = "") -> Searcher:
    """Return a lexical rung itself, or load the encoder of a rung, a folder or a name on the hub.

    Chapter: song_descriptors.

    Parameters
    ----------
    name : str
        A rung of `RUNGS`, or see `placed_models.model_folder`.
    device : str
        Where an encoder runs.
    measured_as : str
        Name of a folder's or hub's model among several; see `measure_names`.

    Raises
    ------
    ValueError
        If a folder holds no weights, or nothing of this name is known here.
    DataUnavailable
        If a rung's data is not on this machine.
    """
    if name not in RUNGS:
        return placed_models.load_folder(name, device, name=measured_as or measure_names([name])[name])
    rung = RUNGS[name]
    return rung.load(device) if rung.load else rung


def megabytes(name: str) -> float:
    """Size of the files that a rung's weights take, in megabytes; 0 for shared words.

    Chapter: song_descriptors.

    >>> megabytes("tfidf"), round(megabytes("margin"))
    (0.0, 92)
    """
    entries = RUNGS[name].entries if name in RUNGS else TUNED_FROM if name in TUNED else ()
    return sum(pin.size for entry in entries[:1] for pin in data.entry(entry).files.values()) / 1e6
