"""What is read off the ladder, on searches whose outcome is known."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.papers import song_descriptors as sd

RNG = np.random.default_rng(0)


def outcome(name, recall, picks=None):
    """A search in which each query found its document (1) or did not (0)."""
    recall = np.asarray(recall, dtype=float)
    n = len(recall)
    hits = sd.method.Hits(np.tile(np.arange(10), (n, 1)), np.zeros((n, 10)))
    picks = np.arange(n) if picks is None else np.asarray(picks)
    return sd.ladder.Searched(name, picks, hits, {"recall@10": recall, "accuracy@10": recall})


def task_of(pairs):
    documents = list(dict.fromkeys(document for _, document in pairs))
    relevant = [{documents.index(document)} for _, document in pairs]
    return sd.method.DescriptorSets([query for query, _ in pairs], documents, relevant, np.arange(len(pairs)))


def test_a_step_is_taken_over_the_queries_that_both_were_asked():
    before, after = outcome("a", [0, 1, 0, 1]), outcome("b", [1, 1], picks=[0, 2])
    assert sd.steps.paired_step(before, after, RNG).mean == 100
    with pytest.raises(ValueError, match="b was not asked all of these 2 queries"):
        after.among(np.array([0, 1]))


def test_the_lead_is_compared_between_the_outer_thirds():
    # By hand: lead 100 where most words are named, -100 where fewest are.
    words, meaning = outcome("w", [0, 0, 0, 0, 1, 1]), outcome("m", [1, 1, 0, 0, 0, 0])
    groups = np.array([0, 0, 1, 1, 2, 2])
    assert tuple(sd.shared_words.lead_difference(words, meaning, groups, RNG)) == (200, 200, 200)
    assert sd.shared_words.recall_by_group([words], groups).loc["w"].tolist() == [0, 0, 100]


def test_the_interval_of_a_lead_is_as_wide_as_theory_says():
    # Two independent means of 400 draws each: the normal interval, within the error of 2,000 resamples.
    rng = np.random.default_rng(3)
    found = rng.random(800) < np.repeat([0.3, 0.7], 400)
    groups = np.repeat([0, 1], 400)
    told = sd.shared_words.lead_difference(outcome("w", found), outcome("m", np.zeros(800)), groups, rng)
    halves = 100 * found.reshape(2, 400)
    assert told.mean == pytest.approx(halves[1].mean() - halves[0].mean())
    width = 2 * 1.96 * np.sqrt((halves.var(axis=1) / 400).sum())
    assert told.high - told.low == pytest.approx(width, rel=0.08)


def test_loss_difference_is_how_much_more_the_first_loses():
    lost = sd.shared_words.loss_difference(
        outcome("w", [1, 1, 1]), outcome("w", [0, 0], picks=[0, 2]),
        outcome("m", [1, 0, 1]), outcome("m", [1, 1], picks=[0, 2]), RNG,
    )  # fmt: skip
    assert tuple(lost) == (100, 100, 100)


def test_a_drop_is_positive_where_requests_find_less():
    assert sd.steps.paired_drop(outcome("c", [1, 1]), outcome("r", [0, 0]), RNG).mean == 100


def test_a_mean_gain_needs_the_same_seeds_and_queries():
    assert (
        sd.steps.mean_gain([outcome("a", [0, 0])] * 2, [outcome("b", [1, 1]), outcome("b", [0, 0])], RNG).mean
        == 50
    )
    with pytest.raises(ValueError, match="expected the same everywhere"):
        sd.steps.mean_gain([outcome("a", [0, 0])], [outcome("b", [1, 1])] * 2, RNG)


def test_thirds_follow_the_words_named():
    task = task_of([("nothing", "sad, piano"), ("a sad song", "sad, piano"), ("sad piano", "sad, piano")] * 2)
    groups = sd.shared_words.overlap_groups(task, np.arange(6))
    assert groups.tolist() == [0, 1, 2, 0, 1, 2]
    assert sd.asked.mean_overlap(task) == pytest.approx(0.5)


def test_what_no_training_song_carries_is_unseen():
    task = task_of([("q", "sad, piano"), ("q", "sad"), ("q", "")])
    training = sd.data.Songs("t", ["x"], [["sad"]])
    assert sd.steps.names_unseen(task, training).tolist() == [0]


def test_recall_by_type_counts_a_query_for_each_of_its_types():
    task = task_of([("q", "sad, piano"), ("q", "piano"), ("q", "")])
    table = sd.hard_descriptors.recall_by_type(task, [outcome("a", [1, 0, 0])])
    assert table.loc["instrument"].tolist() == [2, 50]
    assert table.loc["mood"].tolist() == [1, 100]
    assert "voice" not in table.index


def test_reworded_queries_leave_the_others_alone():
    task = task_of([("a sad song", "sad"), ("a sad song", "sad"), ("quux", "sad")])
    other, share = sd.shared_words.reworded(task, np.array([1, 2]))
    assert other.queries == ["a sad song", "a sorrowful song", "quux"]
    assert share == 1


def test_the_same_songs_are_drawn_for_captions_and_requests():
    one = sd.sample_descriptor_sets([f"song {n}" for n in range(30)], [["song"]] * 30)
    two = sd.sample_descriptor_sets([f"song {n}. and more" for n in range(30)], [["song"]] * 30)
    first, second = (sd.asked.some_queries(task, 10, 0) for task in (one, two))
    assert one.rows[first].tolist() == two.rows[second].tolist()
    assert sd.asked.some_queries(one, 99, 0).tolist() == list(range(30))


def test_demand_of_requests_that_nothing_answers():
    profile = sd.people.demand_profile(sd.data.RUNGS["tfidf"], ["zzz", "sad"], ["sad", "piano", "drums"], k=1)
    assert profile["unanswered"] == 50
    assert profile["never"] == pytest.approx(100 * 2 / 3)
    assert profile["crowding"] == 100


def test_requests_that_name_a_descriptor_are_drawn_word_for_word():
    songs = ["sad, acoustic guitar", "live"]
    asked = ["saddest song", "Acoustic guitar please", "living room", "something sad", "sad " * 20]
    assert sd.people.naming_requests(asked, songs, 5) == ["Acoustic guitar please", "something sad"]
    assert sd.people.naming_requests(asked, songs, 1, seed=3) == sd.people.naming_requests(
        asked, songs, 1, seed=3
    )
    assert sd.people.naming_requests([], songs, 3) == []


def test_the_same_search_moves_no_answer():
    words = sd.searcher("tfidf")
    assert (
        sd.people.answers_moved(words, words, ["sad", "live piano"], ["sad, piano", "live", "loud"], k=2) == 0
    )


def test_one_value_a_seed_or_an_interval_over_queries():
    assert sd.ladder.as_measure([outcome("a", [1, 0]), outcome("a", [1, 1])], RNG)["values"] == [50, 100]
    single = sd.ladder.as_measure([outcome("a", [1, 0, 1, 1])], RNG)
    assert single["values"] == 75
    assert single["interval"][0] <= 75 <= single["interval"][1]


def test_the_papers_table_has_its_numbers():
    table = sd.ladder.published_table()
    assert table.shape == (7, 4)
    assert table.loc["fine-tuned"].tolist() == [62.8, 47.9, 84.8, 70.1]


def test_paired_gain_is_exact_where_every_query_gains_the_same():
    gain = sd.steps.paired_gain(np.zeros(5), np.full(5, 2.0), np.random.default_rng(0))
    assert tuple(gain) == (2.0, 2.0, 2.0)


def all_found():
    return {("mc", "tfidf"): [outcome("tfidf", [1, 0, 1, 1])], ("mc", "margin"): [outcome("margin", [0, 1])]}


def test_sizes_of_tasks_are_counted_on_the_first_draw():
    task = task_of([("a sad song", "sad, piano"), ("nothing", ""), ("piano", "piano")])
    table = sd.asked.task_sizes({"mc": [task, None]})
    # By hand: half, none and all of the words are named.
    assert table.iloc[0].tolist() == ["mc", 3, 3, 1, 0.5]


def test_all_draws_are_asked_or_some_queries_of_the_first():
    songs = sd.data.Songs("t", ["a sad song", "happy guitar"], [["sad"], ["guitar"]])
    draws, who = [songs.task(seed) for seed in range(3)], sd.searcher("tfidf")
    every = sd.ladder.search_draws(who, draws, np.array([1]), everything=True)
    assert [one.recall.tolist() for one in every] == [[100, 100]] * 3
    (some,) = sd.ladder.search_draws(who, draws, np.array([1]))
    assert some.picks.tolist() == [1]


def test_the_ladder_is_sorted_by_stage_and_then_by_recall():
    found = {
        name: [outcome(name, recall)]
        for name, recall in {"tfidf": [1, 1], "mine": [1, 0], "e5_small": [1, 1], "glove": [0, 0]}.items()
    }
    table = sd.ladder.ladder_table(found | {"redrawn": [outcome("redrawn", [1, 0])]}, RNG)
    labels = ["GloVe means", "MiniLM, body re-drawn", "multilingual-e5-small", "mine", "tf-idf"]
    assert table["label"].tolist() == labels
    assert table["recall"].tolist() == [0, 50, 100, 50, 100]
    assert ((table["low"] <= table["recall"]) & (table["recall"] <= table["high"])).all()


def test_ours_stand_beside_the_papers_where_there_are_any():
    table = sd.ladder.published_beside(all_found(), {"tf-idf": "tfidf", "fine-tuned": "margin"})
    assert table.loc["tf-idf", ["MC", "ours, MC", "ours, MC-reco"]].tolist() == [
        89.4,
        "75.0 (tfidf)",
        "not tested",
    ]
    assert table.loc["BERT", "ours, MC"] == "not tested"
    assert sd.ladder.metrics_table([outcome("tfidf", [1, 0])]).loc["tfidf", "recall@10"] == 50


def test_costs_have_a_row_an_encoder():
    table = sd.ladder.cost_table({"margin": 200.0}, {"margin": outcome("margin", [1, 0])})
    assert table.iloc[0].tolist() == ["tuned, soft labels", "music", 200.0, sd.data.megabytes("margin"), 50]


def test_speed_is_counted_in_texts(tiny):
    assert sd.ladder.sentences_per_second(tiny, ["a sad song"] * 20) > 0


def test_means_of_two_searches_stand_side_by_side():
    table = sd.steps.mean_recalls({"tfidf": (outcome("a", [1, 1]), outcome("a", [1, 0]))}, "before", "after")
    assert table.loc["tfidf"].to_dict() == {"before": 100, "after": 50}


def test_only_words_of_the_catalogue_are_kept():
    task = task_of([("Play me a Sad song", "sad, piano")])
    assert sd.shared_words.only_known_words(task).queries == ["sad"]


def test_the_first_answer_of_each_search_is_shown():
    words = sd.searcher("tfidf")
    table = sd.people.first_answers({"one": words, "two": words}, ["piano", "loud"], ["sad, piano", "loud"])
    assert table.to_dict("list") == {
        "request": ["piano", "loud"], "one": ["sad, piano", "loud"], "two": ["sad, piano", "loud"]
    }  # fmt: skip


def test_the_examples_of_training_are_mined_in_the_order_in_which_they_are_seen(tiny):
    tags = [[f"{word} {n}"] for word in ("sad", "happy", "piano", "guitar") for n in range(20)]
    fit = sd.data.Songs("t", [f"a song with {own[0]}" for own in tags], tags)
    examples = sd.learning.training_examples(fit)
    settings = sd.fine_tuning.Settings(steps=3, batch=5, seed=2)
    mined = sd.learning.margin_examples(examples, settings, tiny)
    seen = [one for batch in sd.fine_tuning.shuffled_batches(examples, settings) for one in batch]
    assert [(one.query, one.positive) for one in mined] == [(one.query, one.positive) for one in seen]
    assert all(one.negative in {own[0] for own in tags} for one in mined)


def test_caches_can_be_turned_off():
    on, off = (sd.learning.open_caches(enabled=flag) for flag in (True, False))
    assert (on.texts.enabled, off.texts.enabled, off.weights.enabled) == (True, False, False)
    assert on.texts.folder.name == "song_descriptors"
