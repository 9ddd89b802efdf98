"""Try the taggers on your own music: `soundreasons try concept_hierarchies FILE`.

FILE is a sound: what do two networks, taught by the Million Song Dataset and by MagnaTagATune, call it?
TEXT is one of the chapter's instruments: where does the tree of rendered clips put it?
"""

import difflib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundreasons.given import as_path, is_file_name
from soundreasons.papers.concept_hierarchies.clips import program_choice
from soundreasons.papers.concept_hierarchies.embedding import tag_probabilities
from soundreasons.papers.concept_hierarchies.experiments import (
    WHOLE_BATCH,
    View,
    clip_study,
    family_names,
    program_names,
    view,
)
from soundreasons.papers.concept_hierarchies.explanation import told_by_tags
from soundreasons.papers.concept_hierarchies.figures import plot_over_time
from soundreasons.papers.concept_hierarchies.front_end import PATCH_SAMPLES, SAMPLE_RATE, load_sound
from soundreasons.papers.concept_hierarchies.hierarchy import parents
from soundreasons.papers.concept_hierarchies.taggers import tags_of

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
    from matplotlib.figure import Figure

    told = told_by_tags(samples)
    figure = Figure(figsize=(8, 3), layout="constrained")
    plot_over_time(
        told.values, told.names, told.values.shape[1] * PATCH_SAMPLES / SAMPLE_RATE, figure.subplots()
    )
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}-tags.png"
    figure.savefig(target, dpi=144)
    return ["", f"picture: {target}"]


def _instrument(name: str) -> str:
    _known(name)  # before anything is rendered
    study = clip_study("independent", _N_CLIPS, 0, WHOLE_BATCH, min_positives=_FEWEST)
    return _described(name, view(study, least=0.0))


def _known(name: str) -> str:
    """Spell an instrument as the chapter does; `ValueError` with the nearest names if there is none."""
    programs, families = program_names(), family_names()
    chosen = program_choice().tolist()
    names = [programs[p] for p in chosen] + [
        f"{families[f]} family" for f in dict.fromkeys(p // 8 for p in chosen)
    ]
    lower = {known.lower(): known for known in names}
    if name.lower() not in lower:
        near = difflib.get_close_matches(name.lower(), lower, n=4, cutoff=0.3)
        told = f"nearest: {', '.join(lower[n] for n in near)}" if near else "nothing is near"
        raise ValueError(f"{name!r} is neither a sound file nor one of {len(names)} instruments; {told}")
    return lower[name.lower()]


def _described(name: str, seen: View) -> str:
    names = seen.concepts.names
    number = names.index(_known(name))
    parent = int(parents(seen.tree)[number])
    children = [names[k] for k in np.flatnonzero(seen.tree[number])]
    likeness = seen.similarity[number]
    others = [k for k in np.argsort(-likeness, kind="stable") if k != number][:5]
    alike = [f"{names[k]} {likeness[k]:.2f}" for k in others]
    return "\n".join(
        [
            f"{names[number]}: told from other clips, balanced accuracy {seen.probes.accuracy[number]:.2f}",
            f"  below {names[parent] if parent < len(names) else 'the root'}; "
            f"above {', '.join(children) if children else 'nothing'}",
            f"  its clips sound to the probes of others like: {', '.join(alike)}",
        ]
    )
