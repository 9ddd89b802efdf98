"""A site of one page, built by Sphinx with the extensions of ours, from what a run displayed."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from soundreasons.site import compose

ROOT = Path(__file__).resolve().parents[2]
PAGE = "page.html"


def cell(said: list[tuple[dict, dict]], source: str = "pass") -> Any:
    """A code cell of an executed notebook, with what was displayed as its outputs."""
    made = nbformat.v4.new_code_cell(source)
    made.outputs = [nbformat.v4.new_output("display_data", data, metadata=about) for data, about in said]
    return made


def build(folder: Path, cells: list[Any], **edition: Any) -> str:
    """Build a page of these cells as a chapter's would be into `folder`/site; give the warnings."""
    about = SimpleNamespace(**({"slug": "demo"} | edition))
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_markdown_cell("# A page")]
    for one in cells:
        book.cells += compose._page_cells(about, one)
    book.metadata = {
        "kernelspec": {"name": "python3", "display_name": "x"},
        "language_info": {"name": "python", "pygments_lexer": "python"},
    }
    source = folder / "source"
    source.mkdir(parents=True)
    nbformat.write(book, source / "page.ipynb")
    (source / "index.md").write_text("# Start\n\n```{toctree}\npage\n```\n")
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    settings = {
        "extensions": ["myst_nb", "sphinx_design", "sphinx_togglebutton"],
        "myst_enable_extensions": config["parse"]["myst_enable_extensions"],
        "nb_execution_mode": "off",
        "nb_ipywidgets_js": {},
        "numfig": True,
        "mathjax_path": "no-maths.js",
    }
    warnings = io.StringIO()
    with docutils_namespace():
        app = Sphinx(
            source, None, folder / "site", folder / "trees", "html", settings, status=None, warning=warnings
        )
        app.build()
    return warnings.getvalue()
