"""What a class gets: every exercise, no solution, and the chapter's own code."""

from __future__ import annotations

import re

import jupytext
import nbformat
import pytest

from soundreasons import ledger as ledgers
from soundreasons import project, workbook

SLUGS = project.slugs()
SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}", re.DOTALL | re.MULTILINE)


def source(slug: str) -> str:
    return (project.root() / "notebooks" / f"{slug}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    return {
        slug: nbformat.read(workbook.write(slug, folder / f"{slug}.ipynb"), as_version=4) for slug in SLUGS
    }


def texts(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("slug", SLUGS)
def test_every_exercise_has_a_place_and_no_solution_is_left(slug, written):
    n_exercises = len(re.findall(r"^```\{exercise(-start)?\}", source(slug), re.MULTILINE))
    assert n_exercises >= 3
    assert texts(written[slug]).count(workbook.ANSWER) == n_exercises
    whole = nbformat.writes(written[slug])
    solutions = SOLUTION.findall(source(slug))
    assert solutions
    for solution in solutions:
        said = [line for line in solution.splitlines() if len(line) > 40 and "{" not in line]
        assert said
        assert not [line for line in said if line.replace('"', '\\"') in whole]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_code_outside_the_solutions_is_the_chapter_s(slug, written):
    rest = jupytext.reads(SOLUTION.sub("", source(slug)), fmt="md:myst")
    own = [cell.source for cell in rest.cells if cell.cell_type == "code"]
    kept = [
        cell.source
        for cell in written[slug].cells
        if cell.cell_type == "code" and "answer" not in cell.metadata.get("tags", [])
    ]
    assert kept == own


@pytest.mark.parametrize("slug", SLUGS)
def test_jupyter_alone_can_show_it(slug, written):
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", "", texts(written[slug]), flags=re.DOTALL)
    assert not re.findall(r"\{[a-z:-]+\}`|^[`:]{3,}\{", prose, re.MULTILINE)
    assert texts(written[slug]).count("$$") % 2 == 0


def test_a_reported_number_keeps_its_mark_and_ours_becomes_the_name_of_a_measure():
    ledger = ledgers.load(project.ledger("spiky_svd"))
    text = workbook.without_solutions(
        "It is {paper}`deezer_items` and {glue:text}`a.b:.1f`, see {ref}`here <there>`.", ledger
    )
    value = ledger.reported("deezer_items")
    mark = ledgers.PROVENANCE[value.provenance].label
    assert text == f"It is {value.text()} ({mark}) and ⟨`a.b`⟩, see here."


def test_answers_are_never_written_over(tmp_path):
    path = tmp_path / "mine.ipynb"
    path.write_text("answers")
    with pytest.raises(ValueError, match="answers"):
        workbook.write("spiky_svd", path)
    assert path.read_text() == "answers"


def test_bad_requests_say_what_is_allowed(tmp_path):
    with pytest.raises(ValueError, match="spiky_svd"):
        workbook.write("spiky_svt", tmp_path / "x.ipynb")
    with pytest.raises(ValueError, match="ipynb"):
        workbook.write("spiky_svd", tmp_path / "x.txt")
