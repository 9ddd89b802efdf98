"""The `parameters` cell of a chapter: the one place where parameters are declared.

A line reads ``n_seeds: int = 3  # how many seeds [1..100]``: name, type, laptop value, what it
is, and in brackets what is allowed: ``1..100`` (ends included, either may be left out),
``(0..1)`` (ends excluded) or ``a|b|c``. In a list the rule holds for every entry, and ``[a|b, at least one]``
refuses an empty one.
The checker, the command line's help and the book's parameter page are derived from it.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from soundreasons import project
from soundreasons.naming import unknown

SCALARS: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
AT_LEAST_ONE = "at least one"
WIDEST = 2**63  # an int is kept, and handed on to libraries, in 64 bits
LONGEST_SHOWN = 120
NOT_IN_KEY = {"out", "profile"}  # they say where a run goes and what it is called, not what it computes


PLAIN = (bool, int, float, str, list, tuple, dict, type(None))
NOT_PARAMETERS = {"In", "Out"}  # IPython's own history
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
# Up to the next comma that stands in no quotation; the last may be empty.
_ENTRY = re.compile(r"""((?:"[^"]*"|'[^']*'|[^,])*)(?:,|$)""")


class ParameterError(ValueError):
    """A parameter that is unknown, of the wrong type or impossible."""


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    `type` is one of int, float, str, bool, or list[...] of these; `allowed` is the text between
    the brackets of its comment, "" where anything of the type goes; `needs_entry` says that a list
    must not be empty.
    """

    name: str
    type: str
    default: Any
    help: str
    allowed: str
    needs_entry: bool = False

    def problem(self, value: Any) -> str | None:
        """Say what is wrong with a value, or None."""
        item_type = re.fullmatch(r"list\[(\w+)\]", self.type)
        if item_type is None:
            return self._entry_problem(value, self.type)
        if not isinstance(value, list | tuple):
            return f"{self.name} is {_shown(value)}, expected a list of {item_type[1]}: {self.help}"
        if not value and self.needs_entry:
            return f"{self.name} is empty, expected at least one: {self.help}"
        problems = (self._entry_problem(entry, item_type[1]) for entry in value)
        return next(filter(None, problems), None)

    def _entry_problem(self, value: Any, type_name: str) -> str | None:
        wanted = SCALARS[type_name]
        if type(value) is int and not -WIDEST <= value < WIDEST:
            return f"{self.name} is {_shown(value)}, expected {type_name} of at most 64 bits: {self.help}"
        if type_name == "float" and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            given = f"{_shown(value)} ({type(value).__name__})"
            return f"{self.name} is {given}, expected {type_name}: {self.help}"
        if isinstance(value, float) and not math.isfinite(value):
            return f"{self.name} is {value!r}, expected a finite number"
        if not self.allowed or _is_allowed(value, self.allowed):
            return None
        if isinstance(value, str):
            return f"{self.name}: " + unknown("value", value, self.allowed.split("|"))
        return f"{self.name} is {value!r}, allowed is {self.allowed}: {self.help}"

    def converted(self, value: Any) -> Any:
        """The value as a plain one where there is no doubt about it; any other as it is, to be refused.

        A number of NumPy becomes Python's; a tuple, a range or an array of one dimension becomes a list
        where a list is declared; an int becomes a float where a float is declared. A set has no order, so
        it stays one.
        """
        if not self.type.startswith("list["):
            return self._converted_entry(value, self.type)
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = list(value)
        if not isinstance(value, list | tuple | range):
            return value
        inner = self.type.removeprefix("list[").removesuffix("]")
        return [self._converted_entry(entry, inner) for entry in value]

    @staticmethod
    def _converted_entry(value: Any, type_name: str) -> Any:
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            value = value.item()
        is_small = type(value) is int and -WIDEST <= value < WIDEST
        return float(value) if type_name == "float" and is_small else value


def _shown(value: Any) -> str:
    """A value in an error sentence: short, and whatever its own way to show itself does."""
    if type(value) is int and abs(value) >= WIDEST:
        return f"an int of {value.bit_length()} bits"
    try:
        text = repr(value)
    except Exception as error:  # anything may stand under a declared name
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _bounds(allowed: str) -> tuple[float, float, bool] | None:
    """Ends of a range and whether they belong to it; None where `allowed` is no range."""
    match = re.fullmatch(r"(\()?(-?[\d.e+-]*?)\.\.(-?[\d.e+-]*?)(\))?", allowed)
    if match is None or bool(match[1]) != bool(match[4]):
        return None
    low, high = float(match[2] or -math.inf), float(match[3] or math.inf)
    return low, high, not match[1]


def _is_allowed(value: Any, allowed: str) -> bool:
    bounds = _bounds(allowed)
    if bounds is None:
        return str(value) in allowed.split("|")
    low, high, closed = bounds
    return bool(low <= value <= high if closed else low < value < high)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def parse(source: str) -> dict[str, Parameter]:
    """Read a parameters cell.

    Raises
    ------
    ParameterError
        If a line is not ``name: type = value  # what it is [allowed]``, or its own default is refused.

    Examples
    --------
    >>> parse("n_seeds: int = 3  # how many seeds [1..9]")["n_seeds"].problem(0)
    'n_seeds is 0, allowed is 1..9: how many seeds'
    """
    comments = _comments(source)
    declared: dict[str, Parameter] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            raise ParameterError(
                f"parameters cell, line {node.lineno}: expected `name: type = value  # what it is [allowed]`"
            )
        comment = comments.get(node.end_lineno or node.lineno, "")
        match = re.fullmatch(r"(.*?)\s*(?:\[([^\]]*)\])?", comment)
        assert match is not None  # every part of the pattern may be empty
        allowed = (match[2] or "").removesuffix(AT_LEAST_ONE).rstrip(", ")
        parameter = Parameter(
            node.target.id,
            ast.unparse(node.annotation),
            ast.literal_eval(node.value),
            match[1],
            allowed,
            needs_entry=(match[2] or "").endswith(AT_LEAST_ONE),
        )
        _check_declaration(parameter)
        declared[parameter.name] = parameter
    return declared


def _check_declaration(parameter: Parameter) -> None:
    inner = re.fullmatch(r"(?:list\[(\w+)\]|(\w+))", parameter.type)
    if inner is None or (inner[1] or inner[2]) not in SCALARS:
        raise ParameterError(
            f"{parameter.name} is declared {parameter.type}, expected {', '.join(SCALARS)} or a list of one"
        )
    if parameter.needs_entry and not inner[1]:
        raise ParameterError(f"{parameter.name} is declared {parameter.type}; only a list can have entries")
    if not parameter.help:
        raise ParameterError(f"{parameter.name} has no comment that says what it is")
    problem = parameter.problem(parameter.default)
    if problem:
        raise ParameterError(f"the declared default is refused: {problem}")


def declared(slug: str) -> dict[str, Parameter]:
    """Parameters of a chapter, in the order of its notebook.

    Raises
    ------
    ParameterError
        If the notebook has not exactly one code cell tagged `parameters`.
    """
    notebook = json.loads(project.notebook(slug).read_text(encoding="utf-8"))
    cells = [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", [])
    ]
    if len(cells) != 1:
        raise ParameterError(
            f"notebooks/{slug}.ipynb has {len(cells)} cells tagged 'parameters', expected one"
        )
    return parse(cells[0])


def profile_values(slug: str, profile: str) -> dict[str, Any]:
    """All parameter values of a profile: the notebook's own, overlaid with the profile's file.

    Raises
    ------
    ParameterError
        If the profile does not exist, has no file for this chapter, or holds something not allowed.
    """
    if profile not in project.PROFILES:
        raise ParameterError(unknown("profile", profile, project.PROFILES))
    parameters = declared(slug)
    values = {name: parameter.default for name, parameter in parameters.items()}
    if profile == "laptop":
        return check(parameters, values)
    path = project.profile_file(slug, profile)
    if not path.is_file():
        raise ParameterError(
            f"{slug} has no {profile} profile: notebooks/profiles/{profile}/{slug}.yml is missing"
        )
    try:
        overlay = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that is none
        raise ParameterError(f"{path.name} of profile {profile} is no YAML: {error}") from None
    if not isinstance(overlay, dict):
        raise ParameterError(
            f"{path.name} of profile {profile} holds a {type(overlay).__name__}, expected names and values"
        )
    return check(parameters, {**values, "profile": profile, **overlay})


def check(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values against their declaration; all problems are told at once.

    Parameters
    ----------
    parameters : mapping of name to Parameter
        What is declared.
    given : mapping of name to value
        What was given; a declared name that is absent keeps its default.

    Returns
    -------
    dict
        A value for every declared name, as `Parameter.converted` gives it; no list of `given` is in it.

    Raises
    ------
    ParameterError
        What was given, what is allowed, and the nearest name.
    """
    problems = [unknown("parameter", name, parameters) for name in given if name not in parameters]
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        value = parameter.converted(given.get(name, parameter.default))
        problem = parameter.problem(value)
        if problem:
            problems.append(problem)
        values[name] = value
    if problems:
        raise ParameterError("; ".join(problems))
    return values


