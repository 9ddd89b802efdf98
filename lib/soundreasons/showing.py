"""What a run puts on the page: figures, tables, sounds, sources and verdicts, each marked by what it is.

Jupyter shows an output as it stands; the site (`site.compose`) finds it by its mark and numbers it, or lays
it out anew.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from soundreasons import claims, markup, measures
from soundreasons import ledger as ledgers
from soundreasons import results as results_module
from soundreasons.markup import Markup
from soundreasons.source import Source


def display(bundle: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Show one thing in the forms of `bundle`, by MIME type."""
    from IPython.display import display as show

    show(bundle, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]


def glue(name: str, kept: measures.Measure) -> None:
    """Make the mean and the ends citable; the same format as myst-nb's glue, which is heavy to import."""
    cited = {name: kept.mean}
    if kept.low is not None and kept.high is not None:
        cited |= {f"{name}.low": kept.low, f"{name}.high": kept.high}
    for key, value in cited.items():
        bundle = {"application/papermill.record/text/plain": repr(float(value))}
        display(bundle, {"scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}})


def missing(names: Sequence[str] | Mapping[str, str], remedy: str = "") -> None:
    """Say which data is not here, and what to do."""
    listed = ", ".join(map(markup.code, names))
    text = f"**Not on this machine:** {listed}. What needs them is left out; claims stay *not tested*."
    text += f" {remedy}" if remedy else ""
    if isinstance(names, Mapping):
        text += "".join(f"\n- {markup.code(name)}: {how}" for name, how in names.items())
    display({"text/markdown": text, "text/plain": text}, {"soundreasons": {"kind": "missing"}})


def figure(png: bytes, name: str, caption: str, alt: str) -> None:
    """Show a picture with its caption."""
    mark = {"kind": "figure", "name": name, "caption": caption, "alt": alt}
    bundle = {"image/png": base64.b64encode(png).decode(), "text/plain": alt}
    display(bundle, {"soundreasons": mark, "image/png": {"alt": alt}})
    display({"text/markdown": f"*{markup.authored(caption)}*"}, {"soundreasons": {"kind": "caption"}})


def table_of(frame: Any, caption: str) -> results_module.Table:
    """Cells of a pandas frame, its index too where it has a name; `Markup` stays what it is."""
    flat = frame.reset_index() if any(level is not None for level in frame.index.names) else frame
    rows = [[_cell(cell) for cell in row] for row in flat.itertuples(index=False)]
    return results_module.Table(caption=caption, columns=[str(c) for c in flat.columns], rows=rows)


def _cell(cell: Any) -> Any:
    """A cell as JSON can hold it, or `Markup`; what is missing is None."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, measures.Measure):
        return cell.text()
    if cell is None or (isinstance(cell, float) and not np.isfinite(cell)):
        return None
    return cell if isinstance(cell, bool | int | float | str | Markup) else str(cell)


def table(shown: results_module.Table, name: str) -> None:
    """Show a table with its caption."""
    mark = {"kind": "table", "name": name, "caption": shown.caption}
    text = f"{results_module.to_markdown(shown)}\n\n*{markup.authored(shown.caption)}*"
    words = f"{results_module.to_text(shown)}\n\n{shown.caption}"
    display({"text/markdown": text, "text/plain": words}, {"soundreasons": mark})


def sound(mp3: bytes, name: str, caption: str) -> None:
    """Show a player with its caption."""
    text = markup.as_html(caption)
    address = f"data:audio/mpeg;base64,{base64.b64encode(mp3).decode()}"
    player = f'<audio controls preload="metadata" aria-label="{text}" src="{address}"></audio>'
    page = f'<figure class="sound" id="snd-{name}">{player}<figcaption>{text}</figcaption></figure>'
    display({"text/html": page, "text/plain": caption}, {"soundreasons": {"kind": "sound", "name": name}})


def verdicts(ledger: ledgers.Ledger, judged: Mapping[str, claims.Judgement]) -> None:
    """Show what a run says of every claim."""
    found = [(claim, judged[claim.id]) for claim in ledger.claims]
    shown = results_module.Table(
        caption="Every claim of the ledger and what this run says of it",
        columns=["claim", "whose", "in our words", "outcome", "by", "why"],
        rows=[
            [claim.id, claim.kind, Markup(claim.claim), one.words, one.tier or "–", one.reason]
            for claim, one in found
        ],
    )
    table(shown, "verdicts")


def source(shown: Source) -> None:
    """Show some code of the library, its docstring folded."""
    head = f"**{markup.code(shown.name)}** ({markup.code(shown.file)}, line {shown.line})"
    parts = [head, fenced(shown.code, "python")]
    if shown.doc:
        title = f"<summary>{markup.as_html(docstring_title(shown.doc))}</summary>"
        parts += [f"<details>\n{title}", fenced(shown.doc, "text"), "</details>"]
    words = f"{shown.name} ({shown.file}, line {shown.line})\n\n{shown.code}\n\n{shown.doc}".rstrip()
    mark = {"kind": "source", **shown._asdict()}
    display({"text/markdown": "\n\n".join(parts), "text/plain": words}, {"soundreasons": mark})


def docstring_title(doc: str) -> str:
    r"""What stands above a folded docstring: its first sentence.

    Examples
    --------
    >>> docstring_title("Embed items.\n\nBy an SVD.")
    'Docstring: Embed items.'
    """
    return f"Docstring: {' '.join(doc.partition(chr(10) * 2)[0].split())}"


def fenced(text: str, language: str) -> str:
    """A block of code in Markdown, whatever fences stand in it."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
