"""Tables as Parquet: columns with their types, units and definitions. The only importer of pyarrow."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scanproc.errors import ScanError

#: Of a column: texts, numbers, or lists of records whose fields are named.
Kind = Literal["text", "number"] | Mapping[str, Literal["text", "flag"]]


@dataclass(frozen=True)
class ParquetColumn:
    """What stands in a column; unit, definition and source are kept as its metadata."""

    kind: Kind
    notes: Mapping[str, str]


def parquet_table(columns: Mapping[str, ParquetColumn], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a table, the same bytes for the same rows; what a row lacks, or is empty, is null.

    Raises
    ------
    ScanError
        If pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ScanError(
            "Parquet is written by pyarrow, which is not installed. Install it: pip install 'scanproc[parquet]'."
        ) from None
    scalars = {"text": pyarrow.string(), "number": pyarrow.float64(), "flag": pyarrow.bool_()}

    def type_of(kind: Kind) -> Any:
        if isinstance(kind, str):
            return scalars[kind]
        return pyarrow.list_(pyarrow.struct([(name, scalars[of]) for name, of in kind.items()]))

    def value_of(value: Any, kind: Kind) -> Any:
        if value in (None, ""):
            return None
        return str(value) if kind == "text" else float(value) if kind == "number" else list(value)

    fields = [pyarrow.field(name, type_of(each.kind), metadata=dict(each.notes)) for name, each in columns.items()]
    arrays = [
        pyarrow.array([value_of(row.get(field.name), columns[field.name].kind) for row in rows], field.type)
        for field in fields
    ]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields)), stream, compression="zstd")
    return stream.getvalue()
