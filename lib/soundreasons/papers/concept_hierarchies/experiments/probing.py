"""A set of tracks with its concepts, probed; and the concepts of it that pass the filter."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.data.activations import Layers
from soundreasons.papers.concept_hierarchies.data.concepts import ConceptSet

# What an experiment found, by the name of the measure: the arguments that a run keeps it with.
Measures = dict[str, dict[str, Any]]

SPLIT_SEED = 123  # the authors'
WHOLE_BATCH = method.ProbeSettings(
    sampling="expected", epochs=40, steps=25, learning_rate=0.01, patience=8, plateau=4
)
FEWEST_CONCEPTS = 3
PROGRAMS, INSTRUMENTS = ("program",), ("program", "family")


@dataclass(frozen=True)
class ProbedSet:
    """Tracks with their concepts, the probes fitted on one layer, and how alike concepts are.

    Attributes
    ----------
    concepts : ConceptSet
    features : ndarray, shape (n_tracks, n_moments, n_dims)
        Activations that were probed.
    parts : ndarray of int8, shape (n_tracks, n_concepts)
        Who is for training, validation and test.
    probes : Probes
    similarity : ndarray, shape (n_concepts, n_concepts)
        S.
    layers : dict of ndarray
        All layers of the same tracks, where they are kept; from `embed_patches`.
    """

    concepts: ConceptSet
    features: NDArray[np.float32]
    parts: NDArray[np.int8]
    probes: method.Probes
    similarity: NDArray[np.float64]
    layers: Layers = field(default_factory=dict)


@dataclass(frozen=True)
class KeptConcepts:
    """Some concepts of a set that pass the filter, with their part of S and their probes."""

    concepts: ConceptSet
    similarity: NDArray[np.float64]
    probes: method.Probes

    @property
    def tree(self) -> method.Hierarchy:
        """The hierarchy with the paper's settings."""
        return method.build_hierarchy(
            self.similarity, fast.betweenness(method.similarity_graph(self.similarity))
        )


def probe_concepts(
    concepts: ConceptSet,
    features: NDArray[np.float32],
    settings: method.ProbeSettings,
    *,
    seed: int = 0,
    common: bool = False,
    device: str = "cpu",
) -> ProbedSet:
    """Split, fit and compare the concepts of some tracks on one layer.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    concepts : ConceptSet
        Of the tracks.
    features : ndarray, shape (n_tracks, n_moments, n_dims)
        Their activations.
    settings : ProbeSettings
        Of the training.
    seed : int
        Of split and training.
    common : bool
        One split for all concepts; see `split_tracks`.
    device : str
        Where it is computed.

    Returns
    -------
    ProbedSet
        S is of the tracks kept for testing.
    """
    parts = method.split_tracks(concepts.labels, SPLIT_SEED + seed, common=common)
    probes = fast.fit_probes(features, concepts.labels, parts, settings, seed=seed, device=device)
    tested = concepts.labels & (parts == method.TEST)
    return ProbedSet(
        concepts,
        features,
        parts,
        probes,
        method.concept_similarity(fast.probabilities(features, probes), tested),
    )


def keep_concepts(
    probed: ProbedSet, kinds: tuple[str, ...] = INSTRUMENTS, *, least: float = method.ACCURACY_TO_KEEP
) -> KeptConcepts:
    """Take the concepts of some kinds that pass the paper's filter.

    Chapter: concept_hierarchies.

    Raises
    ------
    TooFew
        If fewer than three pass: what would be their tree?
    """
    numbers = np.intersect1d(probed.concepts.of_kind(*kinds), method.passing(probed.probes, least))
    if len(numbers) < FEWEST_CONCEPTS:
        raise method.TooFew(
            f"{len(numbers)} concepts of kind {' or '.join(kinds)} are above the filter of {least:.0%} test "
            f"accuracy, a tree takes {FEWEST_CONCEPTS} or more"
        )
    probes = probed.probes
    chosen = method.Probes(
        probes.vectors[numbers], probes.biases[numbers], probes.accuracy[numbers], probes.epochs[numbers]
    )
    return KeptConcepts(probed.concepts.chosen(numbers), probed.similarity[np.ix_(numbers, numbers)], chosen)


def kept_by_kind(
    sets: Mapping[str, Sequence[ProbedSet]], kinds: Mapping[str, tuple[str, ...]]
) -> tuple[dict[tuple[str, str], list[KeptConcepts]], list[str]]:
    """Take what passes the filter, for each set of tracks and kind of concept; say where too little does.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    sets : mapping of str to sequence of ProbedSet
        One a seed, by name.
    kinds : mapping of str to tuple of str
        Kinds of concept, by the name they get.

    Returns
    -------
    dict of (str, str) to list of KeptConcepts
        By set and kind, one a seed; only where every seed has one, since a mean over the lucky seeds would
        flatter.
    list of str
        What is left out, and why.
    """
    found: dict[tuple[str, str], list[KeptConcepts]] = {}
    left_out = []
    for (name, probed), (kind, which) in itertools.product(sets.items(), kinds.items()):
        try:
            found[name, kind] = [keep_concepts(each, which) for each in probed]
        except method.TooFew as reason:
            left_out.append(f"{name}, {kind}: left out, {reason}")
    return found, left_out
