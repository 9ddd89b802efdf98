"""Results that are dear to compute, kept between runs: encoded texts, fitted weights, features.

What is kept is an output of the pipeline like any other, so it is named by everything it depends
on: the code (the modules that compute it and those of ours that they import), the parameters, the
data, and the versions of the libraries. Change one and it is computed anew. Files are `.npz`
archives of plain arrays, read with `allow_pickle=False`; a file is whole or it is not there.

    cache = Cache(data.cache_folder() / ".computed" / "song_descriptors", modules=[encoding.__name__])
    vectors = cache.arrays("vectors", compute, parameters={"length": 128}, data={"texts": digest(texts)})
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Arrays = dict[str, NDArray[Any]]

# A reader of data is not followed: what it gives is known by its digest.
FOLLOWED = ("soundreasons.papers.", "soundreasons.learning.", "soundreasons.media.")
# A chapter may ask for more than a dozen results of one name in a run; fewer kept than asked, and each would
# push out the one that is needed next.
KEPT_PER_NAME = 32
# No name in a model has a slash or a colon.
_BESIDE, _BITS = "beside/", ":bfloat16"


class Cache:
    """A folder of computed arrays.

    Parameters
    ----------
    folder : Path
        Where the files go; made when first needed. Usually `data.cache_folder() / ".computed" / slug`.
    modules : iterable of str
        Full names of the modules that compute the arrays. Those of our papers, `learning` and
        `media` that they import are found and count too.
    libraries : iterable of str
        Distributions whose versions count.
    enabled : bool
        Whether to read and write; if not, everything is computed (to time a cold run).
    before : callable, optional
        Told the name of what is about to be computed, for people who wait; not what is found.

    Attributes
    ----------
    found, computed : list of str
        Names that were answered from the folder, and names that were computed, in order.

    Examples
    --------
    >>> import tempfile
    >>> cache = Cache(Path(tempfile.mkdtemp()), modules=["soundreasons.learning.cache"])
    >>> def squares():
    ...     return {"squares": np.arange(4) ** 2}
    >>> for _ in range(2):
    ...     kept = cache.arrays("squares", squares, parameters={"n": 4})["squares"]
    >>> kept.tolist(), cache.computed, cache.found
    ([0, 1, 4, 9], ['squares'], ['squares'])
    """

    def __init__(
        self,
        folder: Path,
        *,
        modules: Iterable[str],
        libraries: Iterable[str] = ("numpy", "torch"),
        enabled: bool = True,
        before: Callable[[str], None] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.enabled = enabled
        self.before = before
        self.found: list[str] = []
        self.computed: list[str] = []
        self._code = code_digest(modules)
        self._versions = {name: importlib.metadata.version(name).partition("+")[0] for name in libraries}

    def path(
        self, name: str, *, parameters: Mapping[str, Any] | None = None, data: Mapping[str, str] | None = None
    ) -> Path:
        """Return where the arrays of this name, these parameters and this data are kept.

        Raises
        ------
        ValueError
            If `name` is no plain file name.
        TypeError
            If a parameter is nothing that JSON can say.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise ValueError(f"name is {name!r}, expected letters, digits, '-' and '_'")
        facts = [self._code, self._versions, dict(parameters or {}), dict(data or {})]
        return self.folder / f"{name}.{digest(json.dumps(facts, sort_keys=True))}.npz"

    def arrays(
        self,
        name: str,
        compute: Callable[[], Mapping[str, NDArray[Any]]],
        *,
        parameters: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> Arrays:
        """Return the arrays kept under a name, or compute and keep them.

        Parameters
        ----------
        name : str
            Letters, digits, ``-`` and ``_``; for people who look into the folder.
        compute : callable
            Returns the arrays by name; must depend on nothing but code, parameters and data.
        parameters : mapping
            All knobs that change the result, the seed and the device among them; JSON values.
        data : mapping of str to str
            Digest of each thing that is read: `data.opened()[name]["digest"]`, or `digest(...)`.

        Raises
        ------
        TypeError
            If an array holds Python objects, or a parameter is nothing that JSON can say.
        ValueError
            If `name` is no plain file name.

        Warns
        -----
        RuntimeWarning
            If the kept file is damaged; it is then computed anew.
        """
        path = self.path(name, parameters=parameters, data=data)
        kept = _read(path) if self.enabled else None
        if kept is not None:
            self.found.append(name)
            return kept
        if self.before is not None:
            self.before(name)
        fresh = {key: np.asarray(value) for key, value in compute().items()}
        self.computed.append(name)
        if self.enabled:
            _write(path, fresh)
            self._prune(name)
        return fresh

    def weights(
        self,
        name: str,
        model: torch.nn.Module,
        train: Callable[[], torch.nn.Module | tuple[torch.nn.Module, Mapping[str, NDArray[Any]]]],
        *,
        trainable_only: bool = False,
        parameters: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> Arrays:
        """Load the weights kept under a name into a model, or train and keep them.

        Parameters
        ----------
        name : str
            As in `arrays`.
        model : torch.nn.Module
            Gets the weights, on whatever device it lives.
        train : callable
            Returns the trained model, of the same shape or `model` itself; or that and arrays to be kept
            beside its weights (the losses of its training).
        trainable_only : bool
            Keep what requires a gradient only: a few layers of a large model whose rest never changes.
        parameters, data : mapping
            As in `arrays`.

        Returns
        -------
        dict of ndarray
            The arrays that `train` gave beside the model; empty if it gave none.

        Raises
        ------
        ValueError, TypeError
            As `arrays`; and `ValueError` if the weights do not fit the model.

        Examples
        --------
        >>> import tempfile, torch
        >>> cache = Cache(Path(tempfile.mkdtemp()), modules=["soundreasons.learning.cache"])
        >>> def train():
        ...     trained = torch.nn.Linear(1, 1)
        ...     torch.nn.init.constant_(trained.weight, 2.0)
        ...     return trained, {"losses": np.array([0.5])}
        >>> model = torch.nn.Linear(1, 1)
        >>> cache.weights("line", model, train)["losses"], model.weight.item()
        (array([0.5]), 2.0)
        """

        def compute() -> Arrays:
            trained = train()
            network, beside = trained if isinstance(trained, tuple) else (trained, {})
            kept = weights_of(network, trainable_only=trainable_only)
            return kept | {_BESIDE + key: np.asarray(value) for key, value in beside.items()}

        kept = self.arrays(name, compute, parameters=parameters, data=data)
        load_weights(
            model,
            {key: value for key, value in kept.items() if not key.startswith(_BESIDE)},
            trainable_only=trainable_only,
        )
        return {key.removeprefix(_BESIDE): v for key, v in kept.items() if key.startswith(_BESIDE)}

    def _prune(self, name: str) -> None:
        files = sorted(self.folder.glob(f"{name}.*.npz"), key=lambda file: file.stat().st_mtime)
        for file in files[:-KEPT_PER_NAME]:
            file.unlink(missing_ok=True)


def weights_of(model: torch.nn.Module, *, trainable_only: bool = False) -> Arrays:
    """Weights and buffers of a model as plain arrays, each in its own dtype.

    Parameters
    ----------
    model : torch.nn.Module
        On whatever device.
    trainable_only : bool
        Take what requires a gradient only.

    Returns
    -------
    dict of ndarray
        By name in the model. numpy has no bfloat16: such weights are kept as their bits, under a name that
        says so; `load_weights` knows it.

    Examples
    --------
    >>> import torch
    >>> {name: array.shape for name, array in weights_of(torch.nn.Linear(3, 2)).items()}
    {'weight': (2, 3), 'bias': (2,)}
    """
    import torch

    arrays = {}
    for name in _names(model, trainable_only):
        tensor = model.state_dict()[name].detach().cpu()
        if tensor.dtype is torch.bfloat16:
            arrays[name + _BITS] = tensor.view(torch.int16).numpy().copy()
        else:
            arrays[name] = tensor.numpy().copy()
    return arrays


def load_weights(
    model: torch.nn.Module, arrays: Mapping[str, NDArray[Any]], *, trainable_only: bool = False
) -> None:
    """Put arrays of `weights_of` into a model.

    Parameters
    ----------
    model : torch.nn.Module
        Of the same shape as that which they were taken from.
    arrays : mapping of str to ndarray
        Each weight by its name.
    trainable_only : bool
        Expect what requires a gradient only, and leave the rest as it is.

    Raises
    ------
    ValueError
        If a weight is missing, too many, or of another shape.

    Examples
    --------
    >>> import torch
    >>> first, second = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    >>> load_weights(second, weights_of(first))
    >>> bool((first.weight == second.weight).all())
    True
    """
    import torch

    state = {}
    for name, array in arrays.items():
        tensor = torch.from_numpy(np.array(array))
        is_bits = name.endswith(_BITS)
        state[name.removesuffix(_BITS)] = tensor.view(torch.bfloat16) if is_bits else tensor
    wanted = set(_names(model, trainable_only))
    if wanted != state.keys():
        raise ValueError(
            f"weights do not fit {type(model).__name__}: missing {sorted(wanted - state.keys()) or 'none'}, "
            f"too many {sorted(state.keys() - wanted) or 'none'}"
        )
    try:
        model.load_state_dict(state, strict=not trainable_only)
    except RuntimeError as error:
        raise ValueError(f"weights do not fit {type(model).__name__}: {error}") from None


def _names(model: torch.nn.Module, trainable_only: bool) -> list[str]:
    if trainable_only:
        return [name for name, weight in model.named_parameters() if weight.requires_grad]
    return list(model.state_dict())


def digest(*parts: str | bytes | NDArray[Any] | Sequence[str]) -> str:
    """Short hash of texts, lists of texts and arrays; the order counts, and where one part ends.

    Raises
    ------
    TypeError
        If an array holds Python objects.

    Examples
    --------
    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    hasher = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            hasher.update(len(piece).to_bytes(8, "little"))
            hasher.update(piece)
    return hasher.hexdigest()[:32]


def _pieces(part: str | bytes | NDArray[Any] | Sequence[str]) -> Iterator[bytes]:
    if isinstance(part, np.ndarray):
        if part.dtype.hasobject:
            raise TypeError(f"an array of dtype {part.dtype} has no stable digest; give numbers or texts")
        yield f"array {part.dtype.str} {part.shape}".encode()
        yield np.ascontiguousarray(part).tobytes()
    elif isinstance(part, str | bytes):
        yield b"text" if isinstance(part, str) else b"bytes"
        yield part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    else:
        yield f"list {len(part)}".encode()
        for text in part:
            yield text.encode("utf-8", "surrogatepass")


def code_digest(modules: Iterable[str]) -> str:
    """Short hash of what modules do, and those of ours that they import.

    Comments, layout and docstrings do not count.

    Raises
    ------
    ModuleNotFoundError
        If a module has no source here.

    Examples
    --------
    >>> code_digest(["soundreasons.learning.cache"]) == code_digest(["soundreasons.learning.seeding"])
    False
    """
    codes: dict[str, str] = {}
    waiting = sorted(modules)
    while waiting:
        name = waiting.pop()
        if name not in codes:
            tree = ast.parse(_source(name))
            waiting += _imported(tree)
            codes[name] = ast.dump(_without_docstrings(tree))
    return digest(*(text for pair in sorted(codes.items()) for text in pair))


def _source(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise ModuleNotFoundError(f"{name} has no Python source here")
    return Path(spec.origin).read_text(encoding="utf-8")


def _imported(tree: ast.AST) -> list[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from package import name`: the name may be a module of the package, or in it.
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted(name for name in names if name.startswith(FOLLOWED) and _is_module(name))


def _is_module(name: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return False
    # A package's own file only gathers names; what it gathers would make all code count for all.
    return spec is not None and spec.submodule_search_locations is None


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            first.value = ast.Constant(value="")
    return tree


def _read(path: Path) -> Arrays | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        os.utime(path)  # last used, for the pruning
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        warnings.warn(f"{path} is damaged ({error}); computed anew", RuntimeWarning, stacklevel=3)
        return None
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} has dtype {array.dtype}; only plain numbers and texts are kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
