"""What changes, and what must then be made again: every floor, every artefact, every place of data.

The small book is built once; each case changes one thing, asks what is stale, and puts it back. That the
build then really makes it, and nothing else, is for `test_book`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

from soundreasons import freshness, runs, stale
from soundreasons.data import registry
from soundreasons.parameters import ParameterError
from support import small_book

pytestmark = pytest.mark.chapter
PACKAGE = "lib/soundreasons"
RUN = "_build/runs/smoke/demo"
NOTHING: set[str] = set()
SITE = {"site"}
CHAPTER = {"demo", "site"}
DATA = {"data", "site"}
Change = Callable[[Path], None]


@pytest.fixture
def book(built_book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built small book, as the one that this process works on, with its own library and registry."""
    monkeypatch.setenv("SOUNDREASONS_ROOT", str(built_book))
    monkeypatch.delenv("SOUNDREASONS_RUNS", raising=False)
    monkeypatch.setattr(freshness, "PACKAGE", built_book / PACKAGE)
    declared = built_book / PACKAGE / "data" / "registry.toml"
    monkeypatch.setattr(registry, "load", lambda: _parsed(declared.read_text()))
    assert stale.reasons("smoke") == {}
    return built_book


@lru_cache
def _parsed(text: str) -> dict[str, registry.Entry]:
    return registry.parse(text, origin="registry.toml")


@contextmanager
def put_back(place: Path) -> Iterator[None]:
    """Let a file or folder be changed or removed, and restore it."""
    aside = place.with_name(f"{place.name}.aside")
    there = place.exists()
    if there:
        (shutil.copytree if place.is_dir() else shutil.copy2)(place, aside)
    try:
        yield
    finally:
        for path in (place,):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if there:
            aside.rename(place)


def append(text: str) -> Change:
    return lambda path: path.write_text(path.read_text() + text) and None


def replace(old: str, new: str) -> Change:
    def change(path: Path) -> None:
        assert old in path.read_text(), f"{old!r} is not in {path}: this case tests nothing"
        path.write_text(path.read_text().replace(old, new, 1))

    return change


