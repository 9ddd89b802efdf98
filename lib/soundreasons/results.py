"""results.json: all that a run found, with what it stands on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soundreasons import files, markup
from soundreasons.claims import Judgement
from soundreasons.measures import Measure, number

SCHEMA: Literal[2] = 2  # changes when the shape of the record does


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DataUsed(_Strict):
    """A data set as a run found it; `kind` is "unavailable" where no source had it.

    `digest` is of what the data says, `entry` of its declaration in the registry.
    """

    digest: str = ""
    entry: str = ""
    kind: str
    source: str = ""
    version: str = ""


class Machine(_Strict):
    """Where a run took place; no name of a host or a person."""

    device: str
    processor: str
    cores: int
    threads: int
    system: str
    python: str


class Fingerprint(_Strict):
    """What the numbers depend on; if any of it changes, they are stale.

    `drawing` holds the modules that only the pages depend on: if one changes, the pages are made anew and the
    numbers stand.
    """

    notebook: str
    parameters: str
    modules: dict[str, str]
    drawing: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str]
    data: dict[str, str]


class Cost(_Strict):
    """What a run took: seconds on the clock, CPU-seconds (user and system), bytes at the peak."""

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int


class Table(_Strict):
    """A table of the page."""

    caption: str
    columns: list[str]
    rows: list[list[Any]]


class Shown(_Strict):
    """A figure or a sound: its file in the run's folder, its caption, its text alternative."""

    file: str
    caption: str
    alt: str = ""


class Results(_Strict):
    """The whole record."""

    schema_version: Literal[2] = SCHEMA
    slug: str
    profile: str
    key: str = ""
    parameters: dict[str, Any]
    changed: dict[str, Any] = Field(default_factory=dict)
    seeds: list[int]
    measures: dict[str, Measure]
    tables: dict[str, Table]
    figures: dict[str, Shown]
    sounds: dict[str, Shown]
    verdicts: dict[str, Judgement]
    data: dict[str, DataUsed]
    fingerprint: Fingerprint
    machine: Machine
    cost: Cost
    commit: str
    started: str

    def absent(self) -> list[str]:
        """Data sets that the run could not open."""
        return [name for name, used in self.data.items() if used.kind == "unavailable"]


def read(path: Path) -> Results:
    """Read a results file.

    Raises
    ------
    ValueError
        If it is missing, no JSON, or not of this shape; the message names the file and the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; `soundreasons run CHAPTER` writes one") from None
    except (IsADirectoryError, UnicodeDecodeError, PermissionError) as error:
        raise ValueError(f"{path} cannot be read as results: {error}") from None
    try:
        return Results.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "top"
        raise ValueError(f"{path} is no results.json of this version: {place}: {first['msg']}") from None


def write(results: Results, path: Path) -> None:
    """Write a results file, whole or not at all, keys in order so that two runs can be compared as text."""
    text = json.dumps(
        results.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    files.write(path, text + "\n")


def cell_text(cell: Any) -> str:
    """A cell in words: three significant digits, what is missing as a dash.

    Examples
    --------
    >>> [cell_text(c) for c in (0.12345, 7, None, "a|b")]
    ['0.123', '7', '–', 'a|b']
    """
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return number(cell)
    return " ".join(str(cell).split())


def _cell_markdown(cell: Any) -> str:
    """A cell as Markdown: its words letter by letter, but for `Markup`, which is an author's."""
    if isinstance(cell, markup.Markup):
        return markup.authored(cell.text).replace("|", "\\|")
    return markup.plain(cell_text(cell)) if isinstance(cell, str) else cell_text(cell)


def to_markdown(table: Table) -> str:
    """A table as pipe-separated Markdown; columns of numbers are set right.

    Examples
    --------
    >>> print(to_markdown(Table(caption="", columns=["set", "n"], rows=[["M*A*S*H", 1]])))
    | set | n |
    | :-- | --: |
    | M&#42;A&#42;S&#42;H | 1 |
    """
    ends = ["--:" if is_number else ":--" for is_number in _numeric(table)]
    return _piped(map(_cell_markdown, table.columns), ends, [map(_cell_markdown, row) for row in table.rows])


def to_text(table: Table) -> str:
    """A table as text with bars between the cells, each cell as it is.

    Examples
    --------
    >>> print(to_text(Table(caption="", columns=["set", "n"], rows=[["M*A*S*H", 1]])))
    | set | n |
    | :-- | --: |
    | M*A*S*H | 1 |
    """
    ends = ["--:" if is_number else ":--" for is_number in _numeric(table)]
    return _piped(map(cell_text, table.columns), ends, [map(cell_text, row) for row in table.rows])


def _numeric(table: Table) -> list[bool]:
    """Which columns hold numbers alone."""
    columns = range(len(table.columns))
    return [all(isinstance(row[i], int | float | None) for row in table.rows) for i in columns]


def _piped(header: Iterable[str], ends: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ends, *rows))


class Comparison(_Strict):
    """One measure in two runs; values are None where a run has no such measure."""

    measure: str
    first: str
    second: str
    difference: str
    agrees: bool
    how: str
    is_shared: bool = True


def compare(first: Results, second: Results) -> list[Comparison]:
    """Lay two runs of a chapter side by side, measure by measure.

    Two measures agree when their intervals overlap; where there is no interval, when they are
    equal to nine digits (one seed, or no randomness in it).

    Raises
    ------
    ValueError
        If the runs are of different chapters.
    """
    if first.slug != second.slug:
        raise ValueError(f"{first.slug} against {second.slug}: compare two runs of one chapter")
    names = sorted(first.measures.keys() | second.measures.keys())
    return [_compare(name, first.measures.get(name), second.measures.get(name)) for name in names]


def settings_apart(first: Results, second: Results) -> dict[str, tuple[Any, Any]]:
    """Parameters in which two runs differ, beside the seed and where results go: by name, both values.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> narrow, wide = (SimpleNamespace(parameters={"rank": rank}) for rank in (64, 128))
    >>> settings_apart(narrow, wide)
    {'rank': (64, 128)}
    """
    names = sorted((first.parameters.keys() | second.parameters.keys()) - {"seed", "out", "device"})
    both = {name: (first.parameters.get(name), second.parameters.get(name)) for name in names}
    return {name: values for name, values in both.items() if values[0] != values[1]}


def _compare(name: str, first: Measure | None, second: Measure | None) -> Comparison:
    if first is None or second is None:
        present = first or second
        assert present is not None  # the name comes from one of them
        shown = (present.text(), "-") if first else ("-", present.text())
        return Comparison(
            measure=name, first=shown[0], second=shown[1], difference="-", agrees=True, how="in one run only",
            is_shared=False,
        )  # fmt: skip
    agrees, how = _agree(first, second)
    return Comparison(
        measure=name,
        first=first.text(),
        second=second.text(),
        difference=number(second.mean - first.mean),
        agrees=agrees,
        how=how,
    )


def _agree(first: Measure, second: Measure) -> tuple[bool, str]:
    near = abs(first.mean - second.mean) <= 1e-9 * max(abs(first.mean), abs(second.mean))
    if near:
        return True, "equal"
    if first.exact or second.exact or None in (first.low, first.high, second.low, second.high):
        return False, "differ, and there is no interval to overlap"
    overlap = first.low <= second.high and second.low <= first.high  # type: ignore[operator]
    return overlap, "intervals overlap" if overlap else "intervals lie apart"
