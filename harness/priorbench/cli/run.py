"""``priorbench run``: runs what is not in the store yet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.output import PluginFiles

if TYPE_CHECKING:
    from priorbench.contract.executor import Executor
    from priorbench.contract.records import RunSummary
    from priorbench.loading.registry import Registry
    from priorbench.run.plan import Plan


def run(
    suite: Annotated[
        str,
        typer.Argument(metavar="SUITE", help="A suite's name, a YAML file, or '-' for the options alone."),
    ],
    images: Annotated[
        list[str] | None,
        typer.Option(metavar="SET|DIR", help="Image set: a name, 'folder:path=DIR,crop=256', or a folder."),
    ] = None,
    denoiser: Annotated[
        list[str] | None, typer.Option(metavar="NAME[:key=value,...]", help="Denoiser; may be repeated.")
    ] = None,
    noise: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="Noise, as 'gaussian:sigma=15/255,clip=true'.")
    ] = None,
    operator: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="A of y = A x + noise, as 'mask:keep=0.5'; default identity."),
    ] = None,
    stopping: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Stopping rule.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A metric beyond PSNR and SSIM.")
    ] = None,
    repetitions: Annotated[int | None, typer.Option(min=1, help="Noise draws for each image.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Use N images of each set.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...")] = "auto",
    jobs: Annotated[
        int, typer.Option(min=1, help="Workers at the same time; more than 1 taints timings.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads of a worker; default all cores.")
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Fit N images of one size at once, where a method can; taints timings."
        ),
    ] = 1,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Run the i-th of n parts.")] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds that one trial may take.")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory that a method may take: 4GiB, 500MB.")
    ] = None,
    pictures: Annotated[
        int, typer.Option(min=0, metavar="N", help="Keep crops of N images of each set for the HTML report.")
    ] = 3,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
    ] = None,
    executor: Annotated[
        str, typer.Option(help="How trials are run: see 'priorbench list executors'.")
    ] = "local",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run again what failed before.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="An image that cannot be used is an error.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the resolved suite and run nothing.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Run a suite; what is in the store already is not run again."""
    from priorbench.cli.output import open_registry
    from priorbench.machine.settings import available_threads
    from priorbench.run.plan import Plan, PlanOptions
    from priorbench.suite.files import load_suite, suite_yaml
    from priorbench.suite.model import SuiteOptions

    registry = open_registry(plugin)
    options = PlanOptions(
        device=resolve_device(device),
        threads=threads or available_threads(),
        limit=limit,
        shard=parse_shard(shard),
        strict=strict,
        pictures=pictures,
    )
    overrides = SuiteOptions(
        images=tuple(images or ()),
        noises=tuple(noise or ()),
        denoisers=tuple(denoiser or ()),
        stopping=tuple(stopping or ()),
        operators=tuple(operator or ()),
        metrics=tuple(metric or ()),
        repetitions=repetitions,
    )
    chosen = load_suite(suite, registry, overrides)
    for line in chosen.warnings:
        typer.echo(f"priorbench: {line}", err=True)
    plan = Plan(chosen, registry, options)
    if dry_run:
        typer.echo(suite_yaml(chosen), nl=False)
        typer.echo(f"# at most {len(plan)} trials on {options.device}")
        return
    limits: dict[str, Any] = {"jobs": jobs, "timeout": timeout, "memory": parse_size(memory_limit)}
    if batch > 1:  # other executors need not know what that is
        limits["batch"] = batch
    runner = _executor(registry, executor, threads=options.threads, **limits)
    summary = _execute(plan, runner, store, retry_failed)
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.failed:
        raise typer.Exit(1)


def _executor(registry: Registry, name: str, **limits: Any) -> Executor:
    import inspect

    from priorbench.contract.specs import ExecutorSpec
    from priorbench.errors import PriorbenchError
    from priorbench.loading.registry import import_factory

    spec = registry.find("executor", name).spec
    assert isinstance(spec, ExecutorSpec)
    factory = import_factory(spec)
    if "batch" in limits and "batch" not in inspect.signature(factory).parameters:
        raise PriorbenchError(
            f"executor '{name}' runs one image at a time: leave --batch out, or use 'local'"
        )
    executor: Executor = factory(registry=registry, **limits)
    return executor


def _execute(plan: Plan, executor: Executor, store_name: str | None, retry_failed: bool) -> RunSummary:
    from priorbench.cli.progress import ProgressView
    from priorbench.run.loop import execute
    from priorbench.store.database import Store, store_url

    store = Store(store_url(store_name))
    try:
        with ProgressView(plan.suite.name, len(plan), sys.stderr) as view:
            summary = execute(plan, executor, store, watch=view, retry_failed=retry_failed)
        store.check_place()
        view.conclude(summary, store.url)
        return summary
    finally:
        executor.close()
        store.close()


def parse_size(text: str | None) -> int | None:
    """Return the bytes of a size such as ``4GiB``, ``500MB`` or ``1000000``."""
    from priorbench.errors import PriorbenchError

    if text is None:
        return None
    units = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
    number = text.rstrip("KMGBkmgbi ").strip()
    unit = text[len(number) :].strip().lower()
    try:
        return int(float(number) * units[unit])
    except (KeyError, ValueError):
        raise PriorbenchError(
            f"size '{text}': write a number and a unit, for example 4GiB or 500MB"
        ) from None


def resolve_device(name: str) -> str:
    """Return the torch device to run on; ``auto`` is the accelerator if there is one.

    Raises
    ------
    PriorbenchError
        If torch does not know the device or it is not there.
    """
    import torch

    from priorbench.errors import PriorbenchError

    there = torch.accelerator.is_available()
    found = torch.accelerator.current_accelerator() if there else None
    if name == "auto":
        return found.type if found is not None else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise PriorbenchError(f"unknown device '{name}': use auto, cpu, cuda, cuda:1, mps or xpu") from None
    if device.type == "cpu":
        return "cpu"
    count = torch.accelerator.device_count() if found is not None and found.type == device.type else 0
    if (device.index or 0) >= count:
        have = (
            f"{found.type} (1 of {torch.accelerator.device_count()})" if found is not None else "only the CPU"
        )
        raise PriorbenchError(f"device '{name}' is not there: this machine and this torch have {have}")
    return str(device)


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Return (i, n) of ``"i/n"``."""
    from priorbench.errors import PriorbenchError

    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise PriorbenchError(f"--shard {text}: write i/n with 1 <= i <= n, for example 1/4")
    return int(index), int(count)
