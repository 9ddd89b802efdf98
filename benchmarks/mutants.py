"""Would the tests notice? Small changes of every paper's `method`, one at a time: `make mutants`.

cosmic-ray changes an operator, a comparison, a number, a truth value, a loop or what is caught; the paper's
tests then run on the changed code. A change that they notice is killed; one that they let pass survives, and
is explained in `mutants.yml`. The command fails below the bar, with a survivor that is not explained, and
before all are tried. Sixty changes a paper are drawn with a seed, first over lines, then among the changes of
the line, so that a long formula does not outweigh the rest.

    python benchmarks/mutants.py                    every paper, two at a time
    python benchmarks/mutants.py spiky_svd          one paper
    python benchmarks/mutants.py --report           the report, from what was tried last

One process a paper holds the heavy libraries and forks a child for each change. What was tried is kept in
`_build/mutants` and tried again only when it may end otherwise: a killed change when the paper's code or the
file of the test that noticed it has changed, any other when any test of the paper has.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import importlib.machinery
import json
import math
import os
import pkgutil
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ROOT / "lib" / "soundreasons" / "papers"
KEPT = ROOT / "_build" / "mutants"
REPORT, EXPLAINED = ROOT / "benchmarks" / "results" / "mutants.md", ROOT / "benchmarks" / "mutants.yml"
DRAWN, SEED, BAR = 60, 0, 0.85
BUDGET = 20.0  # seconds of the processor that a paper's tests may take together on the code as it is
LONGEST = 5.0  # times what they take, and at least 30 seconds: then a change counts as killed
WAITING = 4.0  # times that by the clock, for what waits without working
# Left out are changes that can only crash (arithmetic into shifts, order into identity) or change no value.
OPERATORS = re.compile(
    r"core/(ReplaceBinaryOperator_(Add|Sub|Mul|Div|Pow|FloorDiv|Mod)_(Add|Sub|Mul|Div|Pow|FloorDiv|Mod)"
    r"|ReplaceBinaryOperator_Bit(Or|And|Xor)_Bit(Or|And|Xor)"
    r"|ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Eq|NotEq|Lt|LtE|Gt|GtE)"
    r"|ReplaceComparisonOperator_(Is_IsNot|IsNot_Is)|ReplaceUnaryOperator_(USub_UAdd|Delete_(USub|Not|Invert))"
    r"|AddNot|NumberReplacer|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd"
    r"|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ExceptionReplacer|ZeroIterationForLoop)"
)
BETWEEN_TWO = {"arith_expr", "term", "power", "expr", "xor_expr", "and_expr"}  # not the * of a signature
QUIET = "not chapter and not long and not site and not network"


class Mutant(NamedTuple):
    """One change: where, by which operator, and the line before and after."""

    file: str
    line: int
    operator: str
    occurrence: int
    before: str
    after: str


# --- the changes ------------------------------------------------------------------------------------------


def places(source: str) -> Iterator[tuple[int, str, int]]:
    """Give line, operator and occurrence of every change of a module that could pass unnoticed."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    tree = get_ast(source)
    nodes = list(ast_nodes(tree))
    speech = list(filter(None, map(_only_speaks, nodes)))
    for name in sorted(filter(OPERATORS.fullmatch, plugins.operator_names())):
        operator = plugins.get_operator(name)()
        found = [at for node in nodes for at, _ in operator.mutation_positions(node)]
        for occurrence, at in enumerate(found):
            if "BinaryOperator" in name and tree.get_leaf_for_position(at).parent.type not in BETWEEN_TWO:
                continue
            if not any(part.start_pos <= at < part.end_pos for part in speech):
                yield at[0], name.removeprefix("core/"), occurrence


def _only_speaks(node: Any) -> Any:
    """Give the part of a syntax node that only speaks: annotation, decorator, raised error; or None."""
    if node.type in {"param", "funcdef"}:
        return node.annotation
    if node.type == "annassign":
        return node.children[1]
    return node if node.type in {"decorator", "raise_stmt", "import_from"} else None


def changed(source: str, operator: str, occurrence: int) -> str:
    """Give the module with that one change."""
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    text: str = mutate_code(source, plugins.get_operator(f"core/{operator}")(), occurrence)
    return text


