"""Try the taggers on your own music: `soundreasons try concept_hierarchies FILE`.

FILE is a sound: what do two networks, taught by the Million Song Dataset and by MagnaTagATune, call it?
TEXT is one of the chapter's instruments: where does the tree of rendered clips put it?
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundreasons.given import as_path, is_file_name
from soundreasons.papers.concept_hierarchies.data.activations import tag_probabilities
from soundreasons.papers.concept_hierarchies.data.sounds import load_sound
from soundreasons.papers.concept_hierarchies.data.taggers import tags_of
from soundreasons.papers.concept_hierarchies.experiments.clips import probed_clips
from soundreasons.papers.concept_hierarchies.experiments.network_alone import strongest_tags
from soundreasons.papers.concept_hierarchies.experiments.probing import (
    WHOLE_BATCH,
    KeptConcepts,
    keep_concepts,
)
from soundreasons.papers.concept_hierarchies.figures.plots import plot_over_time
from soundreasons.papers.concept_hierarchies.method.hierarchy import parents
from soundreasons.papers.concept_hierarchies.method.network import PATCH_SAMPLES, SAMPLE_RATE
from soundreasons.papers.concept_hierarchies.testbed.clips import program_choice
from soundreasons.papers.concept_hierarchies.testbed.concepts import family_names, program_names
from soundreasons.trying import find, picture

ACCEPTS = "a sound file (WAV, FLAC, Ogg, MP3; at most half an hour), or the name of an instrument"
_SHOWN = 8
_NETWORKS = {"MSD_vgg": "Million Song Dataset", "MTT_vgg": "MagnaTagATune"}
_N_CLIPS, _FEWEST = 900, 10


def run(argument: str, out: Path | None = None) -> str:
    """Answer in text; with `out`, draw the tags over time into that folder too.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    argument : str
        Path of a sound file, or the name of an instrument.
    out : Path, optional
        Folder for the picture.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file is missing, no sound, or silent; or the instrument is unknown (the nearest are told).
    """
    path = Path(argument)
    is_named = is_file_name(argument) and (path.suffix or path.name != argument)
    if as_path(argument) or is_named:  # none of the instruments has a dot or a slash
        return _tags(path, out)
    return _instrument(argument)


def _tags(path: Path, out: Path | None) -> str:
    samples = load_sound(path)
    if not np.abs(samples).max() > 0:
        raise ValueError(f"{path.name} is silent from beginning to end; there is nothing to name")
    lines = [f"{path.name}: {len(samples) / SAMPLE_RATE:.1f} s"]
    for network, taught_by in _NETWORKS.items():
        mean = tag_probabilities(samples, network).mean(axis=0)
        strongest = np.argsort(-mean, kind="stable")[:_SHOWN]
        shown = ", ".join(f"{tags_of(network)[k]} {mean[k]:.2f}" for k in strongest)
        lines.append(f"  taught by the {taught_by}: {shown}")
    lines.append("Numbers are probabilities of the tags, averaged over patches of three seconds.")
    return "\n".join([*lines, *_picture(samples, path, out)])


def _picture(samples: NDArray[np.float32], path: Path, out: Path | None) -> list[str]:
    if out is None:
        return []
    heard = strongest_tags(samples)
    seconds = heard.values.shape[1] * PATCH_SAMPLES / SAMPLE_RATE
    return picture(
        out,
        f"{path.stem}-tags",
        lambda ax: plot_over_time(heard.values, heard.names, seconds, ax),
        size=(8, 3),
    )


def _instrument(name: str) -> str:
    known = _known(name)  # before anything is rendered
    probed = probed_clips("independent", _N_CLIPS, 0, WHOLE_BATCH, min_positives=_FEWEST)
    return _described(known, keep_concepts(probed, least=0.0))


def _known(name: str) -> str:
    """Spell an instrument as the chapter does; `ValueError` with the nearest names if there is none."""
    programs, families = program_names(), family_names()
    chosen = program_choice().tolist()
    names = [programs[p] for p in chosen]
    names += [f"{families[f]} family" for f in dict.fromkeys(p // 8 for p in chosen)]
    return find(name, names, among=f"the {len(names)} instruments, and no sound file")


def _described(name: str, kept: KeptConcepts) -> str:
    names = kept.concepts.names
    number = names.index(name)
    parent = int(parents(kept.tree)[number])
    children = [names[k] for k in np.flatnonzero(kept.tree[number])]
    likeness = kept.similarity[number]
    others = [k for k in np.argsort(-likeness, kind="stable") if k != number][:5]
    alike = [f"{names[k]} {likeness[k]:.2f}" for k in others]
    return "\n".join(
        [
            f"{name}: told from other clips, balanced accuracy {kept.probes.accuracy[number]:.2f}",
            f"  below {names[parent] if parent < len(names) else 'the root'}; "
            f"above {', '.join(children) if children else 'nothing'}",
            f"  its clips sound to the probes of others like: {', '.join(alike)}",
        ]
    )
