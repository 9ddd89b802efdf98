"""The command line: one line for a mistake, never a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from soundreasons import cli, results
from soundreasons.measures import measure
from support.records import record


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "soundreasons.cli", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "dmo"], "did you mean 'demo'"),
        (["run", "demo", "--profile", "labtop"], "did you mean 'laptop'"),
        (["run", "demo", "--set", "seed"], "expected name=value"),
        (["run", "demo", "--set", "seed=x"], "seed is 'x' (str), expected int"),
        (["compare", "one.json", "two.json"], "one.json does not exist"),
        (["data", "where", "hetrec"], "hetrec_lastfm"),
        (["try", "demo", "x"], "has nothing to try"),
        (["check"], "stale or missing results"),
        (["check", "--profile", "labtop"], "did you mean 'laptop'"),
        (["run", "demo", "--set", "seed=["], "'[' is no value"),
        (["run", "demo", "--set", "seed=2001-99-99"], "seed is '2001-99-99' (str), expected int"),
        (["run", "demo", "--set", "seed=017"], "seed is '017' (str), expected int"),
        (["run", "demo", "--set", f"share={'9' * 400}"], "share is an int of 1329 bits, expected float"),
        (["run", "demo", "--set", f"kinds={'[' * 3000}{']' * 3000}"], "no value is called"),
        (["run", "demo", "--set", "out=there"], "set SOUNDREASONS_RUNS to a folder"),
        (["run", "demo", "--set", "_seed=3"], "no parameter is called '_seed'; did you mean 'seed'"),
        (["run", "demo", "--set", "=3"], "expected name=value"),
        (["try", "demo", "sad \udc80 piano"], "bytes that are no UTF-8"),
    ],
)
def test_a_mistake_is_one_line_and_exit_1(demo, arguments, told):
    done = command(*arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_the_parameters_of_a_chapter_are_listed_with_what_is_allowed(demo):
    done = command("run", "demo", "--parameters")
    assert done.returncode == 0
    assert "list[str]" in done.stdout
    assert "smoke|laptop|paper" in done.stdout


@pytest.mark.parametrize(("level", "code"), [(1.05, 0), (9.0, 1)])
def test_compare_exits_1_when_two_runs_disagree(demo, tmp_path, level, code):
    for name, values in (("a", [1.0, 1.1, 1.2]), ("b", [level, level + 0.1, level + 0.2])):
        results.write(record(m=measure(values)), tmp_path / f"{name}.json")
    done = command("compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert done.returncode == code
    assert "intervals" in done.stdout


def test_runs_that_share_no_measure_are_no_agreement(demo, tmp_path):
    results.write(record(m=measure([1.0, 1.1])), tmp_path / "a.json")
    results.write(record(k=measure([1.0, 1.1])), tmp_path / "b.json")
    done = command("compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert done.returncode == 1
    assert "share no measure" in done.stderr


def test_compare_says_what_stands_in_one_run_and_which_settings_differ(demo, tmp_path):
    results.write(record(m=measure([1.0, 1.1]), k=measure(2.0)), tmp_path / "a.json")
    other = record(m=measure([1.0, 1.1])).model_copy(update={"parameters": {"seed": 3, "rank": 64}})
    results.write(other, tmp_path / "b.json")
    done = command("compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert done.returncode == 0
    assert "1 measures compared, none disagrees; 1 stand in one run only: k" in done.stdout
    assert "not the same experiment: rank is None in the first and 64 in the second" in done.stdout


def test_a_folder_that_cannot_be_written_is_one_line(demo, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SOUNDREASONS_RUNS", str(tmp_path / "file" / "runs"))
    done = command("run", "demo")
    assert done.returncode == 1
    assert "SOUNDREASONS_RUNS" in done.stderr
    assert "Traceback" not in done.stderr


def test_force_fetches_again(monkeypatch):
    asked = {}
    monkeypatch.setattr("soundreasons.data.fetch", lambda names, **options: asked.update(options) or [])
    assert CliRunner().invoke(cli.app, ["data", "fetch", "--force", "gm_programs"]).exit_code == 0
    assert asked["force"] is True


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        (lambda subject, out: f"{subject}: 1", ["x: 1"]),
        (lambda subject, out, report: report("at work") or f"{subject}: 1", ["at work", "x: 1"]),
    ],
)
def test_a_trial_that_takes_long_may_say_what_it_does(demo, monkeypatch, run, lines):
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: SimpleNamespace(run=run))
    done = CliRunner().invoke(cli.app, ["try", "demo", "x"])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == lines


def test_help_names_every_verb():
    shown = CliRunner().invoke(cli.app, ["--help"]).stdout
    assert all(verb in shown for verb in ("run", "check", "compare", "try", "data", "site", "publish"))


def refusal(code: int, path: object = None) -> OSError:
    return OSError(code, os.strerror(code), None if path is None else str(path))


@pytest.fixture
def not_root(monkeypatch):
    """What a user may who owns nothing below /etc: read and enter, not write."""
    monkeypatch.setattr(cli.os, "access", lambda path, mode: mode != os.W_OK)


@pytest.mark.parametrize(
    ("error", "helped"),
    [
        (lambda folder: refusal(errno.ENOSPC), True),
        (lambda folder: refusal(errno.EROFS, folder / "runs"), True),
        (lambda folder: refusal(errno.EACCES, folder / "runs" / "x"), True),
        (lambda folder: refusal(errno.EACCES, folder / "there"), True),  # it can be read
        (lambda folder: refusal(errno.ENOTDIR, folder / "there" / "runs"), True),
        (lambda folder: refusal(errno.EPERM), False),  # a picture cut short, say
        (lambda folder: refusal(errno.EIO, folder / "there"), False),
        (lambda folder: refusal(errno.ENOENT, folder / "gone"), False),
        (lambda folder: OSError("image file is truncated"), False),
    ],
)
def test_where_to_write_instead_is_said_of_writing_alone(tmp_path, not_root, error, helped):
    (tmp_path / "there").write_text("")
    told = cli._trouble(error(tmp_path))
    assert (cli.ELSEWHERE in told) == helped
    assert str(error(tmp_path)) in told


def test_a_file_that_may_not_be_read_gets_no_advice_on_where_to_write(tmp_path, monkeypatch):
    (tmp_path / "there").write_text("")
    monkeypatch.setattr(cli.os, "access", lambda path, mode: False)
    assert cli.ELSEWHERE not in cli._trouble(refusal(errno.EACCES, tmp_path / "there"))


def test_a_full_disk_is_called_one():
    assert "the disk is full; free some of it" in cli._trouble(refusal(errno.ENOSPC))


def test_an_answer_with_letters_that_the_terminal_lacks_is_not_lost():
    code = (
        "import sys, types; from soundreasons import cli; "
        "answer = types.SimpleNamespace(run=lambda asked, out: 'Bj\xf6rk \u2013 ' + asked); "
        "sys.modules['soundreasons.papers.spiky_svd.trial'] = answer; "
        "sys.argv = ['soundreasons', 'try', 'spiky_svd', 'x']; cli.main()"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Bj\\xf6rk \\u2013 x\n"), done.stderr
