"""At the paper's size: real recordings with real tags, the audio of MTG-Jamendo."""

import numpy as np

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.data.jamendo_audio import EmbeddedTracks, jamendo_concepts
from soundreasons.papers.concept_hierarchies.data.orders import discogs_branches, relation
from soundreasons.papers.concept_hierarchies.experiments.heard import shuffled_probes
from soundreasons.papers.concept_hierarchies.experiments.probing import (
    ProbedSet,
    keep_concepts,
    probe_concepts,
)


def probed_tags(
    embedded: EmbeddedTracks,
    settings: method.ProbeSettings,
    seed: int,
    *,
    min_positives: int = 39,
    device: str = "cpu",
) -> ProbedSet:
    """Probe the placed audio for its tags. Chapter: concept_hierarchies.

    Raises
    ------
    TooFew
        If no tag is on enough tracks.
    """
    concepts = jamendo_concepts(embedded.tracks, min_positives)
    return probe_concepts(concepts, embedded.pool5.astype(np.float32), settings, seed=seed, device=device)


def tag_accuracy(
    probed: ProbedSet, settings: method.ProbeSettings, rng: np.random.Generator, *, device: str = "cpu"
) -> dict[str, float]:
    """Measure how well tags are heard, beside the same with labels exchanged; shares in %.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `n_tracks`, `n_concepts`, `accuracy`, `accuracy_shuffled`, `kept` (share that passes the filter).
    """
    exchanged = shuffled_probes(probed, settings, rng, device=device)
    return {
        "n_tracks": len(probed.concepts.labels),
        "n_concepts": probed.concepts.n_concepts,
        "accuracy": 100 * float(probed.probes.accuracy.mean()),
        "accuracy_shuffled": 100 * float(exchanged.accuracy.mean()),
        "kept": 100 * len(method.passing(probed.probes)) / probed.concepts.n_concepts,
    }


def genre_tree(probed: ProbedSet, rng: np.random.Generator, n_draws: int) -> dict[str, float]:
    """Measure the audio tree of the genres against Discogs, beside chance; shares in %.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `genres` (edges of the tree of genres whose ends share a parent), `genres_random`, `genres_top_1`.

    Raises
    ------
    TooFew
        If fewer than three genres pass the filter, or no edge joins two that Discogs knows.
    """
    genres = keep_concepts(probed, ("genre",))
    related, known = relation(genres.concepts.names, discogs_branches())
    chance = method.random_null(
        lambda tree: method.related_share(tree, related, known), len(known), rng, n_draws
    )
    found = {
        "genres": 100 * method.related_share(genres.tree, related, known),
        "genres_random": 100 * chance.mean,
        "genres_top_1": 100 * method.related_share(method.top_one(genres.similarity), related, known),
    }
    if not np.isfinite(list(found.values())).all():
        raise method.TooFew(f"of {len(known)} genres above the filter no two that Discogs knows are joined")
    return found
