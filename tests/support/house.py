"""Measure a chapter's package and page against the plan of the house: `python -m support.house SLUG`.

What is measured, and why: a reader finds the paper in two hops (the rooms), each formula says its shapes, its
errors and an example (the method), nothing public stands untested, and a page shows the method before it
experiments, with few lines that only report.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FRONT_DOOR_LINES = 40
FRONT_DOOR_NAMES = 40
LEAST_SOURCES = 3
MOST_REPORTING = 0.20

# A room is a module or a package of this name; the second row may be absent.
ROOMS = ("method", "data", "experiments", "figures", "trial")
OPTIONAL_ROOMS = ("fast", "testbed")
FILES = ("__init__.py", "claims.yml")
REPORTING = ("measure", "measures", "table", "figure", "sound", "missing", "available", "verdicts")
FRAMES = ("DataFrame", "from_dict", "from_records", "concat", "Series")
# torch calls it when the network is called, so no test names it.
CALLED_UNNAMED = {"forward"}

_CODE_FENCE = re.compile(r"^```\{code-cell\}")
_CELL_OPTION = re.compile(r"^:[\w-]+:")


class Definition(NamedTuple):
    """A public function or class of a package, or a public method of a public class."""

    module: str
    name: str
    node: ast.FunctionDef | ast.ClassDef
    owner: ast.ClassDef | None = None

    def __str__(self) -> str:
        return f"{self.module}.{self.owner.name + '.' if self.owner else ''}{self.name}"


class Cell(NamedTuple):
    """Code of a cell of a page, and the second-level heading it stands under."""

    section: str
    code: str


# --- the package ------------------------------------------------------------------------------------------


def package(slug: str) -> Path:
    """Folder of a paper's package."""
    return ROOT / "lib" / "soundreasons" / "papers" / slug


def modules(folder: Path) -> dict[str, ast.Module]:
    """Syntax trees of all modules of a package, by dotted name inside it."""
    found = {}
    for file in sorted(folder.rglob("*.py")):
        name = ".".join(file.relative_to(folder).with_suffix("").parts)
        found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def code_lines(folder: Path) -> int:
    """Lines of code of a package, without docstrings, comments and blank lines."""
    return sum(len(_code_lines(file.read_text(encoding="utf-8"))) for file in sorted(folder.rglob("*.py")))


def _code_lines(source: str) -> set[int]:
    tree = ast.parse(source)
    told: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            told |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return {n for n, text in lines if text.strip() and not text.strip().startswith("#")} - told


def room_faults(folder: Path) -> list[str]:
    """Rooms that are missing, what stands beside them, and a front door that is too wide."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(("__pycache__", "."))}
    rooms = {name.removesuffix(".py") for name in names if name not in FILES}
    faults = [f"no room {room}" for room in ROOMS if room not in rooms]
    faults += [f"no {file}" for file in FILES if file not in names]
    faults += [f"{name} is no room of the plan" for name in sorted(rooms - {*ROOMS, *OPTIONAL_ROOMS})]
    if not (folder / "experiments").is_dir():
        faults.append("experiments is no package with a module a section")
    return faults + front_door_faults((folder / "__init__.py").read_text(encoding="utf-8"))


def front_door_faults(source: str) -> list[str]:
    """Lines and names of a package's `__init__` beyond what one reader takes in at a glance."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    public = {name for name in names if not name.startswith("_")}
    n_lines = len(source.splitlines())
    faults = [] if ast.get_docstring(tree) else ["__init__ has no docstring that says what to read first"]
    if n_lines > FRONT_DOOR_LINES:
        faults.append(f"__init__ has {n_lines} lines, at most {FRONT_DOOR_LINES}")
    if len(public) > FRONT_DOOR_NAMES:
        faults.append(f"__init__ offers {len(public)} names, at most {FRONT_DOOR_NAMES}")
    return faults


def definitions(trees: dict[str, ast.Module]) -> Iterator[Definition]:
    """Public functions and classes of some modules, and the public methods of these classes.

    A class that only names its fields (a record, a protocol, an error) does nothing that a test could find
    wrong: of such a class the methods alone count.
    """
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and _public(node.name):
                yield Definition(module, node.name, node)
            elif isinstance(node, ast.ClassDef) and _public(node.name):
                methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
                if any(method.name in ("__init__", "__post_init__", "forward") for method in methods):
                    yield Definition(module, node.name, node)
                for method in methods:
                    if _public(method.name):
                        yield Definition(module, method.name, method, node)


