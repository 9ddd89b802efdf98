"""What is read off the ladder, on searches whose outcome is known."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.papers import song_descriptors as sd
from support.text_encoders import need

RNG = np.random.default_rng(0)


def outcome(name, recall, picks=None):
    """A search in which each query found its document (1) or did not (0)."""
    recall = np.asarray(recall, dtype=float)
    n = len(recall)
    hits = sd.Hits(np.tile(np.arange(10), (n, 1)), np.zeros((n, 10)))
    picks = np.arange(n) if picks is None else np.asarray(picks)
    return sd.Searched(name, picks, hits, {"recall@10": recall, "accuracy@10": recall})


def task_of(pairs):
    documents = list(dict.fromkeys(document for _, document in pairs))
    relevant = [{documents.index(document)} for _, document in pairs]
    return sd.DescriptorSets([query for query, _ in pairs], documents, relevant, np.arange(len(pairs)))


def test_a_step_is_taken_over_the_queries_that_both_were_asked():
    before, after = outcome("a", [0, 1, 0, 1]), outcome("b", [1, 1], picks=[0, 2])
    assert sd.paired_step(before, after, RNG).mean == 100
    with pytest.raises(ValueError, match="b was not asked all of these 2 queries"):
        sd.restricted(after, np.array([0, 1]))


def test_the_lead_is_compared_between_the_outer_thirds():
    # By hand: lead 100 where most words are named, -100 where fewest are.
    words, meaning = outcome("w", [0, 0, 0, 0, 1, 1]), outcome("m", [1, 1, 0, 0, 0, 0])
    groups = np.array([0, 0, 1, 1, 2, 2])
    assert tuple(sd.lead_difference(words, meaning, groups, RNG)) == (200, 200, 200)
    assert sd.recall_by_group([words], groups).loc["w"].tolist() == [0, 0, 100]


def test_loss_difference_is_how_much_more_the_first_loses():
    lost = sd.loss_difference(
        outcome("w", [1, 1, 1]), outcome("w", [0, 0], picks=[0, 2]),
        outcome("m", [1, 0, 1]), outcome("m", [1, 1], picks=[0, 2]), RNG,
    )  # fmt: skip
    assert tuple(lost) == (100, 100, 100)


def test_a_drop_is_positive_where_requests_find_less():
    assert sd.paired_drop(outcome("c", [1, 1]), outcome("r", [0, 0]), RNG).mean == 100


def test_a_mean_gain_needs_the_same_seeds_and_queries():
    assert (
        sd.mean_gain([outcome("a", [0, 0])] * 2, [outcome("b", [1, 1]), outcome("b", [0, 0])], RNG).mean == 50
    )
    with pytest.raises(ValueError, match="expected the same everywhere"):
        sd.mean_gain([outcome("a", [0, 0])], [outcome("b", [1, 1])] * 2, RNG)


def test_thirds_follow_the_words_named():
    task = task_of([("nothing", "sad, piano"), ("a sad song", "sad, piano"), ("sad piano", "sad, piano")] * 2)
    groups = sd.overlap_groups(task, np.arange(6))
    assert groups.tolist() == [0, 1, 2, 0, 1, 2]
    assert sd.mean_overlap(task) == pytest.approx(0.5)


def test_what_no_training_song_carries_is_unseen():
    task = task_of([("q", "sad, piano"), ("q", "sad"), ("q", "")])
    training = sd.Songs("t", ["x"], [["sad"]])
    assert sd.names_unseen(task, training).tolist() == [0]


def test_recall_by_type_counts_a_query_for_each_of_its_types():
    task = task_of([("q", "sad, piano"), ("q", "piano"), ("q", "")])
    table = sd.recall_by_type(task, [outcome("a", [1, 0, 0])])
    assert table.loc["instrument"].tolist() == [2, 50]
    assert table.loc["mood"].tolist() == [1, 100]
    assert "voice" not in table.index


def test_reworded_queries_leave_the_others_alone():
    task = task_of([("a sad song", "sad"), ("a sad song", "sad"), ("quux", "sad")])
    queries, share = sd.reworded(task, np.array([1, 2]))
    assert queries == ["a sad song", "a sorrowful song", "quux"]
    assert share == 1


def test_the_same_songs_are_drawn_for_captions_and_requests():
    one = sd.sample_descriptor_sets([f"song {n}" for n in range(30)], [["song"]] * 30)
    two = sd.sample_descriptor_sets([f"song {n}. and more" for n in range(30)], [["song"]] * 30)
    first, second = (sd.some_queries(task, 10, 0) for task in (one, two))
    assert one.rows[first].tolist() == two.rows[second].tolist()
    assert sd.some_queries(one, 99, 0).tolist() == list(range(30))


def test_demand_of_requests_that_nothing_answers():
    profile = sd.demand_profile(sd.RUNGS["tfidf"], ["zzz", "sad"], ["sad", "piano", "drums"], k=1)
    assert profile["unanswered"] == 50
    assert profile["never"] == pytest.approx(100 * 2 / 3)
    assert profile["crowding"] == 100
    assert sd.without_a_word(["zzz", "sad"], ["sad"]) == 50


def test_moved_is_the_share_of_answers_that_are_new():
    before = outcome("a", [1])
    hits = sd.Hits(np.arange(5, 15)[np.newaxis], np.zeros((1, 10)))
    assert sd.moved(before, sd.Searched("b", before.picks, hits, before.scores)) == 50


def test_requests_that_name_a_descriptor_are_drawn_word_for_word():
    songs = ["sad, acoustic guitar", "live"]
    asked = ["saddest song", "Acoustic guitar please", "living room", "something sad", "sad " * 20]
    assert sd.naming_requests(asked, songs, 5) == ["Acoustic guitar please", "something sad"]
    assert sd.naming_requests(asked, songs, 1, seed=3) == sd.naming_requests(asked, songs, 1, seed=3)
    assert sd.naming_requests([], songs, 3) == []


def test_the_same_search_moves_no_answer():
    words = sd.searcher("tfidf")
    assert sd.answers_moved(words, words, ["sad", "live piano"], ["sad, piano", "live", "loud"], k=2) == 0


def test_one_value_a_seed_or_an_interval_over_queries():
    assert sd.as_measure([outcome("a", [1, 0]), outcome("a", [1, 1])], RNG)["values"] == [50, 100]
    single = sd.as_measure([outcome("a", [1, 0, 1, 1])], RNG)
    assert single["values"] == 75
    assert single["interval"][0] <= 75 <= single["interval"][1]


def test_titles_and_what_was_liked():
    need("cpcd_dialogs")
    talk = sd.playlist_dialogs()
    assert len(set(talk.documents)) > 8000
    assert all(wanted for wanted in talk.relevant)
    assert max(max(wanted) for wanted in talk.relevant) < len(talk.documents)


def test_the_papers_table_has_its_numbers():
    table = sd.published_table()
    assert table.shape == (7, 4)
    assert table.loc["fine-tuned"].tolist() == [62.8, 47.9, 84.8, 70.1]
    assert sd.published("msmarco_mc_reco") == 50.7
