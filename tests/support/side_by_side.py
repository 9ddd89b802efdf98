"""Which tests run on one worker: those that share what is dear to make; the dearest begin first.

By the place of a test alone, since that is all that is known where tests are handed out. (Groups named by a
mark, xdist's own way, get lost under this version of pytest.)
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# What needs the whole book, and what needs the small one.
WHOLE_BOOK = {"tests/chapters/test_smoke.py", "tests/site/test_site.py"}
ORDER = ["whole book", "tests/build"]


def group(nodeid: str) -> str:
    """Give the group of a test: the book that it needs, the folder of its paper, else its file.

    Examples
    --------
    >>> group("tests/papers/spiky_svd/test_trial.py::test_x[a::b]"), group("tests/core/test_cli.py::test_y")
    ('tests/papers/spiky_svd', 'tests/core/test_cli.py')
    """
    file = nodeid.partition("::")[0]
    if file in WHOLE_BOOK:
        return "whole book"
    shared = file.startswith(("tests/papers/", "tests/build/"))
    return file.rpartition("/")[0] if shared else file


def rank(nodeid: str) -> int:
    """Place of a test's group among those that begin first; the others keep their order."""
    name = group(nodeid)
    return ORDER.index(name) if name in ORDER else len(ORDER)


class InGroups(LoadScopeScheduling):
    """Hands out one group at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
