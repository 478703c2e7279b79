"""``priorbench doctor``: shows the machine, and what would disturb timings on it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from priorbench.cli.common.output import say


class DoctorFormat(StrEnum):
    """How the report is written."""

    table = "table"
    json = "json"


def doctor(
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default all cores.")] = None,
    format: Annotated[DoctorFormat, typer.Option(help="table or json.")] = DoctorFormat.table,
) -> None:
    """Describe this machine as the records will, and say what would taint a timing."""
    from rich.console import Console
    from rich.table import Table

    from priorbench.cli.common.output import open_registry
    from priorbench.machine.description import describe, fingerprint
    from priorbench.machine.devices import resolve_device
    from priorbench.machine.disturbance import warnings_now
    from priorbench.machine.settings import available_threads

    chosen = threads or available_threads()
    where = resolve_device(device)
    environment = describe(chosen, where)
    registry = open_registry()
    unwell = {plugin.name: plugin.reason for plugin in registry.plugins if plugin.status != "ok"}
    report = {
        "fingerprint": fingerprint(environment),
        "environment": environment,
        "would taint a timing": warnings_now(chosen, where),
        "plugins": {"ok": sum(plugin.status == "ok" for plugin in registry.plugins), "not ok": unwell},
    }
    if format is DoctorFormat.json:
        say(json.dumps(report, indent=1))
        return
    view = Table(show_header=False, box=None, pad_edge=False)
    view.add_column(no_wrap=True)
    view.add_column(overflow="fold")
    for name, value in _flat(report):
        view.add_row(name, value)
    Console(highlight=False).print(view)


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, item in value.items():
        label = prefix + (name if name.isupper() else name.replace("_", " "))
        if isinstance(item, dict):
            rows += _flat(item, f"{label} · ") if item else [(label, "none")]
        else:
            rows.append((label, "; ".join(map(str, item)) or "none" if isinstance(item, list) else str(item)))
    return rows
