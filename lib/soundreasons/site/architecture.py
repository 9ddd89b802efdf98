"""How the library stands on itself: a picture and a table, read off its imports."""

from __future__ import annotations

import ast
import importlib.util
import io
from pathlib import Path

import grimp
import matplotlib.pyplot as plt
import networkx as nx

from soundreasons.markup import code
from soundreasons.media.drawing import BLUE, GREY, SKY

# One picture can be taken in at a glance: of a package, the whole is one room.
_WIDTH, _ROW, _DPI = 10.0, 0.85, 150


def rooms() -> nx.DiGraph:
    """Modules and packages right below `soundreasons`, an edge from each to those that it imports.

    Examples
    --------
    >>> rooms().has_edge("chapter", "results"), rooms().has_edge("results", "chapter")
    (True, False)
    """
    imports = grimp.build_graph("soundreasons")
    graph = nx.DiGraph()
    for module in imports.modules:
        for imported in imports.find_modules_directly_imported_by(module):
            above, below = _room(module), _room(imported)
            if above and below and above != below:
                graph.add_edge(above, below)
    return graph


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def floors(graph: nx.DiGraph) -> list[list[str]]:
    """Rooms by floor, the lowest first: a room stands one floor above the highest that it stands on.

    Raises
    ------
    ValueError
        If rooms stand on each other in a circle.

    Examples
    --------
    >>> floors(nx.DiGraph([("chapter", "results"), ("results", "files"), ("chapter", "files")]))
    [['files'], ['results'], ['chapter']]
    """
    if not nx.is_directed_acyclic_graph(graph):
        raise ValueError(f"these import each other in a circle: {nx.find_cycle(graph)}")
    height: dict[str, int] = {}
    for room in reversed(list(nx.topological_sort(graph))):
        height[room] = 1 + max((height[below] for below in graph.successors(room)), default=-1)
    found: list[list[str]] = [[] for _ in range(1 + max(height.values()))]
    for room in sorted(height):
        found[height[room]].append(room)
    return found


def picture(graph: nx.DiGraph) -> bytes:
    """Draw rooms on their floors, and who stands on whom; what follows from other lines is left out."""
    levels, lines = floors(graph), nx.transitive_reduction(graph)
    place: dict[str, tuple[float, float]] = {}
    for y, level in reversed([*enumerate(levels)]):
        # Each room below those that stand on it, so that lines are short and cross little.
        level.sort(key=lambda room: _mean([place[above][0] for above in lines.predecessors(room)]))
        place |= {room: ((i + 0.5) / len(level), y) for i, room in enumerate(level)}
    fig, ax = plt.subplots(figsize=(_WIDTH, _ROW * len(levels)), layout="constrained")
    for above, below in lines.edges:
        (left, top), (right, bottom) = place[above], place[below]
        ax.plot([left, right], [top - 0.16, bottom + 0.16], color=GREY, linewidth=0.8, zorder=1)
    for room, (across, up) in place.items():
        colour = BLUE if room in ("papers", "chapter", "cli", "site") else SKY
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour, "linewidth": 1.6}
        ax.text(across, up, room, ha="center", va="center", family="monospace", bbox=box, zorder=2)
    ax.set(xlim=(0, 1), ylim=(-0.5, len(levels) - 0.5))
    ax.axis("off")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    plt.close(fig)
    return buffer.getvalue()


def _mean(places: list[float]) -> float:
    return sum(places) / len(places) if places else 0.5


def table(graph: nx.DiGraph) -> str:
    """Rooms from the top floor down: what each is for, in its own words, and what it stands on."""
    lines = [":::{list-table}", ":header-rows: 1", "", "* - room", "  - what it is for", "  - stands on"]
    for level in reversed(floors(graph)):
        for room in level:
            below = ", ".join(code(each) for each in sorted(graph.successors(room))) or "none of ours"
            lines += [f"* - {code(room)}", f"  - {_summary(room)}", f"  - {below}"]
    return "\n".join([*lines, ":::"])


def _summary(room: str) -> str:
    """First line of a module's docstring; the module is not imported for it."""
    found = importlib.util.find_spec(f"soundreasons.{room}")
    text = Path(found.origin).read_text(encoding="utf-8") if found and found.origin else ""
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def page(graph: nx.DiGraph) -> str:
    """Write what `book/architecture.md` includes: the picture `generated/architecture.png` and the table."""
    highest, lowest = floors(graph)[-1], floors(graph)[0]
    alt = (
        f"Boxes on {len(floors(graph))} floors, joined by lines that only go down: {', '.join(highest)} at "
        f"the top, {', '.join(lowest)} at the bottom. The table below says the same in words."
    )
    return "\n".join(
        [
            "```{figure} generated/architecture.png",
            ":name: fig-architecture",
            f":alt: {alt}",
            "",
            "The library's modules and packages, as they import one another. A line stands for an import "
            "that follows from no other line.",
            "```",
            "",
            table(graph),
            "",
        ]
    )