def drawn(sources: dict[str, str], n: int = DRAWN, seed: int = SEED) -> list[Mutant]:
    """Draw one change each of as many lines as there are, or `n`; then further ones of the same lines."""
    chance = random.Random(seed)
    by_line: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for file, source in sorted(sources.items()):
        for line, operator, occurrence in places(source):
            by_line.setdefault((file, line), []).append((operator, occurrence))
    found: list[Mutant] = []
    while by_line and len(found) < n:
        for file, line in chance.sample(sorted(by_line), len(by_line)):
            operator, occurrence = by_line[file, line].pop(chance.randrange(len(by_line[file, line])))
            if not by_line[file, line]:
                del by_line[file, line]
            mutant = _mutant(sources[file], file, line, operator, occurrence)
            if mutant and len(found) < n:
                found.append(mutant)
    return sorted(found)


def _mutant(source: str, file: str, line: int, operator: str, occurrence: int) -> Mutant | None:
    """Describe a change; None if the result is no Python, or says the same."""
    text = changed(source, operator, occurrence)
    try:
        if ast.dump(ast.parse(text)) == ast.dump(ast.parse(source)):
            return None
    except SyntaxError:
        return None
    pairs = zip(source.splitlines(), text.splitlines(), strict=False)
    before, after = next((a, b) for a, b in pairs if a != b)
    return Mutant(file, line, operator, occurrence, before.strip(), after.strip())


# --- the tests --------------------------------------------------------------------------------------------


