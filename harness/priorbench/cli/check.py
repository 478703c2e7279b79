"""``priorbench check``: tests whether a plugin follows the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.output import Format, PluginFiles, say
from priorbench.words import plural

if TYPE_CHECKING:
    from priorbench.testing.results import CheckResult

#: how the reason of a check begins that was skipped because another one failed
FAILED_BEFORE = "the check '"
#: where what is told of a check begins
_HANG = 27
_MARKS = {"passed": "ok", "warned": "warn", "failed": "FAIL", "skipped": "skip"}


def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME[:key=value,...]",
            help="A denoiser, image set, noise, operator, rule, metric, experiment, suite; or a plugin.",
        ),
    ],
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Make this check alone; may be repeated.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where denoisers are checked: cpu, cuda, ...")] = "cpu",
    iterations: Annotated[
        int, typer.Option(min=1, help="Budget of iterative methods while they are checked.")
    ] = 2,
    time_limit: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Seconds that a run at 32 x 32 may take.")
    ] = 60.0,
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Time that one check may take, as 90s or 45m; then it has failed, and everything that it "
            "started is killed. Default: 12 times --time-limit.",
        ),
    ] = None,
    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="Memory that it may add, as 4GiB. Default: on the CPU what is available."
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="For people or for scripts.")] = Format.TABLE,
    plugin: PluginFiles = None,
) -> None:
    """Check a plugin: what it returns, what it leaves alone, what it says of itself."""
    from priorbench.cli.common.amounts import parse_duration, parse_size
    from priorbench.cli.common.output import open_registry, print_json
    from priorbench.machine.devices import resolve_device
    from priorbench.testing.examination import Examination, find
    from priorbench.testing.process import CheckHost
    from priorbench.testing.results import CheckOptions

    seconds, size = parse_duration(timeout, "--timeout"), parse_size(memory_limit, "--memory-limit")
    found = find(open_registry(plugin), name)
    options = CheckOptions(
        device=resolve_device(device),
        iterations=iterations,
        time_limit=time_limit,
        timeout=seconds,
        memory=size,
    )
    results: list[CheckResult] = []
    with CheckHost() as host:
        for named in found:
            if format_ is Format.TABLE:
                say(f"{named.kind} {named.name}")
            own = []
            for result in Examination(host, named, options).results(only or []):
                own.append(result)
                if format_ is Format.TABLE and not _follows(result):
                    _print(result)
            results += own
            if format_ is Format.TABLE:
                _print_following(own)
    if format_ is Format.JSON:
        print_json([_plain(result) for result in results])
    else:
        _conclude(results)
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _follows(result: CheckResult) -> bool:
    """Say whether a check was skipped because another one failed."""
    return result.status == "skipped" and result.reason.startswith(FAILED_BEFORE)


def _print_following(results: list[CheckResult]) -> None:
    """Print one line for all that was skipped because of one failure."""
    reasons: dict[str, list[str]] = {}
    for result in filter(_follows, results):
        reasons.setdefault(result.reason, []).append(result.check)
    for reason, checks in reasons.items():
        told = f"{plural(len(checks), 'check'):17}  {reason}: {', '.join(checks)}"
        say(f"  {_MARKS['skipped']:4}  {told}", hang=_HANG)


def _print(result: CheckResult) -> None:
    """Print one check; a failure with all that its author needs."""
    text = result.reason if result.status == "skipped" else result.what
    say(f"  {_MARKS[result.status]:4}  {result.check:17}  {text}", hang=_HANG)
    if result.finding is not None:
        for what, line in _lines(result):
            say(f"        {what:9}  {line}", hang=_HANG)


def _lines(result: CheckResult) -> list[tuple[str, str]]:
    found = result.finding
    assert found is not None
    return [("expected:", found.expected), ("seen:", found.seen), ("to mend:", found.mend)]


def _plain(result: CheckResult) -> dict[str, object]:
    from dataclasses import asdict

    values = asdict(result)
    return {**values, **(values.pop("finding") or {"expected": None, "seen": None, "mend": None})}


def _conclude(results: list[CheckResult]) -> None:
    counts = {status: sum(result.status == status for result in results) for status in _MARKS}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count or status != "warned")
    say(f"{told}; {sum(result.seconds for result in results):.1f} s")
