"""Arrays that are slow to compute and come out the same each time: computed once, kept by their key.

What is kept is an output of the pipeline, never a source: its key is made of the code that computes
it, the parameters, the data it reads and the versions of the libraries. Change one of them and it is
computed anew. Deleting the folder loses nothing but time.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock
from numpy.typing import NDArray

CACHE_VARIABLE = "SOUNDREASONS_CACHE"
DATA_VARIABLE = "SOUNDREASONS_DATA"

Arrays = Mapping[str, NDArray[Any]]


def folder() -> Path:
    """Folder of what is kept: `SOUNDREASONS_CACHE`, else `computed` in the data folder."""
    told = os.environ.get(CACHE_VARIABLE)
    if told:
        return Path(told).expanduser().absolute()
    data = os.environ.get(DATA_VARIABLE) or platformdirs.user_cache_dir("soundreasons", appauthor=False)
    return Path(data).expanduser().absolute() / "computed"


def key(
    *,
    parameters: Mapping[str, Any],
    data: Mapping[str, str],
    code: Sequence[ModuleType],
    libraries: Sequence[str] = ("numpy",),
) -> str:
    """Fingerprint of everything that decides what a computation gives.

    Parameters
    ----------
    parameters : mapping
        Plain values (numbers, text, lists of them).
    data : mapping of str to str
        Name and digest of each data set that is read, as `soundreasons.data.opened` tells them.
    code : sequence of module
        Modules whose source matters.
    libraries : sequence of str
        Distributions whose version matters.

    Returns
    -------
    str
        24 hexadecimal digits.

    Raises
    ------
    TypeError
        If a parameter is no plain value.

    Examples
    --------
    >>> three, four = (key(parameters={"n": n}, data={}, code=[]) for n in (3, 4))
    >>> three == four, three == key(parameters={"n": 3}, data={}, code=[])
    (False, True)
    """
    said = {
        "parameters": dict(parameters),
        "data": dict(data),
        "code": {module.__name__: inspect.getsource(module) for module in code},
        "libraries": {name: metadata.version(name) for name in libraries},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def arrays(
    name: str,
    compute: Callable[[], Arrays],
    *,
    parameters: Mapping[str, Any],
    data: Mapping[str, str],
    code: Sequence[ModuleType],
    libraries: Sequence[str] = ("numpy",),
) -> dict[str, NDArray[Any]]:
    """Return the arrays kept under this key, or compute and keep them.

    Two processes that want the same arrays compute them once. A file that cannot be read (cut short
    by a full disk) is computed anew.

    Parameters
    ----------
    name : str
        What it is, as in ``"concept_hierarchies-clips"``; part of the file's name.
    compute : callable
        Gives the arrays by name; called without arguments where nothing is kept.
    parameters, data, code, libraries
        As for `key`.

    Returns
    -------
    dict of ndarray
        The same to the last bit, whether kept or computed.

    Raises
    ------
    ValueError
        If the name has other characters than letters, digits, ``-`` and ``_``, or an array holds
        objects.

    Examples
    --------
    >>> import os, tempfile
    >>> os.environ["SOUNDREASONS_CACHE"] = tempfile.mkdtemp()
    >>> def slowly():
    ...     print("computing")
    ...     return {"squares": np.arange(3) ** 2}
    >>> for _ in range(2):
    ...     arrays("demo", slowly, parameters={}, data={}, code=[])["squares"].tolist()
    computing
    [0, 1, 4]
    [0, 1, 4]
    >>> del os.environ["SOUNDREASONS_CACHE"]
    """
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"name is {name!r}, expected letters, digits, - and _ only")
    fingerprint = key(parameters=parameters, data=data, code=code, libraries=libraries)
    path = folder() / f"{name}-{fingerprint}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        kept = _read(path)
        if kept is None:
            _write(path, compute())
            kept = _read(path)
    if kept is None:
        raise OSError(f"{path} cannot be read back; make room, or set {CACHE_VARIABLE} to another folder")
    return kept


def _read(path: Path) -> dict[str, NDArray[Any]] | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        return None


def _write(path: Path, computed: Arrays) -> None:
    """Write all or nothing: a killed process leaves no half file under the final name."""
    objects = [name for name, values in computed.items() if np.asarray(values).dtype.hasobject]
    if objects:
        raise ValueError(f"array {objects[0]!r} holds objects, expected numbers or text of fixed width")
    handle, part = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".npz", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, allow_pickle=False, **{name: np.asarray(v) for name, v in computed.items()})
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
