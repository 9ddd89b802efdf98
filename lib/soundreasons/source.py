"""The tested source of a function or a class, as it stands, to be shown on a page."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = __package__ or "soundreasons"


class SourceError(ValueError):
    """Something whose source is not ours to show."""


class Source(NamedTuple):
    """Code of the library and where it stands.

    `name` is qualified by its module; `file` is seen from the folder that holds the package; `line` and `end`
    are the first and the last line; `code` is without the docstring, which is `doc`.
    """

    name: str
    file: str
    line: int
    end: int
    code: str
    doc: str


def read(thing: Any) -> Source:
    """Read the source of a function, a method or a class of this library.

    Parameters
    ----------
    thing : function, method or class
        Of a module of `soundreasons`; under a decorator that keeps what it wraps, what is wrapped.

    Returns
    -------
    Source

    Raises
    ------
    SourceError
        If it is something else, stands elsewhere, or has no source in a file.

    Examples
    --------
    >>> from soundreasons.naming import unknown
    >>> shown = read(unknown)
    >>> shown.name, shown.file
    ('soundreasons.naming.unknown', 'soundreasons/naming.py')
    >>> shown.code.splitlines()[0]
    'def unknown(kind: str, given: str, allowed: Iterable[str]) -> str:'
    """
    bare = inspect.unwrap(thing) if callable(thing) else thing
    if not (inspect.isfunction(bare) or inspect.ismethod(bare) or inspect.isclass(bare)):
        raise SourceError(f"{_said(thing)} is no function and no class; give one of {PACKAGE}")
    module = str(bare.__module__)
    if module.partition(".")[0] != PACKAGE or "<" in bare.__qualname__:
        raise SourceError(
            f"{module}.{bare.__qualname__} is not of {PACKAGE}: a page shows what is tested; "
            "give a function or a class of a module there"
        )
    try:
        lines, first = inspect.getsourcelines(bare)
        path = Path(str(inspect.getsourcefile(bare)))
        file = path.relative_to(Path(__file__).parent.parent).as_posix()
    except (OSError, TypeError, ValueError) as error:
        raise SourceError(f"{module}.{bare.__qualname__} has no source in a file here: {error}") from None
    code = textwrap.dedent("".join(lines)).rstrip()
    end = first + len(code.splitlines()) - 1
    shown, doc = _parted(code)
    return Source(f"{module}.{bare.__qualname__}", file, first, end, shown, doc)


def today(name: str, file: str) -> Source | None:
    """Read a definition from its file as it stands now, without importing it; None if it is gone.

    A page is rendered later than its chapter ran; comments and docstrings may have been mended meanwhile,
    since no result depends on them.

    Parameters
    ----------
    name, file : str
        As in `Source`.

    Examples
    --------
    >>> today("soundreasons.naming.unknown", "soundreasons/naming.py").code.splitlines()[0]
    'def unknown(kind: str, given: str, allowed: Iterable[str]) -> str:'
    >>> today("soundreasons.naming.gone", "soundreasons/naming.py") is None
    True
    """
    path = Path(__file__).parent.parent / file
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not path.is_file() or not name.startswith(f"{module}."):
        return None
    text = path.read_text(encoding="utf-8")
    found: Any = ast.parse(text)
    for part in name.removeprefix(f"{module}.").split("."):
        found = next((node for node in found.body if getattr(node, "name", None) == part), None)
        if found is None:
            return None
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    code = textwrap.dedent("\n".join(text.splitlines()[first - 1 : found.end_lineno]))
    shown, doc = _parted(code)
    return Source(name, file, first, found.end_lineno, shown, doc)


def _said(thing: Any) -> str:
    name = getattr(thing, "__name__", None)
    return str(name) if isinstance(name, str) else f"a value of type {type(thing).__name__}"


def _parted(code: str) -> tuple[str, str]:
    """Code without its docstring, and the docstring."""
    definition = ast.parse(code).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    doc = ast.get_docstring(definition)
    if doc is None:
        return code, ""
    said = definition.body[0]
    lines = code.splitlines()
    before, after = lines[: said.lineno - 1], lines[said.end_lineno :]
    if len(definition.body) == 1:
        after = [" " * said.col_offset + "..."]
    while after and not after[0].strip():
        del after[0]
    return "\n".join([*before, *after]), doc
