"""A tiny collection whose truth is known: noise as music, and decoders that take the highs away."""

import numpy as np
import pytest
import scipy.signal

from soundreasons.data.readers.music import Recording
from soundreasons.learning.cache import Cache
from soundreasons.papers.music_deepfakes.codecs import CodecTraining
from soundreasons.papers.music_deepfakes.collection import Collection
from soundreasons.papers.music_deepfakes.decoders import Workshop
from soundreasons.papers.music_deepfakes.front_ends import SAMPLE_RATE
from soundreasons.papers.music_deepfakes.music import Track

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
    cache = Cache(tmp_path_factory.mktemp("kept"), modules=["soundreasons.papers.music_deepfakes.codecs"])
    workshop = Workshop(human[:14], CodecTraining(steps=3, batch_size=2, crop=3_200), cache, 0)
    return Collection(tracks, rows // 2, parts, raw, raw, ["real", "codec_high", "codec_low"], workshop)
