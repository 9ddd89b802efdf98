"""What is computed once: the same when asked again, anew when anything changes."""

from __future__ import annotations

import types

import numpy as np
import pytest

from soundreasons.learning import cache


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def counted():
    calls = []

    def compute():
        calls.append(1)
        return {"values": np.linspace(0, 1, 7, dtype=np.float32), "names": np.array(["a", "bc"])}

    compute.calls = calls
    return compute


def ask(compute, **changes):
    known = {"parameters": {"n": 7}, "data": {"tones": "sha256:1"}, "code": [cache], **changes}
    return cache.arrays("tones", compute, **known)


def test_asked_again_it_is_the_same_to_the_last_bit_and_not_computed(counted):
    first, second = ask(counted), ask(counted)
    assert len(counted.calls) == 1
    assert first["values"].tobytes() == second["values"].tobytes()
    assert second["names"].tolist() == ["a", "bc"]


@pytest.mark.parametrize(
    "changes",
    [{"parameters": {"n": 8}}, {"data": {"tones": "sha256:2"}}, {"code": [types]}, {"libraries": ["scipy"]}],
)
def test_anything_that_decides_the_result_makes_it_anew(counted, changes):
    ask(counted)
    ask(counted, **changes)
    assert len(counted.calls) == 2


def test_a_damaged_file_is_computed_anew(counted, own_folder):
    ask(counted)
    (file,) = own_folder.glob("tones-*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert ask(counted)["values"].shape == (7,)
    assert len(counted.calls) == 2


def test_a_computation_that_fails_leaves_nothing(own_folder):
    def fail():
        raise RuntimeError("out of sound")

    with pytest.raises(RuntimeError, match="out of sound"):
        ask(fail)
    assert not list(own_folder.glob("*.npz"))


def test_objects_and_names_that_are_no_file_names_are_refused(counted, own_folder):
    with pytest.raises(ValueError, match="array 'x' holds objects"):
        ask(lambda: {"x": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="expected letters, digits"):
        cache.arrays("../tones", counted, parameters={}, data={}, code=[])
    assert not list(own_folder.glob("*.npz"))


def test_a_parameter_that_is_no_plain_value_is_refused(counted):
    with pytest.raises(TypeError):
        ask(counted, parameters={"n": object()})


def test_without_a_folder_of_its_own_it_lies_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.CACHE_VARIABLE)
    monkeypatch.setenv(cache.DATA_VARIABLE, str(tmp_path))
    assert cache.folder() == tmp_path / "computed"
