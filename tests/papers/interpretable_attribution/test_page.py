"""The chapter's page: what it says before it works."""

from __future__ import annotations

import jupytext

from soundreasons import project


def cells() -> list[str]:
    path = project.notebook("interpretable_attribution").with_suffix(".md")
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_absent_data_is_named_before_anything_is_trained_or_read():
    at = {
        word: next(number for number, cell in enumerate(cells()) if word in cell)
        for word in ("run.available(", "train_toys(", "grouped_table(", "load_films(")
    }
    assert min(at, key=at.__getitem__) == "run.available("
    (naming,) = [cell for cell in cells() if "run.available(" in cell]
    assert "*tables" in naming
    assert "film_set" in naming
