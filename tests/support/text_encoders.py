"""A tiny text encoder made on the spot, and skipping by name what a machine has no data for."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from soundreasons import data
from soundreasons.papers import song_descriptors as sd

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "sad",
    "happy",
    "piano",
    "guitar",
    "drums",
    "voice",
    "a",
    "song",
    "with",
]


def tiny_encoder(device="cpu", seed=0):
    """Two layers of eight dimensions over thirteen words."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    with torch.device(device):
        body = BertModel(config, add_pooling_layer=False)
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return sd.TransformerEncoder("tiny", f"tiny {seed}", body, tokenizer, max_length=32, device=device)


def need(*entries):
    """Skip by name what this machine has no data for."""
    lacking = [name for name in entries if not data.available(name)]
    if lacking:
        pytest.skip(f"not checkable here: no source on this machine has {', '.join(lacking)}")
