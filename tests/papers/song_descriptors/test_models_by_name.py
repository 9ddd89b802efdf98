"""Encoders from folders and from the hub's cache: their names, their absence, their vectors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons import chapter
from soundreasons.learning.cache import Cache
from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors.data import encoders
from support.text_encoders import place_on_hub, save_tiny_model

HUB_NAME = "somebody/Tiny-MiniLM-L12-v2.1"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of the hub's client, which is not to ask."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def small_task():
    songs = sd.data.Songs("t", ["a sad song", "happy guitar"], [["sad"], ["guitar"]])
    return songs.task(0)


def test_a_model_of_the_hub_is_searched_with_and_measured_under_a_name_that_the_run_takes(hub, tmp_path):
    place_on_hub(hub, HUB_NAME, save_tiny_model(tmp_path / "saved"))
    name = sd.data.measure_names([HUB_NAME])[HUB_NAME]
    encoder = sd.searcher(HUB_NAME)
    snapshot = sd.data.model_folder(HUB_NAME)
    assert (snapshot.parent.name, snapshot.name) == ("snapshots", "0" * 40)
    named = sd.data.load_folder(HUB_NAME, name="mine")
    assert (named.name, named.identity) == ("mine", encoder.identity)
    assert encoder.name == name == "tiny_minilm_l12_v2_1"
    assert sd.search(encoder, small_task()).recall.shape == (2,)
    run = chapter.open("song_descriptors", {"profile": "smoke", "out": str(tmp_path / "out")})
    run.measure(f"recall10.mc.{name}", 1.0)  # the run refuses a name with capitals


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8))
def test_names_are_distinct_and_such_as_measures_take(places):
    places = [*places, "all_minilm", "x/All-MiniLM", "a/Some-Model", "b/some_model", "tf.idf"]
    names = sd.data.measure_names(places)
    assert set(names) == set(places)
    assert len(set(names.values())) == len(set(places))
    assert not set(names.values()) & {*sd.data.RUNGS, "margin", "contrastive", "clap"}
    for name in names.values():
        assert name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_a_models_name_does_not_depend_on_its_place_in_the_list():
    one, other = sd.data.measure_names(["a/M-1", "b/m_1"]), sd.data.measure_names(["b/m_1", "a/M-1"])
    assert one == other
    assert sd.data.measure_names(["a/M-1"]) == {"a/M-1": "m_1"}


def test_what_is_absent_is_named_with_what_to_do(hub, tmp_path):
    here = str(save_tiny_model(tmp_path / "Here"))
    place_on_hub(hub, HUB_NAME, save_tiny_model(tmp_path / "saved"))
    empty = tmp_path / "empty"
    empty.mkdir()
    absent = sd.data.absent_models([here, HUB_NAME, "", "nobody/No-Model", str(empty)])
    assert list(absent) == ["nobody/No-Model", str(empty)]
    assert "set HF_HUB_OFFLINE=0, or save the model as a folder" in absent["nobody/No-Model"]
    assert "save the model with SentenceTransformer.save" in absent[str(empty)]


def test_other_weights_under_the_same_name_give_other_vectors(hub, tmp_path):
    cache = Cache(tmp_path / "kept", modules=["soundreasons.papers.song_descriptors.data.encoding"])
    vectors = []
    for seed in (0, 1):
        place_on_hub(hub, HUB_NAME, save_tiny_model(tmp_path / f"saved{seed}", seed), str(seed) * 40)
        vectors.append(sd.data.encode_cached(sd.searcher(HUB_NAME), ["a sad song"], cache))
    assert len(cache.computed) == 2
    assert not np.allclose(*vectors)


def test_the_same_weights_under_another_name_are_known_again(tmp_path):
    one, other = (save_tiny_model(tmp_path / name, seed=3) for name in ("one", "other"))
    assert sd.data.weights_identity(one) == sd.data.weights_identity(other)
    (other / "tokenizer.json").write_text("{}")
    assert sd.data.weights_identity(one) != sd.data.weights_identity(other)


def save_tiny_tower(folder, seed):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import ClapTextConfig, ClapTextModelWithProjection, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    words = {word: n for n, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "sad", "song"])}
    config = ClapTextConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=90, projection_dim=64,
    )  # fmt: skip
    ClapTextModelWithProjection(config).save_pretrained(folder)
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>").save_pretrained(
        folder
    )
    return folder


def test_a_text_tower_is_known_by_its_weights(hub, tmp_path):
    identities = []
    for seed in (0, 1):
        place_on_hub(hub, "lab/Tower", save_tiny_tower(tmp_path / f"tower{seed}", seed), str(seed) * 40)
        identities.append(sd.data.load_clap("lab/Tower").identity)
    assert identities[0] != identities[1]
    with pytest.raises(ValueError, match="set HF_HUB_OFFLINE=0"):
        sd.data.load_clap("lab/No-Tower")


def test_the_joined_model_is_read_from_its_folder(tmp_path, monkeypatch):
    joined = SimpleNamespace(folder=save_tiny_model(tmp_path / "joined"))
    monkeypatch.setattr(encoders.data, "open", {"all_mpnet_base": joined}.__getitem__)
    encoder = encoders.load_mpnet()
    assert encoder.name == "all_mpnet"
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["a sad song"]), axis=1), 1, atol=1e-5)
