"""Tiny twins whose truth is known: noise as music, and decoders that take the highs away."""

import numpy as np
import pytest
import scipy.signal
import torch

from soundreasons.data.readers.music import Recording
from soundreasons.learning.cache import Cache
from soundreasons.papers.music_deepfakes.data.recordings import Track
from soundreasons.papers.music_deepfakes.method.detectors import Outputs
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE
from soundreasons.papers.music_deepfakes.testbed import codecs
from soundreasons.papers.music_deepfakes.testbed.codecs import CodecTraining
from soundreasons.papers.music_deepfakes.testbed.decoders import Workshop
from soundreasons.papers.music_deepfakes.testbed.twins import Twins

N_TRACKS, N_SAMPLES = 12, 52_920


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Twelve tracks, two clips each: white noise, and the same below 9 and below 5 kHz."""
    rng = np.random.default_rng(0)
    human = rng.normal(0, 0.05, (2 * N_TRACKS, N_SAMPLES)).astype(np.float32)
    tops = {"codec_high": 9_000, "codec_low": 5_000}
    raw = {"real": human}
    for name, top in tops.items():
        low_pass = scipy.signal.butter(6, top, fs=SAMPLE_RATE, output="sos")
        raw[name] = scipy.signal.sosfilt(low_pass, human, axis=1).astype(np.float32)
    tracks = [
        Track(Recording(f"piece {k}", f"artist {k}", "noise", "CC0", (), True), "tests")
        for k in range(N_TRACKS)
    ]
    rows = np.arange(2 * N_TRACKS)
    parts = {"train": rows[:14], "validation": rows[14:16], "test": rows[16:]}
    cache = Cache(tmp_path_factory.mktemp("kept"), modules=[codecs.__name__])
    workshop = Workshop(human[:14], CodecTraining(steps=3, batch_size=2, crop=3_200), cache, 0)
    return Twins(tracks, rows // 2, parts, raw, raw, ["real", "codec_high", "codec_low"], workshop)


class Oracle(torch.nn.Module):
    """A detector whose rule is known: `rule` takes snippets, (n, n_samples), and gives scores from 0 to 1."""

    kind, n_encoders = "amplitude", 0

    def __init__(self, rule):
        super().__init__()
        self.rule = rule
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def listen(self, mono):
        return Outputs(torch.logit(self.rule(mono).clamp(1e-6, 1 - 1e-6)), None)


@pytest.fixture
def oracle():
    return Oracle


def made_of(versions, n_tracks):
    """Twins of these versions, one clip a track, all of them on the test side, not exported."""
    tracks = [
        Track(Recording(f"piece {k}", f"artist {k}", "noise", "CC0", (), True), "tests")
        for k in range(n_tracks)
    ]
    rows = np.arange(n_tracks)
    parts = {"train": rows, "validation": rows, "test": rows}
    labels = ["real", *(name for name in versions if name != "real")]
    return Twins(tracks, rows, parts, versions, versions, labels, Workshop(versions["real"], None, None, 0))


@pytest.fixture
def twins_of():
    return made_of
