"""A chapter as a class gets it: exercises without their solutions, in a notebook for Jupyter alone.

The chapter's source is MyST Markdown: the site renders its directives and roles, Jupyter alone shows them as
they stand. A workbook says the same in ordinary Markdown, leaves a place under every exercise, and names the
measures that a student's own run will take where the page prints ours.
"""

from __future__ import annotations

import re
from pathlib import Path

from soundreasons import files, project
from soundreasons import ledger as ledgers

ANSWER = "*Your answer:*"
CODE = '```{code-cell} ipython3\n---\ntags: ["answer"]\n---\n# your code\n```'
BOXES = {"definition", "proposition", "theorem", "proof", "algorithm", "admonition"}

_SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}\n```$", re.DOTALL | re.MULTILINE)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\} *(?P<title>.*)$")
_OPTION = re.compile(r"^:[\w-]+:( .*)?$")
_ROLE = re.compile(r"\{(?P<role>[a-z:]+)\}`(?P<text>[^`]+)`")
_TARGET = re.compile(r"(?P<text>.*?)\s*<[^<>]+>", re.DOTALL)
_LABEL = re.compile(r"^\$\$ \([\w:-]+\)$", re.MULTILINE)


def write(slug: str, target: Path | None = None) -> Path:
    """Write the workbook of a chapter, and leave one that is there alone.

    Parameters
    ----------
    slug : str
        The chapter, e.g. "spiky_svd".
    target : Path, optional
        A notebook to write; `_build/student/<slug>.ipynb` unless told.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ValueError
        If there is no such chapter, the target is no notebook's name, or something is there already:
        it may hold a student's answers.

    Examples
    --------
    >>> import tempfile
    >>> write("spiky_svd", Path(tempfile.mkdtemp()) / "mine.ipynb").name
    'mine.ipynb'
    """
    import jupytext

    project.require_chapter(slug)
    path = target or project.root() / "_build" / "student" / f"{slug}.ipynb"
    if path.suffix != ".ipynb":
        raise ValueError(f"{path} is no name for a notebook; expected one that ends in .ipynb")
    if path.exists():
        raise ValueError(
            f"{path} is there already, perhaps with answers in it; move it, or give another --out"
        )
    source = (project.root() / "notebooks" / f"{slug}.md").read_text(encoding="utf-8")
    notebook = jupytext.reads(without_solutions(source, ledgers.load(project.ledger(slug))), fmt="md:myst")
    files.write(path, jupytext.writes(notebook, fmt="ipynb"))
    return path


def without_solutions(source: str, ledger: ledgers.Ledger) -> str:
    """Turn the MyST source of a chapter into that of its workbook.

    Parameters
    ----------
    source : str
        Markdown with code cells, as in `notebooks/<slug>.md`.
    ledger : Ledger
        Whose reported values the text cites.

    Returns
    -------
    str
        Code cells are as they were; a place for the answer stands where a solution stood.
    """
    source = _SOLUTION.sub(_place, source)
    front = _FRONT.match(source)
    start = front.end() if front else 0
    parts, at = [source[:start]], start
    for cell in _CELL.finditer(source, start):
        parts += [_plain(source[at : cell.start()], ledger), cell.group()]
        at = cell.end()
    return "".join([*parts, _plain(source[at:], ledger)])


def _place(solution: re.Match[str]) -> str:
    """Where a solution computes something, a student gets a cell to do so; everywhere, a line to write on."""
    return f"{ANSWER}\n\n{CODE}" if _CELL.search(solution.group()) else ANSWER


def _plain(text: str, ledger: ledgers.Ledger) -> str:
    return _ROLE.sub(lambda role: _cited(role["role"], role["text"], ledger), _directives(text))


def _directives(text: str) -> str:
    """Directives as ordinary Markdown: formulas between dollars, boxes as a bold head with their text."""
    lines: list[str] = []
    opened: list[tuple[str, str]] = []  # fence and name of the directives that we are in
    options = False  # lines of options may follow an opening
    for line in _LABEL.sub("$$", text).split("\n"):
        opening = _OPENING.match(line)
        if opening:
            name = opening["name"].rpartition(":")[2]
            opened.append((opening["fence"], name))
            lines += _head(name, opening["title"])
            options = True
        elif opened and line == opened[-1][0]:
            lines += _foot(opened.pop()[1])
            options = False
        elif (options and _OPTION.match(line)) or (opened and opened[-1][1] in ("include", "raw")):
            continue
        else:
            options = False
            lines.append(line)
    return "\n".join(lines)


def _head(name: str, title: str) -> list[str]:
    if name == "math":
        return ["$$"]
    if name in ("exercise", "exercise-start"):
        return [f"### Exercise: {title}", ""]
    if name in BOXES:
        said = f"{name}: {title}" if title else name
        return [f"**{said[0].upper()}{said[1:]}**", ""]
    return []


def _foot(name: str) -> list[str]:
    if name == "math":
        return ["$$"]
    return ["", ANSWER] if name == "exercise" else []


def _cited(role: str, text: str, ledger: ledgers.Ledger) -> str:
    """What a role says, without its link."""
    if role == "glue:text":
        return f"⟨`{text.partition(':')[0]}`⟩"
    if role == "paper":
        value = ledger.reported(text)
        return f"{value.text()} ({ledgers.PROVENANCE[value.provenance].label})"
    if role.startswith("cite:"):
        return f"[{text}]"
    shown = _TARGET.fullmatch(text)
    return shown["text"] if shown else text
