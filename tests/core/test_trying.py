"""What people give to the try-tools: tables, lines and names, good and bad."""

from __future__ import annotations

import pytest
from matplotlib.image import imread

from soundreasons import trying


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name="given.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, **options):
    return trying.read_table(path, expected="a table of songs", **options)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_the_same_however_it_was_saved(file, separator, encoding, end):
    rows = [["song", "list"], ["Café", "1"], ["Neu!", "2"]]
    table = read(file(end.join(separator.join(row) for row in rows).encode(encoding)))
    assert table.header == ("song", "list")
    assert table.rows == rows[1:]
    assert table.lines == [2, 3]
    assert table.separator == separator
    assert table.encoding == encoding.removesuffix("-sig")


def test_quoted_cells_may_hold_separators_and_breaks_and_lines_are_still_right(file):
    table = read(file('song,list\n"a, b\nc",1\n\nd,2\n'))
    assert table.rows == [["a, b\nc", "1"], ["d", "2"]]
    assert table.lines == [3, 5]
    assert table.column(-1) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "header"), [("song,list\nA,1\nB,1\n", ("song", "list")), ("A,1\nB,1\n", ()), ("A,1\n", ())]
)
def test_a_first_line_whose_cells_stand_nowhere_else_is_taken_for_a_header(file, text, header):
    assert read(file(text), header="guess").header == header


def test_a_frame_has_numbers_and_gaps_where_the_table_has(file):
    frame = read(file("a,b,c\n1,x,2.5\n2,,3\n")).frame()
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().tolist() == [False, True]
    assert frame["c"].tolist() == [2.5, 3.0]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("", {}, "has 0 rows, expected 1 or more; give a table of songs"),
        ("a,b\n", {}, "has 0 rows below its header, expected 1"),
        ("a,b\n1,2\n", {"least_rows": 2}, "has 1 rows below its header, expected 2"),
        ("a\n1\n", {"columns": (2, 3)}, "has 1 columns, expected 2 to 3"),
        ("a\n1\n", {"columns": (2, None)}, "has 1 columns, expected 2 or more"),
        ("a,b\n1,2\n\n3\n", {}, "line 4: 1 cells, expected 2"),
        (
            "1,2\n3\n",
            {"header": False, "ragged": True, "columns": (2, None)},
            "line 2: 1 cells, expected 2 or",
        ),
        (b"caf\xe9,1\n", {}, "is not UTF-8 text"),
        (b"a,b\n\0,1\n", {}, "holds NUL"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(file, content, options, told):
    with pytest.raises(ValueError, match=told):
        read(file(content), **options)


def test_rows_may_differ_where_that_is_allowed(file):
    table = read(file("1,2\n3,4,5\n"), header=False, ragged=True, columns=(2, None))
    assert table.rows == [["1", "2"], ["3", "4", "5"]]
    with pytest.raises(ValueError, match="without a header"):
        table.frame()


def test_a_missing_file_is_refused_with_what_is_expected(tmp_path):
    for reader in (trying.read_table, trying.read_lines):
        with pytest.raises(ValueError, match="no file; give a table of songs"):
            reader(tmp_path / "nothing.csv", expected="a table of songs")


def test_lines_are_read_without_the_empty_ones(file):
    assert trying.read_lines(file(" Can\r\n\r\nNeu!\r\n"), expected="names") == ["Can", "Neu!"]
    with pytest.raises(ValueError, match="is empty; give names"):
        trying.read_lines(file("\n \n"), expected="names")


NAMES = ["Björk", "BJORK", "Sigur Rós", "Alien (1979)"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("BJORK", "BJORK"),  # as it is spelled comes first
        ("bjork", "Björk"),
        (" sigur  ROS", "Sigur Rós"),
        ("alien", "Alien (1979)"),
        ("Aliens", None),
    ],
)
def test_a_name_is_found_whatever_its_capitals_and_accents(given, found):
    assert trying.lookup(given, NAMES, short=lambda title: title.rsplit(" (", 1)[0]) == found


def test_a_name_that_is_not_there_is_refused_with_the_nearest():
    assert trying.find("sigur ros", NAMES, among="the bands") == "Sigur Rós"
    with pytest.raises(ValueError, match="'Sigor Ros' is not among the bands; nearest: Sigur Rós"):
        trying.find("Sigor Ros", NAMES, among="the bands")
    with pytest.raises(ValueError, match="nothing is near"):
        trying.find("zzz", NAMES, among="the bands")
    assert trying.nearest("bjorg", NAMES, n=1) == ["Björk"]


def test_a_picture_is_saved_under_a_name_that_a_file_can_have(tmp_path):
    empty, said = trying.picture(tmp_path / "new", "a/b: c", lambda ax: ax.plot([0, 1]), size=(2, 1))
    target = tmp_path / "new" / "a-b-c.png"
    assert (empty, said) == ("", f"picture: {target}")
    assert imread(target).shape[:2] == (144, 288)
    assert trying.picture(None, "x", lambda ax: 1 / 0) == []


def test_nothing_is_said_to_those_who_want_no_report(capsys):
    trying.silent("half done")
    assert capsys.readouterr().out == ""
