"""Sets of tracks made by hand, whose answers are known."""

import numpy as np

from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.experiments import probing

NAMES = ("Violin", "Cello", "Oboe", "Flute", "Strings family", "Reed family")
KINDS = ("program",) * 4 + ("family",) * 2
GROUP = np.array([5, 5, 8, 8, 5, 8])
PARENT = np.array([4, 4, 5, 5, ch.NOWHERE, ch.NOWHERE])
# S: strings sound like strings, reeds like reeds; the families stand in the middle of either.
S = np.array(
    [
        [0.9, 0.4, 0.1, 0.1, 0.8, 0.1],
        [0.4, 0.9, 0.1, 0.1, 0.7, 0.1],
        [0.1, 0.1, 0.9, 0.4, 0.1, 0.8],
        [0.1, 0.1, 0.4, 0.9, 0.1, 0.7],
        [0.8, 0.7, 0.1, 0.1, 0.9, 0.3],
        [0.1, 0.1, 0.8, 0.7, 0.3, 0.9],
    ]
)
# Two blocks: who belongs together has nearly the same vector.
VECTORS = np.array([[3.0, 0.1, 0], [3.0, 0.2, 0], [0.1, 3.0, 0], [0.2, 3.0, 0], [3.0, 0.0, 0], [0.0, 3.0, 0]])


def concepts(labels=None):
    """Six concepts; each program's tracks are its family's too."""
    if labels is None:
        owner = np.repeat(np.arange(4), 20)
        labels = np.column_stack([owner == k for k in range(4)] + [owner < 2, owner >= 2])
    return ch.data.ConceptSet(NAMES, KINDS, labels, GROUP, PARENT)


def probes(accuracy=(0.9, 0.85, 0.8, 0.75, 0.95, 0.71)):
    return ch.Probes(VECTORS, np.zeros(6), np.array(accuracy), np.ones(6, dtype=int))


def kept():
    """All six, as if they had passed."""
    return probing.KeptConcepts(concepts(), S, probes())


def probed_set(accuracy=(0.9, 0.85, 0.8, 0.75, 0.95, 0.71), noise=0.3):
    """Eighty tracks whose activations point where their concepts' vectors do."""
    these = concepts()
    rng = np.random.default_rng(0)
    features = these.labels[:, :4].astype(float) @ np.array([[2, 0, 1], [2, 0, -1], [-2, 1, 0], [-2, -1, 0]])
    features = (features + rng.normal(scale=noise, size=features.shape))[:, np.newaxis].astype(np.float32)
    parts = ch.split_tracks(these.labels)
    return probing.ProbedSet(
        these, features, parts, probes(accuracy), S, {"pool3": features, "pool5": features}
    )


QUICK = ch.ProbeSettings(sampling="expected", epochs=5, steps=20, learning_rate=0.1, patience=5, plateau=5)
