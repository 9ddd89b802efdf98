"""From sounds to activations of the tagger, layer by layer, kept for the next run.

Task: run patches through the frozen network and keep the layers that the paper probes: pool3, pool4 and the
tags averaged over time, pool5 moment by moment.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.cache import Cache
from soundreasons.papers.concept_hierarchies import front_end, taggers
from soundreasons.papers.concept_hierarchies.clips import (
    Clip,
    Companions,
    Renderer,
    plan_clips,
    program_choice,
)
from soundreasons.papers.concept_hierarchies.front_end import load_sound, log_mel, patches
from soundreasons.papers.concept_hierarchies.taggers import LAYERS, load_fast_vgg

Layers = dict[str, NDArray[np.float32]]
_LIBRARIES = ("numpy", "torch", "librosa", "tinysoundfont", "soundfile")
_PROCESSOR_BATCH, _DEVICE_BATCH = 1, 64  # on a processor one patch at a time stays in its cache
_BLOCK_ROWS = 256


class _Network(Protocol):
    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]: ...

    def logits(self, last: torch.Tensor) -> torch.Tensor: ...


def embed_patches(sounds: Iterable[NDArray[Any]], network: _Network, *, device: str = "cpu") -> Layers:
    """Run patches of 187 frames through a VGG tagger.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    sounds : iterable of ndarray, each of shape (47616,)
        One patch each, at 16 kHz.
    network : VggTagger or FastVgg
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
    found = {layer: _Rows() for layer in LAYERS}
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


class _Rows:
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


def _layers(network: _Network, spectrograms: torch.Tensor) -> dict[str, torch.Tensor]:
    pools = network.pools(spectrograms)
    # (n, channel, time, band) -> (n, time, band, channel) -> (n, time, band * channel)
    moments = [pool.permute(0, 2, 3, 1).flatten(2) for pool in pools[2:]]
    return {
        "pool3": moments[0].mean(dim=1, keepdim=True),
        "pool4": moments[1].mean(dim=1, keepdim=True),
        "pool5": moments[2],
        "tags": torch.sigmoid(network.logits(pools[4])).unsqueeze(1),
    }


def embedded_clips(
    n_clips: int, companions: Companions, seed: int, *, programs_per_family: int = 4, device: str = "cpu"
) -> tuple[list[Clip], Layers]:
    """Plan, render and embed clips; what was computed before with this code and data is read instead.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_clips, companions
        As for `plan_clips`.
    seed : int
        Of the plan.
    programs_per_family : {1, 2, 4, 8}
        As for `program_choice`.
    device : str
        Where the network runs.

    Returns
    -------
    list of Clip, dict of ndarray
        The plans, and the layers as `embed_patches` gives them.
    """
    plan = plan_clips(
        n_clips, companions, np.random.default_rng([seed, n_clips]), program_choice(programs_per_family)
    )

    def compute() -> Layers:
        renderer = Renderer()
        return embed_patches(
            (renderer.render(clip) for clip in plan), load_fast_vgg(device=device), device=device
        )

    for name in ("old_scores", "gm_sound_font", "musicnn_taggers"):
        data.open(name)
    known = {
        "n_clips": n_clips,
        "companions": companions,
        "seed": seed,
        "programs": programs_per_family,
        "device": device.partition(":")[0],
    }
    digests = _digests("old_scores", "gm_sound_font", "musicnn_taggers")
    return plan, computed().arrays("clips", compute, parameters=known, data=digests)


def embedded_samples(device: str = "cpu") -> tuple[list[str], Layers]:
    """Embed the samples of Sonic Pi: each repeated until it fills a patch, or its first three seconds.

    Chapter: concept_hierarchies.

    Returns
    -------
    list of str, dict of ndarray
        Names of the samples, such as "bd_808", and the layers.
    """
    paths = data.open("sonic_pi_samples").paths
    names = sorted(name for name, path in paths.items() if path.suffix == ".flac")
    data.open("musicnn_taggers")

    def compute() -> Layers:
        sounds = (np.resize(load_sound(paths[name]), front_end.PATCH_SAMPLES) for name in names)
        return embed_patches(sounds, load_fast_vgg(device=device), device=device)

    where = {"device": device.partition(":")[0]}
    digests = _digests("sonic_pi_samples", "musicnn_taggers")
    return names, computed().arrays("samples", compute, parameters=where, data=digests)


def computed(modules: Sequence[str] = (__name__,)) -> Cache:
    """Open the folder of activations that modules computed before, by their code as it is.

    Chapter: concept_hierarchies.
    """
    folder = data.cache_folder() / ".computed" / "concept_hierarchies"
    return Cache(folder, modules=modules, libraries=_LIBRARIES)


def _digests(*names: str) -> dict[str, str]:
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
    model: Any = (
        load_fast_vgg(network, device) if network.endswith("vgg") else taggers.load_tagger(network, device)
    )
    rows = []
    with torch.inference_mode():
        for patch in patches(samples):
            spectrogram = log_mel(torch.as_tensor(patch[np.newaxis], device=device))
            rows.append(torch.sigmoid(model(spectrogram)).double().cpu().numpy()[0])
    return np.array(rows)


def embed_recording(
    samples: NDArray[np.float32], network: _Network, *, device: str = "cpu"
) -> NDArray[np.float32]:
    """Run a whole recording through the network at once and keep pool5, as the authors' public data has it.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At 16 kHz; 30 s give 29 moments.
    network : VggTagger or FastVgg
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
