"""``priorbench run``: runs what is not in the store yet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import PluginFiles, say
from priorbench.cli.common.store_options import StoreOption
from priorbench.cli.terminal.yaml_lines import print_yaml

if TYPE_CHECKING:
    from priorbench.cli.common.ending import Ending
    from priorbench.contract.executor import Executor
    from priorbench.contract.records import RunSummary
    from priorbench.run.plan import Plan


def run(
    suite: Annotated[
        str,
        typer.Argument(metavar="SUITE", help="A suite's name, a YAML file, or '-' for the options alone."),
    ],
    images: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET|DIR",
            help="Image set: a name, 'folder:path=DIR,crop=256', or a folder. This option, and those below"
            " down to --repetitions, replace what the suite says; each list may be given several times.",
        ),
    ] = None,
    denoiser: Annotated[
        list[str] | None, typer.Option(metavar="NAME[:key=value,...]", help="Denoiser; may be repeated.")
    ] = None,
    add_denoiser: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:key=value,...]", help="A denoiser beside those of the suite."),
    ] = None,
    noise: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="Noise, as 'gaussian:sigma=15/255,clip=true'.")
    ] = None,
    operator: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="A of y = A x + noise, as 'mask:keep=0.5'; default identity."),
    ] = None,
    stopping: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Stopping rule.")] = None,
    averaging: Annotated[
        list[str] | None,
        typer.Option(metavar="HOW", help="What is reported of a fit: raw, ema-0.99, last-100."),
    ] = None,
    stop_now: Annotated[
        bool,
        typer.Option("--stop-now", help="A fit of its own for each rule, which ends when the rule stops."),
    ] = False,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A metric beyond PSNR and SSIM.")
    ] = None,
    repetitions: Annotated[int | None, typer.Option(min=1, help="Noise draws for each image.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Use N images of each set.")] = None,
    device: Annotated[
        str,
        typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...; cuda:0,cuda:2 or cuda:*: one worker each."),
    ] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**4,
            help="Workers at a time, each on a GPU of its own; on CPUs, more than 1 marks timings.",
        ),
    ] = None,
    share_device: Annotated[
        bool, typer.Option("--share-device", help="Let several workers have one GPU; marks timings.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**4,
            help="CPU threads of a worker; default all cores, shared by jobs; 1 on other machines.",
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=10**6,
            metavar="N",
            help="Fit N images of one size at once, where a method can; marks timings.",
        ),
    ] = 1,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Run the i-th of n parts.")] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="What one trial may take: 90 (seconds), 45m, 2h.")
    ] = None,
    time_budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="End the whole run after 90s, 45m, 3h50m.")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory that a method may take: 4GiB, 500MB.")
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Keep crops of N images of each set for the HTML report."),
    ] = 3,
    keep_outputs: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Keep outputs, 4GiB of them at most, so that a further metric needs no new fit.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="A name for this run, for 'leaderboard --tag'; may be repeated."),
    ] = None,
    salt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the noise with the secret in this file, to verify results."),
    ] = None,
    store: StoreOption = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar="NAME[:key=value,...]", help="How trials are run: see 'priorbench list executors'."
        ),
    ] = "local",
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a cluster, as tcp://10.0.0.1:8786.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="FILE", help="YAML file that says which cluster to start.")
    ] = None,
    ship_images: Annotated[
        bool, typer.Option("--ship-images", help="Send pictures to workers that do not have them.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run again all that failed before.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="An image that cannot be used is an error.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the resolved suite and run nothing.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress: only warnings, failures and the last line.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Run a suite; what is in the store already is not run again."""
    from priorbench.cli.common.amounts import parse_duration, parse_shard, parse_size
    from priorbench.cli.common.ending import ended_by_signals
    from priorbench.cli.common.executors import choose_executor, chosen_devices, crowded
    from priorbench.cli.common.kept import kept_outputs
    from priorbench.cli.common.output import open_registry
    from priorbench.cli.terminal.dry_run import tell_plan
    from priorbench.contract.limits import Limits
    from priorbench.machine.settings import available_threads
    from priorbench.protocol.seeding import read_salt
    from priorbench.run.options import PlanOptions
    from priorbench.run.plan import Plan
    from priorbench.suite.files import load_suite, suite_yaml
    from priorbench.suite.model import SuiteOptions

    limits = Limits(
        timeout=parse_duration(timeout, "--timeout"), memory=parse_size(memory_limit, "--memory-limit")
    )
    budget = parse_duration(time_budget, "--time-budget")
    registry = open_registry(plugin)
    given = {"scheduler": scheduler, "cluster": cluster, "ship_images": ship_images or None}
    way = choose_executor(registry, executor, {name: one for name, one in given.items() if one is not None})
    way.check_batch(batch)
    devices = chosen_devices(device, jobs, way, share=share_device)
    jobs = devices.jobs
    outputs, outputs_limit = kept_outputs(store, parse_size(keep_outputs, "--keep-outputs"), way)
    options = PlanOptions(
        device=devices.device,
        threads=threads or (1 if way.spec.elsewhere else max(1, available_threads() // jobs)),
        limit=limit,
        shard=parse_shard(shard),
        strict=strict,
        pictures=pictures,
        tags=tuple(tag or ()),
        outputs=outputs,
        outputs_limit=outputs_limit,
        salt="" if salt is None else read_salt(salt),
    )
    overrides = SuiteOptions(
        images=tuple(images or ()),
        noises=tuple(noise or ()),
        denoisers=tuple(denoiser or ()),
        added_denoisers=tuple(add_denoiser or ()),
        stopping=tuple(stopping or ()),
        operators=tuple(operator or ()),
        metrics=tuple(metric or ()),
        averaging=tuple(averaging or ()),
        stop_now=stop_now,
        repetitions=repetitions,
    )
    chosen = load_suite(suite, registry, overrides)
    crowd = () if way.spec.elsewhere else crowded(jobs, options.threads, available_threads())
    for line in (*chosen.warnings, *chosen.remarks, *crowd):
        say(f"priorbench: {line}", err=True)
    plan = Plan(chosen, registry, options)
    for line in () if quiet and not dry_run else plan.counts():
        say(f"priorbench: {line}", err=True)
    if dry_run:
        print_yaml(suite_yaml(chosen))
        tell_plan(plan, store, limits, retry_failed, elsewhere=way.spec.elsewhere)
        return
    for line in plan.expected_refusals(elsewhere=way.spec.elsewhere):
        say(f"priorbench: {line}", err=True)
    settings: dict[str, Any] = {"jobs": jobs, "timeout": limits.timeout, "memory": limits.memory}
    if batch > 1:  # other executors need not know what that is
        settings["batch"] = batch
    if way.takes("devices"):
        settings["devices"] = devices.assigned
    runner = way.make({"registry": registry, "threads": options.threads, **settings})
    with ended_by_signals(budget) as ending:
        summary = _execute(plan, runner, store, retry_failed, ending, quiet=quiet)
    if summary.interrupted:
        raise typer.Exit(ending.status)
    if summary.failed or summary.failed_before or summary.not_run:
        raise typer.Exit(1)


def _execute(
    plan: Plan, executor: Executor, store_name: str | None, retry_failed: bool, ending: Ending, *, quiet: bool
) -> RunSummary:
    from priorbench.cli.common.kept import tell_cost, tell_other_keys
    from priorbench.cli.common.progress import ProgressView
    from priorbench.cli.common.stores import writing
    from priorbench.run.loop import execute

    try:
        with writing(store_name) as store:
            tell_other_keys(plan, store)
            tell_cost(plan, store)
            with ProgressView(plan.suite.name, len(plan), sys.stderr, quiet=quiet) as view:
                summary = execute(plan, executor, store, watch=view, retry_failed=retry_failed)
            store.check_kept()
            view.conclude(summary, store.url, ending.reason)
            return summary
    finally:
        executor.close()
