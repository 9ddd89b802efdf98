"""Section "The hard part: what people do to sound": the test side under each manipulation.

Chapter: music_deepfakes.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes.data.recordings import Clips
from soundreasons.papers.music_deepfakes.experiments.scoring import (
    Floats,
    Scores,
    clip_scores,
    detected,
    false_alarms,
)
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.testbed.manipulations import MANIPULATIONS, manipulate
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Twins

HEAVY = ("equaliser", "reverb", "mp3_64")  # one after the other: what a producer may do to human music


def changed_scores(
    models: Mapping[str, Detector], twins: Twins, seed: int, changes: Iterable[str] | None = None
) -> dict[str, dict[str, dict[str, Floats]]]:
    """Score the test side under each manipulation, by model, change and version; "none" among the changes.

    Each clip gets parameters of its own, the same for its human and its synthetic versions.
    Section 4 of Afchar et al. (2024). Chapter: music_deepfakes.
    """
    names = ["none", *(m.name for m in MANIPULATIONS), "heavy"] if changes is None else list(changes)
    found: dict[str, dict[str, dict[str, Floats]]] = {m: {c: {} for c in names} for m in models}
    for change in names:
        for version in twins.clips:
            clips = _changed(twins.part("test", version), change, seed)
            for model_name, model in models.items():
                found[model_name][change][version] = clip_scores(model, {version: clips}, 1)[version]
    return found


def _changed(clips: Clips, change: str, seed: int) -> Clips:
    for name in {"none": (), "heavy": HEAVY}.get(change, (change,)):
        clips = manipulate(clips, name, named_rng(seed, SLUG, "change", name))
    return clips


def losses(
    scores: Mapping[str, Scores], tracks: NDArray[np.intp], names: Sequence[str]
) -> dict[str, tuple[Floats, Floats]]:
    """What each manipulation costs, track by track, in points.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        By change: fakes no longer detected, and human music newly called synthetic.
    """
    before = detected(scores["none"], tracks, names), false_alarms(scores["none"], tracks)
    return {
        change: (before[0] - detected(by, tracks, names), false_alarms(by, tracks) - before[1])
        for change, by in scores.items()
        if change != "none"
    }
