"""What is kept between runs: found when nothing changed, computed anew when anything did."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from soundreasons.learning import cache as caching
from soundreasons.learning.cache import Cache, code_digest, digest

MODULE = "soundreasons.learning.cache"


def numbers():
    return {"numbers": np.arange(6, dtype=np.float32).reshape(2, 3), "names": np.array(["a", "ü"])}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "deep" / "folder", modules=[MODULE])


def test_arrays_come_back_as_they_were(cache):
    first, second = (cache.arrays("numbers", numbers) for _ in range(2))
    assert cache.computed == ["numbers"]
    assert cache.found == ["numbers"]
    for name, array in numbers().items():
        assert first[name].dtype == second[name].dtype == array.dtype
        np.testing.assert_array_equal(second[name], array)


@pytest.mark.parametrize("change", [{"parameters": {"n": 2}}, {"data": {"texts": "other"}}])
def test_another_parameter_or_other_data_is_computed(cache, change):
    same = {"parameters": {"n": 1}, "data": {"texts": "one"}}
    cache.arrays("numbers", numbers, **same)
    cache.arrays("numbers", numbers, **{**same, **change})
    assert cache.computed == ["numbers", "numbers"]


def test_other_code_is_computed(tmp_path):
    Cache(tmp_path, modules=[MODULE]).arrays("numbers", numbers)
    other = Cache(tmp_path, modules=["soundreasons.learning.seeding"])
    other.arrays("numbers", numbers)
    assert other.computed == ["numbers"]


def test_another_version_of_a_library_is_computed(tmp_path, monkeypatch):
    Cache(tmp_path, modules=[MODULE]).arrays("numbers", numbers)
    monkeypatch.setattr(caching.importlib.metadata, "version", lambda name: "99.0")
    other = Cache(tmp_path, modules=[MODULE])
    other.arrays("numbers", numbers)
    assert other.computed == ["numbers"]


def package(folder, monkeypatch, *, helper, docs="", imports="from soundreasons.learning.made import helper"):
    """Two modules made up on disk: `user` imports `helper`."""
    folder.mkdir(exist_ok=True)
    (folder / "helper.py").write_text(helper)
    (folder / "user.py").write_text(f'"""{docs}"""\n{imports}\n')
    found = {f"soundreasons.learning.made.{name}": folder / f"{name}.py" for name in ("helper", "user")}

    def find_spec(name):
        if name in found:
            return type("Spec", (), {"origin": str(found[name]), "submodule_search_locations": None})
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(caching.importlib.util, "find_spec", find_spec)
    return code_digest(["soundreasons.learning.made.user"])


@pytest.mark.parametrize(
    "imports",
    ["from soundreasons.learning.made import helper", "from soundreasons.learning.made.helper import x"],
)
def test_the_code_of_imported_modules_counts(tmp_path, monkeypatch, imports):
    before = package(tmp_path / "a", monkeypatch, helper="x = 1", imports=imports)
    assert package(tmp_path / "a", monkeypatch, helper="x = 2", imports=imports) != before


def test_comments_and_docstrings_do_not_count(tmp_path, monkeypatch):
    before = package(tmp_path / "a", monkeypatch, helper="x = 1", docs="Old.")
    assert package(tmp_path / "a", monkeypatch, helper="x  =  1  # one", docs="New.") == before


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        code_digest(["soundreasons.learning.no_such_module"])


def test_a_damaged_file_is_computed_anew(cache):
    cache.arrays("numbers", numbers)
    path = cache.path("numbers")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(RuntimeWarning, match="damaged"):
        again = cache.arrays("numbers", numbers)
    np.testing.assert_array_equal(again["numbers"], numbers()["numbers"])
    assert cache.arrays("numbers", numbers)["names"].tolist() == ["a", "ü"]


def test_python_objects_are_refused_on_both_ways(cache):
    with pytest.raises(TypeError, match="dtype object"):
        cache.arrays("objects", lambda: {"x": np.array([{}], dtype=object)})
    path = cache.path("pickled")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, numbers=np.array([{}], dtype=object))
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert "names" in cache.arrays("pickled", numbers)


def test_a_failed_computation_leaves_nothing(cache):
    def fail():
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        cache.arrays("numbers", fail)
    assert not list(cache.folder.glob("*"))


def test_nothing_is_left_beside_the_file(cache):
    cache.arrays("numbers", numbers)
    assert [path.name for path in cache.folder.iterdir()] == [cache.path("numbers").name]


def test_switched_off_it_neither_reads_nor_writes(tmp_path):
    cache = Cache(tmp_path / "off", modules=[MODULE], enabled=False)
    for _ in range(2):
        cache.arrays("numbers", numbers)
    assert cache.computed == ["numbers", "numbers"]
    assert not (tmp_path / "off").exists()


def test_the_least_recently_used_go_when_there_are_too_many(cache):
    for n in range(caching.KEPT_PER_NAME):
        cache.arrays("numbers", numbers, parameters={"n": n})
        os.utime(cache.path("numbers", parameters={"n": n}), (n, n))
    cache.arrays("numbers", numbers, parameters={"n": 0})  # used again: number 1 is now the oldest
    cache.arrays("numbers", numbers, parameters={"n": -1})
    cache.arrays("others", numbers)
    assert cache.path("numbers", parameters={"n": 0}).exists()
    assert not cache.path("numbers", parameters={"n": 1}).exists()
    assert len(list(cache.folder.glob("numbers.*"))) == caching.KEPT_PER_NAME


@pytest.mark.parametrize("name", ["", "../up", "a b", "a.b"])
def test_a_name_that_is_no_file_name_is_refused(cache, name):
    with pytest.raises(ValueError, match="expected letters"):
        cache.arrays(name, numbers)


def test_a_parameter_that_json_cannot_say_is_refused(cache):
    with pytest.raises(TypeError, match="JSON"):
        cache.arrays("numbers", numbers, parameters={"device": object()})


def test_digests_tell_apart_what_differs():
    parts = [
        ("ab", "c"), ("a", "bc"), (["ab", "c"],), (["a", "bc"],), ([],), ([""],), ("",), (b"ab", b"c"),
        (np.array([1, 2]),), (np.array([[1, 2]]),), (np.array([1.0, 2.0]),), (np.array([2, 1]),),
    ]  # fmt: skip
    assert len({digest(*part) for part in parts}) == len(parts)
    with pytest.raises(TypeError, match="dtype object"):
        digest(np.array([{}], dtype=object))


def test_a_digest_does_not_depend_on_how_an_array_lies_in_memory():
    table = np.arange(6).reshape(2, 3)
    assert digest(np.asfortranarray(table)) == digest(table)


def network(seed, dtype=torch.float32):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).to(dtype)


def same(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) and a.dtype == b.dtype for a, b in pairs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_weights_come_back_bit_by_bit_in_their_dtype(cache, dtype):
    trained = network(1, dtype)
    for seed in (2, 3):
        empty = network(seed, dtype)
        beside = cache.weights("net", empty, lambda: (trained, {"losses": np.array([0.25])}))
        assert same(empty, trained)
        assert beside["losses"].tolist() == [0.25]
    assert (cache.computed, cache.found) == (["net"], ["net"])


def test_a_model_alone_gives_nothing_beside(cache):
    assert cache.weights("net", network(1), lambda: network(2)) == {}


def test_what_is_frozen_is_neither_kept_nor_touched(cache):
    trained, model = network(1), network(2)
    for each in (trained, model):
        each[0].requires_grad_(False)
    frozen = model[0].weight.clone()
    cache.weights("net", model, lambda: trained, trainable_only=True)
    assert torch.equal(model[0].weight, frozen)
    assert set(caching.weights_of(model, trainable_only=True)) == {"1.weight", "1.bias"}


def test_weights_of_another_model_are_refused(cache):
    with pytest.raises(ValueError, match=r"do not fit Linear: missing \['bias', 'weight'\], too many"):
        cache.weights("net", torch.nn.Linear(3, 4), lambda: network(1))
    with pytest.raises(ValueError, match="size mismatch"):
        caching.load_weights(torch.nn.Linear(3, 4), caching.weights_of(torch.nn.Linear(2, 4)))


def test_what_is_computed_is_said_before_and_what_is_found_is_not(tmp_path):
    said = []
    cache = Cache(tmp_path, modules=[MODULE], before=said.append)
    for _ in range(2):
        cache.arrays("numbers", numbers)
    assert said == ["numbers"]
