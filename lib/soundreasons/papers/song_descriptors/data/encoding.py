"""Texts to vectors with a transformer: sorted by length, in batches of equal cost, mean of the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from soundreasons.learning.cache import Cache, digest
from soundreasons.papers.song_descriptors.method.scores import mean_pooled

Kind = Literal["query", "document"]
Embedding = NDArray[np.float32]
TOKENS_PER_BATCH = 2048


class Encoder(Protocol):
    """What turns texts into vectors of length one.

    Attributes
    ----------
    name : str
        For files of the cache: letters, digits, ``-`` and ``_``.
    identity : str
        Changes when the vectors do: digest of the weights and of every setting.
    """

    name: str
    identity: str

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Return one row a text, of length one (or zero where the encoder knows no word of it)."""
        ...


@dataclass
class TransformerEncoder:
    """A BERT-like body, the mean of its token vectors, scaled to length one.

    Chapter: song_descriptors.

    Attributes
    ----------
    name, identity : str
        See `Encoder`.
    body : torch.nn.Module
        Called with `input_ids` and `attention_mask`, gives `last_hidden_state`.
    tokenizer : tokenizers.Tokenizer
    max_length : int
        Tokens of a text that are read, the two special ones included; the rest is ignored.
    prefixes : dict of str to str
        What is put before a ``query`` and a ``document``.
    device : str
    replacements : dict of int to str
        Characters exchanged before the text is cut into tokens.
    """

    name: str
    identity: str
    body: torch.nn.Module
    tokenizer: Tokenizer
    max_length: int = 128
    prefixes: dict[str, str] = field(default_factory=dict)
    device: str = "cpu"
    replacements: dict[int, str] = field(default_factory=dict)

    def tokenized(self, texts: Sequence[str], kind: Kind = "document") -> list[list[int]]:
        """Cut texts into token numbers, at most `max_length` of each."""
        prefix = self.prefixes.get(kind, "")
        # A token is at least a character, so what is further out cannot be among the first tokens.
        longest = 32 * self.max_length
        cut = [(prefix + text[:longest]).translate(self.replacements) for text in texts]
        self.tokenizer.enable_truncation(self.max_length)
        self.tokenizer.no_padding()
        return [encoding.ids for encoding in self.tokenizer.encode_batch(cut)]

    def pooled(self, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        """Encode one batch of token numbers; shape (n_texts, n_dims), length one, differentiable."""
        ids, mask = padded(tokens, self.device)
        states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        return mean_pooled(states, mask)

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Encode texts; see `Encoder`. An empty text has a vector too, that of the special tokens."""
        tokens = self.tokenized(texts, kind)
        self.body.eval()
        parts: list[Embedding] = []
        places: list[int] = []
        with torch.inference_mode():
            for batch in batches_by_length([len(ids) for ids in tokens]):
                vectors = self.pooled([tokens[place] for place in batch])
                parts.append(vectors.float().cpu().numpy())
                places += batch
        if not parts:
            return np.zeros((0, 0), dtype=np.float32)
        sorted_vectors = np.concatenate(parts)
        encoded = np.empty_like(sorted_vectors)
        encoded[places] = sorted_vectors
        return encoded


def padded(tokens: Sequence[Sequence[int]], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Put lists of token numbers into one table with its mask.

    Chapter: song_descriptors.

    >>> ids, mask = padded([[5, 6], [7]], "cpu")
    >>> ids.tolist(), mask.tolist()
    ([[5, 6], [7, 0]], [[1, 1], [1, 0]])
    """
    longest = max(map(len, tokens))
    ids = np.zeros((len(tokens), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, numbers in enumerate(tokens):
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return torch.as_tensor(ids, device=device), torch.as_tensor(mask, device=device)


def batches_by_length(lengths: Sequence[int], tokens_per_batch: int = TOKENS_PER_BATCH) -> list[list[int]]:
    """Put texts of like length together, so that hardly a padded token is computed.

    Chapter: song_descriptors.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each text.
    tokens_per_batch : int
        Padded tokens of a batch, at most (unless one text alone is longer).

    Returns
    -------
    list of list of int
        Places of the texts, longest first; each once.

    Examples
    --------
    >>> batches_by_length([2, 9, 3, 8], tokens_per_batch=18)
    [[1, 3], [2, 0]]
    """
    batches: list[list[int]] = []
    for place in np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable"):
        longest = lengths[batches[-1][0]] if batches else 0
        if not batches or (len(batches[-1]) + 1) * longest > tokens_per_batch:
            batches.append([])
        batches[-1].append(int(place))
    return batches


def encode_cached(
    encoder: Encoder, texts: Sequence[str], cache: Cache | None = None, kind: Kind = "document"
) -> Embedding:
    """Encode distinct texts once, and keep the vectors between runs.

    Chapter: song_descriptors.

    Parameters
    ----------
    encoder : Encoder
        What encodes.
    texts : sequence of str
        May repeat themselves.
    cache : Cache, optional
        Where vectors are kept, by the encoder's identity and the texts.
    kind : {"query", "document"}
        Some encoders tell requests from songs.

    Returns
    -------
    ndarray of float32, shape (n_texts, n_dims)

    Raises
    ------
    ValueError
        If there is no text.
    """
    if not len(texts):
        raise ValueError("there is no text to encode")
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    distinct = list(numbers)

    def compute() -> dict[str, Embedding]:
        return {"vectors": encoder.encode(distinct, kind)}

    if cache is None:
        vectors = compute()["vectors"]
    else:
        parameters = {"encoder": encoder.identity, "kind": kind}
        named = {"texts": digest(distinct)}
        vectors = cache.arrays(f"{encoder.name}-{kind}", compute, parameters=parameters, data=named)[
            "vectors"
        ]
    rows = np.fromiter((numbers[text] for text in texts), dtype=np.int64, count=len(texts))
    return vectors[rows]
