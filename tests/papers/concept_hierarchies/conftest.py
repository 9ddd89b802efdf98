"""What the tests of this chapter share: whether a data set is here."""

import pytest

from support.here import require


@pytest.fixture
def needs():
    return require
