"""Collects what ``list`` and ``show`` print of specs and plugins, as plain dictionaries."""

from __future__ import annotations

import dataclasses
import importlib.resources
import importlib.util
import sys
from collections.abc import Iterable
from typing import Any

from priorbench.contract.requests import Run
from priorbench.contract.specs import KINDS, AnySpec, MetricSpec, Spec
from priorbench.loading.absent import Scan, pip_name
from priorbench.loading.registry import PluginStatus, Registered, Registry, missing_reason


def specs_of(registry: Registry, *kinds: str) -> list[dict[str, Any]]:
    """Describe the specs of some kinds (keys of `KINDS`), those of each by name."""
    scan = Scan()
    return [describe_spec(entry, scan) for kind in kinds for _, entry in sorted(registry.all(kind).items())]


def describe_spec(entry: Registered, scan: Scan) -> dict[str, Any]:
    """Return kind, name, origin, usability and every field of a spec."""
    spec, plugin = entry.spec, entry.plugin
    reason = unusable_reason(spec, scan)
    fields = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
    return {
        "kind": spec.kind,
        "name": fields.pop("name"),
        "summary": fields.pop("summary"),
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "usable": reason is None,
        "reason": reason,
        **fields,
    }


def describe_plugin(status: PluginStatus) -> dict[str, Any]:
    """Return everything that is known of a plugin; `provides` has the command line's words for the kinds."""
    return {
        "kind": "plugin",
        "name": status.name,
        "distribution": status.distribution,
        "version": status.version,
        "module": status.module,
        "status": status.status,
        "reason": status.reason or None,
        "provides": {KINDS[kind].plural: sorted(names) for kind, names in status.provides.items()},
    }


def unusable_reason(spec: AnySpec, scan: Scan) -> str | None:
    """Say why a thing cannot be used here, as far as that can be told without importing its code."""
    reason = missing_reason(spec)
    if reason is not None:
        return reason
    if isinstance(spec, Spec):
        module = spec.factory.partition(":")[0]
        if not _module_exists(module):
            return f"its factory {spec.factory} names a module that does not exist"
        absent = scan.absent(module)
        needed = " ".join(map(pip_name, absent))
        return f"imports {', '.join(absent)}, not installed here: pip install {needed}" if absent else None
    return None if _file_exists(spec.resource) else f"its file {spec.resource} does not exist"


def _module_exists(module: str) -> bool:
    """Look a module up; True where that would import a package that nobody has imported yet."""
    if module.rpartition(".")[0] not in sys.modules:
        return True
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _file_exists(resource: str) -> bool:
    """Look a package's file up; True where that would import a package that nobody has imported yet."""
    package, _, file = resource.partition(":")
    if package not in sys.modules:
        return True
    try:
        return importlib.resources.files(package).joinpath(file).is_file()
    except (OSError, TypeError):  # a single module has no files
        return False


def origin(described: dict[str, Any]) -> str:
    """Return "plugin (distribution version)" of a described spec."""
    return f"{described['plugin']} ({described['distribution']} {described['version']}".rstrip() + ")"


def metric_directions(registry: Registry) -> dict[str, bool]:
    """Return of each metric that is registered whether a higher value is better."""
    found = ((name, entry.spec) for name, entry in registry.all(MetricSpec.kind).items())
    return {name: spec.higher_is_better for name, spec in found if isinstance(spec, MetricSpec)}


def told_directions(runs: Iterable[Run]) -> dict[str, bool]:
    """Return of the metrics of runs whether a higher value is better; what the last one says counts."""
    found: dict[str, bool] = {}
    for run in sorted(runs, key=lambda run: run.asked_at):
        told = run.options.get("higher_is_better")
        if isinstance(told, dict):  # a store may come from anywhere
            found |= {str(name): higher for name, higher in told.items() if isinstance(higher, bool)}
    return found
