"""``priorbench leaderboard``: the ranking of a store."""

from __future__ import annotations

import gc
import io
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.files import write
from priorbench.cli.common.output import remark
from priorbench.cli.common.stores import reading

if TYPE_CHECKING:
    from priorbench.ranking.boards import Board
    from priorbench.ranking.panels import Filter
    from priorbench.store.database import Store

_FILE_WIDTH = 140

LevelOption = Annotated[
    float, typer.Option(metavar="SHARE", help="How often intervals hold, and all claims of a board together.")
]
RopeOption = Annotated[
    float, typer.Option(metavar="DB", help="A difference that does not matter in practice, in dB.")
]


class LeaderboardFormat(StrEnum):
    """How a leaderboard is written."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"
    latex = "latex"
    html = "html"


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
    operator: Annotated[str | None, typer.Option(metavar="OPERATOR", help="Only this operator.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="ID", help="Only what this run asked for: see 'priorbench runs'.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what was asked for until then: 2026-11-28, or with a time."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[@RULE]",
            help="Compare with this method, chosen before the results were seen. Default: the best ranked.",
        ),
    ] = None,
    level: LevelOption = 0.95,
    rope: RopeOption = 0.02,
) -> None:
    """Rank the methods in a store."""
    if format is LeaderboardFormat.html and output is None:
        raise typer.BadParameter("a page needs a file: name it with -o FILE", param_hint="--format html")
    prepare_statistics()
    from priorbench.cli.common.amounts import parse_moment
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.boards import Claims
    from priorbench.ranking.leaderboard import leaderboard as rank
    from priorbench.ranking.panels import Filter
    from priorbench.words import plural

    only = Filter(image_set=image_set, noise=noise, operator=operator, run=run, as_of=parse_moment(as_of))
    claims = Claims(level=level, rope=rope)
    with reading(store) as source:
        boards = rank(source.scores(), reference=reference, only=only, claims=claims)
        if not boards:
            raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
        if disputed := source.disputed():
            remark(
                f"{plural(disputed, 'record')} of this store had another result elsewhere, which is kept"
                " beside: of both, the one that was measured first counts"
            )
        if format is LeaderboardFormat.html:
            write(_page(boards, source, only), output)
        else:
            _write(boards, format, output)


def _write(boards: Sequence[Board], format: LeaderboardFormat, output: Path | None) -> None:
    """Write boards as text."""
    from rich.console import Console

    from priorbench.rendering import latex
    from priorbench.rendering import tables as rendering

    writers = {
        "markdown": rendering.markdown,
        "csv": rendering.comma_separated,
        "json": rendering.as_json,
        "latex": latex.latex,
    }
    if format is not LeaderboardFormat.table:
        write(writers[format.value](boards), output)
    elif output is None:
        rendering.table(boards, Console(highlight=False))
    else:
        text = io.StringIO()
        rendering.table(boards, Console(file=text, width=_FILE_WIDTH, highlight=False, color_system=None))
        write(text.getvalue(), output)


def _page(boards: Sequence[Board], source: Store, only: Filter) -> str:
    from priorbench.report import html_report

    return html_report(boards, source, only=only)


def prepare_statistics() -> None:
    """Make reading and ranking a large store fast; before numpy is imported.

    The matrix products are small: beside any other load, a second thread makes them ten times slower. And
    nearly all objects live until the command ends, so that looking for garbage is wasted.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MKL_NUM_THREADS", "1")
    gc.disable()
