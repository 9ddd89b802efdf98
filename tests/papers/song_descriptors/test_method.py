"""The paper's definitions: what must hold of any draw, losses and scores by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import song_descriptors as sd

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
        match, other = sd.method.matching(query, tags[row])
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
    assert sd.method.split_descriptors(published) == expected


def test_captions_without_tags_are_refused():
    with pytest.raises(ValueError, match="2 captions for 1 lists of tags"):
        sd.sample_descriptor_sets(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="sets_per_query is 0"):
        sd.sample_descriptor_sets(["a"], [["a"]], 0)


def test_contrast_of_two_pairs_is_that_of_the_definition():
    # By hand: cosines 1 on the diagonal, 0 beside it, temperature 1/2: -log(e^2 / (e^2 + 1)).
    unit = torch.eye(2)
    loss = sd.contrastive_loss(unit, unit, torch.eye(2, dtype=torch.bool), 0.5)
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-2.0)))


def test_an_equal_document_is_no_negative():
    unit = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    alone = sd.contrastive_loss(unit, unit, torch.ones(2, 2, dtype=torch.bool), 0.5)
    assert alone.item() == pytest.approx(0, abs=1e-6)
    assert sd.contrastive_loss(unit, unit, torch.eye(2, dtype=torch.bool), 0.5).item() == pytest.approx(
        np.log(2)
    )


def test_the_margin_loss_is_zero_where_the_student_agrees():
    query = torch.tensor([[1.0, 0.0]])
    positive, negative = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.0, 1.0]])
    assert sd.margin_loss(query, positive, negative, torch.tensor([0.6])).item() == pytest.approx(
        0, abs=1e-12
    )
    assert sd.margin_loss(query, positive, negative, torch.tensor([1.6])).item() == pytest.approx(1)


def test_a_teacher_prefers_the_set_that_the_text_names():
    rarity = sd.method.descriptor_rarity(["sad, piano", "sad", "drums"])
    scores = sd.teacher_scores(
        ["a sad piano", "a sad piano"], ["sad, piano", "sad, drums"], np.zeros(2), rarity
    )
    # By hand: half of the whole weight; half of log(3/2) over log(3/2) + log(3).
    assert scores == pytest.approx([0.5, 0.5 * np.log(1.5) / (np.log(1.5) + np.log(3))], abs=1e-6)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: sd.method.split_descriptors(["sad"]), "expected the published text"),
        (lambda: sd.method.matching("sad", "sad, piano"), "expected a list of descriptors"),
        (lambda: sd.draw_descriptor_set("sad", "sad", None), "expected a list of descriptors"),
        (lambda: sd.method.sets_for(["sad"], [], [["sad"]]), "1 queries for 0 rows"),
        (lambda: sd.recall_at_k([1], set()), "0 documents are relevant"),
        (lambda: sd.recall_at_k([1], {1}, k=0), "k is 0"),
        (lambda: sd.method.unit_rows(np.ones(3)), r"expected \(n, n_dims\)"),
        (lambda: sd.method.mean_pooled(torch.ones(1, 2, 3), torch.ones(1, 3)), "states have shape"),
        (lambda: sd.method.descriptor_rarity([]), "no descriptor set"),
        (lambda: sd.method.share_named("sad", "sad", {"sad": -1.0}), "none below zero"),
        (lambda: sd.teacher_scores(["sad"], ["sad"], np.zeros(2), {}), "1 queries, 1 documents, 2 cosines"),
        (lambda: sd.teacher_scores(["a", "b"], ["a"], np.zeros(1), {}), "2 queries, 1 documents, 1 cosines"),
        (lambda: sd.margin_loss(*(torch.ones(2, 3),) * 3, torch.ones(3)), "expected .n, n_dims. three times"),
        (lambda: sd.contrastive_loss(*(torch.eye(2),) * 3, 0.0), "temperature is 0.0"),
        (lambda: sd.contrastive_loss(torch.eye(2), torch.eye(3), torch.eye(2), 1.0), "documents .3, 3."),
    ],
)
def test_the_impossible_is_refused_with_what_was_given(call, told):
    with pytest.raises((ValueError, TypeError), match=told):
        call()


def test_pooling_takes_no_padding_and_leaves_length_one():
    # By hand: the mean of (3, 0) and (0, 4), at length one; the same whatever stands in the padding.
    states = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, -9.0]]])
    pooled = sd.method.mean_pooled(states, torch.tensor([[1, 1, 0]]))
    assert pooled[0].tolist() == pytest.approx([0.6, 0.8], abs=1e-6)
    assert not sd.method.mean_pooled(states, torch.zeros(1, 3)).any()  # a text without any token


@pytest.mark.parametrize("seed", range(3))
def test_contrast_is_the_sum_of_the_page(seed):
    # The double sum as it stands in eq-contrast, term by term, documents 0 and 2 reading the same.
    generator = torch.Generator().manual_seed(seed)
    queries, documents = (
        torch.nn.functional.normalize(torch.randn(4, 3, generator=generator), dim=1) for _ in range(2)
    )
    documents[2] = documents[0]
    same = torch.eye(4, dtype=torch.bool)
    same[0, 2] = same[2, 0] = True
    s, tau, total = (queries @ documents.T).double().numpy(), 0.3, 0.0
    for i in range(4):
        others = [j for j in range(4) if j == i or not same[i, j]]
        total += np.log(np.exp(s[i, i] / tau) / sum(np.exp(s[i, j] / tau) for j in others))
        total += np.log(np.exp(s[i, i] / tau) / sum(np.exp(s[j, i] / tau) for j in others))
    assert sd.contrastive_loss(queries, documents, same, tau).item() == pytest.approx(-total / 8, abs=1e-5)


def test_a_descriptor_is_named_whatever_its_capitals():
    assert sd.method.share_named("A SAD song", "Sad, loud", {"Sad": 3.0, "loud": 1.0}) == 0.75


def test_one_set_is_drawn_with_seed_0_unless_told_otherwise():
    texts, tags = ["a b"] * 30, [["a", "b", "c", "d"]]
    task = sd.method.sets_for(texts, [0] * 30, tags)
    assert {len(wanted) for wanted in task.relevant} == {1}
    assert task.documents == sd.method.sets_for(texts, [0] * 30, tags, 1, 0).documents
    assert {len(wanted) for wanted in sd.sample_descriptor_sets(texts, tags * 30).relevant} == {1}


@pytest.mark.parametrize(("place", "expected"), [(0, 1.0), (9, 1.0), (10, 0.0)])
def test_recall_reads_ten_documents_unless_told_otherwise(place, expected):
    assert sd.recall_at_k(range(20), {place}) == expected


def test_the_first_document_alone_may_be_read():
    assert sd.recall_at_k([4, 7], {4, 7}, k=1) == 0.5


@pytest.mark.parametrize(
    ("place", "rank_10", "gain_10", "precision_100"),
    [(10, 1 / 10, 1 / np.log2(11), 1 / 10), (11, 0, 0, 1 / 11), (100, 0, 0, 1 / 100), (101, 0, 0, 0)],
)
def test_each_measure_is_cut_where_its_name_says(place, rank_10, gain_10, precision_100):
    # By hand, one relevant document at a place that counts from 1: 1/place, 1/log2(place + 1), 1/place.
    hits = sd.method.Hits(np.arange(120)[np.newaxis], -np.arange(120.0)[np.newaxis])
    found = sd.method.metrics_per_query(hits, [{place - 1}])
    assert [float(found[name][0]) for name in ("mrr@10", "ndcg@10", "map@100")] == pytest.approx(
        [rank_10, gain_10, precision_100], abs=1e-12
    )
    assert [name for name in found if "accuracy" in name] == [f"accuracy@{k}" for k in (1, 3, 5, 10)]


def test_bm25_by_hand():
    # Two documents of 4 and 2 words, 3 on average; "sad" twice in the first, in it alone:
    # ln(1 + 1.5 / 1.5) and 2 / (2 + 1.5 (1 - 0.75 + 0.75 * 4 / 3)).
    asked, songs = sd.method.bm25(["sad"], ["sad sad slow piano", "happy guitar"])
    assert (asked @ songs.T)[0].tolist() == pytest.approx([np.log(2) * 2 / (2 + 1.5 * 1.25), 0], abs=1e-12)


def test_a_descriptor_that_was_never_counted_weighs_one():
    assert sd.method.share_named("sad", "sad, piano", {"sad": 3.0}) == 0.75
