"""``priorbench new``: creates the files of a new plugin."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.common.output import say


class PluginKind(StrEnum):
    """What the plugin will provide: the keys of `priorbench.scaffold.kinds.SCAFFOLDS`."""

    ONE_SHOT = "one-shot"
    ITERATIVE = "iterative"
    NUMPY = "numpy"
    WRAPPED = "wrapped"
    IMAGE_SET = "image-set"
    NOISE = "noise"
    OPERATOR = "operator"
    STOPPING_RULE = "stopping-rule"
    METRIC = "metric"
    SUITE = "suite"
    EXECUTOR = "executor"
    EXPERIMENT = "experiment"


def new(
    name: Annotated[
        str, typer.Argument(help="Name in lists and suites: lower-case letters, digits, '-', '.'.")
    ],
    kind: Annotated[PluginKind, typer.Option(help="What it will provide.")] = PluginKind.ONE_SHOT,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Default: priorbench-NAME.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Add it to the package of this folder, beside what is there."),
    ] = None,
) -> None:
    """Make an installable plugin that works, with its test: replace its method by yours."""
    import shlex

    from priorbench.cli.common.output import open_registry
    from priorbench.scaffold.making import make

    if into is not None:
        if output is not None:
            raise typer.BadParameter("it names a folder that is there: leave -o out", param_hint="--into")
        _add(name, kind, into)
        return
    folder, files = make(name, kind.value, open_registry(), output)
    say(f"{folder} is made:")
    for file in files:
        say(f"  {file}")
    say("try it:")
    for command in (
        f"cd {shlex.quote(str(folder))}",
        "python -m pip install -e '.[test]'",
        f"priorbench check {name}",
    ):
        say(f"  {command}")


def _add(name: str, kind: PluginKind, folder: Path) -> None:
    """Add a thing to a package, and say what is left to do."""
    from priorbench.cli.common.output import open_registry
    from priorbench.scaffold.adding import add

    added = add(name, kind.value, open_registry(), folder)
    say(f"{folder} has {name}, too:")
    for file in added.files:
        say(f"  {file}")
    say(f"its spec is in {added.changed}")
    if added.needs:
        say(f"add to 'dependencies' in {folder / 'pyproject.toml'}: {', '.join(added.needs)}")
    if kind is not PluginKind.EXECUTOR:
        say(f"try it, where the package is installed with -e: priorbench check {name}")
