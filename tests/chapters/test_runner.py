"""The runner, on a demonstration that takes seconds: what it keeps, what it refuses, what it survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest

from soundreasons import ledger as ledgers
from soundreasons import pairing, project, results, runner

pytestmark = pytest.mark.chapter


def quiet(line: str) -> None:
    """Take a line of progress and drop it."""


def test_a_run_leaves_notebook_results_figures_and_sounds(demo):
    told: list[str] = []
    folder = runner.run("demo", report=told.append)
    found = results.read(folder / "results.json")
    assert folder == demo / "_build" / "runs" / "laptop" / "demo"
    assert (folder / "figures" / "noise.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "sounds" / "tone.mp3").stat().st_size > 100
    assert found.measures["count.seeds"].values == [3.0]
    assert found.verdicts["C1"].outcome == "supported"
    assert found.machine.threads == 1
    assert found.cost.cpu_seconds > 0
    assert found.cost.peak_memory_bytes > 2**20
    assert [line.split("  ")[-1] for line in told] == ["A demonstration", "First half", "Second half"]


def test_no_path_of_this_machine_stays_in_the_notebook_or_the_results(demo):
    folder = runner.run("demo", "smoke", report=quiet)
    for name in ("notebook.ipynb", "results.json"):
        text = (folder / name).read_text()
        assert str(demo) not in text
        assert str(Path.home()) not in text
    notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert [cell.source for cell in injected] == ['# Parameters\nprofile = "smoke"\nn_seeds = 2']


def test_the_same_seed_gives_identical_measures_and_another_seed_others(demo):
    first = results.read(runner.run("demo", report=quiet) / "results.json")
    again = results.read(runner.run("demo", report=quiet) / "results.json")
    other = results.read(runner.run("demo", changes={"seed": 7}, report=quiet) / "results.json")
    assert first.measures == again.measures
    assert other.measures["level.noise"] != first.measures["level.noise"]
    assert other.key == "seed=7"
    assert (demo / "_build" / "runs" / "laptop" / "demo--seed=7").is_dir()


def test_a_failed_run_keeps_its_notebook_and_the_last_good_results(demo):
    folder = runner.run("demo", report=quiet)
    good = (folder / "results.json").read_bytes()
    source = project.notebook("demo")
    for path in (source, source.with_suffix(".md")):
        path.write_text(path.read_text().replace("time.sleep(pause)", "1 / 0"))
    with pytest.raises(runner.RunError, match="ZeroDivisionError: division by zero") as failure:
        runner.run("demo", report=quiet)
    kept = Path(str(failure.value).rpartition("notebook: ")[2])
    assert "ZeroDivisionError" in kept.read_text()
    assert (folder / "results.json").read_bytes() == good


def test_a_notebook_that_never_closes_its_run_is_refused(demo):
    source = project.notebook("demo")
    for path in (source, source.with_suffix(".md")):
        path.write_text(path.read_text().replace("run.verdicts()", "pass"))
    with pytest.raises(runner.RunError, match=r"must call run\.verdicts\(\)"):
        runner.run("demo", report=quiet)


def test_a_notebook_that_is_not_its_sources_pair_is_refused(demo):
    source = project.notebook("demo").with_suffix(".md")
    source.write_text(source.read_text().replace("normal(10", "normal(11"))
    with pytest.raises(pairing.PairError, match="make pair"):
        runner.run("demo", report=quiet)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"slug": "dmo"}, "did you mean 'demo'"),
        ({"slug": "demo", "profile": "labtop"}, "did you mean 'laptop'"),
        ({"slug": "demo", "profile": "paper"}, "has no paper profile"),
        ({"slug": "demo", "changes": {"sed": 1}}, "did you mean 'seed'"),
        ({"slug": "demo", "changes": {"profile": "smoke"}}, "profile='smoke' was set"),
        ({"slug": "demo", "threads": 0}, "threads is 0"),
    ],
)
def test_a_refused_run_leaves_nothing(demo, arguments, told):
    with pytest.raises(ValueError, match=told):
        runner.run(**arguments, report=quiet)
    assert not list(demo.glob("_build/runs/*/demo*"))


def test_plain_papermill_stops_at_an_unknown_parameter_in_the_first_cell(demo, tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="no parameter is called 'sead'"):
        papermill.execute_notebook(
            project.notebook("demo"), tmp_path / "out.ipynb", {"sead": 1}, progress_bar=False
        )


def test_plain_papermill_writes_the_same_results_where_the_runner_does(demo, tmp_path):
    expected = results.read(runner.run("demo", "smoke", report=quiet) / "results.json")
    folder = project.run_folder("demo", "smoke")
    (folder / "results.json").unlink()
    papermill.execute_notebook(
        project.notebook("demo"),
        tmp_path / "out.ipynb",
        {"profile": "smoke", "n_seeds": 2},
        progress_bar=False,
    )
    found = results.read(folder / "results.json")
    assert found.measures == expected.measures
    assert found.key == ""
    assert not list(folder.parent.glob(".*.partial"))


def wait_for(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def test_a_killed_run_is_repeated_and_loses_nothing(demo):
    good = results.read(runner.run("demo", changes={"pause": 1.5}, report=quiet) / "results.json")
    folder = project.run_folder("demo", "laptop", "pause=1.5")
    command = [sys.executable, "-m", "soundreasons.cli", "run", "demo", "--set", "pause=1.5"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "Second half" in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert results.read(folder / "results.json") == good, "the last good run stays"
    again = results.read(runner.run("demo", changes={"pause": 1.5}, report=quiet) / "results.json")
    assert again.measures == good.measures
    assert again.started > good.started
    wait_for(lambda: not list(folder.parent.glob(".demo*.partial")), 10)


def test_two_runs_of_one_chapter_wait_for_each_other(demo):
    command = [sys.executable, "-m", "soundreasons.cli", "run", "demo", "--set", "pause=1"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("waiting for it" in text for text in told) == 1


def test_the_ledger_is_read_before_anything_is_written(demo):
    project.ledger("demo").write_text("paper: demo\n")
    with pytest.raises(runner.RunError, match="LedgerError"):
        runner.run("demo", report=quiet)
    assert not project.run_folder("demo", "laptop").exists()
    with pytest.raises(ledgers.LedgerError, match="title"):
        ledgers.load(project.ledger("demo"))


def test_runs_that_start_side_by_side_do_not_meet(demo):
    """Kernels that share a folder once picked the same sockets and refused each other's messages."""
    line = [sys.executable, "-m", "soundreasons.cli", "run", "demo", "--set"]
    started = [
        subprocess.Popen([*line, f"seed={seed}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for seed in (1, 2, 3)
    ]
    told = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], "\n".join(told)
    assert not list(demo.glob("kernel*")), "a socket was left in the book's folder"
