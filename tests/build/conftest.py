"""A small book that was built once, by the real build."""

from pathlib import Path

import pytest

from support import small_book


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book after `soundreasons book --profile smoke`. Whoever changes it puts it back."""
    root = small_book.write(tmp_path_factory.mktemp("small") / "book")
    done = small_book.soundreasons(root, "book", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    return root