def _public(name: str) -> bool:
    return not name.startswith("_")


def named(trees: dict[str, ast.Module]) -> set[str]:
    """Identifiers that some modules use: names, attributes, imports, arguments by keyword."""
    found: set[str] = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.alias):
                found.add(node.name.rpartition(".")[2])
    return found


def untested(trees: dict[str, ast.Module], in_tests: set[str]) -> list[str]:
    """Public definitions that no test names and that no doctest runs.

    A function is run by an example of its own docstring; a method or a class by one that names it in the
    docstring of the class as well.
    """
    return [
        str(each)
        for each in definitions(trees)
        if each.name not in in_tests and each.name not in CALLED_UNNAMED and not _has_example(each)
    ]


def _has_example(each: Definition) -> bool:
    own = ast.get_docstring(each.node) or ""
    if ">>>" in own:
        return True
    around = ast.get_docstring(each.owner) or "" if each.owner else ""
    lines = [line for line in around.splitlines() if line.lstrip().startswith((">>>", "..."))]
    return any(re.search(rf"\b{each.name}\b", line) for line in lines)


def method_faults(trees: dict[str, ast.Module]) -> list[str]:
    """Sections that the docstrings of public functions of `method` lack."""
    method = {name: tree for name, tree in trees.items() if name.split(".")[0] == "method"}
    faults = []
    for each in definitions(method):
        if each.owner is None and isinstance(each.node, ast.FunctionDef):
            faults += [f"{each} has no {section}" for section in _missing_sections(each.node)]
    return faults


def _missing_sections(function: ast.FunctionDef) -> list[str]:
    text = ast.get_docstring(function) or ""
    wanted = ["Raises", "Examples"]
    arguments = function.args
    if arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        wanted.append("Parameters")
    gives_nothing = isinstance(function.returns, ast.Constant) and function.returns.value is None
    if not gives_nothing:
        wanted.append("Returns")
    missing = [name for name in wanted if not re.search(rf"^{name}\n-{{{len(name)}}}$", text, re.MULTILINE)]
    if gives_nothing is False and "Returns" in missing and re.search(r"^Yields\n-{6}$", text, re.MULTILINE):
        missing.remove("Returns")
    return missing if ">>>" in text else [*missing, ">>> example"]


# --- the page ---------------------------------------------------------------------------------------------


def cells(page: str) -> list[Cell]:
    """Code cells of a MyST page, without the cells' options.

    Raises
    ------
    ValueError
        If a cell is not closed.
    """
    found: list[Cell] = []
    section, block, fence = "", [], ""
    for line in page.splitlines():
        if fence:
            if line.startswith(fence) and not line.strip("`~: "):
                if block is not None:
                    found.append(Cell(section, "\n".join(block)))
                fence = ""
            elif block is not None and (block or (line.strip() and not _CELL_OPTION.match(line))):
                block.append(line)
        elif opened := re.match(r"^(`{3,}|~{3,})", line):
            fence = opened.group()
            block = [] if _CODE_FENCE.match(line) else None
        elif line.startswith("## "):
            section = line.removeprefix("## ").strip()
    if fence:
        raise ValueError(f"a block of the section {section!r} is not closed")
    return found


def reporting_lines(codes: list[str]) -> tuple[int, int]:
    """Lines of code cells that only report, and all their lines; neither blank lines nor comments count.

    A statement reports if it calls a reporting word of `run`; if it makes a caption (a text) or a frame that
    nothing but such statements read; if it only adds to such a frame; or if it is a loop or condition whose
    whole body reports.
    """
    trees = [ast.parse(_plain(code)) for code in codes]
    shown = _only_shown(trees)
    n_reporting = n_all = 0
    for code, tree in zip(codes, trees, strict=True):
        lines = _code_lines(_plain(code))
        spans = {n for node in tree.body for n in _reported_lines(node, shown)}
        n_reporting += len(spans & lines)
        n_all += len(lines)
    return n_reporting, n_all


def _plain(code: str) -> str:
    """Code without the magics of IPython, which are no Python."""
    return "\n".join("" if line.startswith(("%", "!")) else line for line in code.splitlines())


