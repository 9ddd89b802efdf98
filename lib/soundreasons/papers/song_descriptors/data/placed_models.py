"""Models that are no entry of the registry: folders of one's own, and what the hub's client has kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from soundreasons.learning.cache import digest
from soundreasons.papers.song_descriptors.data.encoding import Embedding, Kind
from soundreasons.papers.song_descriptors.method.scores import unit_rows

# Of a model's folder: weights that hold no code, settings, vocabularies.
MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass
class FolderEncoder:
    """Any model that sentence-transformers can load, by folder or by its name on the hub."""

    name: str
    identity: str
    model: Any

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Encode texts through the library."""
        return np.asarray(
            self.model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False),
            dtype=np.float32,
        )


def model_folder(place: str) -> Path:
    """Find the folder of a model: one that was given, or that of a hub model among those kept here.

    Chapter: song_descriptors.

    Parameters
    ----------
    place : str
        Path of a folder, or a name such as ``sentence-transformers/all-MiniLM-L12-v2``. The hub is asked
        only where the environment variable `HF_HUB_OFFLINE` is ``0``; what it gives is kept in its cache.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If it is neither, or holds no weights that may be opened; with what to do.
    """
    from huggingface_hub import snapshot_download

    folder = Path(place).expanduser()
    if not folder.is_dir():
        asks_hub = os.environ.get("HF_HUB_OFFLINE", "1") == "0"
        remedy = (
            "see whether the name is right and the hub can be reached"
            if asks_hub
            else "to let it ask the model hub, set HF_HUB_OFFLINE=0"
        )
        try:
            folder = Path(
                snapshot_download(place, allow_patterns=list(MODEL_FILES), local_files_only=not asks_hub)
            )
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{place!r} is no folder, and no model of that name is on this machine; {remedy}, or save "
                "the model as a folder and give its path"
            ) from error
    if not any(folder.glob("**/*.safetensors")):
        raise ValueError(
            f"{place} holds no *.safetensors file, so it is no encoder with weights; save the model with "
            "SentenceTransformer.save, or give another folder"
        )
    return folder


def absent_models(places: Iterable[str]) -> dict[str, str]:
    """Say which models cannot be opened here, before any work is done, and what to do about each.

    Chapter: song_descriptors.

    Parameters
    ----------
    places : iterable of str
        Folders, or names on the hub; empty ones are passed over.

    Returns
    -------
    dict of str to str
        Reason and remedy, by place; empty if all are here.
    """
    reasons = {}
    for place in filter(None, places):
        try:
            model_folder(place)
        except ValueError as error:
            reasons[place] = str(error)
    return reasons


def weights_identity(folder: Path) -> str:
    """Digest of all that a model's vectors depend on: its weights, settings and vocabulary, not its name.

    Chapter: song_descriptors.

    Parameters
    ----------
    folder : Path
        Of the model.

    Returns
    -------
    str
        Changes when a file does; the same wherever the folder lies.
    """
    files = sorted({path for pattern in MODEL_FILES for path in folder.glob(f"**/{pattern}")})
    return digest(*(part for path in files for part in (str(path.relative_to(folder)), _file_digest(path))))


def load_folder(place: str, device: str = "cpu", *, name: str) -> FolderEncoder:
    """Load any sentence encoder: a folder of sentence-transformers, or a name on the model hub.

    Chapter: song_descriptors.

    Parameters
    ----------
    place : str
        See `model_folder`.
    device : str
        Where it runs.
    name : str
        For measures and the cache; see `measure_names`.

    Raises
    ------
    ValueError
        If it is not here; see `model_folder`.
    """
    from sentence_transformers import SentenceTransformer

    folder = model_folder(place)
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = SentenceTransformer(
        str(folder), device=device, local_files_only=True, model_kwargs={"use_safetensors": True}
    )
    return FolderEncoder(name, weights_identity(folder), model)


@dataclass
class ClapTextTower:
    """The text side of an audio-text model, through transformers."""

    name: str
    identity: str
    model: Any
    tokenizer: Any
    device: str

    def encode(self, texts: Sequence[str], kind: Kind = "document") -> Embedding:
        """Encode texts, sixty-four at a time."""
        parts = []
        for start in range(0, len(texts), 64):
            batch = self.tokenizer(
                list(texts[start : start + 64]),
                padding=True,
                truncation=True,
                max_length=77,
                return_tensors="pt",
            ).to(self.device)
            with torch.inference_mode():
                parts.append(self.model(**batch).text_embeds.float().cpu().numpy())
        return unit_rows(np.concatenate(parts)).astype(np.float32)


def load_clap(place: str, device: str = "cpu") -> ClapTextTower:
    """Load the text tower of CLAP from the hub or a folder; the paper's claim D4 needs it.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If it is not here; see `model_folder`.
    """
    from transformers import AutoTokenizer, ClapTextModelWithProjection

    folder = model_folder(place)
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model: torch.nn.Module = ClapTextModelWithProjection.from_pretrained(
        folder, local_files_only=True, use_safetensors=True
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    identity = digest("text tower", weights_identity(folder))
    return ClapTextTower("clap", identity, model.to(device).eval(), tokenizer, device)


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
