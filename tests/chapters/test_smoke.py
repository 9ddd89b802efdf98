"""Every chapter, run by the real build in the smoke profile: what must hold of any of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from soundreasons import claims, project, results
from soundreasons import ledger as ledgers
from support.books import build, build_environment, start_build

pytestmark = pytest.mark.chapter
SLUGS = project.slugs()
# Two chapters are run twice for determinism; the quickest to fail come first.
TWICE = SLUGS[:2]


def found(book: Path, slug: str) -> results.Results:
    return results.read(book / "_build" / "runs" / "smoke" / slug / "results.json")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_smoke_run_measures_shows_and_judges_nothing(smoke_book, slug):
    run = found(smoke_book, slug)
    assert run.measures
    assert run.figures
    assert {judgement.outcome for judgement in run.verdicts.values()} == {"not tested"}
    assert run.fingerprint.modules
    assert all(entry.kind for entry in run.data.values())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_chapter_prints_no_warning_and_no_machine_path(smoke_book, slug):
    folder = smoke_book / "_build" / "runs" / "smoke" / slug
    notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [
        output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"
    ]
    text = (folder / "notebook.ipynb").read_text() + (folder / "results.json").read_text()
    for place in (str(smoke_book), str(Path.home()), os.environ.get("SOUNDREASONS_MIRROR", str(smoke_book))):
        # A folder ends where its name does: forum posts have words such as "alternative/roots".
        assert not re.search(re.escape(place) + r"(?![\w-])", text)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_check_of_the_ledger_finds_its_measure(smoke_book, slug):
    reference = project.reference(slug, "laptop")
    assert reference.is_file(), "no committed laptop results"
    ledger, run = ledgers.load(project.ledger(slug)), results.read(reference)
    judged = claims.judge_all(ledger, run.measures, profile="laptop", absent=run.absent())
    parts = [part.shown for judgement in judged.values() for part in judgement.parts]
    assert not [shown for shown in parts if shown.startswith("not measured")]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_pair_agrees_and_holds_no_outputs(slug):
    from soundreasons import pairing

    pairing.require_pair(slug)
    notebook = nbformat.read(project.notebook(slug), as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_chapter_has_the_skeleton_and_three_exercises(slug):
    source = project.notebook(slug).with_suffix(".md").read_text()
    assert f"../generated/verdicts-{slug}.md" in source
    assert f"../generated/cost-{slug}.md" in source
    assert source.count(":label: ex-") >= 3
    for heading in (
        "in one page",
        "## Method",
        "## Data",
        "## Parameters",
        "## Experiments",
        "## Exercises",
        "## References",
    ):
        assert heading in source, heading


def half_way(process: subprocess.Popen[str], slug: str) -> None:
    """Read the build's progress until the chapter is past a third of its cells."""
    assert process.stdout is not None
    for line in process.stdout:
        words = line.split()
        if len(words) > 1 and words[0] == slug and "/" in words[1]:
            number, total = map(int, words[1].split("/"))
            if number > total / 3:
                return
    pytest.fail("the chapter ended before it could be killed")


@pytest.mark.long
@pytest.mark.parametrize("slug", TWICE)
def test_a_killed_build_started_again_measures_what_an_undisturbed_one_does(smoke_book, slug, tmp_path):
    book = tmp_path / "book"
    shutil.copytree(smoke_book, book, ignore=shutil.ignore_patterns("_build", ".snakemake"))
    target = f"_build/stamps/smoke/{slug}.ran"
    process = start_build(book, target, "smoke")
    half_way(process, slug)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (book / "_build" / "runs" / "smoke" / slug).exists(), "nothing half-done takes a run's place"
    build(book, target, "smoke")
    assert found(book, slug).measures == found(smoke_book, slug).measures


def test_a_second_build_runs_nothing(smoke_book):
    before = {slug: found(smoke_book, slug).started for slug in SLUGS}
    start = time.monotonic()
    output = build(smoke_book, "site", "smoke")
    assert {slug: found(smoke_book, slug).started for slug in SLUGS} == before
    assert "site:" not in output
    assert time.monotonic() - start < 120, "a build that runs nothing took minutes: something was rebuilt"


@pytest.mark.parametrize("slug", TWICE)
def test_a_chapter_runs_from_an_exported_mirror_alone(smoke_book, slug, tmp_path):
    """Export what this machine has of what a package index gives, then run with that folder and no cache."""
    from soundreasons import data

    names = [
        row["name"] for row in data.listing()
        if row["here"] and slug in data.entry(row["name"]).used_by
        and any(source.startswith(("pypi", "package")) for source in row["sources"])
    ]  # fmt: skip
    assert names, "not checkable here: a package index gave nothing"
    data.export(tmp_path / "mirror", names)
    environment = build_environment(smoke_book) | {
        "SOUNDREASONS_MIRROR": str(tmp_path / "mirror"),
        "SOUNDREASONS_DATA": str(tmp_path / "cache"),
        "SOUNDREASONS_RUNS": str(tmp_path / "runs"),
    }
    command = [sys.executable, "-m", "soundreasons.cli", "run", slug, "--profile", "smoke"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    run = results.read(tmp_path / "runs" / "smoke" / slug / "results.json")
    assert {entry.source for entry in run.data.values()} <= {"mirror", "package", "built", "generated", ""}
    assert run.measures
