"""What the tests of this chapter share: whether a data set is here."""

import pytest

from soundreasons import data


def require(*names):
    """Skip, by name, what needs data that no source on this machine supplies."""
    for name in names:
        if not data.available(name):
            pytest.skip(f"not checkable here: no source on this machine has {name}")


@pytest.fixture
def needs():
    return require
