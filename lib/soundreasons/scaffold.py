"""A new paper: every file that a chapter has, with a small example that runs, is tested and is judged."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import jupytext
import yaml

from soundreasons import files, project
from soundreasons.naming import unknown

_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_QUESTION = "How loud is a tone in noise? An example, until this chapter asks its own question."


def new(slug: str, title: str, part: str, root: Path | None = None) -> list[Path]:
    """Write a chapter that builds, and name it in the table of contents, the papers and the bibliography.

    Parameters
    ----------
    slug : str
        The one name of the chapter: small letters, digits and single underscores.
    title : str
        Title of the paper, one line.
    part : str
        A part of the book as `book/papers.yml` names it, or its number or its title alone.
    root : Path, optional
        The book; that of `project.root()` if left out.

    Returns
    -------
    list of Path
        What was written or changed. Nothing was if an error is raised.

    Raises
    ------
    ValueError
        If the name is taken or no name, the title is empty, or no part fits.
    """
    root = root or project.root()
    _require_slug(slug, root)
    title = " ".join(title.split())
    if not title or "@@" in title:
        raise ValueError(f"--title is {title!r}, expected the title of the paper")
    names = {
        "SLUG": slug,
        "LABEL": slug.replace("_", "-"),
        "WORDS": slug.replace("_", " "),
        "CITE": slug,
        "TITLE": title,
    }
    texts = {root / path: text for path, text in _filled(names)}
    texts |= _entered(slug, title, part, root)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode("utf-8"))
    source = root / "notebooks" / f"{slug}.md"
    pair = source.with_suffix(".ipynb")
    files.write(pair, jupytext.writes(jupytext.read(source), fmt="ipynb").encode("utf-8"))
    return [*texts, pair]


def _require_slug(slug: str, root: Path) -> None:
    if not _SLUG.fullmatch(slug) or keyword.iskeyword(slug):
        raise ValueError(
            f"{slug!r} is no name for a chapter; take small letters, digits and single underscores, "
            "as in spiky_svd"
        )
    taken = [path for path in (root / place for place in _places(slug)) if path.exists()]
    if taken:
        raise ValueError(f"{slug} is taken: there is {taken[0].relative_to(root)}")


def _places(slug: str) -> list[str]:
    return [f"notebooks/{slug}.md", f"lib/soundreasons/papers/{slug}", f"tests/papers/{slug}"]


# --- the template -----------------------------------------------------------------------------------------


def _filled(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give place and text of every file of the template, with the names of this chapter in them."""
    slug = names["SLUG"]
    for path, source in _walk(resources.files("soundreasons") / "template"):
        text = source.read_text(encoding="utf-8")
        for name, value in names.items():
            is_quoted = name == "TITLE" and path != "notebook.md"
            text = text.replace(f"@@{name}@@", _escaped(value) if is_quoted else value)
        yield _place(path.removesuffix(".txt"), slug), text


def _escaped(title: str) -> str:
    """Write a title so that it may stand between double quotes, in Python as in YAML."""
    return title.replace("\\", "\\\\").replace('"', '\\"')


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _walk(each, f"{prefix}{each.name}/")
        else:
            yield prefix + each.name, each


def _place(path: str, slug: str) -> str:
    room, _, rest = path.partition("/")
    if path == "notebook.md":
        return f"notebooks/{slug}.md"
    if path in ("smoke.yml", "paper.yml"):
        return f"notebooks/profiles/{path.removesuffix('.yml')}/{slug}.yml"
    if path == "api.md":
        return f"book/api/{slug}.md"
    if path == "claims.yml":
        return f"lib/soundreasons/papers/{slug}/claims.yml"
    return {"package": f"lib/soundreasons/papers/{slug}", "tests": f"tests/papers/{slug}"}[room] + f"/{rest}"


# --- where the book names its chapters --------------------------------------------------------------------


def _entered(slug: str, title: str, part: str, root: Path) -> dict[Path, str]:
    """Texts of the three files that name chapters, with this one in them; everything else in them stays."""
    papers, toc, sources = root / "book" / "papers.yml", root / "_toc.yml", root / "book" / "references.bib"
    parts = yaml.safe_load(papers.read_text(encoding="utf-8"))
    number = _fitting(part, [each["part"] for each in parts])
    last = parts[number]["papers"][-1]["slug"]
    quoted = {"title": title, "question": _QUESTION}
    paper = [f"    - slug: {slug}"]
    paper += [f"      {name}: {json.dumps(text, ensure_ascii=False)}" for name, text in quoted.items()]
    paper += [f"      cite: [{slug}]", "      picture: gains"]
    entry = (
        f"@misc{{{slug},\n  title = {{{title}}},\n  note  = {{Authors, venue and year to be filled in}}\n}}\n"
    )
    chapter, names = "      - file: book/chapters/{}\n", "          - file: book/api/{}\n"
    listed = _after(toc.name, toc.read_text(encoding="utf-8"), chapter.format(last), chapter.format(slug))
    if names.format(last) in listed:  # a book without a page of names needs no line there
        listed = _after(toc.name, listed, names.format(last), names.format(slug))
    described = papers.read_text(encoding="utf-8")
    return {
        papers: _after(
            papers.name, described, rf"    - slug: {last}\n(?:      .*\n)*", "\n".join(paper) + "\n"
        ),
        toc: listed,
        sources: sources.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + entry,
    }


def _fitting(part: str, parts: list[str]) -> int:
    """Place of the part that is meant: by its whole name, its number, or its title."""
    asked = part.strip().casefold()
    for place, name in enumerate(parts):
        number, _, title = name.partition(": ")
        if asked in (name.casefold(), number.casefold(), title.casefold()):
            return place
    raise ValueError(f"{unknown('part', part, parts)}; a new one begins in book/papers.yml and _toc.yml")


def _after(name: str, text: str, pattern: str, added: str) -> str:
    """Text of a file with some lines behind those that a pattern finds once."""
    found = list(re.finditer(pattern, text, re.MULTILINE))
    if len(found) != 1:
        raise ValueError(
            f"{name} names the part's last chapter {len(found)} times, expected once; mend it first"
        )
    return text[: found[0].end()] + added + text[found[0].end() :]
