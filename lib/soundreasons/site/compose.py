"""From an executed notebook to a page: current prose, numbered figures and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jupytext
import nbformat

from soundreasons import files, markup, pairing, project, runs, showing, source
from soundreasons.measures import Measure
from soundreasons.site import address
from soundreasons.site.edition import Edition

_CITATION = re.compile(r"\{glue:(?:text)?\}`(?P<name>[^`:]+)(?::(?P<format>[^`]*))?`")
_END = re.compile(r"(?P<name>.+)\.(?P<end>low|high)")


class ComposeError(ValueError):
    """A notebook that cannot become a page."""


def compose(edition: Edition) -> str:
    """Make the page of a chapter from its source and its run.

    Prose is taken from the source, so that a sentence can be mended without running the chapter
    again; code and outputs are the run's. Figures and tables become numbered ones, named
    `fig-<slug>-<name>` and `tbl-<slug>-<name>`.

    Returns
    -------
    str
        The notebook as JSON.

    Raises
    ------
    ComposeError
        If the run is of other code than the source's, or a cell shows two figures.
    """
    written = jupytext.read(project.notebook(edition.slug).with_suffix(".md"))
    of_run = _failed_cells if edition.failure else _finished_cells
    cells = of_run(edition, written.cells)
    page = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[page_cell for cell in cells for page_cell in _page_cells(edition, cell)],
        metadata={"kernelspec": written.metadata.kernelspec, "language_info": {"name": "python"}},
    )
    text: str = nbformat.writes(page)  # type: ignore[no-untyped-call]
    return text + "\n"


def _finished_cells(edition: Edition, written: list[Any]) -> list[Any]:
    executed = nbformat.read(edition.folder / runs.NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return _with_current_prose(edition.slug, written, executed.cells)


def _failed_cells(edition: Edition, written: list[Any]) -> list[Any]:
    """Cells with what a failed run had shown before it stopped; its traceback stands in the verdict box."""
    path = edition.failure.notebook if edition.failure else None
    if path is None:
        return written
    executed = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
    try:
        return _with_current_prose(edition.slug, written, executed.cells)
    except ComposeError:  # its code was edited since; the box still says how it failed
        return written


def write(edition: Edition) -> None:
    """Write the page of a chapter into the book; untouched if nothing changed."""
    files.write(project.root() / "book" / "chapters" / f"{edition.slug}.ipynb", compose(edition))


def _is_injected(cell: Any) -> bool:
    return "injected-parameters" in cell.metadata.get("tags", [])


def _with_current_prose(slug: str, written: list[Any], executed: list[Any]) -> list[Any]:
    """Cells of the source, with the outputs of the run; the injected parameters follow their cell."""
    ran = [cell for cell in executed if cell.cell_type == "code"]
    own = [cell.source.strip() for cell in ran if not _is_injected(cell)]
    if own != [cell.source.strip() for cell in written if cell.cell_type == "code"]:
        remedy = f"run it again: `soundreasons run {slug}`"
        try:
            pairing.require_pair(slug)
        except pairing.PairError as error:
            remedy = str(error)
        raise ComposeError(f"{slug} was run with other code than it has now; {remedy}")
    cells, position = [], 0
    for cell in written:
        if cell.cell_type == "markdown":
            cells.append(cell)
            continue
        cells.append(ran[position])
        position += 1
        while position < len(ran) and _is_injected(ran[position]):
            cells.append(ran[position])
            position += 1
    return cells


def _mark(output: Any) -> dict[str, Any]:
    mark: dict[str, Any] = output.get("metadata", {}).get("soundreasons", {})
    return mark


def cited_measures(text: str) -> list[str]:
    """Names of the measures that some prose cites.

    Examples
    --------
    >>> cited_measures("It is {glue:text}`accuracy.meso4:.2f` here.")
    ['accuracy.meso4']
    """
    return [match["name"] for match in _CITATION.finditer(text)]


def with_reference(text: str, edition: Edition) -> str:
    """Prose in which a measure that this run did not take is the reference edition's, and marked so.

    A run without some data (or a smoke run) keeps sentences that are true of the reference. What the
    reference did not measure either is said not to be measured.
    """

    def cited(match: re.Match[str]) -> str:
        if _value(edition.run.measures, match["name"]) is not None:
            return match[0]
        known = _value(edition.reference.measures, match["name"]) if edition.reference else None
        if known is None:
            return "*not measured*"
        return f"**{known:{match['format'] or ''}}** [reference edition]{{.provenance}}"

    return _CITATION.sub(cited, text)


def _value(measures: Mapping[str, Measure], name: str) -> float | None:
    """Mean of a measure, or an end of its interval as `<name>.low`; None if it was not taken."""
    if name in measures:
        return measures[name].mean
    end = _END.fullmatch(name)
    if end is None or end["name"] not in measures:
        return None
    measure = measures[end["name"]]
    return measure.low if end["end"] == "low" else measure.high


def _page_cells(edition: Edition, cell: Any) -> list[Any]:
    """The cell with its figure numbered, followed by its tables and sources as Markdown."""
    slug = edition.slug
    if cell.cell_type != "code":
        cell.source = with_reference(cell.source, edition)
        return [cell]
    figures = [_mark(output) for output in cell.outputs if _mark(output).get("kind") == "figure"]
    if len(figures) > 1:
        raise ComposeError(
            f"{slug}: one cell shows {len(figures)} figures, {figures[0]['name']} first; split it"
        )
    for mark in figures:
        cell.metadata["mystnb"] = {
            "figure": {"caption": markup.authored(mark["caption"]), "name": f"fig-{slug}-{mark['name']}"},
            "image": {"alt": mark["alt"]},
        }
    laid_out = [output for output in cell.outputs if _mark(output).get("kind") in _LAID_OUT]
    cell.outputs = [o for o in cell.outputs if _mark(o).get("kind") not in ("caption", *_LAID_OUT)]
    if figures:  # every output of such a cell becomes a figure; the value of its last line is none
        cell.outputs = [o for o in cell.outputs if o.output_type != "execute_result"]
    return [cell, *(_LAID_OUT[_mark(output)["kind"]](edition, output) for output in laid_out)]


def _table_cell(edition: Edition, output: Any) -> Any:
    slug, mark = edition.slug, _mark(output)
    body = output.data["text/markdown"].partition("\n\n*")[0]
    text = f":::{{table}} {markup.authored(mark['caption'])}\n:name: tbl-{slug}-{mark['name']}\n\n{body}\n:::"
    return nbformat.v4.new_markdown_cell(text, id=f"table-{mark['name']}"[:64])  # type: ignore[no-untyped-call]


def _source_cell(edition: Edition, output: Any) -> Any:
    """Some code of the library, linked to its lines where there is a repository, its docstring folded."""
    mark = _mark(output)
    if current := source.today(mark["name"], mark["file"]):
        mark = {**mark, **current._asdict()}
    elif not edition.failure:  # an old copy would pass for the code of today
        raise ComposeError(
            f"{edition.slug} shows {mark['name']}, which is no longer there; run it again: "
            f"`soundreasons run {edition.slug}`"
        )
    link = address.source_address(mark["file"], mark["line"], mark["end"], edition.run.commit)
    name = markup.code(mark["name"])
    parts = [f"**[{name}]({link})**" if link else f"**{name}**", showing.fenced(mark["code"], "python")]
    if mark["doc"]:
        body = showing.fenced(mark["doc"], "text")
        fence = ":" * 5
        title = _marked(showing.docstring_title(mark["doc"]))
        parts.append(f"{fence}{{admonition}} {title}\n:class: dropdown\n\n{body}\n{fence}")
    identifier = re.sub(r"[^a-zA-Z0-9_-]", "-", f"source-{mark['line']}-{mark['name']}")[:64]
    return nbformat.v4.new_markdown_cell("\n\n".join(parts), id=identifier)  # type: ignore[no-untyped-call]


def _marked(text: str) -> str:
    r"""Write a line of a docstring letter by letter, but for its formulas and its code.

    Examples
    --------
    >>> _marked(r"The mean, :math:`\frac{1}{n}\sum x`, of `x`*")
    'The mean, $\\frac{1}{n}\\sum x$, of `x`&#42;'
    """
    parts = re.split(r"(:math:)?`([^`]+)`", text)  # text, its role if any, what stands in it, text, ...
    marked = [markup.plain(parts[0])]
    for role, inside, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        marked += [f"${inside}$" if role else markup.code(inside), markup.plain(after)]
    return "".join(marked)


# What the site lays out anew, as a cell of Markdown after the cell that showed it.
_LAID_OUT = {"table": _table_cell, "source": _source_cell}
