"""``priorbench leaderboard``: the ranking of a store."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.files import write


class LeaderboardFormat(StrEnum):
    """How a leaderboard is written."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"


def leaderboard(
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
    ] = None,
    format: Annotated[LeaderboardFormat, typer.Option(help="How to write it.")] = LeaderboardFormat.table,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print.")
    ] = None,
    image_set: Annotated[str | None, typer.Option(metavar="SET", help="Only this image set.")] = None,
    noise: Annotated[str | None, typer.Option(metavar="NOISE", help="Only this noise.")] = None,
) -> None:
    """Rank the methods in a store."""
    from rich.console import Console

    from priorbench import rendering
    from priorbench.errors import PriorbenchError, UnknownNameError
    from priorbench.leaderboard import leaderboard as rank
    from priorbench.store import Store, store_url

    source = Store(store_url(store), create=False)
    boards = rank(source.records(curves=False))
    source.close()
    for kind, wanted, names in (
        ("image set", image_set, {board.image_set for board in boards}),
        ("noise", noise, {board.noise for board in boards}),
    ):
        if wanted is not None and wanted not in names:
            raise UnknownNameError(f"{kind} in the store", wanted, names)
    boards = [
        board for board in boards if image_set in (None, board.image_set) and noise in (None, board.noise)
    ]
    if not boards:
        raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
    writers = {"markdown": rendering.markdown, "csv": rendering.comma_separated, "json": rendering.as_json}
    if format.value != "table":
        write(writers[format.value](boards), output)
    elif output is None:
        rendering.table(boards, Console(highlight=False))
    else:
        with output.open("w", encoding="utf-8") as file:
            rendering.table(boards, Console(file=file, width=140, highlight=False))
