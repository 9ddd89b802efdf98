"""Real recordings with real tags, at the paper's size: the audio of MTG-Jamendo.

Task: take the tags of the placed tracks as concepts, probe them, and score the tree against Discogs' genres.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from soundreasons.papers.concept_hierarchies.agreement import random_null, related_share
from soundreasons.papers.concept_hierarchies.concepts import NOWHERE, ConceptSet, enough
from soundreasons.papers.concept_hierarchies.experiments import Study, shuffled_probes, studied, view
from soundreasons.papers.concept_hierarchies.placed_audio import embedded_tracks, jamendo_files
from soundreasons.papers.concept_hierarchies.probes import ProbeSettings
from soundreasons.papers.concept_hierarchies.structures import top_one
from soundreasons.papers.concept_hierarchies.taxonomies import (
    discogs_branches,
    jamendo_taggings,
    relation,
)


def placed_tracks() -> dict[str, Path]:
    """Find the audio of all tracks that have tags; see `jamendo_files`. Chapter: concept_hierarchies."""
    return jamendo_files(sorted(set(jamendo_taggings()["track"])))


def jamendo_concepts(tracks: Sequence[str], min_positives: int) -> ConceptSet:
    """Take the tags of tracks as concepts: genres, instruments, moods and themes.

    A tag that stands in two categories carries its category. Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If no tag is on enough tracks.
    """
    table = jamendo_taggings()
    place = {track: k for k, track in enumerate(tracks)}
    table = table[table["track"].isin(place)]
    pairs = sorted(set(zip(table["category"], table["tag"], strict=True)))
    column = {pair: k for k, pair in enumerate(pairs)}
    labels = np.zeros((len(tracks), len(pairs)), dtype=bool)
    rows = table["track"].map(place).to_numpy()
    labels[rows, [column[pair] for pair in zip(table["category"], table["tag"], strict=True)]] = True
    tags = [tag for _, tag in pairs]
    names = tuple(tag if tags.count(tag) == 1 else f"{tag} ({category})" for category, tag in pairs)
    nowhere = np.full(len(pairs), NOWHERE)
    return enough(ConceptSet(names, tuple(c for c, _ in pairs), labels, nowhere, nowhere), min_positives)


def jamendo_study(
    settings: ProbeSettings,
    seed: int,
    *,
    min_positives: int = 39,
    seconds: float = 30.0,
    device: str = "cpu",
) -> Study:
    """Probe the placed audio for its tags. Chapter: concept_hierarchies.

    Raises
    ------
    soundreasons.data.DataUnavailable
        If no audio is placed.
    """
    embedded = embedded_tracks(placed_tracks(), seconds=seconds, device=device)
    concepts = jamendo_concepts(embedded.tracks, min_positives)
    layers = {"pool5": embedded.pool5.astype(np.float32)}
    return studied(concepts, layers, settings, seed=seed, device=device)


def jamendo_scores(
    study: Study, settings: ProbeSettings, rng: np.random.Generator, n_draws: int, *, device: str = "cpu"
) -> dict[str, float]:
    """Measure the audio tree of the genres against Discogs, beside chance; shares in %.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `n_tracks`, `n_concepts`, `accuracy`, `accuracy_shuffled`, `kept` (share above 0.70), `genres`
        (edges of the tree of genres whose ends share a parent), `genres_random`, `genres_top_1`.
    """
    genres = view(study, ("genre",))
    related, known = relation(genres.concepts.names, discogs_branches())
    chance = random_null(lambda tree: related_share(tree, related, known), len(known), rng, n_draws)
    return {
        "n_tracks": len(study.concepts.labels),
        "n_concepts": study.concepts.n_concepts,
        "accuracy": 100 * float(study.probes.accuracy.mean()),
        "accuracy_shuffled": 100
        * float(shuffled_probes(study, settings, rng, device=device).accuracy.mean()),
        "kept": 100 * float((study.probes.accuracy > 0.7).mean()),
        "genres": 100 * related_share(genres.tree, related, known),
        "genres_random": 100 * chance.mean,
        "genres_top_1": 100 * related_share(top_one(genres.similarity), related, known),
    }
