"""What these tests open of the data floor is forgotten after each of them."""

import pytest

from soundreasons import data


@pytest.fixture(autouse=True)
def no_data_stays_open(monkeypatch):
    """Record what is opened apart: the record of a process is part of a run's results."""
    monkeypatch.setattr(data, "_OPENED", {})
