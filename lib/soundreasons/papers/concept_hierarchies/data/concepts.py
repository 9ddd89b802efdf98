"""Concepts as sets of tracks: who has which, and where each belongs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies.method.agreement import NOWHERE, TooFew


@dataclass(frozen=True)
class ConceptSet:
    """Concepts of a collection of tracks.

    Attributes
    ----------
    names, kinds : tuple of str
        Of each concept; kinds are such as "program", "family", "style".
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Which track has which concept.
    group : ndarray of int, shape (n_concepts,)
        Family that a program or a family belongs to, `NOWHERE` for other concepts.
    true_parent : ndarray of int, shape (n_concepts,)
        Number of the concept that is the true parent, `NOWHERE` where there is none.
    dropped : tuple of str
        Concepts with too few tracks.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    labels: NDArray[np.bool_]
    group: NDArray[np.int64]
    true_parent: NDArray[np.int64]
    dropped: tuple[str, ...] = ()

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""
        return len(self.names)

    def chosen(self, numbers: NDArray[np.int64]) -> "ConceptSet":
        """Keep some concepts, in the order given; a true parent that is not kept becomes `NOWHERE`."""
        place = np.full(self.n_concepts + 1, NOWHERE)
        place[numbers] = np.arange(len(numbers))
        left = set(range(self.n_concepts)) - set(np.asarray(numbers).tolist())
        return ConceptSet(
            tuple(self.names[k] for k in numbers),
            tuple(self.kinds[k] for k in numbers),
            self.labels[:, numbers],
            self.group[numbers],
            place[self.true_parent[numbers]],
            self.dropped + tuple(self.names[k] for k in sorted(left)),
        )

    def of_kind(self, *kinds: str) -> NDArray[np.int64]:
        """Number the concepts of some kinds."""
        return np.array([k for k, kind in enumerate(self.kinds) if kind in kinds], dtype=np.int64)


def enough(concepts: ConceptSet, min_positives: int) -> ConceptSet:
    """Leave out concepts that too few tracks have, or too few lack.

    Chapter: concept_hierarchies.

    Raises
    ------
    TooFew
        If nothing is left: tells the largest concept.
    """
    counts = concepts.labels.sum(axis=0)
    smaller = np.minimum(counts, len(concepts.labels) - counts)
    if not (smaller >= min_positives).any():
        best = int(smaller.argmax())
        raise TooFew(
            f"no concept has {min_positives} tracks and as many without it; the largest, "
            f"{concepts.names[best]!r}, has {counts[best]} of {len(concepts.labels)}; take more tracks"
        )
    return concepts.chosen(np.flatnonzero(smaller >= min_positives))


def named_concepts(names_of_tracks: Sequence[str], kind: str, min_positives: int) -> ConceptSet:
    """Make one concept of each name that enough tracks carry, such as the package of a recording.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> named_concepts(["a", "a", "b", "b", "c"], "package", 2).names
    ('a', 'b')
    """
    names = sorted(set(names_of_tracks))
    labels = np.array([[name == wanted for wanted in names] for name in names_of_tracks])
    nowhere = np.full(len(names), NOWHERE)
    return enough(ConceptSet(tuple(names), (kind,) * len(names), labels, nowhere, nowhere), min_positives)
