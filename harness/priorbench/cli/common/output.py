"""Prints tables and JSON to standard output, and messages to standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.words import visible

if TYPE_CHECKING:
    from priorbench.loading.registry import Registry

#: Width of tables that no terminal limits: nothing is wrapped, so that every record is one line.
_UNLIMITED = 100_000


class Format(StrEnum):
    """For people or for scripts."""

    TABLE = "table"
    JSON = "json"


#: annotation of the option of every command that uses plugins
PluginFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE.py", help="A plugin of one file, without packaging; may be repeated."
    ),
]


def open_registry(plugin: Sequence[Path] | None = None, *, tell_broken: bool = True) -> Registry:
    """Load the plugins and say on standard error that some are broken and which names are unknown.

    Parameters
    ----------
    plugin : Sequence[Path] or None, optional
        files to load as plugins, beside those that are installed.
    tell_broken : bool, default True
        False where the command itself tells of the broken plugins.
    """
    from priorbench.cli.common.crashes import crashes_told
    from priorbench.loading.load import load_registry
    from priorbench.loading.patience import seconds_allowed
    from priorbench.loading.plugin_files import add_plugin_files

    add_plugin_files(plugin or ())
    with crashes_told(2 * seconds_allowed()):
        registry = load_registry()
    if not tell_broken:
        return registry
    for status in registry.plugins:
        if status.status == "unknown":
            remark(status.reason)
    broken = sum(status.status in ("broken", "conflict") for status in registry.plugins)
    if broken:
        what = "1 plugin is" if broken == 1 else f"{broken} plugins are"
        remark(f"{what} broken: see 'priorbench list plugins'")
    return registry


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text on standard output or standard error; what it holds does nothing to a terminal."""
    typer.echo(visible(text), err=err, nl=nl)


def remark(text: str) -> None:
    """Print a line for people on standard error."""
    say(f"priorbench: {text}", err=True)


def print_json(value: object) -> None:
    """Print a value as JSON; ASCII, so that no terminal or pipe can spoil it."""
    typer.echo(json.dumps(plain(value), indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Return a value made of what JSON has; numbers that it has not become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
    """Print a table; on a terminal cells are wrapped, elsewhere every row is one line. Nothing is cut.

    Parameters
    ----------
    headers : Sequence[str]
        titles of the columns; empty for a table without a head.
    rows : Sequence[Sequence[str]]
        the cells; white space in them is made single spaces.
    indent : int, default 0
        spaces before each row.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console() if sys.stdout.isatty() else Console(width=_UNLIMITED)
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=bool(headers)
    )
    for number in range(len(headers or rows[0]) if headers or rows else 0):
        table.add_column(headers[number] if headers else "", overflow="fold")
    for row in rows:
        # Text, not a string: rich would take "[bm3d]" for markup.
        table.add_row(*(Text(visible(" ".join(cell.split()))) for cell in row))
    with console.capture() as capture:
        console.print(Padding(table, (0, 0, 0, indent), expand=False))
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
