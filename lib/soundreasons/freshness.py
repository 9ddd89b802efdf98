"""Are the numbers still those of the code? What a run stands on, hashed, and what changed since.

Counted are the modules that the run really reached (its paper, readers of data, media, learning),
the code of the notebook, the parameters, the versions of the libraries that those modules compute
with, and the digests of the data that was read. Comments, docstrings and prose do not count; nor
does how the data got here, since every byte or row of it is checked.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from soundreasons import files, parameters, project
from soundreasons.results import Fingerprint, Results

COUNTED = (
    "soundreasons.papers.",
    "soundreasons.data.readers.",
    "soundreasons.media",
    "soundreasons.learning",
)
# What a paper draws, and the names that its package offers: pages depend on them, measures don't.
DRAWING = re.compile(r"soundreasons\.papers\.\w+(\.figures(\.\w+)?)?|soundreasons\.media\.drawing")
PACKAGE = Path(__file__).parent
_MOST_KNOWN = 5000


def digest(value: Any) -> str:
    """Short hash of anything that JSON can say.

    Examples
    --------
    >>> digest({"a": 1}) == digest({"a": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


class _WithoutDocstrings(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            first = body[0].value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                node.body = body[1:]  # type: ignore[attr-defined]
        return self.generic_visit(node)


def code_digest(source: str) -> str:
    """Hash of what Python code does: layout, comments and docstrings left out.

    Examples
    --------
    >>> code_digest("x = 1  # one") == code_digest("x  =  1")
    True
    """
    tree = _WithoutDocstrings().visit(ast.parse(source))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def module_file(name: str) -> Path | None:
    """Source of one of our modules; None if there is no such module (any more)."""
    base = PACKAGE.joinpath(*name.split(".")[1:])
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def reached_modules() -> dict[str, str]:
    """Modules of ours that this process has imported and that count, with their hashes."""
    names = sorted(name for name in sys.modules if name.startswith(COUNTED))
    files = {name: path for name in names if (path := module_file(name)) is not None}
    return {name: code_digest(path.read_text(encoding="utf-8")) for name, path in files.items()}


def _imported(source: str) -> set[str]:
    """First parts of all absolute imports in some code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def computing_versions(modules: Iterable[str]) -> dict[str, str]:
    """Installed versions of the libraries that some modules of ours import; no local build label."""
    paths = (module_file(name) for name in modules)
    imports = set().union(*(_imported(path.read_text(encoding="utf-8")) for path in paths if path))
    wanted = {name for top in imports - {"soundreasons"} for name in _distributions().get(top, [])}
    return {normal(name): importlib.metadata.version(name).partition("+")[0] for name in sorted(wanted)}


def normal(distribution: str) -> str:
    """Name of a distribution as the package index compares it.

    Examples
    --------
    >>> normal("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def locked_versions() -> dict[str, str]:
    """Versions that requirements.txt asks for."""
    lines = (project.root() / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = (re.match(r"([\w.-]+)==([^\s#;]+)", line) for line in lines)
    return {normal(pin[1]): pin[2] for pin in pins if pin}


def notebook_digest(slug: str) -> str:
    """Hash of the code of a notebook; its prose may change without a rerun."""
    notebook = json.loads(project.notebook(slug).read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return digest([source.strip() for source in sources])


def take(slug: str, values: Mapping[str, Any], data: Mapping[str, str]) -> Fingerprint:
    """Fingerprint of the run that is under way in this process.

    Parameters
    ----------
    slug : str
        The chapter.
    values : mapping
        Its parameters; where the results go does not count.
    data : mapping of name to digest
        Digests of the declarations of what was read, which every byte or row was checked against.
    """
    reached = reached_modules()
    drawing = {name: code for name, code in reached.items() if DRAWING.fullmatch(name)}
    return Fingerprint(
        notebook=notebook_digest(slug),
        parameters=digest({name: value for name, value in values.items() if name != "out"}),
        modules={name: code for name, code in reached.items() if name not in drawing},
        drawing=drawing,
        versions=computing_versions(reached),
        data=dict(data),
    )


def changes(results: Results) -> list[str]:
    """What a set of results stands on that is no longer so; empty if it is fresh.

    Data that this machine does not have is judged by its declared digest, never by its absence.
    """
    if results.slug not in project.slugs():
        return [f"chapter {results.slug} is no longer there"]
    then = results.fingerprint
    return [
        *_parameter_changes(results),
        *(["code of the notebook"] if notebook_digest(results.slug) != then.notebook else []),
        *_module_changes(then.modules),
        *_version_changes(then),
        *_data_changes(then),
    ]


def _parameter_changes(results: Results) -> list[str]:
    own = parameters.profile_values(results.slug, results.profile)
    now = {**own, **results.changed}
    if digest({k: v for k, v in now.items() if k != "out"}) == results.fingerprint.parameters:
        return []
    names = sorted(
        name
        for name in now.keys() | results.parameters.keys()
        if name != "out" and now.get(name, ...) != results.parameters.get(name, ...)
    )
    return [f"parameter {name}" for name in names] or ["parameters"]


def drawing_changes(results: Results) -> list[str]:
    """Say what a run's figures were drawn with that is no longer so; its measures stand."""
    return _module_changes(results.fingerprint.drawing)


def _module_changes(then: Mapping[str, str]) -> list[str]:
    found = []
    with _known_digests() as known:
        for name, old in then.items():
            path = module_file(name)
            if path is None:
                found.append(f"module {name} is gone")
            elif _digest_once(path.read_text(encoding="utf-8"), known) != old:
                found.append(f"module {name}")
    return found


def _digest_once(text: str, known: dict[str, str]) -> str:
    """Digest of some code; parsed only if these very bytes never were, under this Python."""
    key = hashlib.sha256(f"{sys.version_info[:2]} {text}".encode()).hexdigest()
    if key not in known:
        known[key] = code_digest(text)
    return known[key]


@contextmanager
def _known_digests() -> Iterator[dict[str, str]]:
    """Digests of code that was parsed before, kept beside what is built; asking again costs no parsing."""
    place = project.root() / "_build" / "code-digests.json"
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict) or len(known) > _MOST_KNOWN:  # most of them of code that is gone
        known = {}
    n_known = len(known)
    yield known
    if len(known) != n_known:
        with suppress(OSError):  # where nothing may be written, the next one parses again
            files.write(place, json.dumps(known))


def _version_changes(then: Fingerprint) -> list[str]:
    lock = locked_versions()
    return [
        f"{name} {version} was used, the lock says {lock[name]}"
        for name, version in then.versions.items()
        if name in lock and lock[name] != version
    ]


def _data_changes(then: Fingerprint) -> list[str]:
    from soundreasons import data

    declared = {name: data.entry(name).digest for name in then.data if name in data.names()}
    gone = [f"data {name} is no longer registered" for name in then.data if name not in declared]
    return gone + [f"data {name}" for name, now in declared.items() if now != then.data[name]]


def newly_available(results: Results) -> list[str]:
    """Data sets that a run had to do without and that could be opened now."""
    from soundreasons import data

    known = set(data.names())
    return [name for name in results.absent() if name in known and data.available(name)]
