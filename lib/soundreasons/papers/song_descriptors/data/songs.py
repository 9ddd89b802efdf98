"""What is searched and what is asked: songs with captions and descriptors, requests, dialogs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning import seeding
from soundreasons.papers.song_descriptors.data.vocabulary import SYNONYMS, descriptor_type
from soundreasons.papers.song_descriptors.method.descriptor_sets import (
    Descriptors,
    DescriptorSets,
    sample_descriptor_sets,
    split_descriptors,
)

# The registry entry behind each set of songs.
ENTRIES = {
    "mc": ("lp_musiccaps_mc",),
    "mc_reco": ("lp_musiccaps_mc",),
    "musiccaps_train": ("musiccaps",),
    "generated": ("genre_names", "tagger_words"),
}
_TEMPLATES = (
    "I am looking for {0} with {1}, something {2}",
    "Recommend {2} {0} that has {1} in it",
    "Do you know any {0}? I would love {1}, and it should feel {2}",
    "Something {2} for tonight, {0} perhaps, with {1}",
    "I'd like to hear {1} over {0}, in a {2} way",
    "Find me {0}: {2}, with {1}",
)


@dataclass(frozen=True)
class Songs:
    """Songs, what is said of each, and its descriptors.

    Attributes
    ----------
    name : str
    captions : list of str, length n_songs
        Captions, or requests.
    tags : list of list of str, length n_songs
    """

    name: str
    captions: list[str]
    tags: list[Descriptors]

    def task(self, seed: int) -> DescriptorSets:
        """Draw the retrieval task of one sampling seed, one set a query."""
        return sample_descriptor_sets(self.captions, self.tags, 1, seed)


@dataclass(frozen=True)
class Dialogs:
    """Playlist dialogs as a retrieval task: find what was liked, by titles.

    Attributes
    ----------
    queries : list of str
        What a person said in a turn after which something was liked.
    documents : list of str
        One a cluster of tracks: title and artists.
    relevant : list of set of int
        The clusters liked in that turn.
    """

    queries: list[str]
    documents: list[str]
    relevant: list[set[int]]


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


def available(name: str) -> bool:
    """Whether the songs of this name can be opened here.

    Chapter: song_descriptors.
    """
    return all(data.available(entry) for entry in ENTRIES[name])


def missing(names: Iterable[str]) -> list[str]:
    """Registry entries that the songs of these names need and that are not here.

    Chapter: song_descriptors.
    """
    wanted = [entry for name in names for entry in ENTRIES[name]]
    return [entry for entry in dict.fromkeys(wanted) if not data.available(entry)]


def open_songs(name: str, n_generated: int = 400) -> Songs:
    """Open the songs of a name.

    Chapter: song_descriptors.

    Parameters
    ----------
    name : {"mc", "mc_reco", "musiccaps_train", "generated"}
        LP-MusicCaps-MC's captions; the requests made of them; the clips of MusicCaps outside the
        evaluation part with their human captions; a catalogue generated from vocabularies.
    n_generated : int
        Songs of the generated catalogue.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataUnavailable
        If its data is not on this machine.
    """
    if name not in ENTRIES:
        raise ValueError(f"there are no songs called {name!r}; there are {', '.join(ENTRIES)}")
    if name == "generated":
        return generated_songs(n_generated)
    if name == "musiccaps_train":
        clips = data.open("musiccaps").clips
        clips = clips[~clips["is_eval"]]
        texts = clips["caption"]
    else:
        clips = data.open("lp_musiccaps_mc").clips
        # The paper's code puts captions on one line before it looks their requests up, so that the few
        # that had a line break find none and drop out.
        clips = clips[(clips["request"] != "") & ~clips["caption"].str.contains("\n")]
        texts = clips["request" if name == "mc_reco" else "caption"]
    captions = [text.replace("\n", " ") for text in texts]
    return Songs(name, captions, [split_descriptors(aspects) for aspects in clips["aspects"]])


def generated_songs(n_songs: int, seed: int = 0, *, reworded: bool = False) -> Songs:
    """Generate songs from the words of a genre list and two taggers, and a request for each.

    A song has a genre, two instruments or voices, and two moods or tempos; its request names three of
    these, or other words for them. Ours; not in the paper. Chapter: song_descriptors.

    Parameters
    ----------
    n_songs : int, from 1
        How many.
    seed : int
        Draws songs and requests; the same songs whether reworded or not.
    reworded : bool
        Whether requests use other words where we know one.

    Returns
    -------
    Songs
    """
    genres = [g for g in data.open("genre_names").genres["genre"] if g.isascii() and len(g.split()) <= 2]
    labels = sorted(set(data.open("tagger_words").labels["label"]))
    played = [label for label in labels if descriptor_type(label) in ("instrument", "voice")]
    felt = [label for label in labels if descriptor_type(label) in ("mood", "tempo")]
    rng = seeding.rng(seed, "generated songs")
    captions, tags = [], []
    for _ in range(n_songs):
        genre = genres[rng.integers(len(genres))]
        sounds = rng.choice(played, 2, replace=False).tolist()
        feelings = rng.choice(felt, 2, replace=False).tolist()
        named = [genre, sounds[0], feelings[0]]
        if reworded:
            named = [" ".join(SYNONYMS.get(word, word) for word in text.split()) for text in named]
        captions.append(_TEMPLATES[rng.integers(len(_TEMPLATES))].format(*named))
        tags.append([genre, *sounds, *feelings])
    return Songs("generated", captions, tags)


def with_sentences_of(other: Songs, task: DescriptorSets) -> DescriptorSets:
    """Put the sentences of other texts in the place of a task's own, song by song.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If the texts have another number of sentences.
    """
    sentences = [sentence for caption in other.captions for sentence in caption.split(". ")]
    if len(sentences) != len(task.queries):
        raise ValueError(f"{len(sentences)} sentences for {len(task.queries)} queries")
    return replace(task, queries=sentences)


def split_songs(source: Songs, share: float, seed: int) -> tuple[Songs, Songs]:
    """Hold a share of the songs out: all sentences of a song go one way.

    Chapter: song_descriptors.

    Returns
    -------
    (Songs, Songs)
        To fit, and held out.
    """
    order = seeding.rng(seed, "held out").permutation(len(source.captions))
    n_held = max(round(share * len(order)), 1)
    return _take(source, np.sort(order[n_held:])), _take(source, np.sort(order[:n_held]))


def _take(source: Songs, rows: NDArray[np.int64]) -> Songs:
    captions, tags = [source.captions[row] for row in rows], [source.tags[row] for row in rows]
    return Songs(source.name, captions, tags)


def forum_requests() -> list[str]:
    """Return what people asked a forum for, without repetition (Epure and Hennequin, 2023).

    Chapter: song_descriptors.
    """
    return list(dict.fromkeys(data.open("music_reco_ner").requests["request"]))


def playlist_dialogs() -> Dialogs:
    """Open the dialogs as a retrieval task (Chaganty et al., 2023).

    Chapter: song_descriptors.
    """
    record = data.open("cpcd_dialogs")
    tracks = record.tracks.drop_duplicates("cluster_id").reset_index(drop=True)
    number = {cluster: row for row, cluster in enumerate(tracks["cluster_id"])}
    cluster_of = dict(zip(record.tracks["track_id"], record.tracks["cluster_id"], strict=True))
    documents = [f"{row.title}, {row.artists}" for row in tracks.itertuples()]
    liked = record.judgements[record.judgements["liked"]]
    wanted: dict[tuple[str, int], set[int]] = {}
    for row in liked.itertuples():
        if row.track_id in cluster_of:
            wanted.setdefault((row.dialog_id, row.turn), set()).add(number[cluster_of[row.track_id]])
    requests = {(row.dialog_id, row.turn): row.request for row in record.turns.itertuples()}
    # A turn's likes answer what was said in that turn.
    return Dialogs([requests[turn] for turn in wanted], documents, list(wanted.values()))


def catalogue(n_songs: int, seed: int = 0) -> Catalogue:
    """Draw clips of MusicCaps' training part for search; without it, generated songs.

    Chapter: song_descriptors.
    """
    if not data.available("musiccaps"):
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
