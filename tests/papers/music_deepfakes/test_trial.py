"""The command for one's own file: what it says, and what it refuses to say."""

import numpy as np
import pytest
import soundfile
import torch

from soundreasons.media.decoding import encode
from soundreasons.papers.music_deepfakes import SpectrogramDetector, Training, trial
from soundreasons.papers.music_deepfakes.data.recordings import Found
from soundreasons.papers.music_deepfakes.testbed import Plan

RATE = 44_100


@pytest.fixture
def detector(monkeypatch):
    """An untrained detector in place of the trained one: the words do not depend on it."""
    torch.manual_seed(0)
    model = SpectrogramDetector("amplitude", 3, 0.125).eval()
    monkeypatch.setattr(trial, "standard_detector", lambda report: (model, ["codec_high", "codec_low"]))
    return model


def written(path, samples, rate=RATE):
    soundfile.write(path, samples, rate)
    return str(path)


def noise(seconds, seed=0, rate=RATE):
    return np.random.default_rng(seed).normal(0, 0.1, (round(seconds * rate), 2))


def test_a_file_gets_scores_a_picture_and_the_sentence_on_what_a_score_is_not(detector, tmp_path):
    answer = trial.run(written(tmp_path / "song.wav", noise(4.0)), tmp_path / "out")
    assert "5 snippets of 0.78 s; the detector knows codec_high, codec_low" in answer
    assert "called synthetic: " in answer
    assert "no share of artificial content, no proof" in answer
    assert (tmp_path / "out" / "song-scores.png").is_file()


def test_silence_gets_no_score(detector, tmp_path):
    answer = trial.run(written(tmp_path / "silent.wav", np.zeros((2 * RATE, 2))))
    assert "silent: there is nothing to score" in answer
    assert "called synthetic" not in answer
    half = np.concatenate([noise(1.6), np.zeros((2 * RATE, 2))])
    assert "silent snippets have no score" in trial.run(written(tmp_path / "half.wav", half))


@pytest.mark.parametrize("constant", [0.01, 0.5])
def test_a_direct_current_is_silence_of_another_kind(detector, tmp_path, constant):
    answer = trial.run(written(tmp_path / "dc.wav", np.full((2 * RATE, 2), constant)))
    assert "silent: there is nothing to score" in answer
    assert "called synthetic" not in answer
    half = np.concatenate([noise(1.5), np.zeros((2 * RATE, 2))]) + constant
    answer = trial.run(written(tmp_path / "half.wav", np.clip(half, -1, 1)))
    assert "2 silent snippets have no score" in answer


@pytest.mark.parametrize("channels", [1, 6])
def test_one_channel_and_six_are_folded_and_scored(detector, tmp_path, channels):
    sound = np.repeat(noise(2.0)[:, :1], channels, axis=1) / channels
    answer = trial.run(written(tmp_path / "folded.wav", sound))
    assert "of 2 snippets; score (1 = human)" in answer


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(detector, tmp_path, hole):
    sound = noise(2.0).astype(np.float32)
    sound[1000:1010] = hole
    soundfile.write(tmp_path / "broken.wav", sound, RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"broken\.wav holds \d+ samples that are NaN or infinite"):
        trial.run(str(tmp_path / "broken.wav"))


def test_of_a_truncated_mp3_what_is_there_is_scored(detector, tmp_path):
    whole = encode(noise(4.0), RATE, "mp3", 160)
    (tmp_path / "cut.mp3").write_bytes(whole[: len(whole) // 2])
    assert "of 2 snippets; score (1 = human)" in trial.run(str(tmp_path / "cut.mp3"))
    (tmp_path / "stub.mp3").write_bytes(whole[:200])
    with pytest.raises(ValueError, match=r"stub\.mp3"):
        trial.run(str(tmp_path / "stub.mp3"))


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_sound_without_highs_gets_no_score(detector, tmp_path, rate):
    answer = trial.run(written(tmp_path / "phone.wav", noise(2.0, rate=rate), rate))
    assert "its score would mean nothing and is not given" in answer.replace("so ", "")


def test_a_rate_of_192_khz_is_taken_down_and_scored(detector, tmp_path):
    assert "called synthetic" in trial.run(written(tmp_path / "high.wav", noise(2.0, rate=192_000), 192_000))


def test_clipping_is_told(detector, tmp_path):
    answer = trial.run(written(tmp_path / "loud.wav", np.clip(20 * noise(2.0), -1, 1)))
    assert "samples are clipped" in answer


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: str(folder / "nowhere.mp3"), "nowhere.mp3 is no file"),
        (lambda folder: written(folder / "short.wav", noise(0.5)), "lasts 0.50 s; the detector needs 0.78 s"),
        (lambda folder: written(folder / "empty.wav", noise(0.0)), "empty.wav"),
        (lambda folder: str(folder), "is no file"),
    ],
)
def test_what_cannot_be_heard_is_refused(detector, tmp_path, make, told):
    with pytest.raises(ValueError, match=told):
        trial.run(make(tmp_path))


def test_a_file_is_heard_as_one_channel_in_snippets_side_by_side(tmp_path):
    # By hand: levels 0.2 and 0.4 make 0.3; 2 s hold two snippets of 0.78 s, whose middles are known.
    stereo = np.stack([np.full(2 * RATE, 0.2), np.full(2 * RATE, 0.4)], axis=1)
    soundfile.write(tmp_path / "dc.wav", stereo, RATE, subtype="FLOAT")
    mono = trial.listen_to(tmp_path / "dc.wav")
    np.testing.assert_allclose(mono, 0.3, atol=1e-6)
    found = trial.hear(SpectrogramDetector("amplitude", 3, 0.0625), mono)
    np.testing.assert_allclose(found.times, np.array([0.5, 1.5]) * 34_398 / RATE)
    assert np.isnan(found.human).all()
    assert (found.top, found.clipped) == (0.0, 0.0)


def test_the_highest_frequency_is_where_the_sound_ends():
    time = np.arange(2 * RATE) / RATE
    tone = np.sin(2 * np.pi * 5_000 * time).astype(np.float32)
    assert trial.highest_frequency(tone) == pytest.approx(5_000, abs=20)
    assert trial.highest_frequency(np.zeros(RATE, np.float32)) == 0


def test_the_detector_is_trained_once_and_then_kept(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("SOUNDREASONS_DATA", str(tmp_path))
    monkeypatch.setattr(trial, "tracks", lambda: Found([], {}, 0))

    def make_twins(*args, kept):
        for name in ("human", "version-real", "weights-codec", "version-codec_low"):
            kept.arrays(name, lambda: {"x": np.zeros(1)})
        return tiny

    monkeypatch.setattr(trial, "make_twins", make_twins)
    quick = Training(epochs=1, steps=10, batch_size=4, per_file=1, buffer=8, validation_steps=0, width=0.5)
    plan = Plan(1, 1.2, ("codec_high", "codec_low"))
    told = []
    model, names = trial.standard_detector(plan, quick, told.append)
    assert [line.partition(": ")[2] for line in told] == [
        "cutting clips from free music",
        "exporting human music",
        "training a codec autoencoder",
        "making fakes by codec_low",
        "10 steps of training",
        "10 of 10 steps of training",
    ]
    told.clear()
    monkeypatch.setattr(trial, "train", None)  # a second training would fail
    again, _ = trial.standard_detector(plan, quick, told.append)
    assert not told, "what is there is not announced"
    assert names == ["codec_high", "codec_low"]
    assert torch.equal(model.deepfake.weight, again.deepfake.weight)