def among(parameters: Mapping[str, Parameter], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Names of a notebook that were meant as parameters: the declared ones, and plain values beside them.

    A module, a function or an array under any other name is the notebook's own business, and so are IPython's
    names; but a declared name counts whatever it holds, and `_seed` is a misspelt `seed`.

    Examples
    --------
    >>> declared = parse("seed: int = 3  # first seed [0..]")
    >>> among(declared, {"seed": {4}, "sead": 1, "_": 2, "__doc__": "", "np": np, "_seed": 5})
    {'seed': {4}, 'sead': 1, '_seed': 5}
    """
    return {name: value for name, value in namespace.items() if _is_meant(name, value, parameters)}


def _is_meant(name: str, value: Any, parameters: Mapping[str, Parameter]) -> bool:
    if name in parameters or (name.startswith("_") and name.strip("_") in parameters):
        return True
    return not name.startswith("_") and name not in NOT_PARAMETERS and type(value) in PLAIN


def moved(
    parameters: Mapping[str, Parameter], values: Mapping[str, Any], now: Mapping[str, Any]
) -> list[str]:
    """Say which parameters hold another value now than the one that was checked.

    Examples
    --------
    >>> declared = parse("seed: int = 3  # first seed [0..]")
    >>> moved(declared, {"seed": 3}, {"seed": 4}), moved(declared, {"seed": 3}, {"seed": np.int64(3)})
    (['seed was 3 and is 4'], [])
    """
    told = []
    for name in parameters.keys() & now.keys():
        value = parameters[name].converted(now[name])
        # What the declaration refuses is another value; and it may be a thing that cannot be compared.
        if parameters[name].problem(value) or value != values[name]:
            told.append(f"{name} was {_shown(values[name])} and is {_shown(value)}")
    return sorted(told)


def read(text: str, type_name: str = "") -> Any:
    """Read a value as it is typed at a command line: a number as in Python or JSON, else a word.

    Parameters
    ----------
    text : str
        ``3``, ``1e-4``, ``true``, ``a word``, ``"3"``, or a list of such: ``[a, b]``.
    type_name : str
        The declared type, if there is one: where a str is declared, what has no quotation marks is a word.

    Returns
    -------
    object
        A number, a bool, None, a str, or a list of these.

    Raises
    ------
    ParameterError
        If it opens a list or a quotation and does not close it.

    Examples
    --------
    >>> read("1e-4"), read("[1e-4, 3]"), read("12:30:45"), read("017"), read("[red, 'dark blue']")
    (0.0001, [0.0001, 3], '12:30:45', '017', ['red', 'dark blue'])
    """
    text = text.strip()
    if not text.startswith("["):
        return _read_entry(text, type_name)
    if not text.endswith("]") or len(text) == 1:
        raise ParameterError(f"{_shown(text)} is no value; expected a number, a word or [a, b]")
    inner = type_name.removeprefix("list[").removesuffix("]")
    entries = [entry.strip() for entry in _ENTRY.findall(text[1:-1])]
    if entries and not entries[-1]:  # after a last comma, or in []
        entries.pop()
    return [_read_entry(entry, inner) for entry in entries]


def _read_entry(text: str, type_name: str) -> Any:
    is_quoted = text[:1] in ("'", '"')
    if type_name == "str" and not is_quoted:
        return text
    if text in _WORDS:
        return _WORDS[text]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    if is_quoted:
        raise ParameterError(f"{_shown(text)} is no value; a quotation mark is missing")
    return text


def changed(values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Values that are not the profile's own.

    Examples
    --------
    >>> changed({"seed": 3, "out": "there"}, {"seed": 0, "out": ""})
    {'seed': 3}
    """
    return {
        name: value
        for name, value in values.items()
        if name not in NOT_IN_KEY and value != own.get(name, ...)
    }


def key(changes: Mapping[str, Any]) -> str:
    """Short name of changed parameters, for the run's folder; "" where nothing is changed.

    Examples
    --------
    >>> key({"seed": 3, "n_seeds": 1})
    'n_seeds=1,seed=3'
    """
    readable = ",".join(f"{name}={changes[name]}" for name in sorted(changes))
    if re.fullmatch(r"[\w.=,-]{0,48}", readable):
        return readable
    return hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()[:12]