class Ear:
    """A pytest plugin that runs chosen tests only, one file first, and writes down what happened."""

    def __init__(self, record: Path, chosen: list[str] | None, first: str, enough: float) -> None:
        self.record, self.chosen, self.first, self.enough = record, chosen, first, enough
        self.seconds: Counter[str] = Counter()
        self.noticed_by = ""

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings

        # A change is noticed by the first example that fails: no time is spent on a smaller one.
        settings.register_profile("mutants", settings(settings(), phases=(Phase.explicit, Phase.generate)))
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.chosen is not None:
            items[:] = [item for item in items if item.nodeid in self.chosen]
        items.sort(key=lambda item: str(item.path) != self.first)

    def pytest_runtest_logstart(self) -> None:
        self.start = _processor_seconds()

    def pytest_runtest_setup(self) -> None:
        if self.seconds.total() > self.enough:
            pytest.skip("enough has been measured")

    def pytest_runtest_logreport(self, report: Any) -> None:
        # Of the processor, its children's too: the same choice of tests and the same end on a busy machine.
        if not report.skipped:
            self.seconds[report.nodeid] = _processor_seconds() - self.start
        self.noticed_by = self.noticed_by or (report.nodeid if report.failed else "")

    def pytest_sessionfinish(self) -> None:
        self.record.write_text(json.dumps([self.noticed_by, self.seconds]))


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def run_tests(
    root: Path,
    paths: list[str],
    longest: float,
    *,
    chosen: list[str] | None = None,
    file: str = "",
    text: str = "",
    enough: float = math.inf,
) -> tuple[str, str, dict[str, float]]:
    """Run tests in a child of this process, with another text in place of a file; the rest are skipped
    when `enough` seconds have passed.

    Give what became of it (survived, killed, timed out), the test that noticed, and each test's seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.json"
        ear = Ear(record, chosen, file, enough)
        code = _forked(lambda: _in_child(root, paths, ear, file, text), longest)
        noticed_by, seconds = json.loads(record.read_text()) if record.is_file() else ("", {})
    fate = "timed out" if code is None else "survived" if code == 0 else "killed"
    return fate, noticed_by or ("its import" if fate == "killed" else ""), seconds


def _in_child(root: Path, paths: list[str], ear: Ear, file: str, text: str) -> int:
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> Any:
        return compile(text, file, "exec") if loader.path == file else original(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    os.chdir(root)
    # Plain, since pytest would read from disk, to rewrite their asserts, the files that it is given by name.
    options = ["-x", "-q", "--doctest-modules", "--import-mode=importlib", "--assert=plain"]
    return int(
        pytest.main(
            [*options, "-m", QUIET, "-p", "no:cacheprovider", f"--rootdir={root}", *paths], plugins=[ear]
        )
    )


def _forked(run: Callable[[], int], longest: float) -> int | None:
    """Run something in a silent child of this process; give its exit code, None if it took too long."""
    child = os.fork()
    if not child:
        code = 99
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (int(longest), int(longest) + 1))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            code = run()
        finally:
            os._exit(code)
    end = time.monotonic() + WAITING * longest
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return None if code in {-signal.SIGXCPU, -signal.SIGKILL} else code
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def chosen_tests(slug: str) -> dict[str, Any]:
    """Choose the quickest tests of a paper that fit the budget together, all passing on the code as it is.

    Files that name the method most often are measured first; what is not reached in three budgets is left
    out. Measured again, since what a dropped test had made ready another must now make, whole files go.
    """
    tests = sorted(
        _tests(slug, "test_*.py"), key=lambda path: -len(re.findall(r"method\.", path.read_text()))
    )
    paths = [*_sources(slug), *(str(path.relative_to(ROOT)) for path in tests)]
    quickest = _quickest(_measured(slug, paths, None, 3 * BUDGET))
    seconds = _measured(slug, paths, sorted(quickest), 2 * BUDGET)
    by_file: Counter[str] = Counter()
    for name, each in seconds.items():
        by_file[name.split("::")[0]] += each  # type: ignore[assignment]
    files = _quickest(by_file)
    return {
        "chosen": sorted(name for name in seconds if name.split("::")[0] in files),
        "paths": list(files),
        "seconds": sum(files.values()),
        "left out": sorted(path.name for path in tests if str(path.relative_to(ROOT)) not in files),
    }


def _measured(slug: str, paths: list[str], chosen: list[str] | None, enough: float) -> dict[str, float]:
    fate, noticed_by, seconds = run_tests(ROOT, paths, 600, chosen=chosen, enough=enough)
    if fate != "survived":
        raise SystemExit(f"{slug}: {noticed_by or 'tests'} {fate} on the code as it is; mend that first")
    return seconds


def _quickest(seconds: dict[str, float]) -> dict[str, float]:
    """Keep what fits into the budget together, the quickest first."""
    kept: dict[str, float] = {}
    for name in sorted(seconds, key=lambda each: (seconds[each], each)):
        if sum(kept.values()) + seconds[name] <= BUDGET:
            kept[name] = seconds[name]
    return kept


# --- one paper --------------------------------------------------------------------------------------------


def try_paper(slug: str) -> None:
    """Try every drawn change of one paper; write what became of each."""
    _load_what_is_not_the_papers(slug)
    sources, path = _sources(slug), KEPT / f"{slug}.json"
    code, tests = _seal(*sorted((PAPERS / slug).rglob("*.py"))), _seal(*_tests(slug))
    last: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"tried": {}}
    if (last.get("code"), last.get("tests")) != (code, tests):
        last |= {"code": code, "tests": tests, **chosen_tests(slug)}
    before, last["tried"] = last["tried"], {}
    mutants = drawn(sources)
    for number, mutant in enumerate(mutants, 1):
        name, start = f"{mutant.file}:{mutant.line} {mutant.operator} {mutant.occurrence}", time.monotonic()
        tried = before.get(name)
        if not tried or tried["seal"] != _seal_of(code, tests, tried["noticed by"]):
            text = changed(sources[mutant.file], mutant.operator, mutant.occurrence)
            longest = max(30.0, LONGEST * last["seconds"])
            fate, noticed_by, _ = run_tests(
                ROOT, last["paths"], longest, chosen=last["chosen"], file=str(ROOT / mutant.file), text=text
            )
            tried = {"mutant": mutant, "fate": fate, "noticed by": noticed_by}
            tried |= {"seal": _seal_of(code, tests, noticed_by), "seconds": time.monotonic() - start}
            print(f"{slug}  {number}/{len(mutants)}  {fate}  {mutant.file}:{mutant.line}", flush=True)
        last["tried"][name] = tried
        KEPT.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_text(json.dumps(last | {"tried": before | last["tried"]}, indent=1))
        path.with_suffix(".part").rename(path)
    path.write_text(json.dumps(last, indent=1))


def _load_what_is_not_the_papers(slug: str) -> None:
    """Load once what each child would load: what the paper stands on, but not the paper."""
    import hypothesis.extra.numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    package = importlib.import_module(f"soundreasons.papers.{slug}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    for name in [name for name in sys.modules if name.startswith("soundreasons.papers")]:
        del sys.modules[name]


def _sources(slug: str) -> dict[str, str]:
    paths = [path for path in (PAPERS / slug / "method").rglob("*.py") if path.name != "__init__.py"]
    single = PAPERS / slug / "method.py"
    paths += [single] if single.is_file() else []
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(paths)}


def _tests(slug: str, pattern: str = "*.py") -> list[Path]:
    return sorted((ROOT / "tests" / "papers" / slug).glob(pattern))


def _seal(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def _seal_of(code: str, tests: str, noticed_by: str) -> str:
    """What an outcome depends on: the paper's code and the file that noticed, else all its tests."""
    file = ROOT / noticed_by.split("::")[0]
    return f"{code} {_seal(file) if file.is_file() else tests}"