def _span(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _reported_lines(node: ast.stmt, shown: set[str]) -> set[int]:
    if isinstance(node, ast.For | ast.If | ast.With | ast.While):
        inner = [*node.body, *getattr(node, "orelse", [])]
        lines = set().union(*(_reported_lines(each, shown) for each in inner))
        whole = set().union(*(_span(each) for each in inner))
        return _span(node) if lines == whole else lines
    return _span(node) if _reports(node, shown) else set()


def _reports(node: ast.stmt, shown: set[str]) -> bool:
    return any(_is_report(each) for each in ast.walk(node)) or bool(_targets(node) & shown)


def _is_report(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in REPORTING
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "run"
    )


def _targets(node: ast.stmt) -> set[str]:
    """Names that a statement assigns to, or to a column of, or adds to."""
    if isinstance(node, ast.Assign):
        places = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        places = [node.target]
    else:
        return set()
    return {root for place in places if (root := _root(place))}


def _root(place: ast.expr) -> str:
    while isinstance(place, ast.Subscript | ast.Attribute):
        place = place.value
    return place.id if isinstance(place, ast.Name) else ""


def _only_shown(trees: list[ast.Module]) -> set[str]:
    """Names of texts and frames that only reporting statements read."""
    statements = [node for tree in trees for node in _simple(tree.body)]
    made: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Assign) and _is_caption_or_frame(node.value):
            made |= {place.id for place in node.targets if isinstance(place, ast.Name)}
    while True:
        read_elsewhere = {name for node in statements if not _reports(node, made) for name in _read(node)}
        if not made & read_elsewhere:
            return made
        made -= read_elsewhere


def _is_caption_or_frame(value: ast.expr) -> bool:
    if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return True
    calls = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in FRAMES for call in calls)


def _simple(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that hold no others, and the heads of those that do."""
    for node in body:
        inner = [*getattr(node, "body", []), *getattr(node, "orelse", [])]
        if inner:
            # The head alone: what a loop runs over, what a condition asks.
            heads = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            yield from (ast.copy_location(ast.Expr(head), node) for head in heads)
            yield from _simple([each for each in inner if isinstance(each, ast.stmt)])
        else:
            yield node


def _read(node: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def page_faults(page: str) -> list[str]:
    """Whether the method stands in code before the experiments, and how much of the page only reports."""
    headings = [line.removeprefix("## ").strip() for line in page.splitlines() if line.startswith("## ")]
    found = cells(page)
    faults = []
    if "The method in code" not in headings:
        faults.append("no section 'The method in code'")
    elif headings.index("The method in code") > headings.index("Experiments"):
        faults.append("'The method in code' stands behind the experiments")
    n_sources = sum("run.source(" in cell.code for cell in found if cell.section == "The method in code")
    if n_sources < LEAST_SOURCES:
        faults.append(f"{n_sources} cells show a source with run.source, at least {LEAST_SOURCES}")
    reporting, lines = reporting_lines([cell.code for cell in found])
    if reporting > MOST_REPORTING * lines:
        faults.append(
            f"{reporting} of {lines} lines of its cells report, {reporting / lines:.0%}, at most 20 %"
        )
    return faults


# --- a chapter --------------------------------------------------------------------------------------------


def page(slug: str) -> str:
    """Text of a chapter's page."""
    return (ROOT / "notebooks" / f"{slug}.md").read_text(encoding="utf-8")


def trees_of_tests(slug: str) -> dict[str, ast.Module]:
    """Syntax trees of a chapter's tests."""
    return modules(ROOT / "tests" / "papers" / slug)


def report(slug: str) -> str:
    """Sizes of a chapter and all its faults, as text."""
    trees = modules(package(slug))
    reporting, lines = reporting_lines([cell.code for cell in cells(page(slug))])
    lacking = untested(trees, named(trees_of_tests(slug)))
    sizes = (
        f"{slug}: {code_lines(package(slug))} code lines in {len(trees)} modules, "
        f"{sum(1 for _ in definitions(trees))} public definitions ({len(lacking)} without a test); "
        f"page: {reporting} of {lines} code lines report ({reporting / lines:.0%})"
    )
    faults = room_faults(package(slug)) + method_faults(trees) + page_faults(page(slug))
    return "\n".join([sizes, *(f"  {fault}" for fault in [*faults, *(f"untested: {n}" for n in lacking)])])


if __name__ == "__main__":
    for chapter in sys.argv[1:]:
        print(report(chapter))
