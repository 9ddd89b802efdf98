"""Can concepts be heard? Probes of clips and recordings, beside exchanged labels and another library."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from soundreasons import data
from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.data.concepts import named_concepts
from soundreasons.papers.concept_hierarchies.experiments.probing import (
    SPLIT_SEED,
    Measures,
    ProbedSet,
    probe_concepts,
)
from soundreasons.papers.concept_hierarchies.testbed.sounds import embedded_samples


def shuffled_probes(
    probed: ProbedSet, settings: method.ProbeSettings, rng: np.random.Generator, *, device: str = "cpu"
) -> method.Probes:
    """Fit the same probes on labels that were given to other clips. Chapter: concept_hierarchies."""
    labels = method.shuffled_labels(probed.concepts.labels, rng)
    parts = method.split_tracks(labels, SPLIT_SEED)
    return fast.fit_probes(probed.features, labels, parts, settings, device=device)


def probed_recordings(settings: method.ProbeSettings, seed: int, *, device: str = "cpu") -> ProbedSet:
    """Probe 179 real game soundtracks for the package that they come from (29 moments each).

    Chapter: concept_hierarchies.
    """
    record = data.open("game_music_embeddings")
    concepts = named_concepts(record.tracks["package"].tolist(), "package", 10)
    return probe_concepts(concepts, record.embeddings.astype(np.float32), settings, seed=seed, device=device)


def probed_samples(settings: method.ProbeSettings, seed: int, *, device: str = "cpu") -> ProbedSet:
    """Probe the samples of Sonic Pi for the first word of their name: kick, snare, hat, tabla and so on.

    Chapter: concept_hierarchies.
    """
    names, layers = embedded_samples(device)
    concepts = named_concepts([name.partition("_")[0] for name in names], "group", 10)
    return probe_concepts(concepts, layers["pool5"], settings, seed=seed, device=device)


def library_accuracy(probed: ProbedSet, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Fit some of the probes with scikit-learn, on the same split: balanced test accuracy of each.

    Chapter: concept_hierarchies.
    """
    features = probed.features.mean(axis=1)
    found = []
    for k in numbers:
        fitted, tested = probed.parts[:, k] != method.TEST, probed.parts[:, k] == method.TEST
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=500)
        model.fit(features[fitted], probed.concepts.labels[fitted, k])
        found.append(
            balanced_accuracy_score(probed.concepts.labels[tested, k], model.predict(features[tested]))
        )
    return np.array(found)


def accuracies(
    sets: Mapping[str, Sequence[ProbedSet]], chance: Mapping[str, Sequence[method.Probes]]
) -> Measures:
    """Mean test accuracy (%) of each set and seed, and that of the probes of exchanged labels.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    sets : mapping of str to sequence of ProbedSet
        One a seed, by name.
    chance : mapping of str to sequence of Probes
        From `shuffled_probes`, by the same names.

    Returns
    -------
    dict
        `accuracy.NAME` and `accuracy.NAME.shuffled`.
    """
    found: Measures = {}
    for name, probed in sets.items():
        found[f"accuracy.{name}"] = _percent([each.probes.accuracy.mean() for each in probed])
        found[f"accuracy.{name}.shuffled"] = _percent([each.accuracy.mean() for each in chance[name]])
    return found


def kept_shares(sets: Mapping[str, Sequence[ProbedSet]]) -> Measures:
    """Share (%) of the concepts of each set and seed that pass the paper's filter, as `kept_share.NAME`.

    Chapter: concept_hierarchies.
    """
    return {
        f"kept_share.{name}": _percent(
            [len(method.passing(each.probes)) / each.concepts.n_concepts for each in probed]
        )
        for name, probed in sets.items()
    }


def _percent(shares: Sequence[float]) -> dict[str, object]:
    return {"values": [100 * float(share) for share in shares], "unit": "%"}


def by_kind(sets: Mapping[str, ProbedSet]) -> pd.DataFrame:
    """Mean accuracy (%) of the concepts of each kind (rows), by set (columns).

    Chapter: concept_hierarchies.
    """
    columns = {
        name: pd.Series(100 * probed.probes.accuracy).groupby(np.array(probed.concepts.kinds)).mean()
        for name, probed in sets.items()
    }
    return pd.DataFrame(columns).rename_axis("kind")
