"""``priorbench export``: records that leave a store, whole or as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.files import write, write_bytes
from priorbench.cli.common.forms import form_of
from priorbench.cli.common.store_options import (
    AsOfOption,
    DenoisersOption,
    ImageSetOption,
    NoiseOption,
    OperatorOption,
    OutputOption,
    RulesOption,
    RunOption,
    StoreOption,
    SuitesOption,
    TagsOption,
    filter_of,
)
from priorbench.cli.common.stores import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from priorbench.ranking.filters import Filter, Named
    from priorbench.store.database import Store


class ExportFormat(StrEnum):
    """How records are written."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


def export(
    store: StoreOption = None,
    format: Annotated[
        ExportFormat | None,
        typer.Option(
            help="jsonl: everything, one JSON object on each line; csv: a table without the curves; parquet:"
            " both in one, needs pyarrow. Default: as the ending of -o FILE says, else jsonl."
        ),
    ] = None,
    output: OutputOption = None,
    image_set: ImageSetOption = None,
    noise: NoiseOption = None,
    operator: OperatorOption = None,
    denoiser: DenoisersOption = None,
    stopping: RulesOption = None,
    suite: SuitesOption = None,
    tag: TagsOption = None,
    run: RunOption = None,
    as_of: AsOfOption = None,
    current: Annotated[
        bool, typer.Option("--current", help="Only the records that boards show, no earlier versions.")
    ] = False,
) -> None:
    """Write the records of a store, each once with all its names."""
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.filters import EVERYTHING

    form = form_of(format, output, ExportFormat.jsonl)
    if form is ExportFormat.parquet and output is None:
        raise PriorbenchError("parquet is not text: name a file with -o FILE")
    only = filter_of(
        image_set=image_set,
        noise=noise,
        operator=operator,
        denoiser=denoiser,
        stopping=stopping,
        suite=suite,
        tag=tag,
        run=run,
        as_of=as_of,
    )
    with reading(store) as source:
        whole = only == EVERYTHING and not current
        if form is not ExportFormat.jsonl:
            _write_table(source, _named(source, only, current), form, output)
        elif output is None:
            for line in _lines(source, None if whole else _named(source, only, current)):
                write(line, None)
        else:
            write("".join(_lines(source, None if whole else _named(source, only, current))), output)


def _named(source: Store, only: Filter, current: bool) -> dict[str, Named]:
    """Return the wanted records: what each was asked for as last, and whether boards show it."""
    from priorbench.ranking.filters import wanted_records

    found = wanted_records(source.scores(), only)
    return {key: one for key, one in found.items() if one.current or not current}


def _rows(source: Store, named: Mapping[str, Named] | None) -> Iterator[dict[str, Any]]:
    return (row for row in source.exported() if named is None or row["key"] in named)


def _lines(source: Store, named: Mapping[str, Named] | None) -> Iterator[str]:
    """Yield one JSON line for each record, with its environment written out and all that it answers."""
    for values in _rows(source, named):
        yield json.dumps(values, allow_nan=False) + "\n"


def _write_table(source: Store, named: Mapping[str, Named], form: ExportFormat, output: Path | None) -> None:
    from priorbench.cli.common.parquet import parquet_file
    from priorbench.cli.transfer.flat import as_table, flat, nested
    from priorbench.rendering.tables import csv_table

    rows = _rows(source, named)
    if form is ExportFormat.csv or output is None:
        write(csv_table(as_table([flat(row, named[row["key"]]) for row in rows])), output)
    else:
        whole = [{**flat(row, named[row["key"]]), **nested(row)} for row in rows]
        write_bytes(parquet_file(as_table(whole)), output)
