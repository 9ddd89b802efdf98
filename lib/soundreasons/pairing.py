"""A chapter's two files: its MyST source, which people edit, and the notebook of it, which is run."""

from __future__ import annotations

from pathlib import Path

import jupytext

from soundreasons import project


class PairError(ValueError):
    """A notebook that is not what its source says."""


def require_pair(slug: str) -> None:
    """Refuse a notebook that is not what its MyST source says.

    Raises
    ------
    PairError
        If `notebooks/<slug>.ipynb` is missing, or differs from `notebooks/<slug>.md`.
    """
    path = project.notebook(slug)
    if not path.is_file() or _cells(path) != _cells(path.with_suffix(".md")):
        raise PairError(f"notebooks/{slug}.ipynb is not the pair of notebooks/{slug}.md; run `make pair`")


def _cells(path: Path) -> list[tuple[str, str, list[str]]]:
    notebook = jupytext.read(path)
    return [(c.cell_type, c.source.strip(), sorted(c.metadata.get("tags", []))) for c in notebook.cells]