# --- the report -------------------------------------------------------------------------------------------


def report(slugs: list[str]) -> tuple[str, bool]:
    """Tell of each paper how many changes were noticed, and of each survivor why; whether the bar is met."""
    given = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or []
    why = {(each["file"], each["before"], each["after"]): each["why"].strip() for each in given}
    rows, parts, is_met = [], [], True
    for slug in slugs:
        path = KEPT / f"{slug}.json"
        last = json.loads(path.read_text()) if path.is_file() else {"tried": {}}
        fates = Counter(each["fate"] for each in last["tried"].values())
        share = 1 - fates["survived"] / max(1, fates.total())
        alive = [Mutant(*each["mutant"]) for each in last["tried"].values() if each["fate"] == "survived"]
        told = sum(mutant[0::4] + mutant[5:] in why for mutant in alive)
        is_met &= fates.total() >= DRAWN and share >= BAR and told == len(alive)
        rows.append(
            f"| {slug} | {fates.total()} | {fates['killed']} | {fates['timed out']} | {len(alive)} | {told} "
            f"| {share:.0%} |" if fates else f"| {slug} | not tried | | | | | |"
        )  # fmt: skip
        parts += _about(slug, last, alive, why) if fates else []
    head = [
        "# Would the tests notice?",
        "",
        f"Small changes of every paper's `method`, up to {DRAWN} a paper, drawn with seed {SEED} and made by "
        "cosmic-ray (`make mutants`). Not changed: annotations, decorators, imports, raised errors and their "
        "texts, and what could only crash, such as arithmetic turned into shifts. A change that made the "
        f"tests take {LONGEST:.0f} times as long counts as killed. The bar is {BAR:.0%}, equivalents counted "
        "as survivors. Tests were written for what survived this draw: how well they do on changes that "
        "nobody has looked at, another seed would tell.",
        "",
        "| paper | changes | killed | timed out | survived | explained below | noticed |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join([*head, "", *parts]).rstrip() + "\n", is_met


def _about(slug: str, last: dict[str, Any], alive: list[Mutant], why: dict[Any, str]) -> list[str]:
    lines = [f"## {slug}", "", f"{len(last['chosen'])} tests, those of `method`'s own examples among them."]
    if last["left out"]:
        lines[-1] += f" Not asked, being slow or about other rooms: {', '.join(last['left out'])}."
    for mutant in alive:
        told = why.get((mutant.file, mutant.before, mutant.after), "**not explained**")
        lines += ["", f"- `{Path(mutant.file).name}`, line {mutant.line} ({mutant.operator}): {told}", ""]
        lines += ["  ```diff", f"  - {mutant.before}", f"  + {mutant.after}", "  ```"]
    return [*lines, ""]


def main() -> None:
    """Try what is asked for, some papers at a time, and write the report; exit 1 below the bar."""
    every = sorted(path.parent.name for path in PAPERS.glob("*/claims.yml"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("papers", nargs="*", choices=[*every, []], help="all if left out")
    parser.add_argument("--workers", type=int, default=2, help="papers at a time")
    parser.add_argument("--report", action="store_true", help="only write the report")
    asked = parser.parse_args()
    waiting = [] if asked.report else asked.papers or every
    if len(waiting) == 1:
        try_paper(waiting.pop())
    running: list[subprocess.Popen[bytes]] = []
    while waiting or running:
        while waiting and len(running) < asked.workers:
            one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
            running.append(subprocess.Popen([sys.executable, __file__, waiting.pop(0)], env=one_thread))
        running = [process for process in running if process.poll() is None]
        time.sleep(0.5)
    text, is_met = report(every)
    REPORT.write_text(text, encoding="utf-8")
    print(f"wrote {REPORT.relative_to(ROOT)}")
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
