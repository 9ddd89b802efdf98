"""Reading a published pickle without trusting it.

A pickle is a program. This reader lets it call only the constructors that a plain pandas table
needs; a pickle that names anything else is refused before anything of it runs.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import open_decoded

# Old numpy wrote `numpy.core`, new numpy keeps it as a deprecated name for `numpy._core`.
_NUMPY = {"numeric": ("_frombuffer",), "multiarray": ("_reconstruct", "scalar")}
ALLOWED = frozenset(
    {
        ("pandas.core.frame", "DataFrame"),
        ("pandas.core.internals.managers", "BlockManager"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("pandas.core.indexes.base", "_new_Index"),
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("builtins", "slice"),
        *((f"numpy.core.{module}", name) for module, names in _NUMPY.items() for name in names),
        *((f"numpy._core.{module}", name) for module, names in _NUMPY.items() for name in names),
    }
)


class _TableUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise DataError(
                f"the pickle asks for {module}.{name}, which a table does not need; refused. "
                "Only a file whose sha256 the registry gives should come here"
            )
        return super().find_class(module.replace("numpy.core.", "numpy._core."), name)


def read_table(path: Path) -> pd.DataFrame:
    """Read a pandas table from a (possibly compressed) pickle, with no other constructor allowed.

    Raises
    ------
    DataError
        If the pickle asks for anything but a table, is damaged, or holds something else.
    """
    try:
        with open_decoded(path) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            table = _TableUnpickler(stream).load()
    except DataError:
        raise
    except Exception as error:
        # Damaged pickles raise nearly anything, from UnpicklingError to TypeError.
        raise DataError(f"{path} is no pickle of a table ({type(error).__name__}: {error})") from error
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"{path} holds a {type(table).__name__}, expected a pandas DataFrame")
    return table


def read_object_array(path: Path) -> Any:
    """Read the one object that a NumPy file (`.npy`) holds pickled, with no other constructor allowed.

    Raises
    ------
    DataError
        If the pickle asks for anything but arrays, is damaged, or the file holds no single object.
    """
    try:
        with open_decoded(path) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):
                raise DataError(f"{path} is a NumPy file of version {version}, expected (1, 0)")
            shape, _, kind = np.lib.format.read_array_header_1_0(stream)
            if shape != () or kind != np.dtype(object):
                raise DataError(f"{path} holds an array of shape {shape} of {kind}, expected a single object")
            return _TableUnpickler(stream, encoding="latin1").load().item()
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path} is no pickled object ({type(error).__name__}: {error})") from error