def hold(text: str) -> Change:
    def change(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def remove(path: Path) -> None:
    assert path.exists()
    shutil.rmtree(path) if path.is_dir() else path.unlink()


CODE = append("\nADDED = 1\n")
COMMENT = append("\n# a comment\n")
TABLE: list[tuple[str, str, Change, set[str]]] = [
    # The library, floor by floor.
    ("a module of learning that was reached", f"{PACKAGE}/learning/seeding.py", CODE, CHAPTER),
    ("another of them", f"{PACKAGE}/learning/device.py", CODE, CHAPTER),
    ("a comment in it", f"{PACKAGE}/learning/seeding.py", COMMENT, NOTHING),
    ("its docstring", f"{PACKAGE}/learning/seeding.py", replace('"""', '"""Now: '), NOTHING),
    ("a module of learning that was not reached", f"{PACKAGE}/learning/cache.py", CODE, NOTHING),
    ("a reached module that is gone", f"{PACKAGE}/learning/seeding.py", remove, CHAPTER),
    ("a module of media that was reached", f"{PACKAGE}/media/audio.py", CODE, CHAPTER),
    ("one that was not", f"{PACKAGE}/media/video.py", CODE, NOTHING),
    ("a reader of data that was not reached", f"{PACKAGE}/data/readers/taxonomies.py", CODE, NOTHING),
    ("another paper, whose source pages may show", f"{PACKAGE}/papers/spiky_svd/figures.py", CODE, SITE),
    ("what judges", f"{PACKAGE}/claims.py", CODE, SITE),
    ("names that a page lists", f"{PACKAGE}/data/commands.py", replace('"""', '"""Now: '), SITE),
    ("what a floor says it is for", f"{PACKAGE}/media/__init__.py", replace('"""', '"""Now: '), SITE),
    ("what makes pages", f"{PACKAGE}/site/pages.py", CODE, SITE),
    ("the command line", f"{PACKAGE}/cli.py", CODE, NOTHING),
    ("the runner", f"{PACKAGE}/runner.py", CODE, NOTHING),
    # The chapter.
    ("prose of the source", "notebooks/demo.md", replace("The level is", "Now the level is"), SITE),
    ("code of the source, not paired", "notebooks/demo.md", replace("normal(10", "normal(11"), SITE),
    ("code of the notebook", "notebooks/demo.ipynb", replace("normal(10", "normal(11"), CHAPTER),
    ("a default", "notebooks/demo.ipynb", replace("share: float = 0.5", "share: float = 0.4"), CHAPTER),
    ("the profile", "notebooks/profiles/smoke/demo.yml", hold("n_seeds: 3\n"), CHAPTER),
    ("the profile, lost", "notebooks/profiles/smoke/demo.yml", hold(""), CHAPTER),
    ("another profile", "notebooks/profiles/paper/demo.yml", hold("n_seeds: 9\n"), SITE),
    ("the ledger", f"{PACKAGE}/papers/demo/claims.yml", replace("A bar well", "A bar far"), SITE),
    # The lock.
    ("a library that it computes with", "requirements.txt", replace("numpy==2", "numpy==1"), CHAPTER),
    ("one that it does not", "requirements.txt", replace("captum==0", "captum==9"), SITE),
    # Pages.
    ("a page", "book/index.md", append("\nMore.\n"), SITE),
    ("a new page", "book/other.md", hold("# Other\n"), SITE),
    ("a new page of names", "book/api/other.md", hold("# Other\n"), SITE),
    ("a page, removed", "book/scoreboard.md", remove, SITE),
    ("the table of contents", "_toc.yml", append("# one more line\n"), SITE),
    ("the configuration", "_config.yml", append("# one more line\n"), SITE),
    ("the style", "book/_static/book.css", append("\n/* more */\n"), SITE),
    ("the bibliography", "book/references.bib", append("\n"), SITE),
    ("committed results", "results/laptop/demo.json", hold("{}"), SITE),
    # What is asked for.
    ("how an asset is declared", f"{PACKAGE}/data/registry.toml", replace("MathJax", "Mathjax"), DATA),
    ("an entry that nobody here uses", f"{PACKAGE}/data/registry.toml", append("\n# a comment\n"), SITE),
    # Artefacts, deleted or damaged.
    ("the run", RUN, remove, CHAPTER),
    ("all runs", "_build/runs", remove, CHAPTER),
    ("the executed notebook", f"{RUN}/notebook.ipynb", remove, CHAPTER),
    ("the executed notebook, cut off", f"{RUN}/notebook.ipynb", cut, CHAPTER),
    ("the executed notebook, empty", f"{RUN}/notebook.ipynb", hold(""), CHAPTER),
    ("the results", f"{RUN}/results.json", remove, CHAPTER),
    ("the results, empty", f"{RUN}/results.json", hold(""), CHAPTER),
    ("the results, no object", f"{RUN}/results.json", hold("{"), CHAPTER),
    ("the results, an empty object", f"{RUN}/results.json", hold("{}"), CHAPTER),
    ("a figure", f"{RUN}/figures/noise.png", remove, CHAPTER),
    ("a sound, cut off", f"{RUN}/sounds/tone.mp3", cut, CHAPTER),
    ("the run's seal", f"{RUN}/manifest.json", hold("[]"), CHAPTER),
    ("the site", "_build/html", remove, SITE),
    ("a page of the site", "_build/html/book/scoreboard.html", remove, SITE),
    ("a page of the site, cut off", "_build/html/book/scoreboard.html", cut, SITE),
    ("the note on the site", "_build/site.json", remove, SITE),
    ("the note on the site, damaged", "_build/site.json", hold("["), SITE),
    ("the note on the data", "_build/stamps/data.smoke.json", remove, DATA),
    ("the note on the data, damaged", "_build/stamps/data.smoke.json", hold("7"), DATA),
    ("the stamp of the run", "_build/stamps/smoke/demo.ran", remove, NOTHING),
    ("the stamp of the site", "_build/stamps/site.built", remove, NOTHING),
    ("what Snakemake remembers", ".snakemake", remove, NOTHING),
    ("a run that failed since", f"{RUN}.failed/notebook.ipynb", hold("{}"), CHAPTER),
]  # fmt: skip


@pytest.mark.parametrize(("what", "place", "change", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_change_makes_stale_what_stands_on_it_and_nothing_else(book, what, place, change, expected):
    path = book / place
    folder = path if path.exists() or path.parent.exists() else path.parent
    with put_back(folder):
        change(path)
        assert set(stale.reasons("smoke")) == expected
    assert stale.reasons("smoke") == {}


@pytest.mark.parametrize(
    ("place", "change", "expected", "told"),
    [
        (f"{PACKAGE}/learning/seeding.py", CODE, "demo", "module soundreasons.learning.seeding"),
        ("notebooks/profiles/smoke/demo.yml", hold("n_seeds: 3\n"), "demo", "parameter n_seeds"),
        (f"{RUN}/notebook.ipynb", cut, "demo", "notebook.ipynb was changed or cut off"),
        ("requirements.txt", replace("numpy==2", "numpy==1"), "demo", "numpy 2"),
        ("book/index.md", append("more"), "site", "book/index.md changed"),
        ("_build/html/book/scoreboard.html", remove, "site", "book/scoreboard.html of the site is missing"),
    ],
)
def test_the_reason_is_told(book, place, change, expected, told):
    with put_back(book / place):
        change(book / place)
        assert stale.reasons("smoke")[expected].startswith(told)


def test_another_chapters_results_are_noticed_by_name(book):
    """Even if somebody sealed them: the file says whose it is."""
    with put_back(book / RUN):
        path = book / RUN / "results.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"slug": "other"}))
        runs.seal(book / RUN)
        with pytest.raises(
            runs.RunDamaged, match=r"demo, profile smoke: its results.json is that of other smoke"
        ):
            runs.read("demo", "smoke")
        assert set(stale.reasons("smoke")) == CHAPTER


def test_another_profile_is_another_build(book):
    assert set(stale.reasons("laptop")) == {"data", "demo", "site"}


def test_a_mirror_that_is_set_or_taken_away_is_asked(book, tmp_path, monkeypatch):
    for folder in ("", str(tmp_path)):
        monkeypatch.setenv("SOUNDREASONS_MIRROR", folder)
        with put_back(stale.data_stamp("smoke")):
            stale.note_data("smoke")  # as after a build with, or without, one
            monkeypatch.setenv("SOUNDREASONS_MIRROR", str(tmp_path / "other"))
            assert stale.reasons("smoke")["data"] == f"the mirror is {tmp_path / 'other'} now"
            monkeypatch.setenv("SOUNDREASONS_MIRROR", "")
            assert set(stale.reasons("smoke")) == (DATA if folder else NOTHING)


def test_a_data_folder_elsewhere_is_filled_anew(book, tmp_path, monkeypatch):
    monkeypatch.setenv("SOUNDREASONS_DATA", str(tmp_path / "elsewhere"))
    assert stale.reasons("smoke")["data"] == f"the data folder is {tmp_path / 'elsewhere'} now"
    assert set(stale.reasons("smoke")) == DATA


def test_what_vanished_from_the_data_folder_is_fetched_again(book, monkeypatch):
    from soundreasons import data

    monkeypatch.setattr(data, "available", lambda name: False)
    assert stale.reasons("smoke")["data"] == "what is here of mathjax has changed"


def test_data_that_a_run_lacked_and_that_came_makes_it_run(book, monkeypatch):
    monkeypatch.setattr(freshness, "newly_available", lambda results: ["hetrec_lastfm"])
    assert stale.reasons("smoke")["demo"] == "data that it lacked is here: hetrec_lastfm"


def test_a_malformed_profile_is_refused_by_name(book):
    path = book / "notebooks" / "profiles" / "smoke" / "demo.yml"
    with put_back(path):
        path.write_text("n_seeds: [")
        with pytest.raises(ParameterError, match=r"demo\.yml of profile smoke is no YAML"):
            stale.reasons("smoke")


@pytest.mark.parametrize(
    ("gone", "left"),
    [("learning/seeding.py", {"site.built", "smoke/demo.ran"}), ("site/pages.py", {"site.built"})],
)
def test_the_stamps_of_what_is_stale_are_taken_away_and_come_back(book, gone, left):
    stamps = [stale.site_stamp(), stale.run_stamp("demo", "smoke"), stale.data_stamp("smoke")]
    with put_back(book / PACKAGE / gone):
        CODE(book / PACKAGE / gone)
        stale.forget("smoke")
        missing = {str(stamp.relative_to(stale.stamps())) for stamp in stamps if not stamp.exists()}
        assert missing == left
    stale.forget("smoke")  # what was changed is as it was: nothing is to be made
    assert all(stamp.exists() for stamp in stamps)
    assert small_book.started(book)
