"""Prints tables and JSON to standard output, and messages to standard error."""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.words import visible

if TYPE_CHECKING:
    from priorbench.loading.registry import Registry
    from priorbench.rendering.terminal.grid import Dispensable, Grid


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


def say(text: str = "", *, err: bool = False, nl: bool = True, hang: int | None = None) -> None:
    """Print text on standard output or standard error; what it holds does nothing to a terminal.

    On a terminal, lines that are too wide go on in the next one.

    Parameters
    ----------
    text : str, default ''
        one or several lines.
    err : bool, default False
        whether it goes to standard error.
    nl : bool, default True
        whether a line break follows.
    hang : int or None, optional
        spaces before what goes on in the next line; default two more than before the line itself.
    """
    from priorbench.rendering.terminal.width import terminal_width

    width = terminal_width(sys.stderr if err else sys.stdout)
    lines = visible(text).split("\n")
    if width is not None and any(len(line) > width // 2 for line in lines):  # a character may be two wide
        lines = [part for line in lines for part in _broken(line, width, hang)]
    typer.echo("\n".join(lines), err=err, nl=nl)


def _broken(line: str, width: int, hang: int | None) -> list[str]:
    from priorbench.rendering.terminal.wrapping import wrapped

    text = line.lstrip(" ")
    before = len(line) - len(text)
    after = min(before + 2 if hang is None else hang, width // 2)
    return wrapped(text, width, first=" " * before, rest=" " * after)


def print_text(text: str) -> None:
    """Print text that programs read, such as a script, as it is: however wide it is."""
    typer.echo(visible(text), nl=not text.endswith("\n"))


def remark(text: str) -> None:
    """Print a line for people on standard error."""
    say(f"priorbench: {text}", err=True)


def print_json(value: object) -> None:
    """Print a value as JSON; numbers that JSON has not become text."""
    from priorbench.rendering.plain import json_text

    typer.echo(json_text(value, indent=2))


def print_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    indent: int = 0,
    names: Container[str] = (),
    whole: Container[str] = (),
    dispensable: Dispensable = (),
    everything: str = "--format json",
) -> tuple[str, ...]:
    """Print a table. Elsewhere than on a terminal every row is one line, and nothing is cut.

    Parameters
    ----------
    headers : Sequence[str]
        titles of the columns; empty for a table without a head.
    rows : Sequence[Sequence[str]]
        the cells; white space in them is made single spaces.
    indent : int, default 0
        spaces before each row.
    names, whole : Container[str], default ()
        titles of columns whose cells are shortened, or left as they are, where there is no room; those of all
        others are wrapped.
    dispensable : Sequence[str or tuple of str], default ()
        titles of columns that a narrow terminal goes without, the least needed first; those of a tuple
        together.
    everything : str, default '--format json'
        what shows all, for the note that says what is not shown.

    Returns
    -------
    tuple of str
        titles of the columns that there was room for.
    """
    grid = table_grid(headers, rows, indent=indent, names=names, whole=whole, dispensable=dispensable)
    print_grid(grid, indent=indent, everything=everything)
    return grid.shown


def table_grid(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    indent: int = 0,
    names: Container[str] = (),
    whole: Container[str] = (),
    dispensable: Dispensable = (),
) -> Grid:
    """Return the table that `print_table` prints: what there is room for, and what not."""
    from priorbench.rendering.terminal.grid import Column, Kind, arranged
    from priorbench.rendering.terminal.width import terminal_width

    def kind(title: str) -> Kind:
        return Kind.NAME if title in names else Kind.WHOLE if title in whole else Kind.TEXT

    lines = [[visible(" ".join(cell.split())) for cell in row] for row in rows]
    titles = [visible(title) for title in headers] or [""] * len(lines[0] if lines else [])
    columns = [
        Column(heading=title, cells=[line[place] for line in lines], kind=kind(title))
        for place, title in enumerate(titles)
    ]
    width = terminal_width(sys.stdout)
    return arranged(columns, None if width is None else width - indent, dispensable)


def print_grid(grid: Grid, *, indent: int = 0, everything: str = "--format json") -> None:
    """Print a table of `table_grid`, and what it has no room for."""
    from priorbench.rendering.terminal.width import terminal_width

    bold = terminal_width(sys.stdout) is not None
    before = " " * indent
    for line in grid.head:
        typer.echo(before + (typer.style(line, bold=True) if bold else line))
    for line in (line for row in grid.rows for line in row):
        typer.echo((before + line).rstrip())
    for note in grid.notes(everything):
        say(note)
