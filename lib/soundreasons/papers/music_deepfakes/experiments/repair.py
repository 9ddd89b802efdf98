"""Section "Repair, and what it does not repair": a detector goes on learning under one manipulation.

Chapter: music_deepfakes.
"""

from dataclasses import replace

from soundreasons.learning.seeding import rng as named_rng
from soundreasons.papers.music_deepfakes.data.recordings import Clips
from soundreasons.papers.music_deepfakes.experiments.training import (
    Training,
    batches,
    fit_detector,
    new_detector,
)
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.testbed.manipulations import manipulate
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Twins


def tune(model: Detector, twins: Twins, change: str, settings: Training, seed: int) -> Detector:
    """Go on training a copy of a detector with a manipulation done to half of the snippets.

    Discussion of Afchar et al. (2024). Chapter: music_deepfakes.
    """
    device = str(next(model.parameters()).device)
    copy = new_detector(model.kind, model.n_encoders, settings.width, device=device)
    copy.load_state_dict(model.state_dict())
    draws = named_rng(seed, SLUG, "tune", change)

    def half(mono: Clips) -> Clips:
        chosen = draws.permutation(len(mono))[: len(mono) // 2]
        changed = mono.copy()
        changed[chosen] = manipulate(mono[chosen], change, draws)
        return changed

    drawn = batches(
        [twins.clips[name] for name in twins.labels],
        twins.parts["train"],
        settings,
        draws.spawn(1)[0],
        device=device,
        change=half,
    )
    fit_detector(copy, drawn, replace(settings, validation_steps=0))
    return copy
