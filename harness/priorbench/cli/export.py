"""``priorbench export``: the records of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.files import write

if TYPE_CHECKING:
    from priorbench.store import Store


class ExportFormat(StrEnum):
    """How records are written."""

    jsonl = "jsonl"


def export(
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
    ] = None,
    format: Annotated[
        ExportFormat, typer.Option(help="jsonl: one JSON object on each line.")
    ] = ExportFormat.jsonl,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print.")
    ] = None,
) -> None:
    """Write the records of a store, JSON lines on standard output by default."""
    from priorbench.store import Store, store_url

    source = Store(store_url(store), create=False)
    try:
        if output is None:
            for line in lines(source):
                write(line, None)
        else:
            write("".join(lines(source)), output)
    finally:
        source.close()


def lines(store: Store) -> Iterator[str]:
    """Yield one JSON line for each record, with its environment written out."""
    from priorbench.records import to_json

    environments = store.environments()
    for record in store.records():
        data = to_json(record)
        data["environment"] = {"fingerprint": record.environment, **environments.get(record.environment, {})}
        yield json.dumps(data, allow_nan=False) + "\n"
