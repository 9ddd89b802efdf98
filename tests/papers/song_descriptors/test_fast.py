"""What is fast, against the method, slow twins, and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors import fast, method
from support.text_encoders import need


def slow_top(queries, documents, k):
    """Sort everything, by score and then by number."""
    scores = np.asarray(queries @ documents.T)
    return np.array([sorted(range(len(row)), key=lambda d: (-row[d], d))[:k] for row in scores])


@given(
    st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 60), st.integers(1, 12),
    st.sampled_from([1, 3, 8, 4096]),
)  # fmt: skip
@settings(deadline=None, max_examples=80)
def test_the_best_are_those_of_a_full_sort_with_many_ties(seed, n_queries, n_documents, k, block):
    # Small whole numbers: many equal scores, all exact.
    rng = np.random.default_rng(seed)
    queries, documents = (rng.integers(-1, 2, (n, 3)).astype(np.float32) for n in (n_queries, n_documents))
    whole, fast.BLOCK = fast.BLOCK, block
    try:
        dense = sd.top_documents(queries, documents, k)
        sparse = sd.top_documents(sp.csr_matrix(queries), sp.csr_matrix(documents), k)
    finally:
        fast.BLOCK = whole
    expected = slow_top(queries, documents, min(k, n_documents))
    plain = method.top_documents(queries, documents, k)
    np.testing.assert_array_equal(plain.documents, expected)
    np.testing.assert_array_equal(plain.scores, dense.scores)
    np.testing.assert_array_equal(dense.documents, expected)
    np.testing.assert_array_equal(sparse.documents, expected)


def test_many_blocks_with_rising_scores_overflow_no_buffer():
    # Every document beats all before it: the worst case for pruning.
    documents = np.arange(20_000, dtype=np.float64)[:, np.newaxis]
    found = sd.top_documents(np.ones((2, 1)), documents, 5)
    assert found.documents.tolist() == [[19999, 19998, 19997, 19996, 19995]] * 2


@pytest.mark.parametrize(
    ("queries", "documents", "k", "told"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), 1, "queries have shape"),
        (np.ones((2, 3)), np.ones((0, 3)), 1, "the catalogue is empty"),
        (np.ones((2, 3)), np.full((2, 3), np.nan), 1, "document vectors hold values that are not finite"),
        (np.full((1, 3), np.inf), np.ones((2, 3)), 1, "query vectors hold values"),
        (np.ones((2, 3)), np.ones((2, 3)), 0, "k is 0"),
        (np.ones(3), np.ones((2, 3)), 1, "queries have shape"),
    ],
)
def test_impossible_searches_are_refused(queries, documents, k, told):
    with pytest.raises(ValueError, match=told):
        sd.top_documents(queries, documents, k)


def test_a_catalogue_of_one_song_and_of_equal_songs_is_ordered_by_number():
    assert sd.top_documents(np.ones((1, 2)), np.ones((1, 2)), 10).documents.tolist() == [[0]]
    assert sd.top_documents(np.ones((1, 2)), np.ones((4, 2)), 3).documents.tolist() == [[0, 1, 2]]


def slow_metrics(ranking, wanted):
    """Each measure by its definition, one query."""
    hits = [document in wanted for document in ranking]
    gain = sum(hit / np.log2(rank + 2) for rank, hit in enumerate(hits[:10]))
    ideal = sum(1 / np.log2(rank + 2) for rank in range(min(len(wanted), 10)))
    first = next((rank for rank, hit in enumerate(hits[:10]) if hit), None)
    precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits[:100]) if hit]
    found = {"mrr@10": 0 if first is None else 1 / (first + 1), "ndcg@10": gain / ideal}
    found["map@100"] = sum(precisions) / min(len(wanted), 100)
    for k in (1, 3, 5, 10):
        n = sum(hits[:k])
        found |= {f"accuracy@{k}": float(n > 0), f"precision@{k}": n / k, f"recall@{k}": n / len(wanted)}
    return found


def random_task(seed, n_queries=20, n_documents=150):
    rng = np.random.default_rng(seed)
    queries, documents = (rng.integers(-2, 3, (n, 4)).astype(float) for n in (n_queries, n_documents))
    relevant = [set(rng.choice(n_documents, rng.integers(1, 15), replace=False).tolist()) for _ in queries]
    return queries, documents, relevant


@pytest.mark.parametrize("seed", range(5))
def test_metrics_equal_their_definitions_on_rankings_with_ties(seed):
    queries, documents, relevant = random_task(seed)
    ours = sd.retrieval_metrics(queries, documents, relevant)
    each = [slow_metrics(r, w) for r, w in zip(slow_top(queries, documents, 100), relevant, strict=True)]
    assert ours.keys() == each[0].keys()
    for name, value in ours.items():
        assert value == pytest.approx(np.mean([one[name] for one in each]), abs=1e-12), name


def test_metrics_equal_those_of_sentence_transformers():
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    queries, documents, relevant = random_task(7)
    evaluator = InformationRetrievalEvaluator(
        {str(q): "" for q in range(len(queries))},
        {str(d): "" for d in range(len(documents))},
        {str(q): {str(d) for d in wanted} for q, wanted in enumerate(relevant)},
        show_progress_bar=False,
    )
    hits = sd.top_documents(queries, documents, 100)
    # Their evaluator sorts by score alone: a rank in place of a score leaves it no tie to break.
    ranked = [
        [{"corpus_id": str(document), "score": -rank} for rank, document in enumerate(row)]
        for row in hits.documents
    ]
    theirs = evaluator.compute_metrics(ranked)
    ours = sd.retrieval_metrics(queries, documents, relevant)
    for k in (1, 3, 5, 10):
        assert ours[f"accuracy@{k}"] == pytest.approx(theirs["accuracy@k"][k])
        assert ours[f"precision@{k}"] == pytest.approx(theirs["precision@k"][k])
        assert ours[f"recall@{k}"] == pytest.approx(theirs["recall@k"][k])
    assert ours["mrr@10"] == pytest.approx(theirs["mrr@k"][10])
    assert ours["ndcg@10"] == pytest.approx(theirs["ndcg@k"][10])
    assert ours["map@100"] == pytest.approx(theirs["map@k"][100])


def test_a_query_without_a_right_answer_is_refused_by_number():
    with pytest.raises(ValueError, match="query 1 has no relevant item"):
        sd.retrieval_metrics(np.eye(2), np.eye(2), [{0}, set()])
    with pytest.raises(ValueError, match="2 rankings for 1 queries"):
        sd.retrieval_metrics(np.eye(2), np.eye(2), [{0}])


@pytest.mark.parametrize(("name", "reported"), [("mc", 89.4), ("mc_reco", 77.7)])
def test_tfidf_reaches_the_papers_recall(name, reported):
    need("lp_musiccaps_mc")
    songs, recalls = sd.data.open_songs(name), []
    for seed in range(3):
        task = songs.task(seed)
        found = sd.retrieval_metrics(*sd.tfidf(task.queries, task.documents), task.relevant)
        recalls.append(100 * found["recall@10"])
    assert np.mean(recalls) == pytest.approx(reported, abs=2)


def test_bm25_scores_are_those_of_its_library():
    import bm25s

    documents = ["sad, piano", "happy guitar, guitar", "", "sad, slow, low quality"]
    asked, songs = sd.bm25(["a sad guitar", "nothing known", "guitar guitar"], documents)
    index = bm25s.BM25()
    index.index(bm25s.tokenize(documents, stopwords=None, show_progress=False), show_progress=False)
    for row, words in enumerate((["sad", "guitar"], [], ["guitar", "guitar"])):
        expected = index.get_scores(words) if words else np.zeros(4)
        np.testing.assert_allclose((asked @ songs.T).toarray()[row], expected, rtol=1e-6)


@pytest.mark.parametrize("vectorise", [sd.tfidf, sd.bm25])
def test_documents_without_words_are_refused(vectorise):
    with pytest.raises(ValueError, match="none of 2 documents has a word"):
        vectorise(["sad"], ["", "?"])


@pytest.mark.parametrize("vectorise", [sd.tfidf, sd.bm25])
@pytest.mark.parametrize("request_text", ["", "😀😀", "悲しいピアノ", "word " * 10_000])
def test_strange_requests_score_zero_and_do_not_fail(vectorise, request_text):
    asked, songs = vectorise([request_text], ["sad, piano", "happy"])
    assert (asked @ songs.T).toarray().tolist() == [[0.0, 0.0]]


texts = st.lists(
    st.text(alphabet="ab &é1,", max_size=12) | st.sampled_from(["sad piano", "Sad, SAD", "lo-fi r&b", ""]),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("name", ["tfidf", "bm25"])
@given(texts, texts)
@settings(deadline=None, max_examples=60)
def test_sparse_words_score_as_the_formulas_do(name, queries, documents):
    documents = [*documents, "sad", "slow piano"]
    plain, quick = (getattr(module, name)(queries, documents) for module in (method, fast))
    expected = plain[0] @ plain[1].T
    # bm25s keeps its weights in single precision.
    np.testing.assert_allclose((quick[0] @ quick[1].T).toarray(), expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_fast_metrics_are_those_of_the_method(seed):
    queries, documents, relevant = random_task(seed)
    ours, plain = (m.retrieval_metrics(queries, documents, relevant) for m in (fast, method))
    assert ours == plain
    ranked = slow_top(queries, documents, 100)
    by_hand = np.mean([sd.recall_at_k(r.tolist(), w, 10) for r, w in zip(ranked, relevant, strict=True)])
    assert ours["recall@10"] == pytest.approx(by_hand, abs=1e-12)
