"""What the try-tools of all chapters share: reading a table or lines, finding a name, saving a picture.

A tool takes what a person gave, and says what is wrong with it in that person's words: which file, which
line, which name, and what would do.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from soundreasons.given import as_file

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Told what is done, a line at a time, while something takes its time.
Report: TypeAlias = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing: the report of a caller who wants none."""


@dataclass(frozen=True)
class Table:
    """A table as it stands in a file: cells are texts.

    Attributes
    ----------
    path : Path
        The file.
    header : tuple of str
        Names of the columns; empty if there is no header.
    rows : list of list of str
        The cells, without the header and without empty lines.
    lines : list of int
        Line of the file in which each row ends, from 1.
    separator, encoding : str
        How the file was read.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    separator: str
    encoding: str

    def column(self, place: int) -> list[str]:
        """Cells of the column at a place, from 0; from the end if it is negative.

        Raises
        ------
        IndexError
            If a row has no such cell.
        """
        return [row[place] for row in self.rows]

    def frame(self) -> pd.DataFrame:
        """The table with numbers where all cells of a column are numbers, and gaps where one is empty.

        Raises
        ------
        ValueError
            If there is no header, or rows have more cells than it.
        """
        import pandas as pd

        if not self.header:
            raise ValueError(f"{self.path} was read without a header, so its columns have no names")
        text = io.StringIO(newline="")
        csv.writer(text).writerows([list(self.header), *self.rows])
        text.seek(0)
        try:
            return pd.read_csv(text)
        except pd.errors.ParserError as error:
            raise ValueError(f"{self.path} is no table: {error}") from None


def read_table(
    path: Path,
    *,
    expected: str,
    header: bool | Literal["guess"] = True,
    least_rows: int = 1,
    columns: tuple[int, int | None] = (1, None),
    ragged: bool = False,
) -> Table:
    r"""Read a table whose cells are parted by tabs, commas or semicolons.

    Parameters
    ----------
    path : Path
        The file, text in UTF-8, or in UTF-16 with its mark.
    expected : str
        What should have been given, for the message if it is no file.
    header : bool or "guess"
        Whether the first line names the columns. A guess says yes if none of its cells stands again in its
        column.
    least_rows : int, from 1
        Rows without the header, at the least.
    columns : (int, int or None)
        Cells of a row, at the least and at the most.
    ragged : bool
        Whether rows may differ in their number of cells.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If it is no file or no text, has too few rows, or a row has too few, too many or other cells; with
        the line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "songs.csv"
    >>> _ = file.write_text("song;playlist\nA;1\n\nB;1\n")
    >>> songs = read_table(file, expected="a table")
    >>> songs.header, songs.rows, songs.lines
    (('song', 'playlist'), [['A', '1'], ['B', '1']], [2, 4])
    """
    text, encoding = _text(path, expected)
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num} is no line of a table: {error}") from None
    named = _is_header(rows) if header == "guess" else header
    names = tuple(cell.strip() for cell in rows[0]) if named and rows else ()
    table = Table(path, names, rows[bool(names) :], lines[bool(names) :], separator, encoding)
    _check(table, expected, least_rows, columns, ragged)
    return table


def _text(path: Path, expected: str) -> tuple[str, str]:
    if as_file(str(path)) is None:
        raise ValueError(f"{path} is no file; give {expected}")
    found = path.read_bytes()
    encoding = "utf-16" if found.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = found.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; save it as plain text (or CSV) in UTF-8") from None
    if "\0" in text:
        raise ValueError(f"{path} is no text: it holds NUL; save it as plain text (or CSV) in UTF-8")
    return text, encoding.removesuffix("-sig")


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in "\t,;" if mark in first), ",")


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    if len(rows) < 2:
        return False
    return not any(
        cell in {row[place] for row in rows[1:] if len(row) > place} for place, cell in enumerate(rows[0])
    )


def _check(
    table: Table, expected: str, least_rows: int, columns: tuple[int, int | None], ragged: bool
) -> None:
    if len(table.rows) < least_rows:
        raise ValueError(
            f"{table.path} has {len(table.rows)} rows{' below its header' * bool(table.header)}, expected "
            f"{least_rows} or more; give {expected}"
        )
    least, most = columns
    wide = len(table.header or table.rows[0])
    if not least <= wide <= (most or wide):
        allowed = f"{least} to {most}" if most else f"{least} or more"
        raise ValueError(f"{table.path} has {wide} columns, expected {allowed}; give {expected}")
    for row, line in zip(table.rows, table.lines, strict=True):
        if len(row) < least if ragged else len(row) != wide:
            wanted = f"{least} or more" if ragged else str(wide)
            raise ValueError(f"{table.path}, line {line}: {len(row)} cells, expected {wanted}")


def read_lines(path: Path, *, expected: str) -> list[str]:
    r"""Read the lines of a text that are not empty, without the spaces around them.

    Parameters
    ----------
    path : Path
        The file, text in UTF-8, or in UTF-16 with its mark.
    expected : str
        What should have been given, for the message if it is no file or empty.

    Returns
    -------
    list of str, one or more

    Raises
    ------
    ValueError
        If it is no file, no text, or empty.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "names.txt"
    >>> _ = file.write_text("Can\n\n Neu! \n")
    >>> read_lines(file, expected="names")
    ['Can', 'Neu!']
    """
    text, _ = _text(path, expected)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{path} is empty; give {expected}")
    return lines


def folded(name: str) -> str:
    """Spell a name as it is looked up: without capitals, accents, and spaces too many.

    Examples
    --------
    >>> folded(" Sigur  RÓS "), folded("Straße")
    ('sigur ros', 'strasse')
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(part for part in parts if not unicodedata.combining(part)).split())


