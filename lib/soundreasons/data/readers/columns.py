"""Writing a table that does not fit in memory as Python objects: row by row into parquet."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

Kind = Literal["int32", "int64", "str"]
ROWS_AT_A_TIME = 1_000_000


class ColumnWriter:
    """Collect rows and write them to a parquet file, a million at a time.

    Parameters
    ----------
    path : Path
        The file to write.
    kinds : mapping of str to {"int32", "int64", "str"}
        Name and kind of each column, in order.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> place = Path(tempfile.mkdtemp()) / "plays.parquet"
    >>> with ColumnWriter(place, {"artist": "str", "plays": "int32"}) as table:
    ...     table.append("Nina Simone", 7)
    >>> pd.read_parquet(place).values.tolist()
    [['Nina Simone', 7]]
    """

    def __init__(self, path: Path, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)
        types = {"int32": pa.int32(), "int64": pa.int64(), "str": pa.large_string()}
        self._schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
        self._writer = pq.ParquetWriter(path, self._schema)
        self._cells: list[Any] = []
        self._start_anew()

    def _start_anew(self) -> None:
        codes = {"int32": "i", "int64": "q"}
        self._cells = [[] if kind == "str" else array(codes[kind]) for kind in self._kinds.values()]

    def append(self, *row: Any) -> None:
        """Add one row, in the order of the columns; None is a missing text."""
        for cells, cell in zip(self._cells, row, strict=True):
            cells.append(cell)
        if len(self._cells[0]) >= ROWS_AT_A_TIME:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if not len(self._cells[0]):
            return
        arrays = [
            pa.array(cells if isinstance(cells, list) else np.frombuffer(cells, dtype=cells.typecode), kind)
            for cells, kind in zip(self._cells, self._schema.types, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._start_anew()

    def __enter__(self) -> ColumnWriter:
        """Start writing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rest and close the file."""
        if error is None:
            self.flush()
        self._writer.close()
