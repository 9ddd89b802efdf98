"""results.json: what it keeps, what it refuses, and how two runs are compared."""

from __future__ import annotations

import json

import pytest

from soundreasons import files, results
from soundreasons.markup import Markup
from soundreasons.measures import measure
from support.records import record


def test_what_was_written_is_read_again(tmp_path):
    found = record(level=measure([1.0, 2.0], unit="dB"))
    results.write(found, tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == found


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"schema_version": 2}', '{"slug": "demo"}'])
def test_a_broken_results_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"results\.json is no results\.json of this version"):
        results.read(path)


def test_a_missing_results_file_says_what_makes_one(tmp_path):
    with pytest.raises(ValueError, match="soundreasons run"):
        results.read(tmp_path / "none.json")
    with pytest.raises(ValueError, match="cannot be read"):
        results.read(tmp_path)


def test_an_unknown_field_is_refused(tmp_path):
    path = tmp_path / "results.json"
    results.write(record(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"verdict": "good"}))
    with pytest.raises(ValueError, match="verdict"):
        results.read(path)


@pytest.mark.parametrize(
    ("first", "second", "agrees"),
    [
        (measure([1.0, 1.1, 1.2]), measure([1.1, 1.2, 1.3]), True),  # 0.85..1.35 and 0.95..1.45 overlap
        (measure([1.0, 1.1, 1.2]), measure([3.0, 3.1, 3.2]), False),
        (measure(5, exact=True), measure(5, exact=True), True),
        (measure(5, exact=True), measure(6, exact=True), False),
        (measure(5.0), measure(5.0 + 1e-12), True),
        (measure(5.0), measure(5.1), False),
    ],
)
def test_two_runs_agree_when_their_intervals_overlap(first, second, agrees):
    assert [row.agrees for row in results.compare(record(m=first), record(m=second))] == [agrees]


def test_a_measure_in_one_run_only_is_told_and_no_disagreement():
    (row,) = results.compare(record(m=measure(1.0)), record())
    assert (row.agrees, row.second, row.how) == (True, "-", "in one run only")


def test_runs_of_two_chapters_are_not_compared():
    other = record().model_copy(update={"slug": "other"})
    with pytest.raises(ValueError, match="demo against other"):
        results.compare(record(), other)


def test_a_table_cell_can_not_break_its_row():
    table = results.Table(caption="x", columns=["a|b"], rows=[["c|d\ne"], [Markup("*f*|g")]])
    assert results.to_markdown(table).splitlines()[2:] == ["| c&#124;d e |", r"| *f*\|g |"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "note.txt"
    files.write(path, "old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.write(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]
    assert path.read_text() == "old"


def test_an_unchanged_file_is_left_alone(tmp_path):
    path = tmp_path / "note.txt"
    files.write(path, "same")
    before = path.stat().st_mtime_ns
    files.write(path, "same")
    assert path.stat().st_mtime_ns == before


def test_a_replacement_cut_off_between_its_renames_is_undone(tmp_path):
    # What a kill between the two renames leaves: the old folder set aside, nothing in its place.
    target, aside = tmp_path / "run", tmp_path / ".run.previous"
    aside.mkdir()
    (aside / "results.json").write_text("{}")
    files.recover_folder(target)
    assert (target / "results.json").is_file()
    assert not aside.exists()


def test_a_replacement_cut_off_after_its_renames_drops_the_old_folder(tmp_path):
    target, aside = tmp_path / "run", tmp_path / ".run.previous"
    for folder, text in ((target, "new"), (aside, "old")):
        folder.mkdir()
        (folder / "results.json").write_text(text)
    files.recover_folder(target)
    assert (target / "results.json").read_text() == "new"
    assert not aside.exists()
