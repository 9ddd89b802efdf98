"""The trial: names in, reasons out, and clear words where a name is unknown."""

import pytest

from soundreasons.papers import explainable_recommendation as er
from soundreasons.papers.explainable_recommendation import trial


@pytest.fixture
def some_data():
    if not (er.data.available("hetrec_lastfm") or er.data.available("movielens_2016")):
        pytest.skip("neither hetrec_lastfm nor movielens_2016 is on this machine (not checkable here)")
    return "hetrec_lastfm" if er.data.available("hetrec_lastfm") else "movielens_2016"


NAMES = {
    "hetrec_lastfm": ["radiohead", "Björk", "Portishead"],
    "movielens_2016": ["toy story", "Shrek", "Aladdin"],
}


def test_names_give_recommendations_with_three_kinds_of_reasons(some_data, tmp_path):
    text = trial.run(", ".join(NAMES[some_data]), tmp_path)
    assert f"3 names found in {some_data}" in text
    assert text.count("because of:") == text.count("in words:") == 5
    assert (tmp_path / "why.png").is_file()


def test_a_file_of_names_is_read(some_data, tmp_path):
    (tmp_path / "mine.txt").write_text("\n".join(NAMES[some_data]), encoding="utf-8")
    assert trial.run(str(tmp_path / "mine.txt")) == trial.run(",".join(NAMES[some_data]))


def test_an_unknown_name_is_refused_with_the_nearest(some_data):
    misspelt = {"hetrec_lastfm": "Radiohaed", "movielens_2016": "Shrekk"}[some_data]
    with pytest.raises(ValueError, match=f"'{misspelt}' is not among the names of .*; nearest: "):
        trial.run(misspelt)


def test_no_name_and_no_text_are_refused(tmp_path):
    (tmp_path / "bytes.txt").write_bytes(b"\x81\x82")
    with pytest.raises(ValueError, match="holds no name"):
        trial.read_names(" , ")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        trial.read_names(str(tmp_path / "bytes.txt"))
    with pytest.raises(ValueError, match="is no file"):
        trial.read_names("missing.txt")
