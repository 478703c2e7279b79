"""Options of commands that read a store: which one, which part of it, and where the answer goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from priorbench.ranking.filters import Filter

StoreOption = Annotated[
    str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
]
IntoOption = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="Where they go. Default: $PRIORBENCH_STORE, priorbench.db."),
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print.")]
ImageSetOption = Annotated[str | None, typer.Option(metavar="SET", help="Only this image set.")]
NoiseOption = Annotated[str | None, typer.Option(metavar="NOISE", help="Only this noise.")]
OperatorOption = Annotated[str | None, typer.Option(metavar="OPERATOR", help="Only this operator.")]
RunOption = Annotated[
    str | None, typer.Option(metavar="ID", help="Only what this run asked for: see 'priorbench runs'.")
]
DenoisersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--denoiser", metavar="NAME", help="Only this method; wildcards as in 'deep-*'; may be repeated."
    ),
]
RulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stopping",
        metavar="RULE",
        help="Only this stopping rule, with wildcards; may be repeated. Methods without one stay.",
    ),
]
SuitesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--suite", metavar="NAME", help="Only what this suite asked for, with wildcards; may be repeated."
    ),
]
TagsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="TAG", help="Only what runs with this tag asked for ('priorbench run --tag')."
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only what was asked for until then: 2026-11-28, or with a time."),
]


def filter_of(
    *,
    image_set: str | None = None,
    noise: str | None = None,
    operator: str | None = None,
    denoiser: list[str] | None = None,
    stopping: list[str] | None = None,
    suite: list[str] | None = None,
    tag: list[str] | None = None,
    run: str | None = None,
    as_of: str | None = None,
) -> Filter:
    """Return what the options above ask for."""
    from priorbench.cli.common.amounts import parse_moment
    from priorbench.ranking.filters import Filter

    return Filter(
        image_set=image_set,
        noise=noise,
        operator=operator,
        denoisers=tuple(denoiser or ()),
        stopping=tuple(stopping or ()),
        run=run,
        as_of=parse_moment(as_of),
        suites=tuple(suite or ()),
        tags=tuple(tag or ()),
    )
