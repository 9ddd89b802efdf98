"""Clips, and what they are about."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.experiments.probing import ProbedSet, probe_concepts
from soundreasons.papers.concept_hierarchies.testbed.clips import Companions, plan_clips
from soundreasons.papers.concept_hierarchies.testbed.concepts import clip_concepts, program_names
from soundreasons.papers.concept_hierarchies.testbed.sounds import Renderer, embedded_clips


def probed_clips(
    companions: Companions,
    n_clips: int,
    seed: int,
    settings: method.ProbeSettings,
    *,
    min_positives: int = 30,
    device: str = "cpu",
) -> ProbedSet:
    """Render, embed and probe clips of one seed.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    companions : {"family", "independent"}
        How programs meet in a clip; see `plan_clips`.
    n_clips : int
        How many.
    seed : int
        Of clips, split and training.
    settings : ProbeSettings
        Of the training.
    min_positives : int
        Clips that a concept must have.
    device : str
        Where it is computed.

    Returns
    -------
    ProbedSet
    """
    plan, layers = embedded_clips(n_clips, companions, seed, device=device)
    concepts = clip_concepts(plan, min_positives)
    probed = probe_concepts(concepts, layers["pool5"], settings, seed=seed, device=device)
    return replace(probed, layers=layers)


def sizes(probed: ProbedSet) -> NDArray[np.int64]:
    """Count the tracks of each concept. Chapter: concept_hierarchies."""
    return np.asarray(probed.concepts.labels.sum(axis=0))


def size_table(probed: ProbedSet) -> pd.DataFrame:
    """Count concepts by kind, and their clips: fewest and median. Chapter: concept_hierarchies."""
    kinds = pd.DataFrame({"kind": probed.concepts.kinds, "clips": sizes(probed)})
    table = kinds.groupby("kind")["clips"].agg(["size", "min", "median"])
    table.columns = ["concepts", "fewest clips", "median clips"]
    return table


def example_trio(n_clips: int, seed: int, sample_rate: int = 22050) -> tuple[NDArray[np.float32], str]:
    """Play the first clip of an independent set that has three instruments, and say what it plays.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_clips, seed : int
        Of the set; see `probed_clips`.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray of float32, str

    Raises
    ------
    ValueError
        If no clip has three.
    """
    plan = plan_clips(n_clips, "independent", np.random.default_rng([seed, n_clips]))
    trios = [clip for clip in plan if len(clip.programs) == 3]
    if not trios:
        raise ValueError(f"none of {n_clips} clips has three instruments; draw more")
    names = program_names()
    played = ", ".join(names[program] for program in trios[0].programs)
    text = f"{played}, playing from {trios[0].piece} ({trios[0].style.replace('_', ' ')})"
    return Renderer(sample_rate).render(trios[0]), text
