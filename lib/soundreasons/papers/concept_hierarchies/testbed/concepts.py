"""What clips are about: instrument and family, register, tempo, texture, size, style."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.data.concepts import ConceptSet, enough
from soundreasons.papers.concept_hierarchies.method.agreement import NOWHERE
from soundreasons.papers.concept_hierarchies.testbed.clips import Clip

MIN_POSITIVES = 30
_HIGH, _LOW = 68.0, 55.0  # mean MIDI pitch
_FAST, _SLOW = 135.0, 85.0  # quarter notes a minute
_DENSE, _SPARSE = 8.0, 3.0  # notes a second


def program_names() -> dict[int, str]:
    """Give the names of the General MIDI programs, by number. Chapter: concept_hierarchies."""
    table = data.open("gm_programs").programs
    return dict(zip(table["program"].tolist(), table["program_name"].tolist(), strict=True))


def family_names() -> dict[int, str]:
    """Give the names of the General MIDI families, by number. Chapter: concept_hierarchies."""
    table = data.open("gm_programs").programs
    return dict(zip(table["family_id"].tolist(), table["family"].tolist(), strict=True))


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
    TooFew
        If no concept has enough clips.
    """
    names, families = program_names(), family_names()
    programs = sorted({program for clip in clips for program in clip.programs})
    ids = sorted({program // 8 for program in programs})
    columns: list[tuple[str, str, int, NDArray[np.bool_]]] = [
        (names[p], "program", p // 8, np.array([p in clip.programs for clip in clips])) for p in programs
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
