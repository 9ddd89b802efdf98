"""Encoders: batches, the library's own vectors, and strange texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.learning.cache import Cache
from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors.data import encoders
from support.text_encoders import need, tiny_encoder

STRANGE = ["", " ", "😀 🎹", "悲しいピアノ", "موسيقى حزينة", "a\x00b", "sad " * 10_000]


@given(st.lists(st.integers(1, 60), max_size=80), st.integers(1, 200))
def test_batches_hold_every_text_once_and_stay_small(lengths, tokens):
    batches = sd.data.batches_by_length(lengths, tokens)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * longest <= tokens


def test_a_text_has_the_same_vector_in_any_company(tiny):
    texts = ["sad piano", "a happy song with guitar and drums", "voice", ""]
    together = tiny.encode(texts)
    alone = np.concatenate([tiny.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)  # float32 in another order
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", STRANGE)
def test_strange_texts_have_a_vector(tiny, text):
    vector = tiny.encode([text])
    assert vector.shape == (1, 8)
    assert np.isfinite(vector).all()


def test_what_is_beyond_the_maximal_length_is_not_read(tiny):
    long = " ".join(["sad"] * 40)
    np.testing.assert_array_equal(tiny.encode([long]), tiny.encode([long + " happy" * 10_000]))


def test_tokens_are_cut_and_pooled_one_by_one(tiny):
    tokens = tiny.tokenized(["sad", "sad " * 99])
    assert [len(own) for own in tokens] == [3, tiny.max_length]  # with the two special ones
    assert tokens[0] == [2, 4, 3]
    tiny.body.eval()  # no dropout
    np.testing.assert_allclose(tiny.pooled(tokens[:1]).detach().numpy(), tiny.encode(["sad"]), atol=1e-6)


def test_prefixes_tell_requests_from_songs(tiny):
    tiny.prefixes = {"query": "sad ", "document": "happy "}
    assert not np.allclose(tiny.encode(["song"], "query"), tiny.encode(["song"], "document"))
    np.testing.assert_allclose(tiny.encode(["song"], "query"), tiny_encoder().encode(["sad song"]), atol=1e-6)


def test_encoded_texts_are_kept_by_encoder_and_texts(tmp_path):
    cache = Cache(tmp_path, modules=["soundreasons.papers.song_descriptors.data.encoding"])
    one, other = tiny_encoder(seed=0), tiny_encoder(seed=1)
    texts = ["sad", "happy", "sad"]
    first = sd.data.encode_cached(one, texts, cache)
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(sd.data.encode_cached(one, texts, cache), first)
    assert cache.found == ["tiny-document"]
    assert not np.allclose(sd.data.encode_cached(other, texts, cache), first)
    sd.data.encode_cached(one, texts, cache, "query")
    assert len(cache.computed) == 3


def test_nothing_to_encode_is_refused(tiny):
    with pytest.raises(ValueError, match="no text to encode"):
        sd.data.encode_cached(tiny, [])


def test_minilm_gives_the_librarys_vectors(minilm):
    from sentence_transformers import SentenceTransformer

    from soundreasons import data

    texts = [
        "A sad piano ballad.",
        "sad, piano",
        "",
        "Ωραία! 😀",
        "heavy metal, distorted guitar, fast tempo",
    ]
    theirs = SentenceTransformer(str(data.open("all_minilm_l6").folder), device="cpu").encode(texts)
    np.testing.assert_allclose(minilm.encode(texts), theirs, atol=2e-5)


def test_minilm_puts_the_fitting_song_first(minilm):
    songs = ["heavy metal, distorted guitar", "lullaby, soft female vocal", "techno, fast beat"]
    requests = [
        "something gentle for the baby to sleep",
        "loud guitars for headbanging",
        "music to dance all night in a club",
    ]
    hits = sd.top_documents(minilm.encode(requests), minilm.encode(songs), 1)
    assert hits.documents[:, 0].tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("load", "entries"),
    [
        (encoders.load_glove, ["glove_50d"]),
        (encoders.load_word_pieces, ["all_minilm_l6"]),
        (encoders.load_redrawn, ["all_minilm_l6"]),
        (encoders.load_paraphrase, ["paraphrase_minilm_l3", "all_minilm_l6"]),
        (encoders.load_e5, ["e5_small_4bit"]),
    ],
)
def test_every_encoder_takes_strange_texts(load, entries):
    need(*entries)
    encoder = load()
    assert sd.data.RUNGS[encoder.name].load is load
    found = encoder.encode([*STRANGE, "sad piano"], "query")
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.linalg.norm(found[-1]) == pytest.approx(1, abs=1e-4)
    again = encoder.encode(["sad piano"], "query")
    np.testing.assert_allclose(found[-1:], again, atol=1e-5)


def test_four_bits_keep_what_retrieval_needs():
    # The package's own test of its engine: the passage that answers comes first.
    need("e5_small_4bit")
    encoder = sd.searcher("e5_small")
    asked = encoder.encode(["how much protein should a female eat", "capital of France"], "query")
    told = encoder.encode(
        ["Paris is the capital of France.", "46 grams of protein a day for women"], "document"
    )
    assert (asked @ told.T).argmax(axis=1).tolist() == [1, 0]


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(ValueError, match=r"holds no \*\.safetensors file"):
        sd.searcher(str(tmp_path))


def test_an_unknown_name_is_refused_without_asking_the_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match="no model of that name is on this machine; to let it ask"):
        sd.searcher("nobody/no-such-model")


def test_any_folder_of_sentence_transformers_is_a_rung(minilm):
    from soundreasons import data

    own = sd.searcher(str(data.open("all_minilm_l6").folder))
    np.testing.assert_allclose(own.encode(["sad piano"]), minilm.encode(["sad piano"]), atol=2e-5)


def test_a_text_tower_of_an_audio_model_is_a_rung(tmp_path):
    from tokenizers import Tokenizer
    from transformers import ClapTextConfig, ClapTextModelWithProjection, PreTrainedTokenizerFast

    words = {word: n for n, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "sad", "song"])}
    config = ClapTextConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=90, projection_dim=64,
    )  # fmt: skip
    ClapTextModelWithProjection(config).save_pretrained(tmp_path)
    from tokenizers import models, pre_tokenizers

    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>").save_pretrained(
        tmp_path
    )
    found = sd.data.load_clap(str(tmp_path)).encode(["sad song", "sad " * 500])
    assert found.shape == (2, 64)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_tower_with_a_projection_is_a_rung_once_it_is_a_folder(tmp_path):
    # How the text side of an audio-text model such as TTMR can be added: a body, its first token, a matrix.
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "sad", "song"])}
    inner = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(
        tmp_path / "body"
    )
    config = BertConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    BertModel(config).save_pretrained(tmp_path / "body")
    body = Transformer(str(tmp_path / "body"), max_seq_length=16)
    tower = SentenceTransformer(modules=[body, Pooling(8, "cls"), Dense(8, 4)], device="cpu")
    tower.save(str(tmp_path / "tower"))
    found = sd.searcher(str(tmp_path / "tower")).encode(["sad song", "song"])
    assert found.shape == (2, 4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
