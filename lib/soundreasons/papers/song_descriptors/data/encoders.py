"""The pretrained encoders of the registry, under one interface."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from soundreasons import data
from soundreasons.learning import seeding
from soundreasons.learning.cache import digest
from soundreasons.papers.song_descriptors.data.encoding import (
    Embedding,
    Kind,
    TransformerEncoder,
    batches_by_length,
    padded,
)
from soundreasons.papers.song_descriptors.data.placed_models import FolderEncoder, load_folder
from soundreasons.papers.song_descriptors.method.scores import unit_rows

MAX_LENGTH = 128


@dataclass
class WordMeans:
    """Mean of static word vectors, one a word or word piece.

    Attributes
    ----------
    name, identity : str
        See `Encoder`.
    vectors : ndarray of float32, shape (n_words, n_dims)
    numbers_of : callable
        Gives the numbers of the words of a text, those that are known.
    """

    name: str
    identity: str
    vectors: Embedding
    numbers_of: Callable[[str], Sequence[int]]

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Encode texts; a text without a known word is a row of zeros."""
        rows = np.zeros((len(texts), self.vectors.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            numbers = self.numbers_of(text)
            if len(numbers):
                rows[row] = self.vectors[list(numbers)].mean(axis=0)
        return unit_rows(rows).astype(np.float32)


@dataclass
class OnnxEncoder:
    """A transformer as ONNX, whose output holds the token vectors; mean of these."""

    name: str
    identity: str
    session: Any
    output: str
    tokenizer: Tokenizer
    max_length: int = MAX_LENGTH

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Encode texts; see `Encoder`."""
        self.tokenizer.enable_truncation(self.max_length)
        tokens = [found.ids for found in self.tokenizer.encode_batch([text[:4096] for text in texts])]
        parts: list[tuple[int, Any]] = []
        for batch in batches_by_length([len(ids) for ids in tokens]):
            ids, mask = (table.numpy() for table in padded([tokens[place] for place in batch], "cpu"))
            (states,) = self.session.run([self.output], {"input_ids": ids, "attention_mask": mask})
            weights = mask[:, :, np.newaxis].astype(np.float32)
            parts += zip(batch, unit_rows((states * weights).sum(axis=1) / weights.sum(axis=1)), strict=True)
        return np.stack([vector for _, vector in sorted(parts, key=lambda part: part[0])]).astype(np.float32)


def load_minilm(device: str = "cpu") -> TransformerEncoder:
    """Load all-MiniLM-L6-v2 (Reimers and Gurevych, 2019): the paper uses its larger sister, L12.

    Chapter: song_descriptors.

    Raises
    ------
    DataUnavailable
        If it is not on this machine.
    """
    folder = data.open("all_minilm_l6").folder
    body = _minilm_body()
    state = load_file(folder / "model.safetensors")
    wanted = body.state_dict().keys()
    body.load_state_dict({name: value for name, value in state.items() if name in wanted})
    return _minilm("all_minilm", _identity("all_minilm_l6"), _placed(body, device), device)


def load_redrawn(device: str = "cpu", seed: int = 0) -> TransformerEncoder:
    """Load all-MiniLM's word pieces under a body whose weights are drawn anew: a stand-in for a raw model.

    It has never read a sentence; only its tokenizer and its static word-piece vectors have. Chapter:
    song_descriptors.
    """
    seeding.seed_everything(seed)
    body = _minilm_body()
    words = load_file(data.open("all_minilm_l6").folder / "model.safetensors")
    with torch.no_grad():
        body.embeddings.word_embeddings.weight.copy_(words["embeddings.word_embeddings.weight"])
    return _minilm("redrawn", _identity("all_minilm_l6", f"redrawn {seed}"), _placed(body, device), device)


def load_word_pieces(device: str = "cpu") -> WordMeans:
    """Load the first layer of all-MiniLM alone: static vectors of word pieces.

    Chapter: song_descriptors.
    """
    folder = data.open("all_minilm_l6").folder
    vectors = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"].numpy()
    tokenizer = _wordpiece_tokenizer()

    def numbers_of(text: str) -> Sequence[int]:
        return tokenizer.encode(text[:4096], add_special_tokens=False).ids  # type: ignore[no-any-return]

    return WordMeans("word_pieces", _identity("all_minilm_l6", "word pieces"), vectors, numbers_of)


def load_glove(device: str = "cpu") -> WordMeans:
    """Load GloVe's word vectors (Pennington et al., 2014).

    Chapter: song_descriptors.
    """
    record = data.open("glove_50d")
    numbers = {word: number for number, word in enumerate(record.words["word"])}

    def numbers_of(text: str) -> Sequence[int]:
        words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text[:4096].lower())
        return [numbers[word] for word in words if word in numbers]

    return WordMeans("glove", _identity("glove_50d"), record.vectors, numbers_of)


def load_paraphrase(device: str = "cpu") -> OnnxEncoder:
    """Load paraphrase-MiniLM-L3-v2 from its ONNX file; runs on the CPU whatever the device.

    Chapter: song_descriptors.
    """
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(data.open("paraphrase_minilm_l3").path), options, providers=["CPUExecutionProvider"]
    )
    # The file's first output only repeats the mask; its token vectors carry a name made by the exporter.
    (output,) = [found.name for found in session.get_outputs() if len(found.shape) == 3]
    tokenizer = _wordpiece_tokenizer()  # all-MiniLM's: opened before the identity asks what was opened
    identity = _identity("paraphrase_minilm_l3", "all_minilm_l6")
    return OnnxEncoder("paraphrase_l3", identity, session, output, tokenizer)


def load_e5(device: str = "cpu") -> TransformerEncoder:
    """Load multilingual-e5-small (Wang et al., 2024), its matrices rounded to four bits.

    Chapter: song_descriptors.
    """
    record = data.open("e5_small_4bit")
    sizes = record.sizes
    config = BertConfig(
        vocab_size=sizes["vocabulary"], hidden_size=sizes["hidden"], num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"], intermediate_size=sizes["feed_forward"],
        max_position_embeddings=sizes["positions"], type_vocab_size=sizes["types"],
        layer_norm_eps=record.epsilon, pad_token_id=0,
    )  # fmt: skip
    with torch.device("meta"):
        body = BertModel(config, add_pooling_layer=False)
    state = {_bert_name(name): torch.from_numpy(values) for name, values in record.tensors.items()}
    # The numbers of positions and types are no weights; they were left on the meta device.
    body.load_state_dict(state, strict=False, assign=True)
    numbers = torch.arange(sizes["positions"]).unsqueeze(0)
    body.embeddings.register_buffer("position_ids", numbers, persistent=False)
    body.embeddings.register_buffer("token_type_ids", torch.zeros_like(numbers), persistent=False)
    tokenizer = Tokenizer(
        models.Unigram(
            list(zip(record.pieces, record.scores.tolist(), strict=True)), record.special["unk"], False
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    bos, eos = record.special["bos"], record.special["eos"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    return TransformerEncoder(
        "e5_small", _identity("e5_small_4bit"), _placed(body, device), tokenizer, MAX_LENGTH,
        {"query": "query: ", "document": "passage: "}, device, record.replacements,
    )  # fmt: skip


def load_mpnet(device: str = "cpu") -> FolderEncoder:
    """Load all-mpnet-base-v2, joined from five archives.

    Chapter: song_descriptors.
    """
    return load_folder(str(data.open("all_mpnet_base").folder), device, name="all_mpnet")


def _placed(body: torch.nn.Module, device: str) -> torch.nn.Module:
    return body.to(device)  # a model of transformers has a `to` of its own, with stranger types


def _minilm(name: str, identity: str, body: torch.nn.Module, device: str) -> TransformerEncoder:
    identity = digest(identity, str(MAX_LENGTH))
    return TransformerEncoder(name, identity, body, _wordpiece_tokenizer(), MAX_LENGTH, device=device)


def _minilm_body() -> BertModel:
    folder = data.open("all_minilm_l6").folder
    config = BertConfig.from_json_file(str(folder / "config.json"))
    return BertModel(config, add_pooling_layer=False)


def _wordpiece_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(data.open("all_minilm_l6").folder / "tokenizer.json"))
    tokenizer.no_padding()  # the file asks for 128 tokens, whatever the text
    return tokenizer


def _identity(*names: str) -> str:
    entries = [data.opened()[name]["digest"] if name in data.names() else name for name in names]
    return digest(entries)


_BERT_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def _bert_name(name: str) -> str:
    """Name of a tensor of the four-bit file in transformers' BERT.

    >>> _bert_name("l3.ao.b"), _bert_name("emb.word")
    ('encoder.layer.3.attention.output.dense.bias', 'embeddings.word_embeddings.weight')
    """
    if name in _BERT_NAMES:
        return _BERT_NAMES[name]
    stem, _, last = name.rpartition(".")
    kind = {"w": "weight", "b": "bias"}[last]
    if stem == "emb.ln":
        return f"{_BERT_NAMES[stem]}.{kind}"
    layer, _, part = stem.partition(".")
    return f"encoder.layer.{layer.removeprefix('l')}.{_BERT_NAMES[part]}.{kind}"
