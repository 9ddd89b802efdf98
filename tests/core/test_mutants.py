"""The tool that changes code to see whether tests notice, on a module small enough to count by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
METHOD = '''"""A module of 3 lines that count and 1 + 1 that speak."""

LARGEST: int | None = 7


def clipped(value: int | None, /, *, least: int = 0) -> int | None:
    """Refuse what is below `least`, cut what is above 7.

    >>> clipped(9)
    7
    """
    if value < least:
        raise ValueError(f"value is {value - 1 + 1}, allowed are numbers from 0")
    return min(value, LARGEST)
'''
TEST = """
import pytest
from tiny.method import clipped

def test_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="allowed"):
        clipped(-1)
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants_tool", ROOT / "benchmarks" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "__init__.py").touch()
    (tmp_path / "tiny" / "method.py").write_text(METHOD)
    (tmp_path / "test_tiny.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  chapter\n  long\n  site\n  network\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def fate(tool: ModuleType, paper: Path, before: str, after: str, **settings: object) -> tuple[str, str]:
    text = METHOD.replace(before, after)
    assert text != METHOD
    paths, file = ["tiny/method.py", "test_tiny.py"], str(paper / "tiny" / "method.py")
    what, noticed_by, _ = tool.run_tests(
        paper, paths, settings.pop("longest", 60), file=file, text=text, **settings
    )
    return what, noticed_by


def test_signatures_texts_and_annotations_are_never_changed(tool):
    # By hand: the 7, the 0 that is a default and the comparison may change; no | / * - + and no other number.
    lines = {(line, operator.split("_")[0]) for line, operator, _ in tool.places(METHOD)}
    assert lines == {
        (3, "NumberReplacer"),
        (6, "NumberReplacer"),
        (12, "AddNot"),
        (12, "ReplaceComparisonOperator"),
    }


def test_a_draw_can_be_repeated_and_takes_every_line_once_before_any_twice(tool):
    first = tool.drawn({"method.py": METHOD}, 3, seed=1)
    assert first == tool.drawn({"method.py": METHOD}, 3, seed=1)
    assert [mutant.line for mutant in first] == [3, 6, 12]
    # By hand: two numbers up and down, one "not", five other comparisons.
    everything = tool.drawn({"method.py": METHOD}, 60, seed=1)
    assert len({(mutant.operator, mutant.occurrence) for mutant in everything}) == len(everything) == 10


def test_a_change_is_told_with_its_line_before_and_after(tool):
    shown = {mutant.operator: mutant for mutant in tool.drawn({"method.py": METHOD}, 60)}
    mutant = shown["ReplaceComparisonOperator_Lt_LtE"]
    assert (mutant.line, mutant.before, mutant.after) == (12, "if value < least:", "if value <= least:")
    assert "value <= least" in tool.changed(METHOD, mutant.operator, mutant.occurrence)


def test_the_code_as_it_is_passes_and_each_test_is_timed(tool, paper):
    what, _, seconds = tool.run_tests(paper, ["tiny/method.py", "test_tiny.py"], 60)
    assert what == "survived"
    assert sorted(seconds) == [
        "test_tiny.py::test_less_than_nothing_is_refused",
        "tiny/method.py::tiny.method.clipped",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("value < least", "value > least", ("killed", "tiny/method.py::tiny.method.clipped")),
        ("value < least", "value == least", ("killed", "test_tiny.py::test_less_than_nothing_is_refused")),
        ("value < least", "value <= least", ("survived", "")),  # no test speaks of 0
        ("= 7", "= 7 / 0", ("killed", "its import")),
    ],
)
def test_a_change_is_killed_by_who_notices_or_survives(tool, paper, before, after, expected):
    assert fate(tool, paper, before, after) == expected


def test_a_change_that_never_ends_is_stopped(tool, paper):
    assert fate(tool, paper, "return min", "while True: pass\n    return min", longest=6) == ("timed out", "")


def test_only_chosen_tests_run(tool, paper):
    chosen = ["tiny/method.py::tiny.method.clipped"]
    assert fate(tool, paper, "value < least", "value == least", chosen=chosen) == ("survived", "")


def test_the_report_counts_and_explains(tool, tmp_path, monkeypatch):
    kept, explained = tmp_path / "kept", tmp_path / "mutants.yml"
    kept.mkdir()
    tried = [
        {"mutant": ["method.py", n, "AddNot", n, "if a:", f"if not {n}:"], "fate": fate, "noticed by": ""}
        for n, fate in enumerate(["killed", "killed", "timed out", "survived", "survived"])
    ]
    last = {"chosen": ["one"], "left out": {"tests/test_slow.py": 2}, "tried": dict(enumerate(tried))}
    (kept / "tiny.json").write_text(tool.json.dumps(last))
    explained.write_text(
        "- {file: method.py, before: 'if a:', after: 'if not 3:', why: the same for every a}\n"
    )
    monkeypatch.setattr(tool, "KEPT", kept)
    monkeypatch.setattr(tool, "EXPLAINED", explained)
    text, is_met = tool.report(["tiny", "absent"])
    assert "| tiny | 5 | 2 | 1 | 2 | 1 | 60% |" in text
    assert "| absent | not tried |" in text
    assert "line 3 (AddNot): the same for every a" in text
    assert "line 4 (AddNot): **not explained**" in text
    assert "2 of test_slow.py" in text
    assert not is_met  # 60 % is below the bar
