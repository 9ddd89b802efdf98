"""From sounds to activations of the tagger, layer by layer, kept for the next run.

Patches run through the frozen network, and of the layers that the paper probes pool3, pool4 and the tags are
averaged over time, pool5 is kept moment by moment.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import Cache
from soundreasons.papers.concept_hierarchies.data.sounds import patches
from soundreasons.papers.concept_hierarchies.data.taggers import load_quick_tagger
from soundreasons.papers.concept_hierarchies.method.network import LAYERS, log_mel

Layers = dict[str, NDArray[np.float32]]
_LIBRARIES = ("numpy", "torch", "librosa", "tinysoundfont", "soundfile")
_PROCESSOR_BATCH, _DEVICE_BATCH = 1, 64  # on a processor one patch at a time stays in its cache
_BLOCK_ROWS = 256


class Network(Protocol):
    """A VGG tagger, plain or quick."""

    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]:
        """Five pooled layers, each of shape (n, 128, frames, bands)."""

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Scores of the tags, shape (n, 50)."""


def embed_patches(sounds: Iterable[NDArray[Any]], network: Network, *, device: str = "cpu") -> Layers:
    """Run patches of 187 frames through a VGG tagger.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    sounds : iterable of ndarray, each of shape (47616,)
        One patch each, at 16 kHz.
    network : VggTagger or QuickVgg
        On `device`, ready for use.
    device : str
        Where it is computed.

    Returns
    -------
    dict of ndarray of float32, shape (n_patches, n_moments, n_dims)
        `pool3` (1 moment, 1536), `pool4` (1, 768), `pool5` (2, 128), `tags` (1, 50: probabilities). Within a
        moment the numbers lie by band, then by channel.

    Raises
    ------
    ValueError
        If there is no patch, or one is silent or not finite.
    """
    found = {layer: Rows() for layer in LAYERS}
    size = _PROCESSOR_BATCH if device == "cpu" else _DEVICE_BATCH
    n_seen = 0
    with torch.inference_mode():
        for batch in _batches(sounds, size):
            for number, sound in enumerate(batch):
                if not np.abs(sound).max() > 0:
                    raise ValueError(f"patch {n_seen + number} is silent; leave silence out before embedding")
            n_seen += len(batch)
            signal = torch.as_tensor(np.stack(batch), dtype=torch.float32, device=device)
            for layer, values in _layers(network, log_mel(signal)).items():
                found[layer].add(values.float().cpu().numpy())
    if n_seen == 0:
        raise ValueError("there is no patch to embed")
    return {layer: rows.joined() for layer, rows in found.items()}


class Rows:
    """Rows that come one after the other, copied into few large blocks.

    Keeping each row as it comes would cost gigabytes: between one row and the next the network takes and
    frees megabytes, and a small array that stays behind each time keeps the processor's memory from being
    used again.
    """

    def __init__(self) -> None:
        self.blocks: list[NDArray[np.float32]] = []
        self.n_rows = 0

    def add(self, rows: NDArray[np.float32]) -> None:
        """Copy rows, shape (n, ...), behind those that are there."""
        for row in rows:
            place = self.n_rows % _BLOCK_ROWS
            if place == 0:
                self.blocks.append(np.empty((_BLOCK_ROWS, *row.shape), dtype=np.float32))
            self.blocks[-1][place] = row
            self.n_rows += 1

    def joined(self) -> NDArray[np.float32]:
        """All rows as one array."""
        return np.concatenate(self.blocks)[: self.n_rows].copy()


def _batches(sounds: Iterable[NDArray[Any]], size: int) -> Iterator[list[NDArray[Any]]]:
    batch: list[NDArray[Any]] = []
    for sound in sounds:
        batch.append(sound)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _layers(network: Network, spectrograms: torch.Tensor) -> dict[str, torch.Tensor]:
    pools = network.pools(spectrograms)
    # (n, channel, time, band) -> (n, time, band, channel) -> (n, time, band * channel)
    moments = [pool.permute(0, 2, 3, 1).flatten(2) for pool in pools[2:]]
    return {
        "pool3": moments[0].mean(dim=1, keepdim=True),
        "pool4": moments[1].mean(dim=1, keepdim=True),
        "pool5": moments[2],
        "tags": torch.sigmoid(network.logits(pools[4])).unsqueeze(1),
    }


def computed(modules: Sequence[str]) -> Cache:
    """Open the folder of activations that modules computed before, by their code as it is.

    Chapter: concept_hierarchies.
    """
    folder = data.cache_folder() / ".computed" / "concept_hierarchies"
    return Cache(folder, modules=modules, libraries=_LIBRARIES)


def digests(*names: str) -> dict[str, str]:
    """Digests of data sets as they are here, opened if they were not. Chapter: concept_hierarchies."""
    for name in names:
        data.open(name)
    opened = data.opened()
    return {name: opened[name]["digest"] for name in names}


def tag_probabilities(
    samples: NDArray[np.float32], network: str = "MTT_vgg", *, device: str = "cpu"
) -> NDArray[np.float64]:
    """Ask a tagger about a sound, patch by patch.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Mono at 16 kHz; see `load_sound`.
    network : str
        One of `taggers.NETWORKS`.
    device : str
        Where the network runs.

    Returns
    -------
    ndarray, shape (n_patches, 50)
        Probability of each tag, in the order of `tags_of`.

    Raises
    ------
    ValueError
        If the sound is empty, silent or not finite.
    """
    if len(samples) and not np.abs(samples).max() > 0:
        raise ValueError("the sound is silent from beginning to end; there is nothing to name")
    model = load_quick_tagger(network, device)
    rows = []
    with torch.inference_mode():
        for patch in patches(samples):
            spectrogram = log_mel(torch.as_tensor(patch[np.newaxis], device=device))
            rows.append(torch.sigmoid(model(spectrogram)).double().cpu().numpy()[0])
    return np.array(rows)


def embed_recording(
    samples: NDArray[np.float32], network: Network, *, device: str = "cpu"
) -> NDArray[np.float32]:
    """Run a whole recording through the network at once and keep pool5, as the authors' public data has it.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At 16 kHz; 30 s give 29 moments.
    network : VggTagger or QuickVgg
        On `device`, ready for use.
    device : str
        Where it runs.

    Returns
    -------
    ndarray, shape (n_moments, 128)
    """
    with torch.inference_mode():
        spectrogram = log_mel(torch.as_tensor(samples[np.newaxis], device=device))
        return np.asarray(network.pools(spectrogram)[-1][0, :, :, 0].T.float().cpu().numpy())
