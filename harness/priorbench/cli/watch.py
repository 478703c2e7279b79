"""``priorbench watch``: did an edit make a plugin's methods worse?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.common.output import Format, PluginFiles, print_json, remark, say


def watch(
    base: Annotated[
        str | None,
        typer.Argument(
            metavar="BASE",
            help="Commit to compare with; default where the branch began, else the last commit.",
        ),
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Commit to judge; default the working tree as it is.")
    ] = None,
    denoiser: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:key=value,...]",
            help="Only this method of the repository; may be repeated.",
        ),
    ] = None,
    images: Annotated[
        str, typer.Option(metavar="SET|DIR", help="Image set: a name, or a folder.")
    ] = "photos:crop=128,limit=3",
    noise: Annotated[
        str, typer.Option(metavar="SPEC", help="Noise, as 'gaussian:sigma=15/255,clip=true'.")
    ] = "gaussian-25",
    stopping: Annotated[str, typer.Option(metavar="RULE", help="Stopping rule.")] = "fixed",
    rounds: Annotated[
        int,
        typer.Option(
            min=1,
            max=10**6,
            metavar="N",
            help="Measure both sides N times, in turns; a suspected slow-down is measured with more.",
        ),
    ] = 3,
    threads: Annotated[
        int | None, typer.Option(min=1, max=10**4, help="CPU threads of a worker; default all cores.")
    ] = None,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
    plugin: PluginFiles = None,
) -> None:
    """Say what your last edits made worse: your plugin's repository, against an earlier commit."""
    from priorbench.cli.common.ending import ended_by_signals
    from priorbench.watch.comparing import Wish, compare
    from priorbench.watch.measuring import Problems
    from priorbench.watch.sides import states
    from priorbench.watch.wording import as_json, lines, status

    compared = states(Path.cwd(), base, head)
    remark(f"{compared.head_shown} against {compared.base}")
    wish = Wish(
        denoisers=tuple(denoiser or ()),
        plugin_files=tuple(plugin or ()),
        problems=Problems(images=images, noise=noise, stopping=stopping, threads=threads),
        rounds=rounds,
    )
    with ended_by_signals() as ending:
        try:
            result = compare(compared, wish, remark)
        except KeyboardInterrupt:
            raise typer.Exit(ending.status) from None
    if format is Format.JSON:
        print_json(as_json(compared, result))
    else:
        for line in lines(result):
            say(line)
    raise typer.Exit(status(result))
