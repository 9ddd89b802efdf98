"""Real data where this machine has it, and skips by name where not."""

from __future__ import annotations

import pytest

from soundreasons import data


@pytest.fixture(scope="session")
def real():
    """Open a data set, or skip the test as not checkable here."""

    def opened(name):
        if not data.available(name):
            pytest.skip(f"not checkable here: no source on this machine supplies {name}")
        return data.open(name)

    return opened
