"""The machine and the software as the records describe them."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from priorbench.machine import nvidia
from priorbench.machine.arithmetic import NONE, bfloat16_product, device_has_bfloat16
from priorbench.machine.settings import worker_environment

_CPUINFO = Path("/proc/cpuinfo")
#: libraries whose version may change a result's bits, whatever the method
NUMERICAL = ("torch", "numpy", "scipy", "numba", "scikit-image", "pillow")


@functools.cache
def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """Return the installed version of each distribution; None where it is missing."""
    found: dict[str, str | None] = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def describe(threads: int, device: str) -> dict[str, Any]:
    """Return the environment of a record: processor, memory, accelerator, versions, settings."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions(("priorbench", *NUMERICAL)),
        "accelerator": _accelerator(device),
        "bfloat16": _bfloat16(device),
        **_where_readable(clock=_processor_clock(), accelerator_facts=nvidia.facts(device)),
        "threads": threads,
        "settings": worker_environment(threads),
    }


def fingerprint(environment: Mapping[str, Any]) -> str:
    """Return a short hash of an environment; timings may be compared within one fingerprint only."""
    text = json.dumps(environment, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _processor() -> str:
    """Name the processor; with family and model, where virtual machines have one name for several."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        told.setdefault(name.strip(), value.strip())
    shown = told.get("model name") or platform.machine()
    if "cpu family" not in told or "model" not in told:
        return shown
    return f"{shown} (family {told['cpu family']}, model {told['model']})"


def _processor_clock() -> dict[str, Any]:
    """Return the processors' highest clock in MHz and their governor, where the system tells."""
    folder = Path("/sys/devices/system/cpu/cpu0/cpufreq")
    try:
        highest = int((folder / "cpuinfo_max_freq").read_text()) // 1000
        return {"max_mhz": highest, "governor": (folder / "scaling_governor").read_text().strip()}
    except (OSError, ValueError):
        return {}


def _where_readable(**facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: value for name, value in facts.items() if value}


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _bfloat16(device: str) -> str:
    """Return what does products of bfloat16 numbers; imports torch only for an accelerator."""
    product = bfloat16_product(device)
    return NONE if product == "cuda" and not device_has_bfloat16(device) else product


def _accelerator(device: str) -> str | None:
    """Name the accelerator; imports torch only when one was asked for."""
    if device == "cpu":
        return None
    import torch

    module = torch.get_device_module(torch.device(device))
    name = getattr(module, "get_device_name", None)
    return str(name(torch.device(device))) if name is not None else device
