"""From captions and tags to a task: the paper's own counts, and what must hold of any draw."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import song_descriptors as sd
from support.text_encoders import need

words = st.sampled_from(["sad", "piano", "slow", "female voice", "drums", "low quality", "rock", "Sad"])
songs = st.lists(
    st.tuples(st.lists(words, max_size=6, unique=True), st.lists(words, min_size=1, max_size=6, unique=True)),
    min_size=1,
    max_size=8,
)


def texts(drawn):
    return ["music with " + " and ".join(named) for named, _ in drawn], [tags for _, tags in drawn]


@given(songs, st.integers(0, 2**31), st.integers(1, 3))
@settings(deadline=None)
def test_a_set_holds_what_it_may(drawn, seed, sets_per_query):
    captions, tags = texts(drawn)
    task = sd.sample_descriptor_sets(captions, tags, sets_per_query, seed)
    assert len(task.documents) == len(set(task.documents))
    assert {number for wanted in task.relevant for number in wanted} == set(range(len(task.documents)))
    for query, row, wanted in zip(task.queries, task.rows, task.relevant, strict=True):
        match, other = sd.matching(query, tags[row])
        assert 1 <= len(wanted) <= sets_per_query
        for document in (task.documents[number] for number in wanted):
            parts = document.split(", ") if document else []
            n_match = sum(part in match for part in parts)
            assert set(parts) <= set(tags[row])
            assert len(parts) == len(set(parts))
            assert (n_match >= 1) == bool(match)  # at least one match if there is any
            assert len(parts) - n_match <= min(len(match), len(other))
            assert (document == "") == (not match)


@given(songs, st.integers(0, 2**31))
@settings(deadline=None, max_examples=30)
def test_a_seed_gives_the_same_sets_and_leaves_pythons_own_generator_alone(drawn, seed):
    import random

    captions, tags = texts(drawn)
    random.seed(5)
    before = random.getstate()
    first, second = (sd.sample_descriptor_sets(captions, tags, 2, seed) for _ in range(2))
    assert random.getstate() == before
    assert (first.queries, first.documents, first.relevant) == (
        second.queries,
        second.documents,
        second.relevant,
    )


def test_every_size_is_drawn_equally_often():
    # By hand: two named, one other; k1 in {1, 2}, k2 in {0, 1}: sizes 1, 2, 3 with 1/4, 1/2, 1/4.
    sizes = [
        len(sd.sample_descriptor_sets(["a b"], [["a", "b", "c"]], seed=seed).documents[0].split(", "))
        for seed in range(2000)
    ]
    shares = [sizes.count(size) / len(sizes) for size in (1, 2, 3)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.04)  # four standard errors


def test_sentences_are_cut_at_full_stops_and_share_the_empty_document():
    task = sd.sample_descriptor_sets(["Nothing here. Nor here."], [["piano"]])
    assert task.queries == ["Nothing here", "Nor here."]
    assert task.documents == [""]
    assert task.relevant == [{0}, {0}]


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("['low quality', 'sad']", ["low quality", "sad"]),
        ("['a' 'b'\n 'c']", ["a", "b", "c"]),  # quote-space-quote; the newline becomes a comma
        ("['don't stop']", ["dont stop"]),
        ("", [""]),
    ],
)
def test_tags_are_read_as_the_papers_code_reads_them(published, expected):
    # By hand, from the string operations in order.
    assert sd.split_descriptors(published) == expected


@pytest.mark.parametrize(
    ("name", "n_queries", "n_documents"),
    [("mc", 2350, (2301, 2312, 2305)), ("mc_reco", 2351, (2186, 2197, 2184))],
)
def test_the_tasks_are_the_papers(name, n_queries, n_documents):
    # Counts that the authors' own code gives on the same pieces.
    need("lp_musiccaps_mc")
    songs = sd.songs(name)
    tasks = [songs.task(seed) for seed in range(3)]
    assert [len(task.queries) for task in tasks] == [n_queries] * 3
    assert tuple(len(task.documents) for task in tasks) == n_documents
    assert len({tag for tags in songs.tags for tag in tags}) == 6909


def test_captions_without_tags_are_refused():
    with pytest.raises(ValueError, match="2 captions for 1 lists of tags"):
        sd.sample_descriptor_sets(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="sets_per_query is 0"):
        sd.sample_descriptor_sets(["a"], [["a"]], 0)


def test_held_out_songs_are_not_trained_on():
    need("genre_names", "tagger_words")
    everything = sd.songs("generated", 50)
    fit, held = sd.split_songs(everything, 0.2, 0)
    assert len(held.captions) == 10
    assert sorted(fit.captions + held.captions) == sorted(everything.captions)
    for example in sd.training_examples(fit):
        assert example.positive


def test_an_unknown_set_is_refused_by_name():
    with pytest.raises(ValueError, match="no songs called 'mtt'; there are mc, mc_reco"):
        sd.songs("mtt")


def test_words_are_said_otherwise_only_where_they_are_shared():
    assert sd.in_other_words("A sad song, a fast song", ["sad piano"]) == (
        "A sorrowful song, a fast song",
        1,
        1,
    )
    assert sd.in_other_words("Nothing", ["sad"]) == ("Nothing", 0, 0)


def test_no_synonym_is_the_word_itself():
    from soundreasons.papers.song_descriptors.vocabulary import SYNONYMS

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
    assert sd.descriptor_type(descriptor) == kind


def test_reworded_catalogues_have_the_same_songs():
    need("genre_names", "tagger_words")
    plain, other = (sd.generated_songs(40, 3, reworded=flag) for flag in (False, True))
    assert plain.tags == other.tags
    assert plain.captions != other.captions
    assert len(sd.same_sentences(other, plain.task(0))) == len(plain.task(0).queries)
