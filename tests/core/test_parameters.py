"""The parameters cell: what it accepts, and what it says when it refuses."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons import parameters, project

CELL = """
profile: str = "laptop"  # whose sizes [smoke|laptop|paper]
seed: int = 0  # first seed [0..]
rate: float = 0.5  # a share [(0..1)]
sizes: list[int] = [4, 8]  # sizes to try [1..64]
"""


@pytest.mark.parametrize(
    ("given_values", "told"),
    [
        ({"sead": 1}, "no parameter is called 'sead'; did you mean 'seed'?"),
        ({"seed": "3"}, "seed is '3' (str), expected int"),
        ({"seed": True}, "seed is True (bool), expected int"),
        ({"seed": -1}, "seed is -1, allowed is 0.."),
        ({"rate": 0.0}, "rate is 0.0, allowed is (0..1)"),
        ({"rate": 1.0}, "rate is 1.0, allowed is (0..1)"),
        ({"rate": float("nan")}, "rate is nan, expected a finite number"),
        ({"profile": "labtop"}, "did you mean 'laptop'?"),
        ({"sizes": 4}, "sizes is 4, expected a list of int"),
        ({"sizes": [4, 65]}, "sizes is 65, allowed is 1..64"),
        ({"sizes": [4, "x"]}, "sizes is 'x' (str), expected int"),
    ],
)
def test_a_refused_value_is_told_with_what_is_allowed(given_values, told):
    with pytest.raises(parameters.ParameterError, match=re.escape(told)):
        parameters.check(parameters.parse(CELL), given_values)


def test_all_problems_are_told_at_once():
    with pytest.raises(parameters.ParameterError) as refusal:
        parameters.check(parameters.parse(CELL), {"seed": -1, "rate": 7.0, "nothing": 0})
    assert all(name in str(refusal.value) for name in ("seed", "rate", "nothing"))


def test_an_int_given_for_a_float_becomes_one():
    values = parameters.check(parameters.parse("rate: float = 0.5  # a rate [0..9]"), {"rate": 2})
    assert type(values["rate"]) is float


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("seed = 0  # first seed", "expected `name: type = value"),
        ("seed: int = 0", "no comment that says what it is"),
        ("seed: int = 0  # [0..]", "no comment that says what it is"),
        ("seed: complex = 0  # first seed", "declared complex"),
        ("seed: int = -1  # first seed [0..]", "default is refused"),
        ("seed: int = 1.5  # first seed", "default is refused"),
    ],
)
def test_a_malformed_declaration_is_refused(cell, told):
    with pytest.raises(parameters.ParameterError, match=told):
        parameters.parse(cell)


@given(
    st.dictionaries(
        st.sampled_from(["seed", "n_seeds", "rate", "kinds"]), st.integers() | st.text(max_size=60)
    )
)
def test_the_key_of_a_run_is_a_file_name_and_tells_different_changes_apart(changes):
    key = parameters.key(changes)
    assert len(key) <= 48
    assert not set(key) & set('/\\:*?"<>| \n\0')
    if changes:
        name = next(iter(changes))
        assert parameters.key({**changes, name: f"{changes[name]}x"}) != key


def test_out_and_profile_do_not_make_another_run():
    assert (
        parameters.changed(
            {"out": "a", "profile": "smoke", "seed": 0}, {"out": "", "profile": "laptop", "seed": 0}
        )
        == {}
    )


@pytest.mark.parametrize("slug", project.slugs())
@pytest.mark.parametrize("profile", project.PROFILES)
def test_every_profile_of_every_chapter_passes_its_own_check(slug, profile):
    values = parameters.profile_values(slug, profile)
    assert values["profile"] == profile
    assert {"out", "seed", "n_seeds", "device"} <= values.keys()


def test_a_list_that_needs_an_entry_refuses_an_empty_one():
    declared = parameters.parse('kinds: list[str] = ["red"]  # which [red|blue, at least one]')
    assert declared["kinds"].problem(["blue"]) is None
    assert declared["kinds"].problem([]) == "kinds is empty, expected at least one: which"
    assert "did you mean 'blue'" in declared["kinds"].problem(["blu"])


def test_only_a_list_can_need_an_entry():
    with pytest.raises(parameters.ParameterError, match="only a list can have entries"):
        parameters.parse("n: int = 3  # how many [1.., at least one]")


def test_a_profile_that_is_no_yaml_is_named(demo):
    (demo / "notebooks" / "profiles" / "smoke" / "demo.yml").write_text("n_seeds: [")
    with pytest.raises(parameters.ParameterError, match=r"demo\.yml of profile smoke is no YAML"):
        parameters.profile_values("demo", "smoke")


class Shy:
    def __repr__(self) -> str:
        raise RuntimeError("not for you")


@pytest.mark.parametrize(
    ("given_values", "told"),
    [
        ({"seed": {3}}, "seed is {3} (set), expected int"),
        ({"seed": range(3)}, "seed is range(0, 3) (range), expected int"),
        ({"seed": np.array([3, 4])}, "seed is array([3, 4]) (ndarray), expected int"),
        ({"seed": np.float64(3)}, "seed is 3.0 (float), expected int"),
        ({"seed": np.True_}, "seed is True (bool), expected int"),
        ({"seed": Shy()}, "seed is a Shy that cannot be shown (RuntimeError) (Shy), expected int"),
        ({"seed": 10**400}, "seed is an int of 1329 bits, expected int of at most 64 bits"),
        ({"seed": 2**63}, "seed is an int of 64 bits, expected int of at most 64 bits"),
        ({"rate": 10**400}, "rate is an int of 1329 bits, expected float of at most 64 bits"),
        ({"rate": np.datetime64("2001-01-01")}, "expected float"),
        ({"sizes": {4, 8}}, "expected a list of int"),
        ({"sizes": np.ones((2, 2))}, "expected a list of int"),
        ({"sizes": "48"}, "sizes is '48', expected a list of int"),
        ({"sizes": [np.float32(4.5)]}, "sizes is 4.5 (float), expected int"),
        ({"sizes": 5000 * [[]]}, "sizes is [] (list), expected int"),
        ({"profile": None}, "profile is None (NoneType), expected str"),
        ({"profile": b"laptop"}, "profile is b'laptop' (bytes), expected str"),
    ],
)
def test_a_value_of_any_type_is_checked(given_values, told):
    with pytest.raises(parameters.ParameterError, match=re.escape(told)) as refusal:
        parameters.check(parameters.parse(CELL), given_values)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("given_values", "plain"),
    [
        ({"seed": np.int64(3)}, 3),
        ({"seed": np.array(3)}, 3),
        ({"rate": np.float32(0.25)}, 0.25),
        ({"rate": np.float64(0.25)}, 0.25),
        ({"profile": np.str_("smoke")}, "smoke"),
        ({"sizes": range(2, 4)}, [2, 3]),
        ({"sizes": (2, 3)}, [2, 3]),
        ({"sizes": np.array([2, 3])}, [2, 3]),
        ({"sizes": [np.uint8(2), 3]}, [2, 3]),
    ],
)
def test_what_can_only_mean_one_plain_value_becomes_it(given_values, plain):
    values = parameters.check(parameters.parse(CELL), given_values)
    (name,) = given_values
    assert values[name] == plain
    assert type(values[name]) is type(plain)
    assert all(type(entry) is int for entry in values["sizes"])


def test_a_list_is_not_shared_with_who_gave_it():
    sizes = [2, 3]
    values = parameters.check(parameters.parse(CELL), {"sizes": sizes})
    sizes.append(4)
    assert values["sizes"] == [2, 3]


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_typed_in_brackets_are_those_numbers(numbers):
    assert parameters.read(str(numbers)) == numbers


@given(st.text(max_size=40))
def test_any_text_typed_at_a_command_line_is_read_or_refused(text):
    try:
        value = parameters.read(text)
    except parameters.ParameterError:
        return
    assert isinstance(value, str | int | float | list | None)


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [
        ("017", "int", "017"),  # refused later: an int of 17, or of 15 in base 8?
        ("0o17", "int", 15),
        ("12:30:45", "int", "12:30:45"),
        ("2001-99-99", "int", "2001-99-99"),
        ("[1e-4, 1E+2, .5]", "list[float]", [1e-4, 100.0, 0.5]),
        ("2024", "str", "2024"),
        ("[2024, 'a, b', no]", "list[str]", ["2024", "a, b", "no"]),
        ("true", "bool", True),
        ("yes", "bool", "yes"),
        ("[]", "list[int]", []),
        ("[" * 3000 + "]" * 3000, "list[int]", ["[" * 2999 + "]" * 2999]),
    ],
)
def test_what_is_typed_means_what_python_and_json_say(text, type_name, value):
    read = parameters.read(text, type_name)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["[", "[a", "'a", '"'])
def test_what_is_opened_must_be_closed(text):
    with pytest.raises(parameters.ParameterError, match="is no value"):
        parameters.read(text)
