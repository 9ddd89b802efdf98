"""Human music: whose it is, where clips are cut, and that no artist is on two sides."""

from collections import Counter

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons import data
from soundreasons.data.readers.music import Recording
from soundreasons.media.decoding import SoundError
from soundreasons.papers.music_deepfakes.data import folder, recordings


@given(
    artists=st.lists(st.integers(0, 12), min_size=3, max_size=60).filter(lambda a: len(set(a)) >= 3),
    seed=st.integers(0, 1000),
)
def test_an_artist_is_never_on_two_sides_of_the_split(artists, seed):
    names = [f"artist {a}" for a in artists]
    parts = recordings.split_by_artist(names, (0.6, 0.1, 0.3), np.random.default_rng(seed))
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
        recordings.split_by_artist(artists, shares, np.random.default_rng(0))


def test_a_real_collection_has_thirty_tracks_of_four_styles():
    here = recordings.tracks()
    if here.missing:
        pytest.skip(f"{', '.join(here.missing)} not on this machine (not checkable here)")
    found = here.tracks
    assert len(found) >= 30
    assert len({track.recording.style for track in found}) >= 4
    assert max(Counter(track.recording.artist for track in found).values()) <= 6


def test_nothing_non_commercial_or_without_a_clear_licence_may_be_played():
    found = recordings.tracks(per_artist=100)
    if found.missing:
        pytest.skip(f"{', '.join(found.missing)} not on this machine (not checkable here)")
    assert {track.recording.may_play for track in found.tracks} == {True, False}
    for track in found.tracks:
        licence = track.recording.licence
        assert not (
            track.recording.may_play and ("NC" in licence or licence in ("Creative Commons", "yours"))
        )


def test_your_own_folder_comes_first_and_its_folders_are_artists(tmp_path, monkeypatch):
    for artist in ("one", "two"):
        (tmp_path / artist).mkdir()
        soundfile.write(tmp_path / artist / "song.wav", np.zeros((44_100, 2)), 44_100)
    monkeypatch.setenv(folder.FOLDER_VARIABLE, str(tmp_path))
    found = recordings.tracks([]).tracks
    assert [track.recording.artist for track in found[:2]] == ["one", "two"]
    assert found[0].source == "your folder"
    assert not found[0].recording.may_play


def recording(path):
    return recordings.Track(Recording("title", "artist", "style", "CC0", (path,), True), "tests")


def test_clips_are_cut_where_there_is_sound(tmp_path):
    sound = np.zeros((10 * 44_100, 2))
    sound[5 * 44_100 :] = np.random.default_rng(0).normal(0, 0.1, (5 * 44_100, 2))
    soundfile.write(tmp_path / "half.wav", sound, 44_100)
    clips = recordings.clips_of(recording(tmp_path / "half.wav"), 6, 1.0, np.random.default_rng(0))
    assert clips.shape == (6, 44_100)
    assert np.sqrt((clips**2).mean(axis=1)).min() > recordings.QUIET_CLIP
    with pytest.raises(SoundError, match=r"lasts 10\.0 s, too short"):
        recordings.clips_of(recording(tmp_path / "half.wav"), 1, 9.0, np.random.default_rng(0))


def test_a_credit_names_who_what_and_the_licence():
    assert recording("x.mp3").credit == "artist, “title” (CC0)"


def test_stems_are_added_up_and_do_not_clip(tmp_path):
    # By hand: 0.75 and 0.5 make 1.25, which is scaled to 1; a longer stem is cut to the shorter.
    for name, level, n in (("a", 0.75, 1_000), ("b", 0.5, 1_200)):
        soundfile.write(tmp_path / f"{name}.wav", np.full((n, 2), level), 44_100, subtype="FLOAT")
    stems = Recording("title", "artist", "style", "CC0", (tmp_path / "a.wav", tmp_path / "b.wav"), True)
    mixed = recordings.samples_of(recordings.Track(stems, "tests"))
    assert mixed.shape == (1_000, 2)
    assert_allclose(mixed, 1.0, atol=1e-6)


def test_a_score_is_played_by_the_sound_font():
    for name in ("score_files", "gm_sound_font"):
        if not data.available(name):
            pytest.skip(f"{name} is not on this machine (not checkable here)")
    pytest.importorskip("tinysoundfont")
    score = data.open("score_files").tracks[0]
    played = recordings.samples_of(recordings.Track(score, recordings.SCORES))
    assert_allclose(played, recordings.render(score.paths[0]))
    assert played.shape == (30 * 44_100, 2)
    assert np.abs(played).max() == pytest.approx(0.5)
