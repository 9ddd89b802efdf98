"""A tiny encoder made on the spot, and the real one where a machine has it."""

from __future__ import annotations

import pytest

from soundreasons.papers import song_descriptors as sd
from support.text_encoders import need, tiny_encoder


@pytest.fixture
def tiny():
    return tiny_encoder()


@pytest.fixture(scope="session")
def minilm():
    need("all_minilm_l6")
    return sd.data.load_minilm()
