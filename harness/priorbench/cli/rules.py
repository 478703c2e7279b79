"""``priorbench rules``: how well stopping rules choose, from a store."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.files import write
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
from priorbench.cli.leaderboard import LevelOption, RopeOption, prepare_statistics

if TYPE_CHECKING:
    from priorbench.ranking.rules import RulesBoard


class RulesFormat(StrEnum):
    """How a board of rules is written."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"
    latex = "latex"


def rules(
    store: StoreOption = None,
    format: Annotated[
        RulesFormat | None,
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
    run: RunOption = None,
    as_of: AsOfOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Compare with this rule, chosen before the results were seen. Default: the best of each"
            " method.",
        ),
    ] = None,
    gap: Annotated[
        float, typer.Option(metavar="DB", help="A rule that loses more than this has failed on an image.")
    ] = 1.0,
    level: LevelOption = 0.95,
    rope: RopeOption = 0.02,
) -> None:
    """Show what stopping rules leave of what a method could have reached."""
    prepare_statistics()
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.claims import Claims
    from priorbench.ranking.rules import rules_boards

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
        if not len(scores.keys):
            raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
        boards = rules_boards(scores, against=against, gap=gap, only=only, claims=claims)
        if not boards:
            raise PriorbenchError(
                f"no method in the store {source.url} was stopped by a rule there: run one that iterates,"
                " with --stopping or a suite's 'stopping'"
            )
        tell_disputed(source)
        _write(boards, form_of(format, output, RulesFormat.table), output)


def _write(boards: Sequence[RulesBoard], format: RulesFormat, output: Path | None) -> None:
    from priorbench.rendering import rules as rendering
    from priorbench.rendering.plain import boards_json

    if format is RulesFormat.table:
        write_printed(lambda console: rendering.rules_table(boards, console), output)
        return
    written = {
        RulesFormat.markdown: rendering.rules_markdown,
        RulesFormat.csv: rendering.rules_csv,
        RulesFormat.json: boards_json,
        RulesFormat.latex: rendering.rules_latex,
    }
    write(written[format](boards), output)
