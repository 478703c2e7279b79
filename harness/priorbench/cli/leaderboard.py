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
from priorbench.cli.common.store_options import (
    AsOfOption,
    ImageSetOption,
    NoiseOption,
    OperatorOption,
    OutputOption,
    RunOption,
    StoreOption,
)
from priorbench.cli.common.stores import reading, tell_disputed

if TYPE_CHECKING:
    from priorbench.ranking.boards import Board
    from priorbench.ranking.overall import Overall
    from priorbench.ranking.panels import Filter
    from priorbench.store.database import Store

#: of a table that goes into a file, in characters
FILE_WIDTH = 140

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
    svg = "svg"


def leaderboard(
    store: StoreOption = None,
    format: Annotated[LeaderboardFormat, typer.Option(help="How to write it.")] = LeaderboardFormat.table,
    output: OutputOption = None,
    image_set: ImageSetOption = None,
    noise: NoiseOption = None,
    operator: OperatorOption = None,
    run: RunOption = None,
    as_of: AsOfOption = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[@RULE]",
            help="Compare with this method, chosen before the results were seen. Default: the best ranked.",
        ),
    ] = None,
    level: LevelOption = 0.95,
    rope: RopeOption = 0.02,
    overall: Annotated[
        bool,
        typer.Option(
            "--overall", help="Only the board across boards: mean ranks over image sets and noises."
        ),
    ] = False,
) -> None:
    """Rank the methods in a store."""
    if format is LeaderboardFormat.html and overall:
        raise typer.BadParameter("a page has every board: leave it out", param_hint="--overall")
    if format is LeaderboardFormat.html and output is None:
        raise typer.BadParameter("a page needs a file: name it with -o FILE", param_hint="--format html")
    prepare_statistics()
    from priorbench.cli.common.amounts import parse_moment
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.claims import Claims
    from priorbench.ranking.leaderboard import leaderboard as rank
    from priorbench.ranking.overall import overall as rank_overall
    from priorbench.ranking.panels import Filter

    only = Filter(image_set=image_set, noise=noise, operator=operator, run=run, as_of=parse_moment(as_of))
    claims = Claims(level=level, rope=rope)
    with reading(store) as source:
        boards = rank(source.scores(), reference=reference, only=only, claims=claims)
        if not boards:
            raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
        tell_disputed(source)
        if format is LeaderboardFormat.html:
            write(_page(boards, source, only), output)
        elif overall:
            _write([], _across(boards), format, output)
        else:
            _write(boards, rank_overall(boards), format, output)


def _across(boards: Sequence[Board]) -> list[Overall]:
    """Return the boards across boards; without one there is nothing to write."""
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.overall import overall
    from priorbench.words import plural

    found = overall(boards)
    if not found:
        raise PriorbenchError(
            f"no board across boards from {plural(len(boards), 'board')}: it takes two boards of one protocol"
            " on which the same two methods are ranked"
        )
    return found


def _write(
    boards: Sequence[Board], across: Sequence[Overall], format: LeaderboardFormat, output: Path | None
) -> None:
    """Write boards as text, and those across boards after them."""
    from rich.console import Console

    from priorbench.rendering.across import overall_table
    from priorbench.rendering.tables import table

    if format is not LeaderboardFormat.table:
        write(_text(boards, across, format), output)
        return
    text = io.StringIO()
    for_file = Console(file=text, width=FILE_WIDTH, highlight=False, color_system=None)
    console = Console(highlight=False) if output is None else for_file
    table(boards, console)
    overall_table(across, console)
    if output is not None:
        write(text.getvalue(), output)


def _text(boards: Sequence[Board], across: Sequence[Overall], format: LeaderboardFormat) -> str:
    """Return boards in another form than that of a table; what is for scripts has boards of one kind."""
    from priorbench.rendering import across as overall
    from priorbench.rendering import tables
    from priorbench.rendering.latex import latex
    from priorbench.rendering.rank_drawing import svg_file
    from priorbench.rendering.rank_picture import board_picture, overall_picture

    if format is LeaderboardFormat.svg:
        return svg_file([*map(board_picture, boards), *map(overall_picture, across)])
    if format is LeaderboardFormat.csv:
        return tables.comma_separated(boards) if boards else overall.overall_csv(across)
    if format is LeaderboardFormat.json:
        return tables.as_json(boards) if boards else overall.overall_json(across)
    if format is LeaderboardFormat.latex:
        parts = [latex(boards), overall.overall_latex(across)]
    else:
        parts = [tables.markdown(boards), overall.overall_markdown(across)]
    return "\n".join(filter(None, parts))


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
