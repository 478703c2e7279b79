"""``priorbench leaderboard``: the ranking of a store."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.files import write, write_bytes
from priorbench.cli.common.forms import form_of, write_printed
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
from priorbench.cli.common.stores import reading, tell_disputed

if TYPE_CHECKING:
    from rich.console import Console

    from priorbench.ranking.boards import Board
    from priorbench.ranking.filters import Filter
    from priorbench.ranking.overall import Overall
    from priorbench.store.database import Store
    from priorbench.store.scores import Scores

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
    pdf = "pdf"
    parquet = "parquet"


#: forms in which columns can be chosen
_CHOOSABLE = (LeaderboardFormat.table, LeaderboardFormat.markdown, LeaderboardFormat.latex)


def leaderboard(
    store: StoreOption = None,
    format: Annotated[
        LeaderboardFormat | None,
        typer.Option(help="How to write it. Default: as the ending of -o FILE says, else a table."),
    ] = None,
    output: OutputOption = None,
    image_set: ImageSetOption = None,
    noise: NoiseOption = None,
    operator: OperatorOption = None,
    denoiser: DenoisersOption = None,
    stopping: RulesOption = None,
    suite: SuitesOption = None,
    tag: TagsOption = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Columns of a table, as 'rank,method,psnr,ssim,seconds'."),
    ] = None,
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
    form = form_of(format, output, LeaderboardFormat.table)
    chosen = tuple(name.strip() for name in columns.split(",")) if columns else ()
    _check(form, output, overall, chosen)
    prepare_statistics()
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.claims import Claims
    from priorbench.ranking.leaderboard import leaderboard as rank
    from priorbench.ranking.overall import overall as rank_overall

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
    claims = Claims(level=level, rope=rope)
    with reading(store) as source:
        scores = source.scores()
        boards = rank(scores, reference=reference, only=only, claims=claims, disputed=source.disputed())
        if not boards:
            raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
        boards = _with_directions(boards, scores)
        tell_disputed(source)
        if form is LeaderboardFormat.html:
            write(_page(boards, source, only), output)
        elif overall:
            _write([], _across(boards), form, output)
        else:
            _write(boards, [] if chosen else rank_overall(boards), form, output, chosen)


def _with_directions(boards: list[Board], scores: Scores) -> list[Board]:
    """Return boards that say which way further metrics go, as the runs tell, or else what is installed."""
    metrics = {name for board in boards for name in board.metrics}
    if not metrics:
        return boards
    from priorbench.cli.common.inventory import metric_directions, told_directions
    from priorbench.cli.common.output import open_registry
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.leaderboard import with_directions

    known = told_directions(scores.asked.runs)
    if not metrics <= known.keys():
        with suppress(PriorbenchError):  # a plugin that cannot be used stops no board
            known = metric_directions(open_registry(tell_broken=False)) | known
    return with_directions(boards, known)


def _check(form: LeaderboardFormat, output: Path | None, overall: bool, columns: Sequence[str]) -> None:
    """Refuse options that do not go together."""
    if form is LeaderboardFormat.html and overall:
        raise typer.BadParameter("a page has every board: leave it out", param_hint="--overall")
    if form in (LeaderboardFormat.html, LeaderboardFormat.pdf, LeaderboardFormat.parquet) and output is None:
        raise typer.BadParameter(
            f"{form.value} needs a file: name it with -o FILE", param_hint=f"--format {form.value}"
        )
    if columns and (overall or form not in _CHOOSABLE):
        raise typer.BadParameter(
            "only the boards as table, markdown or latex have columns to choose", param_hint="--columns"
        )


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
    boards: Sequence[Board],
    across: Sequence[Overall],
    form: LeaderboardFormat,
    output: Path | None,
    columns: Sequence[str] = (),
) -> None:
    """Write boards, and those across boards after them."""
    from priorbench.rendering.columns import check_columns

    check_columns(boards, columns)
    if form is LeaderboardFormat.table:
        write_printed(lambda console: _print(boards, across, console, columns), output)
    elif form in (LeaderboardFormat.pdf, LeaderboardFormat.parquet) and output is not None:
        write_bytes(_data(boards, across, form), output)
    else:
        write(_text(boards, across, form, columns), output)


def _print(
    boards: Sequence[Board], across: Sequence[Overall], console: Console, columns: Sequence[str]
) -> None:
    from priorbench.rendering.across import overall_table
    from priorbench.rendering.tables import table

    table(boards, console, columns)
    overall_table(across, console)


def _text(
    boards: Sequence[Board], across: Sequence[Overall], form: LeaderboardFormat, columns: Sequence[str]
) -> str:
    """Return boards in another form than that of a table; what is for scripts has boards of one kind."""
    from priorbench.rendering import across as overall
    from priorbench.rendering import tables
    from priorbench.rendering.latex import HEAD, latex
    from priorbench.rendering.plain import boards_json
    from priorbench.rendering.rank_drawing import svg_file
    from priorbench.rendering.rank_picture import board_picture, overall_picture

    if form is LeaderboardFormat.svg:
        return svg_file([*map(board_picture, boards), *map(overall_picture, across)])
    if form is LeaderboardFormat.csv:
        return tables.comma_separated(boards) if boards else overall.overall_csv(across)
    if form is LeaderboardFormat.json:
        return boards_json(boards) if boards else overall.overall_json(across)
    if form is LeaderboardFormat.latex:
        parts = [latex(boards, columns) if boards else HEAD, overall.overall_latex(across)]
    else:
        parts = [tables.markdown(boards, columns), overall.overall_markdown(across)]
    return "\n".join(filter(None, parts))


def _data(boards: Sequence[Board], across: Sequence[Overall], form: LeaderboardFormat) -> bytes:
    """Return boards in a form that is not text."""
    from priorbench.cli.common.parquet import parquet_file
    from priorbench.rendering.across import overall_rows
    from priorbench.rendering.rank_pdf import pdf_file
    from priorbench.rendering.rank_picture import board_picture, overall_picture
    from priorbench.rendering.tables import flat_rows

    if form is LeaderboardFormat.pdf:
        return pdf_file([*map(board_picture, boards), *map(overall_picture, across)])
    return parquet_file(flat_rows(boards) if boards else overall_rows(across))


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
