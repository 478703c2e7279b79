"""Tables as Parquet files, by pyarrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def pyarrow() -> Any:
    """Return the package.

    Raises
    ------
    PriorbenchError
        If it is not installed.
    """
    from priorbench.errors import PriorbenchError

    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise PriorbenchError(
            "parquet needs the package pyarrow: pip install 'priorbench[parquet]'"
        ) from None
    return pyarrow


def parquet_file(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows of plain values as a Parquet file."""
    package = pyarrow()
    sink = package.BufferOutputStream()
    package.parquet.write_table(package.Table.from_pylist([dict(row) for row in rows]), sink)
    return bytes(sink.getvalue())
