"""What NVIDIA's management library tells of a GPU: driver, clocks, what slows it down, who else uses it.

It needs the package nvidia-ml-py (``pip install 'priorbench[cuda]'``); without it, or on other devices,
nothing is told.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any

#: reasons for lower clocks that disturb a timing, by the end of their name in the library. A power cap is not
#: among them: under load it is these devices' ordinary state.
_DISTURBING = {
    "HwSlowdown": "hardware slowdown",
    "SwThermalSlowdown": "too hot",
    "HwThermalSlowdown": "too hot",
    "HwPowerBrakeSlowdown": "power brake",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GpuState:
    """A GPU at one moment.

    Attributes
    ----------
    slowed : tuple of str, default ()
        why its clocks are lower than they could be, in words.
    others : int, default 0
        processes that use it beside the one that is timed and this one.
    """

    slowed: tuple[str, ...] = ()
    others: int = 0


def facts(device: str) -> dict[str, Any]:
    """Return what does not change during a run: driver, highest clocks in MHz, power limit in W."""
    library, handle = _open(device)
    if library is None:
        return {}
    found = {
        "driver": lambda: _text(library.nvmlSystemGetDriverVersion()),
        "clock_mhz": lambda: library.nvmlDeviceGetMaxClockInfo(handle, library.NVML_CLOCK_SM),
        "memory_clock_mhz": lambda: library.nvmlDeviceGetMaxClockInfo(handle, library.NVML_CLOCK_MEM),
        "power_limit_watts": lambda: library.nvmlDeviceGetPowerManagementLimit(handle) / 1000,
    }
    told = {name: _readable(library, read) for name, read in found.items()}
    return {name: value for name, value in told.items() if value is not None}


def state(device: str, user: int) -> GpuState | None:
    """Return the state of a GPU now; None where nobody tells.

    Parameters
    ----------
    device : str
        torch device.
    user : int
        id of the process that is timed.
    """
    library, handle = _open(device)
    if library is None:
        return None
    reasons = _readable(library, lambda: _reasons(library, handle)) or ()
    users = _readable(library, lambda: library.nvmlDeviceGetComputeRunningProcesses(handle)) or ()
    return GpuState(slowed=reasons, others=sum(one.pid not in (user, os.getpid()) for one in users))


def _reasons(library: Any, handle: Any) -> tuple[str, ...]:
    mask = library.nvmlDeviceGetCurrentClocksEventReasons(handle)
    found = (words for name, words in _DISTURBING.items() if mask & _bit(library, name))
    return tuple(dict.fromkeys(found))


def _bit(library: Any, name: str) -> int:
    """Return the bit of a reason, which older releases of the library call a throttle reason."""
    for prefix in ("nvmlClocksEventReason", "nvmlClocksThrottleReason"):
        if hasattr(library, prefix + name):
            return int(getattr(library, prefix + name))
    return 0


@functools.cache
def _open(device: str) -> tuple[Any, Any]:
    """Return the library and its handle of a device, found by UUID; (None, None) where there is none."""
    if device.partition(":")[0] != "cuda":
        return None, None
    try:
        import pynvml
    except ImportError:
        return None, None
    import torch

    try:
        pynvml.nvmlInit()
        uuid = torch.cuda.get_device_properties(torch.device(device)).uuid
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except (pynvml.NVMLError, RuntimeError, AssertionError, AttributeError):
        return None, None


def _readable(library: Any, read: Any) -> Any:
    """Return what `read` gives, or None where this device does not tell."""
    try:
        return read()
    except (library.NVMLError, AttributeError):
        return None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
