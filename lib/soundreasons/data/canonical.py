"""A digest of what a table says, not of how it was written.

A copy of a table may be recompressed, have other line ends, a header or none, or its rows in
another order, and still be the same data. The canonical form keeps only what counts: column
names, types, and the multiset of rows. A single other cell gives another digest.

The form: columns sorted by name; each column as its sorted distinct values and, for every row,
the rank of its value (-1 where it is missing); rows sorted by these ranks.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.errors import DataError

Ranks = NDArray[np.int32]
_BLOCK = 1 << 20


def table_digest(frame: pd.DataFrame) -> str:
    """Digest the canonical form of a table: same rows, same digest.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        Columns of integers, floats, booleans, times or texts (plain or categorical); the index
        is ignored. Widths do not count (int32 = int64), kinds do (1 is not 1.0 nor "1").

    Returns
    -------
    str
        ``"sha256:"`` and 64 hexadecimal digits.

    Raises
    ------
    DataError
        If a column holds something else, or two columns share a name.

    Examples
    --------
    >>> plays = pd.DataFrame({"artist": ["b", "a"], "count": [2, 1]})
    >>> table_digest(plays) == table_digest(plays[::-1][["count", "artist"]])
    True
    >>> table_digest(plays) == table_digest(plays.assign(count=[2, 3]))
    False
    """
    names = sorted(str(name) for name in frame.columns)
    if len(set(names)) != len(names):
        raise DataError(f"two columns share a name: {names}")
    hasher = hashlib.sha256(f"table 1\n{len(frame)} rows\n".encode())
    columns: list[Ranks] = []
    for name in names:
        kind, values, ranks = _rank(frame[name])
        hasher.update(f"{len(name)}:{name}:{kind}:{len(values)}\n".encode())
        _update_with_values(hasher, values)
        columns.append(ranks)
    if columns:
        order = np.lexsort(columns[::-1])
        for ranks in columns:
            _update_in_order(hasher, ranks, order)
    return f"sha256:{hasher.hexdigest()}"


def _rank(column: pd.Series) -> tuple[str, NDArray[Any] | list[str], Ranks]:
    """Return the kind of a column, its sorted distinct values and each row's rank among them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _rank_categorical(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return ("bool", *_rank_numbers(column, np.int64))
    if pd.api.types.is_integer_dtype(column.dtype):
        return ("int", *_rank_numbers(column, np.int64))
    if pd.api.types.is_float_dtype(column.dtype):
        return ("float", *_rank_numbers(column, np.float64))
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return ("time", *_rank_numbers(column.astype("datetime64[ns]"), np.int64))
    return ("text", *_rank_texts(column))


def _rank_numbers(column: pd.Series, kind: type[np.generic]) -> tuple[NDArray[Any], Ranks]:
    missing = column.isna().to_numpy()
    present = column[~missing].to_numpy().astype(kind)
    values, inverse = _distinct(present)
    ranks = np.full(len(column), -1, dtype=np.int32)
    ranks[~missing] = inverse
    return values, ranks


def _distinct(numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sorted distinct values and each number's place among them, as np.unique does."""
    if numbers.dtype == np.int64 and len(numbers):
        low, span = numbers.min(), int(numbers.max()) - int(numbers.min()) + 1
        if span <= 4 * len(numbers):
            # Dense numbers, such as the ids of a large set, need no sorting.
            seen = np.bincount(numbers - low, minlength=span) > 0
            return np.flatnonzero(seen) + low, (np.cumsum(seen, dtype=np.int32) - 1)[numbers - low]
    # Adding zero turns -0.0 into 0.0, which are equal as numbers.
    return np.unique(numbers + numbers.dtype.type(0), return_inverse=True)


def _rank_texts(column: pd.Series) -> tuple[list[str], Ranks]:
    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    return _rank_codes(np.asarray(codes), list(uniques), column.name)


def _rank_categorical(column: pd.Series) -> tuple[str, NDArray[Any] | list[str], Ranks]:
    categories = column.cat.categories
    if not pd.api.types.is_string_dtype(categories.dtype):
        return _rank(column.astype(categories.dtype))
    return ("text", *_rank_codes(column.cat.codes.to_numpy(), list(categories), column.name))


def _rank_codes(codes: NDArray[Any], labels: list[Any], name: Any) -> tuple[list[str], Ranks]:
    stranger = next((label for label in labels if not isinstance(label, str)), None)
    if stranger is not None:
        raise DataError(f"column {name!r} mixes texts with {type(stranger).__name__} ({stranger!r})")
    used = np.unique(codes[codes >= 0])
    order = sorted(used.tolist(), key=lambda code: labels[code])
    rank_of = np.full(len(labels) + 1, -1, dtype=np.int32)  # the last cell answers for code -1
    rank_of[order] = np.arange(len(order), dtype=np.int32)
    return [labels[code] for code in order], rank_of[codes]


def _update_with_values(hasher: Any, values: NDArray[Any] | list[str]) -> None:
    if isinstance(values, list):
        for start in range(0, len(values), _BLOCK):
            texts = (text.encode("utf-8", "surrogatepass") for text in values[start : start + _BLOCK])
            hasher.update(b"".join(b"%d:%s" % (len(text), text) for text in texts))
    else:
        hasher.update(values.astype(values.dtype.newbyteorder("<")).tobytes())


def _update_in_order(hasher: Any, ranks: Ranks, order: NDArray[np.intp]) -> None:
    for start in range(0, len(order), _BLOCK):
        hasher.update(ranks[order[start : start + _BLOCK]].astype("<i4").tobytes())
