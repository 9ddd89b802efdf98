"""Search in a page, and `soundreasons try`."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from soundreasons.papers import song_descriptors as sd
from soundreasons.papers.song_descriptors import trial
from soundreasons.papers.song_descriptors.experiments.search_box import make_box
from support.text_encoders import need


def box(documents=("sad, piano", "happy </script><b>"), credit="CC BY-SA 4.0 & more"):
    vectors = np.eye(2, dtype=np.float32)
    songs = sd.data.Catalogue(credit, ["one", "two"], list(documents))
    return make_box(songs, ["quiet"], vectors[:1], vectors)


def test_the_page_holds_everything_and_asks_nobody():
    page = box()._repr_html_()
    assert page.count("</script>") == 1  # a text cannot end the script
    assert "http" not in page
    assert "&amp; more" in page
    said = json.loads(re.search(r"const data = (\{.*?\});\n", page).group(1))
    assert said["songs"] == ["sad, piano", "happy </script><b>"]
    assert said["dims"] == 2


def test_eight_bits_keep_the_order_of_clear_answers():
    rng = np.random.default_rng(0)
    songs, asked = (rng.normal(size=(n, 64)).astype(np.float32) for n in (300, 20))
    songs, asked = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (songs, asked))
    made = make_box(sd.data.Catalogue("", ["x"] * 300, ["y"] * 300), ["z"] * 20, asked, songs)
    assert sd.search_box.rounding_agreement(made, asked, songs) > 95
    assert np.abs(made.songs / 127 - songs).max() <= 0.5 / 127 + 1e-6


def test_what_does_not_fit_together_is_refused():
    vectors = np.eye(2, dtype=np.float32)
    with pytest.raises(ValueError, match="expected equal numbers"):
        make_box(sd.data.Catalogue("", ["one"], ["a", "b"]), ["quiet"], vectors[:1], vectors)
    many = np.zeros((2001, 2), dtype=np.float32)
    with pytest.raises(ValueError, match="too heavy for a page"):
        make_box(sd.data.Catalogue("", ["x"] * 2001, ["x"] * 2001), ["quiet"], vectors[:1], many)


@pytest.mark.parametrize("nothing", ["", "   ", "\n"])
def test_an_empty_request_is_refused_with_an_example(nothing):
    with pytest.raises(ValueError, match=r"nothing is asked in .*, such as 'sad piano'"):
        trial.run(nothing)


def test_a_file_of_requests_is_read_line_by_line(tmp_path):
    path = tmp_path / "requests.txt"
    path.write_text("sad piano\n\nloud guitar\n", encoding="utf-8-sig")
    assert trial.read_requests(str(path)) == ["sad piano", "loud guitar"]
    path.write_bytes(b"\x80\x81")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        trial.read_requests(str(path))


@pytest.mark.parametrize("request_text", ["rainy sunday piano", "悲しい😀", "sad " * 10_000])
def test_requests_of_any_kind_are_answered(request_text, tmp_path, monkeypatch):
    need("genre_names", "tagger_words", "all_minilm_l6")
    monkeypatch.setattr(trial, "N_SONGS", 40)
    answer = trial.run(request_text, tmp_path)
    assert answer.count("  by meaning:") == 1
    assert (tmp_path / "answers.txt").read_text(encoding="utf-8") == answer + "\n"
    if "悲" in request_text:
        assert "no song shares a word with it" in answer
    if len(request_text) > 1000:
        assert "the encoder reads about the first hundred words" in answer
