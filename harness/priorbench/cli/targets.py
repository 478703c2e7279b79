"""``priorbench targets``: quality against time, from the trajectories in a store."""

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
from priorbench.cli.leaderboard import prepare_statistics

if TYPE_CHECKING:
    from priorbench.ranking.panels import Panel
    from priorbench.ranking.targets import Asked, TargetBoard


class TargetsFormat(StrEnum):
    """How targets are written."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"
    latex = "latex"
    svg = "svg"


def targets(
    store: StoreOption = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET",
            help="What is to be reached: noisy+3, METHOD, METHOD-0.5 (dB); may be repeated. Default: noisy+3,"
            " +6, +9, and the reference -1, -0.5, +0.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(metavar="NAME[@RULE]", help="Method of the default targets. Default: bm3d."),
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help="A time a picture: 0.5, 10s, 10m; may be repeated. Default: 1s to 10m.",
        ),
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Over the images that every method has, however few.")
    ] = False,
    format: Annotated[
        TargetsFormat | None,
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
) -> None:
    """Show what methods reach in which time: expected running times to targets, and what to pick."""
    prepare_statistics()
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.filters import wanted_panels
    from priorbench.ranking.targets import target_boards

    if target and reference is not None:
        raise typer.BadParameter("it is for the default targets: use --target", param_hint="--reference")
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
        found = list(wanted_panels(source.scores(), only))
        if not found:
            raise PriorbenchError(f"the store {source.url} is empty: run a suite first")
        tell_disputed(source)
        boards = target_boards(found, source.documents(), _asked(target, reference, within, shared, found))
        if not boards:
            raise PriorbenchError(f"the store {source.url} has no fit with a curve or a time")
    _write(boards, form_of(format, output, TargetsFormat.table), output)


def _asked(
    target: Sequence[str] | None,
    reference: str | None,
    within: Sequence[str] | None,
    shared: bool,
    panels: Sequence[Panel],
) -> Asked:
    from priorbench.cli.common.amounts import parse_duration
    from priorbench.ranking.targets import Asked, default_targets, parse_targets
    from priorbench.ranking.targets.model import BUDGETS
    from priorbench.ranking.targets.wanted import is_method

    chosen = (
        parse_targets(target, lambda name: is_method(name, panels)) if target else default_targets(reference)
    )
    times = [parse_duration(text, "--within") for text in within or ()]
    budgets = sorted({time for time in times if time is not None})
    return Asked(targets=chosen, budgets=tuple(budgets) or BUDGETS, shared=shared)


def _write(boards: Sequence[TargetBoard], format: TargetsFormat, output: Path | None) -> None:
    """Write boards in a form for people or for programs."""
    from priorbench.rendering import targets as text
    from priorbench.rendering.plain import boards_json

    if format is TargetsFormat.table:
        write_printed(lambda console: text.targets_table(boards, console), output)
        return
    if format is TargetsFormat.svg:
        from priorbench.rendering.curves import curves_file

        write(curves_file(boards), output)
        return
    forms = {
        TargetsFormat.markdown: text.targets_markdown,
        TargetsFormat.csv: text.targets_csv,
        TargetsFormat.json: boards_json,
        TargetsFormat.latex: text.targets_latex,
    }
    write(forms[format](boards), output)
