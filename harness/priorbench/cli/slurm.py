"""``priorbench slurm``: writes a job script that runs a suite as an array of SLURM jobs."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from priorbench.cli.common.output import print_text

#: options of ``run`` that the script itself sets, or that make no sense in it
_OWN = {
    "shard": "the script gives each job its part",
    "dry_run": "call 'priorbench run' with it",
}
#: options of the array and of ``sbatch`` that are asked for by name here
_NAMED = ("time", "partition", "gres", "mem", "account", "qos")


def slurm(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="SUITE [OPTION OF RUN]...", help="What 'priorbench run' is to be called with."
        ),
    ],
    array: Annotated[int, typer.Option(min=1, max=10**5, metavar="N", help="Jobs; each runs one part.")] = 8,
    cpus_per_task: Annotated[
        int, typer.Option(min=1, max=10**4, metavar="N", help="Processors of a job.")
    ] = 1,
    time: Annotated[str | None, typer.Option(metavar="TIME", help="Time limit of a job: 4:00:00.")] = None,
    partition: Annotated[str | None, typer.Option(metavar="NAME", help="Partition.")] = None,
    gres: Annotated[str | None, typer.Option(metavar="LIST", help="Devices of a job: gpu:1.")] = None,
    mem: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory of a job: 16G.")] = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Account.")] = None,
    qos: Annotated[str | None, typer.Option(metavar="NAME", help="Quality of service.")] = None,
    sbatch: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTION=VALUE", help="Another option of sbatch: 'constraint=a100'."),
    ] = None,
    folder: Annotated[
        str,
        typer.Option(metavar="DIR", help="Stores and logs of the jobs; all machines must have it."),
    ] = "priorbench-parts",
) -> None:
    """Write a script for sbatch that runs a suite in parts, one job each, and unites their stores."""
    from priorbench.cli.common.slurm_script import Job, job_script

    chosen = _options_of_run(arguments)
    _refuse(chosen)
    fixed = _fixed(chosen, cpus_per_task, gres)
    _check_here(chosen)
    given = dict(zip(_NAMED, (time, partition, gres, mem, account, qos), strict=True))
    options = [(f"--{name}", value) for name, value in given.items() if value is not None]
    options += [_sbatch_option(text) for text in sbatch or ()]
    store = chosen["store"]
    command = [sys.executable, "-m", "priorbench"]
    script = job_script(
        Job(parts=array, cpus=cpus_per_task, options=tuple(options)),
        name="job.sh",
        place=Path.cwd(),
        folder=folder,
        run=[*command, "run", *_without_store(arguments, store), *fixed],
        merge=[*command, "merge", *([] if store is None else ["--store", store])],
    )
    print_text(script)


def _options_of_run(arguments: list[str]) -> dict[str, Any]:
    """Return what ``run`` would read from these arguments; wrong ones are refused as there."""
    from priorbench.cli.run import run

    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command("run")(run)
    command = typer.main.get_command(app)
    with command.make_context("priorbench run", list(arguments)) as context:
        return dict(context.params)


def _refuse(chosen: dict[str, Any]) -> None:
    from priorbench.errors import PriorbenchError

    for name, reason in _OWN.items():
        if chosen[name]:
            raise PriorbenchError(f"--{name.replace('_', '-')}: {reason}: leave it out here")
    if chosen["executor"].partition(":")[0] not in ("local", "serial"):
        raise PriorbenchError(
            f"--executor {chosen['executor']}: each job of the array runs its part itself, without a "
            "scheduler of ours: leave it out"
        )


def _check_here(chosen: dict[str, Any]) -> None:
    """Have the suite checked as a dry run would, so that no job begins with a mistake in it.

    The device may be on the machines of the jobs alone.
    """
    from priorbench.cli.run import run

    with contextlib.redirect_stdout(io.StringIO()):
        run(**{**chosen, "device": "cpu", "dry_run": True})


def _fixed(chosen: dict[str, Any], cpus: int, gres: str | None) -> list[str]:
    """Return what is the same in all jobs, whatever machine they are on: keys have device and threads."""
    from priorbench.errors import PriorbenchError

    jobs, threads = chosen["jobs"] or 1, chosen["threads"]
    if jobs * (threads or 1) > cpus:
        raise PriorbenchError(
            f"{jobs} jobs with {threads or 1} threads need more than --cpus-per-task {cpus}: raise that to "
            f"{jobs * (threads or 1)}"
        )
    fixed = [] if threads else ["--threads", str(cpus // jobs)]
    if chosen["device"] == "auto":
        fixed += ["--device", "cuda" if gres and gres.startswith("gpu") else "cpu"]
    return fixed


def _without_store(arguments: list[str], store: str | None) -> list[str]:
    """Return the arguments without the store, which is that of the merge."""
    if store is None:
        return list(arguments)
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--store":
            skip = True
        elif not argument.startswith("--store="):
            kept.append(argument)
    return kept


def _sbatch_option(text: str) -> tuple[str, str]:
    from priorbench.errors import PriorbenchError

    name, equals, value = text.removeprefix("--").partition("=")
    if not (equals and value and name.replace("-", "").isalnum() and name.isascii()):
        raise PriorbenchError(f"--sbatch {text}: write OPTION=VALUE, for example constraint=a100")
    return f"--{name}", value
