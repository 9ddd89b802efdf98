"""A file or a text: told apart whatever is given, and never with an error of the system."""

from __future__ import annotations

import importlib

import pytest

from soundreasons import given

TEXTS = {
    "three hundred letters": "sad piano " * 30,
    "three hundred letters in other alphabets": "悲しい" * 100,
    "lines": "sad piano\nrainy day",
    "a NUL": "sad\0piano",
    "half a character": "sad \udc80 piano",
    "a long path": "a/" * 3000,
    "nothing": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_can_be_no_file_is_none(text):
    assert not given.is_file_name(text)
    assert given.as_file(text) is None
    assert given.as_path(text) is None
    with pytest.raises(ValueError, match="is no file; give a table"):
        given.require_file(text, "a table")


def test_a_name_may_have_255_bytes_and_no_more(tmp_path):
    # The limit of ext4, XFS, APFS and NTFS: a part of a path, not the whole path.
    longest = tmp_path / ("é" * 127 + "x")
    longest.write_text("")
    assert given.as_file(str(longest)) == longest
    assert not given.is_file_name(str(longest) + "x")
    assert given.is_file_name("/".join(["folder"] * 100))


def test_a_folder_is_something_but_no_file(tmp_path):
    assert given.as_file(str(tmp_path)) is None
    assert given.as_path(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    "slug",
    ["functional_attribution", "interpretable_attribution", "mesonet", "music_deepfakes"],
)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_trial_that_wants_a_file_says_so(slug, text):
    trial = importlib.import_module(f"soundreasons.papers.{slug}.trial")
    with pytest.raises(ValueError, match=r"(is no file|does not exist); give"):
        trial.run(text, None)


@pytest.mark.parametrize(
    ("slug", "reads_text"), [("spiky_svd", "_find"), ("concept_hierarchies", "_instrument")]
)
@pytest.mark.parametrize("text", [text for text in TEXTS.values() if text], ids=list(TEXTS)[:-1])
def test_a_trial_of_words_takes_a_text_as_one(slug, reads_text, text, monkeypatch):
    trial = importlib.import_module(f"soundreasons.papers.{slug}.trial")
    monkeypatch.setattr(trial, reads_text, lambda asked, *_: f"asked: {asked}")
    assert trial.run(text) == f"asked: {text}"


@pytest.mark.parametrize("text", ["sad piano " * 30, "sad\0piano", "a/" * 3000])
def test_requests_and_names_are_read_from_a_long_text(text):
    from soundreasons.papers.explainable_recommendation.trial import read_names
    from soundreasons.papers.song_descriptors.trial import read_requests

    assert read_requests(text) == [text.strip()]
    assert read_names(text) == [text.strip()]


@pytest.mark.parametrize("slug", ["functional_attribution", "spiky_svd"])
def test_a_cell_too_long_for_a_table_is_refused_by_name(slug, tmp_path):
    table = tmp_path / "wide.csv"
    table.write_text("a,b\n" + "x" * 200_000 + ",1\ny,2\n")
    trial = importlib.import_module(f"soundreasons.papers.{slug}.trial")
    with pytest.raises(ValueError, match=r"wide\.csv.* is no (line of a )?table: field larger"):
        trial.run(str(table))
