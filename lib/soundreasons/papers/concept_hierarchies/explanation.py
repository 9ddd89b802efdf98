"""A recording told in concepts, moment by moment.

Task: the tags of the pretrained network and the probes learned on rendered clips, asked about each second of
a recording.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.data.readers.music import Recording
from soundreasons.papers.concept_hierarchies.embedding import embed_recording, tag_probabilities
from soundreasons.papers.concept_hierarchies.experiments import Study
from soundreasons.papers.concept_hierarchies.probes import probabilities
from soundreasons.papers.concept_hierarchies.taggers import load_fast_vgg, tags_of

FREE_RECORDINGS = "cc_music_tracks"


def free_recording(title: str) -> Recording | None:
    """Find a recording that may be played to everybody by its title, if this machine has it.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If there is no such recording, or a page may not play it.
    """
    if not data.available(FREE_RECORDINGS):
        return None
    tracks: list[Recording] = [track for track in data.open(FREE_RECORDINGS).tracks if track.may_play]
    found = [track for track in tracks if track.title == title]
    if not found:
        known = ", ".join(track.title for track in tracks)
        raise ValueError(f"no free recording is called {title!r}, expected one of {known}")
    return found[0]


class Told(NamedTuple):
    """Names, most probable first, and their probabilities over time, shape (n_names, n_moments)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]


def told_by_tags(samples: NDArray[np.float32], n_names: int = 8, network: str = "MTT_vgg") -> Told:
    """Name the strongest tags of a recording, every three seconds. Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Mono at 16 kHz.
    n_names : int
        Tags to keep, those that are strongest on average.
    network : str
        One of `taggers.NETWORKS`.

    Returns
    -------
    Told
    """
    return _strongest(tag_probabilities(samples, network), tags_of(network), n_names)


def told_by_probes(
    samples: NDArray[np.float32],
    study: Study,
    kinds: tuple[str, ...],
    n_names: int = 8,
    *,
    device: str = "cpu",
) -> Told:
    """Name the concepts of some kinds whose probes answer most, about once a second.

    Chapter: concept_hierarchies.
    """
    network: Any = load_fast_vgg(device=device)
    moments = embed_recording(samples, network, device=device)
    chosen = study.concepts.of_kind(*kinds)
    asked = probabilities(moments[:, np.newaxis], study.probes)[:, chosen]
    return _strongest(asked, tuple(study.concepts.names[k] for k in chosen), n_names)


def _strongest(asked: NDArray[np.float64], names: tuple[str, ...], n_names: int) -> Told:
    order = np.argsort(-asked.mean(axis=0), kind="stable")[:n_names]
    return Told(tuple(names[k] for k in order), np.ascontiguousarray(asked[:, order].T))
