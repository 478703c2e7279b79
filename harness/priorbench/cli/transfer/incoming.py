"""``priorbench import`` and ``merge``: records that come into a store."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import remark, say
from priorbench.cli.common.parquet import pyarrow
from priorbench.cli.common.store_options import IntoOption
from priorbench.cli.common.stores import writing

if TYPE_CHECKING:
    from priorbench.store.documents import Damage
    from priorbench.store.exchange import Item
    from priorbench.store.uniting import Conflict, Tally

    Refuse = Callable[[Damage], None]

#: lines that are named, at most
_NAMED = 10
#: bytes at the beginning that tell what a file is
_BEGINNING = 2**20
#: how a line with a record begins
_RECORD = re.compile(rb'^(?:\xef\xbb\xbf)?[ \t]*\{[ \t]*"', re.MULTILINE)
_STANDARD_INPUT = Path("-")
#: first column of the table that `export` writes
_TABLE = b"denoiser_label,"
#: what gzip, zip and zstd begin with
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")


def import_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="What 'export' gave: JSON lines, or parquet; - is standard input."
        ),
    ],
    store: IntoOption = None,
) -> None:
    """Add records from files to the store of --store (default: priorbench.db).

    Of two results under one key, the first measured counts.
    """
    from priorbench.store.uniting import Tally, unite

    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="priorbench-import-") as folder:
        sources = [_rows_of(_kept(path, Path(folder, str(n))), path) for n, path in enumerate(files)]
        with writing(store) as target:
            for rows in sources:
                unite(target, _items(rows, tally), tally)
            _conclude(tally, target.url, chosen=store is not None)


def _kept(path: Path, folder: Path) -> Path:
    """Return a file that can be read twice: itself, or what came through a pipe, under its name."""
    if path != _STANDARD_INPUT and (path.is_file() or not path.exists() or path.is_dir()):
        return path
    folder.mkdir()
    kept = folder / ("standard input" if path == _STANDARD_INPUT else path.name)
    with contextlib.ExitStack() as stack:
        came = sys.stdin.buffer if path == _STANDARD_INPUT else stack.enter_context(path.open("rb"))
        shutil.copyfileobj(came, stack.enter_context(kept.open("wb")))
    return kept


def merge(
    stores: Annotated[list[str], typer.Argument(metavar="STORE...", help="Stores to read: URLs or files.")],
    store: IntoOption = None,
) -> None:
    """Add the records, requests and pictures of stores to the store of --store (default: priorbench.db).

    Of two results under one key, the first measured counts.
    """
    from priorbench.errors import PriorbenchError
    from priorbench.store.database import Store, store_url
    from priorbench.store.uniting import Tally, copy_pictures, items_of, unite

    tally = Tally()
    sources = [Store(store_url(name), create=False) for name in stores]
    try:
        with writing(store) as target:
            for source in sources:
                if source.same_place(target):
                    raise PriorbenchError(f"the store {source.url} is the one to merge into: name others")
            for source in sources:
                unite(target, items_of(source, tally), tally)
                copy_pictures(target, source)
                tally.refused += source.damage.values()
            _conclude(tally, target.url, chosen=store is not None)
    finally:
        for source in sources:
            source.close()


def _rows_of(path: Path, given: Path) -> Callable[[Refuse], Iterator[tuple[str, dict[str, Any]]]]:
    """Return what reads a file, `given` by another name; raise `PriorbenchError` if it cannot be read."""
    from priorbench.errors import PriorbenchError, nearest_path
    from priorbench.store.exchange import read_lines

    try:
        with path.open("rb") as file:
            start = file.read(_BEGINNING)
    except OSError as error:
        near = nearest_path(path) if isinstance(error, FileNotFoundError) else ""
        raise PriorbenchError(f"cannot read {path}: {error.strerror or error}{near}") from None
    if start.startswith(b"PAR1"):
        rows = _parquet_rows(path)
        return lambda refuse: iter(rows)
    if start.startswith(b"SQLi"):
        raise PriorbenchError(f"{path} is a store: 'priorbench merge {path}' reads it")
    if what := _other_file(path, start):
        shown = "standard input" if given == _STANDARD_INPUT else given
        raise PriorbenchError(
            f"{shown} is {what}: 'import' takes JSON lines, as 'priorbench export -o FILE.jsonl' writes "
            "them, and its -o FILE.parquet"
        )
    return lambda refuse: read_lines(path, refuse)


def _other_file(path: Path, start: bytes) -> str:
    """Say what a file is that priorbench writes, or others pack, and that has no records to import."""
    if path.suffix.lower() in (".csv", ".tsv") or start.startswith(_TABLE):
        return "a table, which has not all that belongs to a record"
    if path.suffix.lower() == ".json" and start.lstrip().startswith(b"["):
        return "one JSON list, as a board is"
    if start.lstrip().startswith(b"<"):
        return "a page"
    if start.startswith(_PACKED):
        return "packed, unpack it first"
    return "a file without records" if start.strip() and not _RECORD.search(start) else ""


def _parquet_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    from priorbench.errors import PriorbenchError

    package = pyarrow()
    try:
        rows = package.parquet.read_table(path).to_pylist()
    except (package.ArrowException, OSError, ValueError) as error:
        raise PriorbenchError(f"cannot read {path}: {str(error).splitlines()[0]}") from None
    return [(f"{path.name}, row {number}", _nested(row)) for number, row in enumerate(rows, 1)]


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a Parquet table with its nested fields, which are JSON text there."""
    from priorbench.store.exchange import NESTED

    def value(name: str, cell: Any) -> Any:
        if name not in NESTED or not isinstance(cell, str):
            return cell
        try:
            return json.loads(cell)
        except ValueError:
            return cell

    return {name: value(name, cell) for name, cell in row.items()}


