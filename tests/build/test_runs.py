"""What is kept of a run, what is said of one that failed, and what the system refuses."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from soundreasons import files, runs
from soundreasons.site import pages


@pytest.fixture
def failed(demo: Path) -> Path:
    """Folder of a failed smoke run of the demonstration, still empty."""
    folder = demo / "_build" / "runs" / "smoke" / "demo.failed"
    folder.mkdir(parents=True)
    return folder


def notebook(*outputs: dict[str, object]) -> str:
    cells = [
        {"cell_type": "markdown"},
        *({"cell_type": "code", "outputs": [o] if o else []} for o in outputs),
    ]
    return json.dumps({"cells": cells})


def test_no_failed_folder_no_failure(demo):
    assert runs.failure("demo", "smoke") is None


def test_a_failure_tells_cell_error_and_traceback_without_colours_or_paths(demo, failed):
    error = {
        "output_type": "error", "ename": "OSError", "evalue": "no such file\nmore",
        "traceback": ["\x1b[31mOSError\x1b[0m", f"in {demo}/notebooks/demo.md"],
    }  # fmt: skip
    (failed / "notebook.ipynb").write_text(notebook({}, error))
    found = runs.failure("demo", "smoke")
    assert found is not None
    assert (found.cell, found.error) == (2, "OSError: no such file")
    assert found.traceback == "OSError\nin …/notebooks/demo.md"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (notebook({}), "the run was ended from outside, or its kernel died"),
        ("", "the run ended before it could keep its notebook"),
        ("[]", "the run ended before it could keep its notebook"),
    ],
)
def test_a_run_that_was_ended_leaves_no_traceback(failed, content, told):
    (failed / "notebook.ipynb").write_text(content)
    found = runs.failure("demo", "smoke")
    assert found is not None
    assert (found.cell, found.error, found.traceback) == (None, told, "")


@pytest.mark.parametrize("text", ["plain", "one ` tick", "a fence:\n````\n```{raw} html", "{{ x }}"])
def test_no_text_ends_its_own_fence(text):
    first, *_, last = pages._verbatim(text)
    fence = first.removesuffix("text")
    assert fence == last
    assert len(fence) >= 3
    assert fence not in text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EROFS, "it may only be read"),
        (errno.EISDIR, "Is a dir"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_with_a_place(code, told):
    import os

    assert files.trouble(OSError(code, os.strerror(code), "there")).startswith(f"there: {told}")


def test_a_full_disk_is_noticed_before_any_work(tmp_path, monkeypatch):
    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        files.require_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
