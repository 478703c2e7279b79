"""``priorbench doctor``: shows the machine, what would disturb timings on it, and how far they scatter."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import print_table, print_text, remark, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from priorbench.scatter.measuring import Measured

#: seconds that the scatter of times is measured for
_SECONDS = 60.0
#: share of disturbed timings that is told
_MANY = 0.1
#: what a minute cannot tell
_NOT_MEASURED = (
    "what changes between days (temperature, other tenants, updates, where memory lies) is not in this: times"
    " of two days may differ by more",
    "nor is that images differ: a method may be slower on some of them",
)


class DoctorFormat(StrEnum):
    """How the report is written."""

    table = "table"
    json = "json"


def doctor(
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default all cores.")] = None,
    noise: Annotated[
        bool, typer.Option("--noise", help="Measure how far times scatter here, and what a run can resolve.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(min=1, max=3600, help="How long --noise measures; default 60.")
    ] = None,
    format: Annotated[DoctorFormat, typer.Option(help="table or json.")] = DoctorFormat.table,
) -> None:
    """Describe this machine as the records will, and say what would disturb a timing."""
    if seconds is not None and not noise:
        raise typer.BadParameter("it is how long --noise takes: give both", param_hint="--seconds")
    from priorbench.machine.devices import resolve_device
    from priorbench.machine.settings import available_threads

    chosen = threads or available_threads()
    where = resolve_device(device)
    report = _report(chosen, where)
    measured = _measured(chosen, where, seconds or _SECONDS) if noise else []
    if format is DoctorFormat.json:
        told = {"noise": _told(measured, seconds or _SECONDS)} if noise else {}
        print_text(json.dumps(report | told, indent=1))
        return
    _print(report)
    if noise:
        _print_noise(measured)


def _report(threads: int, device: str) -> dict[str, Any]:
    from priorbench.cli.common.output import open_registry
    from priorbench.machine.description import describe, fingerprint
    from priorbench.machine.disturbance import warnings_now

    environment = describe(threads, device)
    registry = open_registry()
    unwell = {plugin.name: plugin.reason for plugin in registry.plugins if plugin.status != "ok"}
    return {
        "fingerprint": fingerprint(environment),
        "environment": environment,
        "would disturb a timing": warnings_now(threads, device),
        "plugins": {"ok": sum(plugin.status == "ok" for plugin in registry.plugins), "not ok": unwell},
    }


def _measured(threads: int, device: str, seconds: float) -> list[Measured]:
    from priorbench.scatter.measuring import measure

    remark(f"times fixed work for about {seconds:g} s; leave the machine alone")
    return measure(device, threads, seconds, lambda done, of: remark(f"block {done} of {of}"))


def _told(measured: Sequence[Measured], seconds: float) -> dict[str, Any]:
    """Return the scatter of times for scripts."""
    pieces = [{"name": one.name, "what": one.what, **asdict(one.scatter)} for one in measured]
    return {"seconds": seconds, "level": 0.95, "pieces": pieces, "not measured": list(_NOT_MEASURED)}


def _print(report: dict[str, Any]) -> None:
    print_table([], _flat(report))


def _print_noise(measured: Sequence[Measured]) -> None:
    """Print the scatter of times for people."""
    from priorbench.words import significant

    say()
    rows = [
        [
            one.name,
            f"{significant(1000 * found.median_seconds)} ms",
            str(found.timings),
            *(_percent(100 * value) for value in (found.typical, found.single, found.between)),
            f"{100 * found.marked:.0f} %",
        ]
        for one, found in ((one, one.scatter) for one in measured)
    ]
    print_table(["work", "median", "timings", "typical", "all", "drift", "disturbed"], rows)
    for one in measured:
        say(f"{one.name}: {one.what}")
    say("typical: scatter of most single timings; all: with those that stick out; drift: between blocks")
    if any(one.scatter.marked > _MANY for one in measured):
        say("many timings were disturbed: measure again when the machine has nothing else to do")
    say()
    say("smallest difference in time between two methods that a run of one occasion can resolve (95 %):")
    _print_resolved(measured)
    for line in _NOT_MEASURED:
        say(line)


def _print_resolved(measured: Sequence[Measured]) -> None:
    cells: dict[tuple[str, int], dict[int, str]] = {}
    for one in measured:
        for run in one.scatter.resolved:
            cells.setdefault((one.name, run.repetitions), {})[run.images] = _percent(run.percent)
    images = list(next(iter(cells.values())))
    print_table(
        ["work", "repetitions", *(f"{number} images" for number in images)],
        [[name, str(repetitions), *row.values()] for (name, repetitions), row in cells.items()],
    )


def _percent(value: float) -> str:
    """Return two significant figures, or all before the point."""
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, item in value.items():
        label = prefix + (name if name.isupper() else name.replace("_", " "))
        if isinstance(item, dict):
            rows += _flat(item, f"{label} · ") if item else [(label, "none")]
        else:
            rows.append((label, "; ".join(map(str, item)) or "none" if isinstance(item, list) else str(item)))
    return rows
