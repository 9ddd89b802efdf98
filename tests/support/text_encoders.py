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
    return sd.data.TransformerEncoder("tiny", f"tiny {seed}", body, tokenizer, max_length=32, device=device)


def need(*entries):
    """Skip by name what this machine has no data for."""
    lacking = [name for name in entries if not data.available(name)]
    if lacking:
        pytest.skip(f"not checkable here: no source on this machine has {', '.join(lacking)}")


def save_tiny_model(folder, seed=0):
    """Save a random encoder of eight dimensions as sentence-transformers saves any; return the folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    torch.manual_seed(seed)
    body = tiny_encoder(seed=seed)
    parts = folder.parent / f"{folder.name}-parts"
    body.body.save_pretrained(parts)
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    body.tokenizer.no_padding()
    PreTrainedTokenizerFast(tokenizer_object=body.tokenizer, **special).save_pretrained(parts)
    modules = [Transformer(str(parts), max_seq_length=32), Pooling(8, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    return folder


def place_on_hub(cache, name, folder, revision="0" * 40):
    """Put a saved model where the hub's client keeps what it has fetched under a name."""
    kept = cache / f"models--{name.replace('/', '--')}"
    (kept / "refs").mkdir(parents=True, exist_ok=True)
    (kept / "refs" / "main").write_text(revision)
    (kept / "snapshots").mkdir(exist_ok=True)
    folder.rename(kept / "snapshots" / revision)
