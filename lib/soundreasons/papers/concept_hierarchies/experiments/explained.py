"""A track, explained: what probes that learned on rendered clips hear in it."""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import fast
from soundreasons.papers.concept_hierarchies.data.activations import embed_recording
from soundreasons.papers.concept_hierarchies.data.taggers import load_quick_tagger
from soundreasons.papers.concept_hierarchies.experiments.network_alone import OverTime, strongest
from soundreasons.papers.concept_hierarchies.experiments.probing import ProbedSet


def strongest_concepts(
    samples: NDArray[np.float32],
    probed: ProbedSet,
    kinds: tuple[str, ...],
    *,
    device: str = "cpu",
) -> OverTime:
    """Order the concepts of some kinds by how much their probes answer, about once a second.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Mono at 16 kHz.
    probed : ProbedSet
        Whose probes, of pool5.
    kinds : tuple of str
        Such as "program".
    device : str
        Where the network runs.

    Returns
    -------
    OverTime
        All concepts of these kinds.
    """
    moments = embed_recording(samples, load_quick_tagger(device=device), device=device)
    chosen = probed.concepts.of_kind(*kinds)
    answers = fast.probabilities(moments[:, np.newaxis], probed.probes)[:, chosen]
    return strongest(answers, tuple(probed.concepts.names[k] for k in chosen), len(chosen))
