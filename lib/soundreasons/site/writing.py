"""Small pieces of Markdown that the generated pages share: a table, a fold, the line about a run."""

from __future__ import annotations

from collections.abc import Sequence

from soundreasons import results
from soundreasons.markup import code, plain


def run_line(run: results.Results) -> str:
    """Which run this is, in a sentence."""
    if not run.started:
        return f"Profile {run.profile}: the run did not finish."
    seeds = f"seeds {run.seeds[0]} to {run.seeds[-1]}" if len(run.seeds) > 1 else f"seed {run.seeds[0]}"
    used = [name for name, entry in run.data.items() if entry.kind != "unavailable"]
    absent = run.absent()
    lacking = f"; not here: {', '.join(absent)}" if absent else ""
    changed = ", ".join(code(f"{name} = {value!r}") for name, value in sorted(run.changed.items()))
    return (
        f"Profile {run.profile}{f' with {changed}' if changed else ''}, {seeds}, "
        f"on {plain(run.machine.device)} ({plain(run.machine.processor)}, "
        f"{run.machine.threads} of {run.machine.cores} cores), "
        f"{run.started[:10]}{f', commit `{run.commit}`' if run.commit else ''}. "
        f"Data: {', '.join(used) or 'none'}{lacking}."
    )


def one_line(text: str) -> str:
    """A text as one line."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, its cells as they are."""
    lines = [header, [":--"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def folded(title: str, body: str) -> str:
    """A part of a page that opens on a click."""
    return f":::{{dropdown}} {title}\n{body}:::\n"
