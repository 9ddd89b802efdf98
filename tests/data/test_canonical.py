"""The canonical digest: blind to how a table is written, not to what it says."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.data.canonical import table_digest
from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers.lastfm import read_hetrec

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n"), max_size=6)
ROWS = st.lists(
    st.tuples(st.integers(-(2**40), 2**40), NAMES, st.floats(allow_nan=False)), min_size=1, max_size=12
)


def frame_of(rows):
    number, text, real = zip(*rows, strict=True)
    return pd.DataFrame({"n": pd.Series(number, dtype="int64"), "t": pd.Series(text, dtype="str"), "x": real})


def slow_digest(columns):
    """The canonical form in plain Python; columns are (name, kind, list of cells or None)."""
    columns = sorted(columns)
    n_rows = len(columns[0][2])
    said, ranks = f"table 1\n{n_rows} rows\n".encode(), []
    for name, kind, cells in columns:
        values = sorted({cell for cell in cells if cell is not None})
        said += f"{len(name)}:{name}:{kind}:{len(values)}\n".encode()
        for value in values:
            if kind == "text":
                said += b"%d:%s" % (len(value.encode()), value.encode())
            else:
                said += struct.pack("<d" if kind == "float" else "<q", value)
        ranks.append([-1 if cell is None else values.index(cell) for cell in cells])
    rows = sorted(zip(*ranks, strict=True))
    for column in zip(*rows, strict=True):
        said += b"".join(struct.pack("<i", rank) for rank in column)
    return f"sha256:{hashlib.sha256(said).hexdigest()}"


@given(ROWS)
def test_the_digest_equals_a_slow_twin(rows):
    number, text, real = (list(column) for column in zip(*rows, strict=True))
    real = [x + 0.0 for x in real]
    expected = slow_digest([("n", "int", number), ("t", "text", text), ("x", "float", real)])
    assert table_digest(frame_of(rows)) == expected


def test_missing_cells_and_dense_numbers_equal_the_slow_twin():
    # Dense integers take the way without sorting; None is rank -1 in every kind.
    frame = pd.DataFrame(
        {
            "id": np.array([5, 3, 4, 3], dtype="int32"),
            "year": pd.array([1999, None, 2001, 1999], dtype="Int64"),
            "name": pd.Series(["b", None, "a", "b"], dtype="str"),
            "x": [1.0, math.nan, -0.0, 0.0],
            "yes": [True, False, True, True],
        }
    )
    columns = [
        ("id", "int", [5, 3, 4, 3]),
        ("year", "int", [1999, None, 2001, 1999]),
        ("name", "text", ["b", None, "a", "b"]),
        ("x", "float", [1.0, None, 0.0, 0.0]),
        ("yes", "bool", [True, False, True, True]),
    ]
    assert table_digest(frame) == slow_digest(columns)


@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_column_order_widths_and_index_do_not_count(rows, random):
    frame = frame_of(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    moved = frame.iloc[order].set_index(pd.Index(range(100, 100 + len(rows))))[["x", "t", "n"]]
    assert table_digest(moved.assign(t=moved["t"].astype("category"))) == table_digest(frame)


@given(ROWS, st.data())
def test_one_changed_cell_changes_the_digest(rows, draw):
    frame = frame_of(rows)
    row = draw.draw(st.integers(0, len(rows) - 1))
    column = draw.draw(st.sampled_from(["n", "t", "x"]))
    before = frame.loc[row, column]
    strategy = {"n": st.integers(-9, 9), "t": NAMES, "x": st.floats(allow_nan=False)}[column]
    frame.loc[row, column] = draw.draw(strategy.filter(lambda cell: cell != before))
    assert table_digest(frame) != table_digest(frame_of(rows))


@given(ROWS)
def test_a_row_twice_is_not_a_row_once(rows):
    assert table_digest(frame_of(rows)) != table_digest(frame_of([*rows, rows[0]]))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=6))
def test_cells_exchanged_between_rows_are_seen(rows):
    # Each column keeps its cells; only which belong together changes.
    left, right = zip(*rows, strict=True)
    swapped = list(zip(left, right[1:] + right[:1], strict=True))
    same = sorted(rows) == sorted(swapped)
    first, second = (pd.DataFrame(r, columns=["a", "b"]) for r in (rows, swapped))
    assert (table_digest(first) == table_digest(second)) is same


@pytest.mark.parametrize("cells", [[1.0, 2.0], ["1", "2"], [True, False]])
def test_kinds_count(cells):
    assert table_digest(pd.DataFrame({"a": cells})) != table_digest(pd.DataFrame({"a": [1, 2]}))


def test_an_empty_table_has_a_digest_that_knows_its_columns():
    first, second = (pd.DataFrame({name: pd.Series(dtype="int64")}) for name in "ab")
    assert table_digest(first) == slow_digest([("a", "int", [])])
    assert table_digest(first) != table_digest(second)


def test_mixed_cells_and_twin_columns_are_refused():
    with pytest.raises(DataError, match="'a' mixes texts with int"):
        table_digest(pd.DataFrame({"a": ["x", 1]}, dtype=object))
    with pytest.raises(DataError, match="share a name"):
        table_digest(pd.DataFrame([[1, 2]], columns=["a", "a"]))


HETREC = {
    "user_artists.dat": ("userID\tartistID\tweight", ["2\t51\t13883", "2\t52\t11690", "3\t51\t7"]),
    "user_taggedartists.dat": ("userID\tartistID\ttagID\tday\tmonth\tyear", ["2\t52\t13\t1\t4\t2009"]),
    "tags.dat": ("tagID\ttagValue", ["13\tchillout", '14\trhythm "n" blues', "15\tNA", "16\tcafé"]),
    "user_friends.dat": ("userID\tfriendID", ["2\t275", "275\t2"]),
    "artists.dat": (
        "id\tname\turl\tpictureURL",
        ["51\tDuran Duran\thttp://a\thttp://b", "52\tBjörk\thttp://c\t"],
    ),
}


def write_hetrec(folder, *, end, header, packed, order):
    paths = {}
    for name, (head, rows) in HETREC.items():
        lines = ([head] if header else []) + rows[::order]
        encoding = "latin-1" if name == "tags.dat" else "utf-8"
        content = "".join(line + end for line in lines).encode(encoding)
        paths[name] = folder / (f"{name}.gz" if packed else name)
        paths[name].write_bytes(gzip.compress(content) if packed else content)
    return Folder("hetrec", paths)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_copies_of_one_table_have_one_digest(tmp_path, end, header, packed, order):
    (tmp_path / "plain").mkdir()
    (tmp_path / "other").mkdir()
    plain = read_hetrec(write_hetrec(tmp_path / "plain", end="\n", header=True, packed=False, order=1))
    other = read_hetrec(write_hetrec(tmp_path / "other", end=end, header=header, packed=packed, order=order))
    assert plain.tags["tag"].tolist() == ["chillout", 'rhythm "n" blues', "NA", "café"]
    for table in ("listens", "taggings", "tags", "friends", "artists"):
        assert table_digest(getattr(plain, table)) == table_digest(getattr(other, table))
