"""The clock: measures time with the device synchronised, and can be paused."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING, Protocol

from priorbench.protocol.exchange import Spent

if TYPE_CHECKING:
    import torch


class Stamp(Protocol):
    """A moment on a device's own time line."""

    def seconds_until(self, later: Stamp) -> float:
        """Return the device's seconds between this stamp and a later one; both have happened."""
        ...


class Device(Protocol):
    """What the clock asks of a device."""

    def synchronize(self) -> None:
        """Wait until everything that was queued is done."""
        ...

    def stamp(self) -> Stamp:
        """Queue a time stamp."""
        ...

    def reset_peak_memory(self) -> None:
        """Start a new high-water mark of device memory."""
        ...

    def peak_memory(self) -> int:
        """Return the high-water mark in bytes; 0 where the device has no memory of its own."""
        ...


class HostStamp:
    """A moment of the host's clock."""

    def __init__(self) -> None:
        self.at = time.perf_counter()

    def seconds_until(self, later: Stamp) -> float:
        """Return host seconds."""
        assert isinstance(later, HostStamp)
        return later.at - self.at


class Host:
    """The CPU: nothing is queued, so there is nothing to wait for."""

    def synchronize(self) -> None:
        """Return at once."""

    def stamp(self) -> Stamp:
        """Return the host's time."""
        return HostStamp()

    def reset_peak_memory(self) -> None:
        """Nothing to reset: resident memory is measured elsewhere."""

    def peak_memory(self) -> int:
        """Return 0: the CPU's memory is the process's own."""
        return 0


class EventStamp:
    """A recorded device event."""

    def __init__(self, device: torch.device) -> None:
        import torch

        self.event = torch.Event(device=device, enable_timing=True)
        self.event.record()

    def seconds_until(self, later: Stamp) -> float:
        """Return device seconds between two events."""
        assert isinstance(later, EventStamp)
        return float(self.event.elapsed_time(later.event)) / 1000


class Accelerator:
    """Any torch accelerator (CUDA, ROCm, XPU, MPS), through torch's accelerator-neutral calls."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def synchronize(self) -> None:
        """Wait for all streams of the device, so that work on side streams counts too."""
        import torch

        torch.accelerator.synchronize(self.device)

    def stamp(self) -> Stamp:
        """Record an event."""
        return EventStamp(self.device)

    def reset_peak_memory(self) -> None:
        """Reset the allocator's high-water mark, where the backend keeps one."""
        import torch

        reset = getattr(torch.get_device_module(self.device), "reset_peak_memory_stats", None)
        if reset is not None:
            reset(self.device)

    def peak_memory(self) -> int:
        """Return the allocator's high-water mark in bytes; 0 where the backend keeps none."""
        import torch

        peak = getattr(torch.get_device_module(self.device), "max_memory_allocated", None)
        return int(peak(self.device)) if peak is not None else 0


def device_for(device: torch.device) -> Device:
    """Return the clock's view of a torch device."""
    return Host() if device.type == "cpu" else Accelerator(device)


class Clock:
    """Measures one stretch of a method's work.

    Parameters
    ----------
    device : Device
        the clock's view of it: it is waited for at both ends.
    """

    def __init__(self, device: Device) -> None:
        self._device = device

    def start(self) -> None:
        """Begin; what was queued before is not counted."""
        self._device.synchronize()
        self._cpu = _cpu_seconds()
        self._stamp = self._device.stamp()
        self._wall = time.perf_counter()

    def stop(self) -> Spent:
        """End; return the seconds of the host, on the device, and of this process and its ended children."""
        end = self._device.stamp()
        self._device.synchronize()
        wall = time.perf_counter() - self._wall
        cpu = _cpu_seconds() - self._cpu
        return Spent(wall=wall, device=self._stamp.seconds_until(end), cpu=cpu)


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
