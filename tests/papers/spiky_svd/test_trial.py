"""What a reader sees who tries the method on a file or a name, and what is refused."""

import pytest

from soundreasons.papers.spiky_svd import trial


def write(path, rows, delimiter=","):
    path.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "delimiter"), [("mine.csv", ","), ("mine.tsv", "\t")])
def test_a_file_of_pairs_gives_ratios_and_named_spikes(tmp_path, taste_pairs, name, delimiter):
    answer = trial.run(str(write(tmp_path / name, taste_pairs, delimiter)))
    assert "60 items in 240 contexts" in answer  # four tastes of fifteen items, by construction
    assert "Spk@4: " in answer
    for line in answer.split("Largest spikes")[1].splitlines()[1:]:
        head, members = line.split(" items): ")
        assert all(name.startswith(head.strip()[:7]) for name in members.split(", "))


def test_a_picture_is_written_where_asked(tmp_path, taste_pairs):
    answer = trial.run(str(write(tmp_path / "mine.csv", taste_pairs)), tmp_path / "pictures")
    target = tmp_path / "pictures" / "mine-dimensions-1-2.png"
    assert str(target) in answer
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"has 0 rows, expected 1 or more; give a table of pairs \(item, context\)"),
        ("\n  \n", "has 0 rows"),
        ("one\ntwo\n", "has 1 columns, expected 2 or more"),
        ("a,1\nb\n", "line 2: 1 cells, expected 2 or more"),
        ("a,1\n,2\n", r"line 2 is \('', '2'\), expected an item and a context"),
        ("a,1\nb,2\n", "no pair of the 1 items is kept"),
    ],
)
def test_bad_files_are_refused_with_the_line(tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        trial.run(str(path))


def test_a_header_changes_nothing(tmp_path, taste_pairs):
    bare = trial.read_pairs(write(tmp_path / "bare.csv", taste_pairs))
    headed = trial.read_pairs(write(tmp_path / "headed.csv", [("song", "playlist"), *taste_pairs]))
    assert headed.item_names.tolist() == bare.item_names.tolist()
    assert headed.n_contexts == bare.n_contexts


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.csv is no file; give a table of pairs"):
        trial.run(str(tmp_path / "gone.csv"))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\x9f")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        trial.run(str(tmp_path / "photo.csv"))


@pytest.fixture
def shelf(monkeypatch, tastes):
    """Pretend that the four tastes are the only data on this machine."""
    monkeypatch.setattr(trial, "available", lambda name: name == "hetrec_lastfm")
    monkeypatch.setattr(trial, "interactions", lambda name: tastes)
    # 60 items have room for 64 dimensions only if the rank follows the items.
    monkeypatch.setattr(trial, "embed", lambda matrix, rank, seed: trial_embed(matrix, seed))


def trial_embed(matrix, seed):
    from soundreasons.papers.spiky_svd import embed

    return embed(matrix, 4, seed)


@pytest.mark.usefixtures("shelf")
def test_a_name_is_found_whatever_its_capitals():
    answer = trial.run("TASTE 1 item 00")
    assert answer.startswith("taste 1 item 00 (hetrec_lastfm")
    nearest = answer.split("nearest: ")[1].splitlines()[0].split(", ")
    assert all(name.startswith("taste 1") for name in nearest)


@pytest.mark.usefixtures("shelf")
def test_an_unknown_name_is_refused_with_near_ones():
    with pytest.raises(
        ValueError,
        match=r"'taste 1 item 0' is not among the names of hetrec_lastfm; nearest: .*taste 1 item 0",
    ):
        trial.run("taste 1 item 0")
    with pytest.raises(ValueError, match="nothing is near"):
        trial.run("zzzzzz")


def test_without_data_the_remedy_is_told(monkeypatch):
    monkeypatch.setattr(trial, "available", lambda name: False)
    with pytest.raises(ValueError, match="soundreasons data fetch movielens_2016"):
        trial.run("Radiohead")
