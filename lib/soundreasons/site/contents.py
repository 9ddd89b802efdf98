"""The eight papers in the book's order, and the first page's cards for them.

`book/papers.yml` names them once; which chapters exist is read off the runs, so the first page never
promises what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from soundreasons import files, project
from soundreasons.site.edition import Edition


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Paper(_Strict):
    """One paper: what it asks, in our words, and the figure that stands for its chapter."""

    slug: str
    title: str
    cite: list[str]
    question: str
    picture: str = ""


class Part(_Strict):
    """A part of the book."""

    part: str
    papers: list[Paper]


@dataclass(frozen=True)
class Picture:
    """A figure of a run: where it is copied to, seen from `book/`, and what is seen in it."""

    path: str
    alt: str


def load() -> list[Part]:
    """Read `book/papers.yml`; no parts if the book has no such file.

    Raises
    ------
    ValueError
        With the field, if something in it is missing, misspelt or of the wrong type.
    """
    path = project.root() / "book" / "papers.yml"
    if not path.is_file():
        return []
    try:
        return [Part.model_validate(part) for part in yaml.safe_load(path.read_text(encoding="utf-8"))]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"book/papers.yml, {place}: {first['msg']}") from None


def in_order(editions: Sequence[Edition], parts: Sequence[Part]) -> list[Edition]:
    """Chapters in the book's order; any that it does not name come last, by name."""
    place = {paper.slug: i for i, paper in enumerate(paper for part in parts for paper in part.papers)}
    return sorted(editions, key=lambda edition: (place.get(edition.slug, len(place)), edition.slug))


def cards(editions: Sequence[Edition], parts: Sequence[Part], counts: Mapping[str, str]) -> str:
    """Lay out one card a paper: its question, a picture, its verdicts, or that it is to come.

    Parameters
    ----------
    editions : sequence of Edition
        Chapters that exist.
    parts : sequence of Part
        Of `load`.
    counts : mapping of slug to str
        Verdicts of each chapter in words.

    Returns
    -------
    str
        Markdown to include in a page of `book/`.
    """
    by_slug = {edition.slug: edition for edition in editions}
    lines = []
    for part in parts:
        lines += [f"**{part.part}**\n", "::::{grid} 1 1 2 2", ":gutter: 3", ":class-container: papers\n"]
        for paper in part.papers:
            lines += _card(paper, by_slug.get(paper.slug), counts.get(paper.slug, ""))
        lines.append("::::\n")
    return "\n".join(lines)


def _card(paper: Paper, edition: Edition | None, counts: str) -> list[str]:
    cited = f"*{paper.title}* {{cite}}`{','.join(paper.cite)}`"
    if edition is None:
        return [
            ":::{grid-item-card}",
            ":class-card: to-come\n",
            f"{paper.question}\n",
            f"{cited}\n",
            "To come.",
            ":::\n",
        ]
    picture = copy_picture(paper, edition)
    shown = (
        [f":img-top: {picture.path}", f":img-alt: {json.dumps(picture.alt, ensure_ascii=False)}"]
        if picture
        else []
    )
    link = f"{{doc}}`Read the chapter <chapters/{paper.slug}>`"
    return [
        ":::{grid-item-card}",
        *shown,
        "",
        f"**{paper.question}**\n",
        f"{cited}\n",
        f"{link}: {counts}.",
        ":::\n",
    ]


def copy_picture(paper: Paper, edition: Edition) -> Picture | None:
    """Copy a chapter's figure beside the generated pages; None if this run has no such figure."""
    shown = edition.run.figures.get(paper.picture)
    if shown is None or not (edition.folder / shown.file).is_file():
        return None
    relative = Path("generated") / f"picture-{paper.slug}.png"
    files.write(project.root() / "book" / relative, (edition.folder / shown.file).read_bytes())
    return Picture(path=relative.as_posix(), alt=" ".join(shown.alt.split()))
