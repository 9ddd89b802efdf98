"""Twins: all through one export; pairs and riddles; how good the decoders are."""

import numpy as np
import soundfile
from numpy.testing import assert_allclose

from soundreasons.data.readers.music import Recording
from soundreasons.papers.music_deepfakes.data.recordings import Track
from soundreasons.papers.music_deepfakes.experiments import twins as listening
from soundreasons.papers.music_deepfakes.testbed import twins as forging


def test_both_classes_go_through_the_same_export(tiny, tmp_path, monkeypatch):
    # A decoder that changes nothing must give exactly what the human version gives.
    class Identity:
        def __init__(self, *args):
            pass

        def decoder(self, name):
            return lambda clips: clips

    names = [f"artist {k}" for k in range(4)]
    paths = [tmp_path / f"{name}.wav" for name in names]
    for k, path in enumerate(paths):
        soundfile.write(path, np.random.default_rng(k).normal(0, 0.1, (3 * 44_100, 2)), 44_100)
    tracks = [
        Track(Recording("t", n, "s", "CC0", (p,), True), "tests") for n, p in zip(names, paths, strict=True)
    ]
    monkeypatch.setattr(forging.decoders, "Workshop", Identity)
    kept = forging.cache(enabled=False)
    found = forging.make_twins(tracks, forging.Plan(1, 1.0, ("codec_high",)), 0, kept=kept)
    assert_allclose(found.clips["codec_high"], found.clips["real"])
    assert not np.allclose(found.clips["real"], found.raw["real"])
    assert found.labels == ["real", "codec_high"]


def test_the_export_is_lossy_and_keeps_place_and_pitch():
    time = np.arange(44_100) / 44_100
    tone = (0.3 * np.sin(2 * np.pi * 1_000 * time)).astype(np.float32)[np.newaxis]
    sent = forging.export(tone)
    assert sent.shape == tone.shape
    assert not np.array_equal(sent, tone)
    # The encoder plays a little softer; place in time and pitch must stay.
    assert np.corrcoef(sent[0, 4_000:-4_000], tone[0, 4_000:-4_000])[0, 1] > 0.999


def test_sides_and_rows_of_a_split_belong_together(tiny):
    assert tiny.fakes == ["codec_high", "codec_low"]
    assert tiny.track_rows("validation").tolist() == [7, 7]
    assert_allclose(tiny.part("test", "real"), tiny.clips["real"][16:])


def test_sides_are_counted_by_artist_and_style(tiny):
    # By hand: 24 clips of 12 artists with a track each; 7, 1 and 4 tracks of noise.
    found = listening.sides(tiny)
    assert found.loc["train"].to_dict() == {"artists": 7, "noise": 7}
    assert found["noise"].to_dict() == {"train": 7, "validation": 1, "test": 4}


def test_a_riddle_tells_the_truth_and_hides_the_level(tiny):
    row = listening.playable(tiny)[0]
    human, fake = tiny.clips["real"][row], tiny.clips["codec_low"][row]
    answers = set()
    for seed in range(12):
        riddle = listening.abx(tiny, row, "codec_low", np.random.default_rng(seed))
        n = len(human)
        gap = (len(riddle.sound) - 3 * n) // 2
        parts = {"A": riddle.sound[:n], "B": riddle.sound[n + gap : 2 * n + gap], "X": riddle.sound[-n:]}
        assert_allclose(parts[riddle.human], human)
        assert_allclose(parts["X"], parts[riddle.answer])
        levels = [np.sqrt((part**2).mean()) for part in parts.values()]
        assert_allclose(levels, levels[0], rtol=1e-4)
        answers.add((riddle.human, riddle.answer))
    assert len(answers) == 4
    assert not np.allclose(human, fake)


def test_only_playable_tracks_are_played_and_each_once(tiny):
    assert [tiny.track_of[row] for row in listening.playable(tiny)] == [8, 9, 10, 11]
