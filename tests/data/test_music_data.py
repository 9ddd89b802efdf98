"""Readers of recordings, examples and generators."""

from __future__ import annotations

import csv

import pytest
import torch

from soundreasons.data.files import Folder
from soundreasons.data.readers import music

ENTRIES = (
    "cc_music_tracks", "fretsonfire_muldjord", "fretsonfire_sectoid", "hyperrogue_music", "singularity_music",
    "score_files",
)  # fmt: skip


def test_every_recording_is_described_and_every_description_has_its_files(real):
    with music.RECORDINGS.open(encoding="utf-8", newline="") as stream:
        entries = {row["entry"] for row in csv.DictReader(stream)}
    assert entries == set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_gives_its_recordings_with_files_that_are_there(real, name):
    record = real(name)
    assert record.tracks
    for track in record.tracks:
        assert all(path.is_file() for path in track.paths)
        assert track.title
        assert track.artist


def test_what_may_not_be_passed_on_is_not_played(real):
    played = {track.title: track.may_play for track in real("cc_music_tracks").tracks}
    # Licences as the files beside the recordings say: CC BY-NC, and CC BY.
    assert not played["Code Monkey"]
    assert played["Let's Go Fishin'"]
    assert not any(track.may_play for track in real("singularity_music").tracks)


def test_stems_belong_to_one_recording(real):
    assert {len(track.paths) for track in real("fretsonfire_sectoid").tracks} == {2}


def test_the_examples_are_seven_songs_in_ten_versions(real):
    examples = real("deepfake_examples")
    assert len(examples.songs) == 7
    # Real first, then the alphabet: the order of the authors' labels.
    assert examples.versions == (
        "real", "encodec24", "encodec3", "encodec6", "griffin256", "griffin512", "lac14", "lac2", "lac7",
        "musika",
    )  # fmt: skip
    assert len(examples.paths) == 70


def test_an_example_outside_its_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is not <folder>/<version>/<song>"):
        music.read_examples(Folder("deepfake_examples", {"000002.mp3": tmp_path / "000002.mp3"}))


def test_a_generator_is_nothing_but_tensors(real, tmp_path):
    paths = real("hifigan_generators").weights
    assert set(paths) == {"universal", "ljspeech"}
    assert all(isinstance(value, torch.Tensor) for value in music.load_weights(paths["universal"]).values())
    torch.save({"other": {}}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="holds no generator"):
        music.load_weights(tmp_path / "other.pth")


def test_weights_that_ask_for_a_program_are_refused(tmp_path):
    class Program:
        def __reduce__(self):
            return (print, ("ran",))

    torch.save({"generator": Program()}, tmp_path / "evil.pth")
    with pytest.raises(Exception, match=r"[Ww]eights"):
        music.load_weights(tmp_path / "evil.pth")
