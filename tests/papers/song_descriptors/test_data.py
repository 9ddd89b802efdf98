"""What is read: songs, requests, rungs, and what is said where they are absent."""

from __future__ import annotations

import pytest

from soundreasons import data as registry
from soundreasons.papers import song_descriptors as sd
from support.text_encoders import need


@pytest.fixture
def nothing_here(monkeypatch):
    """A machine without any data."""
    monkeypatch.setattr(registry, "available", lambda name: False)


def test_without_data_everything_that_a_run_needs_is_named_once(nothing_here):
    assert not sd.data.available("mc")
    assert sd.data.missing(["mc", "mc_reco", "generated"]) == [
        "lp_musiccaps_mc",
        "genre_names",
        "tagger_words",
    ]
    assert sd.data.missing_rungs(["tfidf", "redrawn", "all_minilm", "e5_small"]) == [
        "all_minilm_l6",
        "e5_small_4bit",
    ]
    assert sd.data.rung_available("tfidf")
    assert not sd.data.rung_available("glove")


def test_with_data_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(registry, "available", lambda name: True)
    assert sd.data.available("mc_reco")
    assert sd.data.missing(list(sd.data.songs.ENTRIES)) == sd.data.missing_rungs(sd.data.RUNGS) == []


def test_a_catalogue_is_drawn_without_repetition_and_has_a_credit():
    need("musiccaps")
    songs = sd.data.catalogue(40, seed=1)
    assert len(songs.names) == len(set(songs.names)) == len(songs.documents) == 40
    assert "CC BY-SA 4.0" in songs.credit
    assert songs == sd.data.catalogue(40, seed=1)
    assert songs != sd.data.catalogue(40, seed=2)


def test_a_catalogue_without_musiccaps_is_of_generated_songs(monkeypatch):
    need("genre_names", "tagger_words")
    monkeypatch.setattr(registry, "available", lambda name: name != "musiccaps")
    songs = sd.data.catalogue(5, seed=0)
    assert songs.names[0] == "generated song 0"
    expected = [", ".join(tags) for tags in sd.data.generated_songs(5, 0).tags]
    assert songs.documents == expected


def test_forum_requests_are_distinct_texts():
    need("music_reco_ner")
    asked = sd.data.forum_requests()
    assert len(asked) == len(set(asked)) > 2000
    assert all(isinstance(text, str) and text for text in asked)


def test_titles_and_what_was_liked():
    need("cpcd_dialogs")
    talk = sd.data.playlist_dialogs()
    assert len(set(talk.documents)) > 8000
    assert all(wanted for wanted in talk.relevant)
    assert max(max(wanted) for wanted in talk.relevant) < len(talk.documents)


def test_an_encoder_of_words_cannot_search_unloaded():
    with pytest.raises(ValueError, match="all_minilm is an encoder: load it first"):
        sd.ladder.vectors(sd.data.RUNGS["all_minilm"], ["sad"], ["sad"])


def test_held_out_songs_are_not_trained_on():
    need("genre_names", "tagger_words")
    everything = sd.data.open_songs("generated", 50)
    fit, held = sd.data.split_songs(everything, 0.2, 0)
    assert len(held.captions) == 10
    assert sorted(fit.captions + held.captions) == sorted(everything.captions)
    for example in sd.learning.training_examples(fit):
        assert example.positive


def test_an_unknown_set_is_refused_by_name():
    with pytest.raises(ValueError, match="no songs called 'mtt'; there are mc, mc_reco"):
        sd.data.open_songs("mtt")


def test_words_are_said_otherwise_only_where_they_are_shared():
    assert sd.data.in_other_words("A sad song, a fast song", ["sad piano"]) == (
        "A sorrowful song, a fast song",
        1,
        1,
    )
    assert sd.data.in_other_words("Nothing", ["sad"]) == ("Nothing", 0, 0)


def test_no_synonym_is_the_word_itself():
    from soundreasons.papers.song_descriptors.data.vocabulary import SYNONYMS

    assert not [word for word, other in SYNONYMS.items() if word == other or word in other.split()]


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        ("female vocal", "voice"),
        ("slow tempo", "tempo"),
        ("e-guitar", "instrument"),
        ("", "other"),
        ("sad", "mood"),
    ],
)
def test_a_descriptor_has_a_type(descriptor, kind):
    assert sd.data.descriptor_type(descriptor) == kind


def test_reworded_catalogues_have_the_same_songs():
    need("genre_names", "tagger_words")
    plain, other = (sd.data.generated_songs(40, 3, reworded=flag) for flag in (False, True))
    assert plain.tags == other.tags
    assert plain.captions != other.captions
    again = sd.data.with_sentences_of(other, plain.task(0))
    assert (again.documents, again.queries != plain.task(0).queries) == (plain.task(0).documents, True)


@pytest.mark.parametrize(
    ("name", "n_queries", "n_documents"),
    [("mc", 2350, (2301, 2312, 2305)), ("mc_reco", 2351, (2186, 2197, 2184))],
)
def test_the_tasks_are_the_papers(name, n_queries, n_documents):
    # Counts that the authors' own code gives on the same pieces.
    need("lp_musiccaps_mc")
    songs = sd.data.open_songs(name)
    tasks = [songs.task(seed) for seed in range(3)]
    assert [len(task.queries) for task in tasks] == [n_queries] * 3
    assert tuple(len(task.documents) for task in tasks) == n_documents
    assert len({tag for tags in songs.tags for tag in tags}) == 6909
