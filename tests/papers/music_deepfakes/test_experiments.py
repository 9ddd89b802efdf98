"""Music, split, experiments: sides stay apart, and measures are what their names say."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons.data.readers.music import Recording
from soundreasons.media.decoding import SoundError
from soundreasons.papers import music_deepfakes as md
from soundreasons.papers.music_deepfakes import collection as collecting
from soundreasons.papers.music_deepfakes import evidence, music
from soundreasons.papers.music_deepfakes.training import Training

SHORT = Training(epochs=1, steps=24, batch_size=12, per_file=2, buffer=24, validation_steps=0)


@given(
    artists=st.lists(st.integers(0, 12), min_size=3, max_size=60).filter(lambda a: len(set(a)) >= 3),
    seed=st.integers(0, 1000),
)
def test_an_artist_is_never_on_two_sides_of_the_split(artists, seed):
    names = [f"artist {a}" for a in artists]
    parts = md.split_by_artist(names, (0.6, 0.1, 0.3), np.random.default_rng(seed))
    rows = np.concatenate(list(parts.values()))
    assert sorted(rows) == list(range(len(names)))  # every track is somewhere, once
    assert all(len(part) for part in parts.values())
    sides = [{names[row] for row in part} for part in parts.values()]
    assert sum(map(len, sides)) == len(set(names))


@pytest.mark.parametrize(
    ("artists", "shares", "told"),
    [
        (["a", "b"], (0.6, 0.1, 0.3), "2 artists cannot be split"),
        (["a", "b", "c"], (0.6, 0.4), "expected three positive numbers"),
        (["a", "b", "c"], (0.6, 0.1, 0.1), "that add up to 1"),
    ],
)
def test_impossible_splits_are_refused(artists, shares, told):
    with pytest.raises(ValueError, match=told):
        md.split_by_artist(artists, shares, np.random.default_rng(0))


def test_a_real_collection_has_thirty_tracks_of_four_styles():
    found, missing = md.tracks()
    if missing:
        pytest.skip(f"{', '.join(missing)} not on this machine (not checkable here)")
    assert len(found) >= 30
    assert len({track.recording.style for track in found}) >= 4
    assert max(Counter(track.recording.artist for track in found).values()) <= 6


def test_nothing_non_commercial_or_without_a_clear_licence_may_be_played():
    found, _ = md.tracks(per_artist=100)
    for track in found:
        licence = track.recording.licence
        assert not (
            track.recording.may_play and ("NC" in licence or licence in ("Creative Commons", "yours"))
        )


def test_your_own_folder_comes_first_and_its_folders_are_artists(tmp_path, monkeypatch):
    import soundfile

    for artist in ("one", "two"):
        (tmp_path / artist).mkdir()
        soundfile.write(tmp_path / artist / "song.wav", np.zeros((44_100, 2)), 44_100)
    monkeypatch.setenv(music.FOLDER_VARIABLE, str(tmp_path))
    found, _ = md.tracks([])
    assert [track.recording.artist for track in found[:2]] == ["one", "two"]
    assert found[0].source == "your folder"
    assert not found[0].recording.may_play


def recording(path):
    return md.Track(Recording("title", "artist", "style", "CC0", (path,), True), "tests")


def test_clips_are_cut_where_there_is_sound(tmp_path):
    import soundfile

    sound = np.zeros((10 * 44_100, 2))
    sound[5 * 44_100 :] = np.random.default_rng(0).normal(0, 0.1, (5 * 44_100, 2))
    soundfile.write(tmp_path / "half.wav", sound, 44_100)
    clips = md.clips_of(recording(tmp_path / "half.wav"), 6, 1.0, np.random.default_rng(0))
    assert clips.shape == (6, 44_100)
    assert np.sqrt((clips**2).mean(axis=1)).min() > music.QUIET_CLIP
    with pytest.raises(SoundError, match=r"lasts 10\.0 s, too short"):
        md.clips_of(recording(tmp_path / "half.wav"), 1, 9.0, np.random.default_rng(0))


def test_both_classes_go_through_the_same_export(tiny, tmp_path, monkeypatch):
    # A decoder that changes nothing must give exactly what the human version gives.
    class Identity:
        def __init__(self, *args):
            pass

        def decoder(self, name):
            return lambda clips: clips

    import soundfile

    names = [f"artist {k}" for k in range(4)]
    paths = [tmp_path / f"{name}.wav" for name in names]
    for k, path in enumerate(paths):
        soundfile.write(path, np.random.default_rng(k).normal(0, 0.1, (3 * 44_100, 2)), 44_100)
    tracks = [
        md.Track(Recording("t", n, "s", "CC0", (p,), True), "tests")
        for n, p in zip(names, paths, strict=True)
    ]
    monkeypatch.setattr(collecting.decoders, "Workshop", Identity)
    kept = md.cache(enabled=False)
    found = md.collect(tracks, md.Plan(1, 1.0, ("codec_high",)), 0, kept=kept)
    assert_allclose(found.clips["codec_high"], found.clips["real"])
    assert not np.allclose(found.clips["real"], found.raw["real"])
    assert found.labels == ["real", "codec_high"]


def test_tracks_weigh_the_same_and_classes_too():
    # Two tracks; by hand: fakes 1/2 and 1 detected, humans 0 and 1/2 called synthetic.
    tracks = np.array([4, 4, 9, 9])
    scores = {
        "real": np.array([[0.9], [0.8], [0.2], [0.7]]),
        "a": np.array([[0.1], [0.9], [0.2], [0.3]]),
    }
    assert md.detected(scores, tracks, ["a"]).tolist() == [50, 100]
    assert md.false_alarms(scores, tracks).tolist() == [0, 50]
    assert md.accuracy(scores, tracks, ["a"]).tolist() == [75, 75]
    table = md.class_table({"base": scores}, tracks)
    assert table.loc["base"].to_dict() == {"real": 75.0, "a": 75.0}
    changed = {"none": scores, "noise": {"real": scores["real"], "a": np.full((4, 1), 0.9)}}
    lost, alarms = md.losses(changed, tracks, ["a"])["noise"]
    assert lost.tolist() == [50, 100]
    assert alarms.tolist() == [0, 0]


def test_transfer_knows_relatives_and_leaves_the_control_out():
    scores = {name: np.full((2, 1), 0.9) for name in ("real", "codec_high", "griffin256", "codec_nearest")}
    scores["codec_low"] = np.full((2, 1), 0.1)
    groups = md.transfer({"codec_high": scores}, np.array([0, 1]))["codec_high"]
    assert groups["relatives"].tolist() == [100, 100]
    assert groups["strangers"].tolist() == [0, 0]


def test_a_perfectly_calibrated_score_is_reliable():
    scores = {
        "real": np.repeat([[0.75], [0.25]], [75, 25], axis=0),
        "a": np.repeat([[0.75], [0.25]], [25, 75], axis=0),
    }
    table = md.reliability({"base": scores}, 10)
    assert_allclose(table["human"], table["score"])
    assert table["weight"].sum() == pytest.approx(1)


def test_a_score_that_is_a_share_has_no_distance_from_it():
    shares = np.linspace(0, 1, 10)
    exact = md.Mixture(shares, np.repeat(shares[:, None], 3, axis=1))
    assert_allclose(exact.distance, 0)
    assert_allclose(exact.half, 0.5)
    always = md.Mixture(shares, np.ones((10, 3)))
    assert_allclose(always.distance, 0.5)
    assert_allclose(always.half, 1)


@pytest.fixture(scope="module")
def trained(tiny):
    return md.train(tiny, "amplitude", SHORT, 0, width=0.125)


def test_experiments_run_on_a_tiny_collection(tiny, trained):
    tracks = tiny.track_rows("test")
    changed = md.changed_scores({"base": trained}, tiny, 0, ["none", "noise", "heavy"])
    assert set(changed["base"]) == {"none", "noise", "heavy"}
    assert changed["base"]["heavy"]["real"].shape == (8, 1)
    found = md.mixture(trained, tiny, 3)
    assert found.scores.shape == (3, 4)
    residual = md.residual_table(trained, tiny, [1.0, 0.1])
    assert list(residual.columns) == ["decoder", "share", "snr", "detected"]
    steps = residual.groupby("decoder")["snr"].diff().dropna()
    assert_allclose(steps, 20)  # a tenth of the error: 20 dB more
    tuned = md.tune(trained, tiny, "noise", SHORT, 0)
    assert type(tuned) is type(trained)
    assert md.accuracy(md.side_scores(trained, tiny), tracks, tiny.labels[1:]).mean() > 90  # left as it was


def test_one_decoder_alone_leaves_the_second_head_out(tiny):
    quick = Training(epochs=1, steps=1, batch_size=4, per_file=1, buffer=8, validation_steps=0)
    assert md.train(tiny, "amplitude", quick, 0, width=0.0625, decoders=["codec_low"]).encoder is None
    assert md.train(tiny, "raw", quick, 0, width=0.5).n_encoders == 3


def test_the_same_seed_trains_the_same_detector(tiny, trained):
    again = md.train(tiny, "amplitude", SHORT, 0, width=0.125)
    ours, theirs = (md.side_scores(model, tiny)["codec_low"] for model in (trained, again))
    assert_allclose(ours, theirs, atol=1e-6)


def test_patches_find_the_band_where_the_highs_are_missing(tiny):
    model = md.train_patches(tiny, Training(epochs=1, steps=40, batch_size=48), 0, width=0.25)
    found = md.band_evidence(model, tiny.part("test", "codec_high")[:2])
    high, low = found.frequencies > 11_000, found.frequencies < 7_000
    assert found.synthetic[:, high].mean() > found.synthetic[:, low].mean() + 0.2


def test_a_patch_step_needs_nothing_off_its_device():
    import torch

    from soundreasons.learning.strays import RefuseStrays

    model = md.SpectrogramDetector("amplitude", 0, 0.0625, device="meta")
    with RefuseStrays():
        patches = torch.zeros(2, 1, 64, 64, device="meta")
        encoder = torch.zeros(2, dtype=torch.long, device="meta")
        loss = evidence.patch_step(model, torch.optim.Adam(model.parameters()), patches, encoder)
    assert loss.device.type == "meta"


def test_a_band_pass_keeps_its_band_alone():
    time = np.arange(44_100) / 44_100
    sound = (np.sin(2 * np.pi * 1_000 * time) + np.sin(2 * np.pi * 9_000 * time)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(md.band_pass(sound, (8_000, 10_000))))
    assert spectrum[1_000] < 1e-3 * spectrum[9_000]
    with pytest.raises(ValueError, match="expected a lower and a higher"):
        md.band_pass(sound, (9_000, 8_000))


def test_the_examples_transfer_by_hand():
    yes, no = np.array([True, True]), np.array([False, False])
    called = {
        ("lac2", "real"): no, ("lac2", "lac2"): yes, ("lac2", "lac7"): no, ("lac2", "musika"): no,
        ("lac7", "real"): no, ("lac7", "lac2"): yes, ("lac7", "lac7"): yes, ("lac7", "musika"): yes,
        ("griffin256", "lac2"): yes, ("griffin256", "griffin256"): no, ("griffin256", "real"): yes,
    }  # fmt: skip
    groups = md.example_transfer(called)
    assert {name: values.mean() for name, values in groups.items()} == {
        "relatives": 50, "upward": 0, "downward": 100, "strangers": 50,
    }  # fmt: skip
    assert_allclose(md.upsampling_accuracy(called), 100)


def test_a_riddle_tells_the_truth_and_hides_the_level(tiny):
    row = md.playable(tiny)[0]
    human, fake = tiny.clips["real"][row], tiny.clips["codec_low"][row]
    answers = set()
    for seed in range(12):
        riddle = md.abx(tiny, row, "codec_low", np.random.default_rng(seed))
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
    assert [tiny.track_of[row] for row in md.playable(tiny)] == [8, 9, 10, 11]


def test_lines_of_a_decoder_are_measured_against_the_same_music(tiny):
    # A stride of 4 leaves a line at a quarter of the rate; a tone there must show, and human music has none.
    time = np.arange(tiny.clips["real"].shape[1]) / 44_100
    with_tone = (tiny.clips["real"] + 0.02 * np.sin(2 * np.pi * 11_025 * time)).astype(np.float32)
    changed = md.Collection(**{**vars(tiny), "clips": {**tiny.clips, "other": with_tone}})
    assert md.decoder_lines(changed, "other", [4], layers=1).min() > 10
    assert_allclose(md.decoder_lines(changed, "real", [4], layers=1), 0)
