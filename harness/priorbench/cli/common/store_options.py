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
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only what was asked for until then: 2026-11-28, or with a time."),
]