def lookup(name: str, names: Iterable[str], *, short: Callable[[str], str] | None = None) -> str | None:
    """Find a name whatever its capitals and accents; the first that fits.

    Parameters
    ----------
    name : str
        As somebody typed it.
    names : iterable of str
        Those there are. One spelled exactly so comes before one that differs in capitals or accents.
    short : callable, optional
        Gives another spelling under which a name is found too (a film without its year).

    Returns
    -------
    str or None
        As it is spelled among the names; None if it is not there.

    Examples
    --------
    >>> lookup("bjork", ["Björk", "Can"])
    'Björk'
    >>> lookup("alien", ["Alien (1979)"], short=lambda title: title.rsplit(" (", 1)[0])
    'Alien (1979)'
    """
    known = [str(each) for each in names]
    if name in known:
        return name
    wanted = folded(name)
    for spelling in (lambda each: each, short):
        if spelling is not None:
            found = next((each for each in known if folded(spelling(each)) == wanted), None)
            if found is not None:
                return found
    return None


def nearest(name: str, names: Iterable[str], n: int = 5, *, cutoff: float = 0.5) -> list[str]:
    """Names that look most like one, the likest first; capitals and accents do not count.

    Parameters
    ----------
    name : str
        As somebody typed it.
    names : iterable of str
        Those there are.
    n : int, from 1
        At most so many.
    cutoff : float in [0, 1]
        Likeness from which a name is near (`difflib`).

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If `n` or `cutoff` is impossible.

    Examples
    --------
    >>> nearest("Sigor Ros", ["Can", "Sigur Rós"])
    ['Sigur Rós']
    """
    by_spelling: dict[str, str] = {}
    for each in names:
        by_spelling.setdefault(folded(str(each)), str(each))
    close = difflib.get_close_matches(folded(name), by_spelling, n=n, cutoff=cutoff)
    return [by_spelling[spelling] for spelling in close]


def find(name: str, names: Iterable[str], *, among: str, short: Callable[[str], str] | None = None) -> str:
    """Find a name, or refuse it with the nearest.

    Parameters
    ----------
    name : str
        As somebody typed it.
    names : iterable of str
        Those there are.
    among : str
        What they are, for the message: "the artists of hetrec_lastfm".
    short : callable, optional
        As in `lookup`.

    Returns
    -------
    str
        As it is spelled among the names.

    Raises
    ------
    ValueError
        If it is not there; with the nearest names.

    Examples
    --------
    >>> find("can", ["Can", "Neu!"], among="the bands")
    'Can'
    >>> find("Cam", ["Can", "Neu!"], among="the bands")
    Traceback (most recent call last):
    ValueError: 'Cam' is not among the bands; nearest: Can
    """
    known = [str(each) for each in names]
    found = lookup(name, known, short=short)
    if found is None:
        near = nearest(name, known)
        raise ValueError(
            f"{name!r} is not among {among}; {'nearest: ' + ', '.join(near) if near else 'nothing is near'}"
        )
    return found


def picture(
    out: Path | None,
    name: str,
    draw: Callable[[Axes], object],
    *,
    size: tuple[float, float] = (6.0, 4.0),
) -> list[str]:
    """Draw one picture into a folder, if there is one, and say where it is.

    Parameters
    ----------
    out : Path or None
        Folder, made if it is not there; None for no picture.
    name : str
        Of the file, without its ending; what a file name cannot hold becomes a dash.
    draw : callable
        Takes an `Axes` and draws there.
    size : (float, float)
        Width and height in inches.

    Returns
    -------
    list of str
        Lines for the answer: an empty one and the place; none without a folder.

    Raises
    ------
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> picture(None, "spikes", lambda ax: ax.plot([0, 1]))
    []
    """
    if out is None:
        return []
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    draw(figure.subplots())
    out.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-") or "picture"
    target = out / f"{stem}.png"
    figure.savefig(target, dpi=144)
    return ["", f"picture: {target}"]
