"""Options of commands that read a store: which one, which part of it, and where the answer goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StoreOption = Annotated[
    str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
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