def _items(rows: Callable[[Refuse], Iterator[tuple[str, dict[str, Any]]]], tally: Tally) -> Iterator[Item]:
    """Yield the records of a file; what is none is counted in `tally`."""
    from priorbench.store.documents import Damage, UnreadableError
    from priorbench.store.exchange import item_of

    for where, values in rows(tally.refused.append):
        try:
            yield item_of(values)
        except UnreadableError as error:
            tally.refused.append(Damage(where=where, reason=str(error)))


def _conclude(tally: Tally, url: str, *, chosen: bool) -> None:
    """Say what became of the records; the exit status is 1 where some were refused or say something else."""
    from priorbench.words import one_line, plural

    for item in tally.refused[:_NAMED]:
        remark(f"left out: {one_line(item.where)}: {one_line(item.reason)}")
    if len(tally.refused) > _NAMED:
        remark(f"and {len(tally.refused) - _NAMED} more left out")
    for conflict in tally.conflicts[:_NAMED]:
        remark(one_line(_difference(conflict)))
    if len(tally.conflicts) > _NAMED:
        remark(f"and {len(tally.conflicts) - _NAMED} more with another result under the same key")
    parts = [f"{plural(tally.added, 'record')} added", f"{tally.known} there already"]
    parts += [f"{len(tally.conflicts)} with another result, kept beside"] if tally.conflicts else []
    parts += [f"{len(tally.refused)} left out"] if tally.refused else []
    which = "" if chosen else " (--store names another one)"
    say(f"{', '.join(parts)}; into the store {url}{which}", err=True)
    if tally.refused or tally.conflicts:
        raise typer.Exit(1)


def _difference(conflict: Conflict) -> str:
    """Name two results under one key, both values written down."""

    def told(values: Mapping[str, Any]) -> str:
        if values["status"] != "ok":
            return str(values["status"])
        psnr = values.get("psnr")
        return "exact" if psnr is None else f"{psnr!r} dB"

    one, other = conflict.values, conflict.other
    name = f"{one['denoiser']} on {one['image_set']}/{one['image']}, {one['noise']}"
    same = " (the pixels differ)" if told(one) == told(other) else ""
    return f"key {one['key']}: {name}: {told(one)} and {told(other)}{same}; the first counts"
