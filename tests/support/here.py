"""What of the real data this machine has."""

from __future__ import annotations

import pytest

from soundreasons import data


def require(*names: str) -> None:
    """Skip, by name, what needs data that no source on this machine supplies."""
    for name in names:
        if not data.available(name):
            pytest.skip(f"not checkable here: no source on this machine has {name}")
