"""``priorbench denoise``: denoises pictures of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.common.output import PluginFiles, remark


def denoise(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT... OUTPUT",
            help="The noisy picture and where the result goes; or pictures, or a folder, and a folder.",
        ),
    ],
    denoiser: Annotated[str, typer.Option(metavar="NAME", help="See 'priorbench list denoisers'.")],
    sigma: Annotated[
        str | None,
        typer.Option(metavar="S", help="Standard deviation of the noise: 25 or 25/255; default estimated."),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="Any other noise, as poisson:peak=30 or gaussian:channels=equal."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="key=value", help="A parameter of the method.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="CLEAN", help="The clean picture, or their folder: prints PSNR and SSIM."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="A picture of before, after and what changed; or a folder of them."),
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option("--range", metavar="BLACK:WHITE", help="The file's values of black and white: 0:4095."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="The result may replace the noisy picture.")
    ] = False,
    stopping: Annotated[str, typer.Option(metavar="RULE", help="For iterative methods.")] = "fixed",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the method's own randomness; default made of the picture."),
    ] = None,
    plugin: PluginFiles = None,
) -> None:
    """Denoise pictures with any method that is installed."""
    from priorbench.cli.common.output import open_registry
    from priorbench.cli.denoise.method import Settings, prepare
    from priorbench.cli.denoise.targets import plan
    from priorbench.cli.denoise.work import denoise_one
    from priorbench.errors import PriorbenchError
    from priorbench.machine.settings import keep_heap

    keep_heap()
    registry = open_registry(plugin)
    asked = Settings(
        denoiser=denoiser,
        settings=tuple(settings or ()),
        stopping=stopping,
        device=device,
        seed=seed,
        sigma=sigma,
        noise=noise,
        value_range=value_range,
    )
    jobs = plan(paths, reference=reference, compare=compare, overwrite=overwrite)
    method = prepare(registry, asked)
    failed = 0
    for number, job in enumerate(jobs, 1):
        count = f"[{number}/{len(jobs)}] " if len(jobs) > 1 else ""
        try:
            failed += not denoise_one(method, job, count)
        except PriorbenchError as error:
            if len(jobs) == 1:
                raise
            remark(
                f"{count}{job.source}: {error}" if str(job.source) not in str(error) else f"{count}{error}"
            )
            failed += 1
    if len(jobs) > 1 and failed:
        remark(f"{failed} of {len(jobs)} pictures failed")
    if failed:
        raise typer.Exit(1)
