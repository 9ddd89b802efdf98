"""Concepts as sets of tracks: who has which, and where each belongs.

Task: turn what a clip plays into concepts (instrument, family, register, tempo, texture, style), or any
list of names into one; leave out what has too few tracks, and say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.clips import Clip

NOWHERE = -1
MIN_POSITIVES = 30
_HIGH, _LOW = 68.0, 55.0  # mean MIDI pitch
_FAST, _SLOW = 135.0, 85.0  # quarter notes a minute
_DENSE, _SPARSE = 8.0, 3.0  # notes a second


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


def clip_concepts(clips: Sequence[Clip], min_positives: int = MIN_POSITIVES) -> ConceptSet:
    """List the concepts of rendered clips.

    Programs and families come from the instruments, so program below family is the true tree. Register is
    the mean pitch, tempo the one played, texture the notes a second, `solo` and `trio` the number of
    programs, style the repertoire. Chapter: concept_hierarchies.

    Parameters
    ----------
    clips : sequence of Clip
        From `plan_clips`.
    min_positives : int
        Clips that a concept, and its absence, must have.

    Returns
    -------
    ConceptSet

    Raises
    ------
    ValueError
        If no concept has enough clips.
    """
    table = data.open("gm_programs").programs
    program_names = dict(zip(table["program"], table["program_name"], strict=True))
    families = dict(zip(table["family_id"], table["family"], strict=True))
    programs = sorted({program for clip in clips for program in clip.programs})
    ids = sorted({program // 8 for program in programs})
    columns: list[tuple[str, str, int, NDArray[np.bool_]]] = [
        (str(program_names[p]), "program", p // 8, np.array([p in clip.programs for clip in clips]))
        for p in programs
    ]
    columns += [
        (
            f"{families[f]} family",
            "family",
            f,
            np.array([any(p // 8 == f for p in c.programs) for c in clips]),
        )
        for f in ids
    ]
    columns += [(name, kind, NOWHERE, has) for name, kind, has in _other_concepts(clips)]
    parents = [
        len(programs) + ids.index(group) if kind == "program" else NOWHERE for _, kind, group, _ in columns
    ]
    everything = ConceptSet(
        tuple(name for name, *_ in columns),
        tuple(kind for _, kind, *_ in columns),
        np.column_stack([has for *_, has in columns]),
        np.array([group for _, _, group, _ in columns]),
        np.array(parents),
    )
    return enough(everything, min_positives)


def _other_concepts(clips: Sequence[Clip]) -> list[tuple[str, str, NDArray[np.bool_]]]:
    pitch = np.array([clip.notes[:, 3].mean() for clip in clips])
    tempo = np.array([clip.tempo for clip in clips])
    seconds = np.array([max(1.0, float(clip.notes[:, 1].max())) for clip in clips])
    notes = np.array([len(clip.notes) / len(clip.programs) for clip in clips]) / seconds
    size = np.array([len(clip.programs) for clip in clips])
    found = [
        ("high register", "register", pitch > _HIGH),
        ("low register", "register", pitch < _LOW),
        ("fast", "tempo", tempo > _FAST),
        ("slow", "tempo", tempo < _SLOW),
        ("dense", "texture", notes > _DENSE),
        ("sparse", "texture", notes < _SPARSE),
        ("solo", "size", size == 1),
        ("trio", "size", size == 3),
    ]
    styles = sorted({clip.style for clip in clips})
    return found + [
        (style.replace("_", " "), "style", np.array([clip.style == style for clip in clips]))
        for style in styles
    ]


def enough(concepts: ConceptSet, min_positives: int) -> ConceptSet:
    """Leave out concepts that too few tracks have, or too few lack.

    Chapter: concept_hierarchies.

    Raises
    ------
    ValueError
        If nothing is left: tells the largest concept.
    """
    counts = concepts.labels.sum(axis=0)
    smaller = np.minimum(counts, len(concepts.labels) - counts)
    if not (smaller >= min_positives).any():
        best = int(smaller.argmax())
        raise ValueError(
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
