"""The real build of a small book: it makes what has changed, nothing else, and never ends in silence."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from support import small_book

pytestmark = pytest.mark.chapter


@pytest.fixture
def book(built_book: Path, tmp_path: Path) -> Path:
    """A copy of the built small book, free to be changed."""
    root = tmp_path / "book"
    shutil.copytree(built_book, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


class Seen:
    """What a build did: its exit code, what it said, whether it ran the chapter and rendered the site."""

    def __init__(self, root: Path, **variables: str) -> None:
        before = small_book.started(root), small_book.rendered(root)
        done = small_book.soundreasons(root, "book", "--profile", "smoke", **variables)
        self.code, self.said = done.returncode, done.stdout + done.stderr
        self.ran = small_book.started(root) != before[0]
        self.rendered = small_book.rendered(root) != before[1]

    def __repr__(self) -> str:
        return f"exit {self.code}, ran {self.ran}, rendered {self.rendered}\n{self.said}"


def again(root: Path, **variables: str) -> Seen:
    """Build once more, where nothing is left to do."""
    seen = Seen(root, **variables)
    assert (seen.code, seen.ran, seen.rendered) == (0, False, False), seen
    assert "to do" not in seen.said
    return seen


def test_nothing_changed_nothing_done(book):
    assert "open _build/html/index.html" in again(book).said


def test_an_edited_library_module_runs_the_chapter_and_renders_the_site(book):
    module = book / "lib" / "soundreasons" / "learning" / "seeding.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    seen = Seen(book)
    assert (seen.code, seen.ran, seen.rendered) == (0, True, True), seen
    assert "to do: demo: module soundreasons.learning.seeding" in seen.said
    again(book)


def test_a_page_edited_while_another_mirror_is_set_is_rendered_in_one_build(book, tmp_path):
    """The data rule must run here, and what comes after it must not be forgotten."""
    page = book / "book" / "index.md"
    page.write_text(page.read_text() + "\nA sentence that was not there.\n")
    (tmp_path / "mirror").mkdir()
    mirror = {"SOUNDREASONS_MIRROR": str(tmp_path / "mirror")}
    seen = Seen(book, **mirror)
    assert (seen.code, seen.ran, seen.rendered) == (0, False, True), seen
    assert "A sentence that was not there." in (book / "_build" / "html" / "book" / "index.html").read_text()
    again(book, **mirror)


def test_a_deleted_site_comes_back_and_no_chapter_runs(book):
    shutil.rmtree(book / "_build" / "html")
    seen = Seen(book)
    assert (seen.code, seen.ran, seen.rendered) == (0, False, True), seen
    again(book)


def test_a_damaged_notebook_is_named_and_made_again(book):
    (book / "_build" / "runs" / "smoke" / "demo" / "notebook.ipynb").write_text("")
    seen = Seen(book)
    assert (seen.code, seen.ran, seen.rendered) == (0, True, True), seen
    assert "to do: demo: notebook.ipynb was changed or cut off" in seen.said


def test_another_data_folder_is_filled_and_what_it_lacked_is_fetched(book, tmp_path):
    from soundreasons import data

    data.export(tmp_path / "mirror", ["mathjax"])
    elsewhere = {
        "SOUNDREASONS_MIRROR": str(tmp_path / "mirror"),
        "SOUNDREASONS_DATA": str(tmp_path / "elsewhere"),
    }
    seen = Seen(book, **elsewhere)
    assert (seen.code, seen.ran) == (0, False), seen
    assert f"the data folder is {tmp_path / 'elsewhere'} now" in seen.said
    again(book, **elsewhere)


SLEEP, FAILURE = "time.sleep(pause)", "raise OSError('<b>no</b> {{ such }} thing')"


def edit_code(book: Path, old: str, new: str) -> None:
    source = book / "notebooks" / "demo.md"
    source.write_text(source.read_text().replace(old, new, 1))
    small_book.pair(source)


def test_a_failed_chapter_is_shown_as_failed_and_takes_nothing_else_away(book):
    edit_code(book, SLEEP, FAILURE)
    seen = Seen(book)
    assert (seen.code, seen.rendered) == (1, True), seen
    assert "failed: demo; see _build/runs/smoke/demo.failed/notebook.ipynb" in seen.said
    page = (book / "_build" / "html" / "book" / "chapters" / "demo.html").read_text()
    assert "This chapter failed in this build" in page
    assert "It stopped in code cell 7" in page
    assert "OSError: &lt;b&gt;no&lt;/b&gt; {{ such }} thing" in page
    assert "<details" in page.partition("This chapter failed")[2]  # the traceback, folded
    assert str(book) not in page
    assert 'alt="A line with one point for each seed."' in page, "what was shown before the failure is kept"
    assert "not tested" in (book / "_build" / "html" / "book" / "scoreboard.html").read_text()
    # Mended, it is run again, and the mark of the failure goes.
    edit_code(book, FAILURE, SLEEP)
    seen = Seen(book)
    assert (seen.code, seen.ran, seen.rendered) == (0, True, True), seen
    page = (book / "_build" / "html" / "book" / "chapters" / "demo.html").read_text()
    assert "This chapter failed" not in page
    again(book)


def test_a_chapter_that_never_ran_is_shown_as_failed_only_if_asked(book):
    shutil.rmtree(book / "_build" / "runs")
    refused = small_book.soundreasons(book, "site", "--profile", "smoke")
    assert refused.returncode == 1
    assert "demo, profile smoke: it was not run; run `soundreasons run demo" in refused.stderr
    shown = small_book.soundreasons(book, "site", "--profile", "smoke", "--as-is")
    assert shown.returncode == 1
    assert "it has not finished" in (book / "_build" / "html" / "book" / "chapters" / "demo.html").read_text()


def test_results_of_another_chapter_are_refused_by_the_site_by_name(book):
    from soundreasons import runs

    folder = book / "_build" / "runs" / "smoke" / "demo"
    found = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps(found | {"slug": "other"}))
    runs.seal(folder)
    refused = small_book.soundreasons(book, "site", "--profile", "smoke")
    assert refused.returncode == 1
    assert "its results.json is that of other smoke" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unpaired_edit_says_make_pair(book):
    source = book / "notebooks" / "demo.md"
    source.write_text(source.read_text().replace("normal(10", "normal(11"))
    seen = Seen(book)
    assert seen.code == 1
    assert "run `make pair`" in seen.said


def test_a_profile_that_does_not_exist_is_one_sentence(book):
    refused = small_book.soundreasons(book, "book", "--profile", "smok")
    assert refused.returncode == 1
    told = "error: no profile is called 'smok'; did you mean 'smoke'? There are: laptop, paper, smoke"
    assert refused.stderr.strip() == told


def test_an_error_of_the_workflow_is_passed_on(book):
    workflow = book / "Snakefile"
    workflow.write_text(workflow.read_text() + "\nrule broken:\n    input: undeclared\n")
    (book / "book" / "index.md").write_text("# Changed\n\n```{include} generated/glance.md\n```\n")
    seen = Seen(book)
    assert seen.code == 1
    assert "undeclared" in seen.said, seen


def test_a_folder_that_cannot_be_written_is_one_sentence(book):
    shutil.rmtree(book / "_build")
    (book / "_build").write_text("a file where the build's folder should be")
    refused = small_book.soundreasons(book, "book", "--profile", "smoke")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: nothing can be built here:")
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_one_sentence_with_another_port(book):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = small_book.soundreasons(book, "serve", "--port", str(port))
    assert refused.returncode == 1
    assert (
        refused.stderr.strip() == f"error: port {port} is in use; take another: `make serve PORT={port + 1}`"
    )
