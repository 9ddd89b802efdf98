"""What is searched and what is asked: songs with captions and descriptors, requests, dialogs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning import seeding
from soundreasons.papers.song_descriptors.descriptors import (
    Descriptors,
    DescriptorSets,
    clean_caption,
    draw_for,
    sample_descriptor_sets,
    split_descriptors,
)
from soundreasons.papers.song_descriptors.finetuning import Example
from soundreasons.papers.song_descriptors.vocabulary import SYNONYMS, descriptor_type

# The registry entry behind each set of songs.
ENTRIES = {
    "mc": ("lp_musiccaps_mc",),
    "mc_reco": ("lp_musiccaps_mc",),
    "musiccaps_train": ("musiccaps",),
    "generated": ("genre_names", "tagger_words"),
}
TRAIN_SEED = 42  # of the descriptor sets, as in the paper
SETS_PER_QUERY = 3
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


def songs(name: str, n_generated: int = 400) -> Songs:
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
    return Songs(
        name, [clean_caption(text) for text in texts], [split_descriptors(a) for a in clips["aspects"]]
    )


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
        draw_for(source.captions, rows, source.tags, SETS_PER_QUERY, seed),
    ):
        for query, numbers in zip(task.queries, task.relevant, strict=True):
            drawn = [task.documents[number] for number in sorted(numbers) if task.documents[number]]
            if drawn:
                examples.append(Example(query, drawn[rng.integers(len(drawn))]))
    return examples


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
