"""The experiments, one module a section of the page; `training` and `scoring` serve them all."""

from soundreasons.papers.music_deepfakes.experiments import (
    calibration,
    difficulty,
    evidence,
    other_decoders,
    processing,
    repair,
    scoring,
    traces,
    training,
    twins,
)
