"""``priorbench export``: the records of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.files import write, write_bytes
from priorbench.cli.common.stores import reading

if TYPE_CHECKING:
    from priorbench.store.database import Store


class ExportFormat(StrEnum):
    """How records are written."""

    jsonl = "jsonl"
    parquet = "parquet"


def export(
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
    ] = None,
    format: Annotated[
        ExportFormat, typer.Option(help="jsonl: one JSON object on each line; parquet: needs pyarrow.")
    ] = ExportFormat.jsonl,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print.")
    ] = None,
) -> None:
    """Write the records of a store, JSON lines on standard output by default."""
    from priorbench.errors import PriorbenchError

    if format is ExportFormat.parquet and output is None:
        raise PriorbenchError("parquet is not text: name a file with -o FILE")
    with reading(store) as source:
        if format is ExportFormat.parquet and output is not None:
            write_bytes(parquet(source), output)
        elif output is None:
            for line in lines(source):
                write(line, None)
        else:
            write("".join(lines(source)), output)


def lines(store: Store) -> Iterator[str]:
    """Yield one JSON line for each record, with its environment written out."""
    from priorbench.contract.records import to_json

    environments = store.environments()
    for record in store.records():
        data = to_json(record)
        del data["crops"]  # pictures for the report, not results
        data["environment"] = {"fingerprint": record.environment, **environments.get(record.environment, {})}
        yield json.dumps(data, allow_nan=False) + "\n"


def parquet(store: Store) -> bytes:
    """Return the records as a Parquet table; nested fields are JSON text.

    Raises
    ------
    PriorbenchError
        If pyarrow is not installed.
    """
    from priorbench.errors import PriorbenchError

    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise PriorbenchError(
            "parquet needs the package pyarrow: pip install 'priorbench[parquet]'"
        ) from None
    rows = [json.loads(line) for line in lines(store)]
    flat = [
        {name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in row.items()}
        for row in rows
    ]
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(flat), sink)
    return bytes(sink.getvalue())
