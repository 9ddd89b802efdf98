"""What concepts are called, as vectors of words (WordLlama)."""

import functools
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data


def text_vectors(names: Sequence[str]) -> NDArray[np.float64]:
    """Embed names by the mean of the word vectors of their pieces (WordLlama).

    Chapter: concept_hierarchies.

    Parameters
    ----------
    names : sequence of str
        Such as titles of playlists, or instruments. Upper case, digits in brackets do not count.

    Returns
    -------
    ndarray, shape (n_names, 256)
        Not normalised; a name without any piece has the zero vector.

    Raises
    ------
    soundreasons.data.DataError
        If the vectors are not on this machine.
    """
    table, tokenizer = _words()
    rows = []
    for name in names:
        plain = re.sub(r"\(.*?\)", " ", name.lower().replace("+", " and "))
        ids = tokenizer.encode(plain, add_special_tokens=False).ids
        rows.append(table[ids].mean(axis=0) if ids else np.zeros(table.shape[1]))
    return np.array(rows, dtype=np.float64)


@functools.cache
def _words() -> tuple[NDArray[np.float32], Any]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = data.open("word_vectors").folder
    tensors = load_file(folder / "vectors.safetensors")
    (table,) = (tensor for tensor in tensors.values() if tensor.ndim == 2)
    described = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return table.astype(np.float32), Tokenizer.from_str(json.dumps(described))
