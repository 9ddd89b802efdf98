"""Detecting music deepfakes is easy but actually hard (Afchar, Meseguer-Brocal, Hennequin), rebuilt.

Read `method` first: the view of a snippet (`front_end`, `features`), the two networks, their loss, the comb
that upsampling leaves (`comb_frequencies`), the `fakeprint`. Then `testbed`: music and its forged twins.
Fakeprints carry the authors' patent notice: see `method.fakeprints`. Chapter: music_deepfakes.
"""

from soundreasons.papers.music_deepfakes import data, experiments, fast, figures, method, testbed
from soundreasons.papers.music_deepfakes.experiments.training import Training
from soundreasons.papers.music_deepfakes.fast import SpectrogramDetector, WaveformDetector
from soundreasons.papers.music_deepfakes.method import (
    KINDS,
    SAMPLE_RATE,
    SNIPPET,
    comb_frequencies,
    detector_loss,
    fakeprint,
    features,
    front_end,
    print_frequencies,
)
