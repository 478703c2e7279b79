"""The clock: measures time with the device synchronised, and can be paused."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING, Protocol

from priorbench.machine.quiet import wait_until_quiet

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
    """Adds up a method's time over segments; between them the harness does what it likes.

    Parameters
    ----------
    device : Device
        the clock's view of it.
    share : int, default 1
        images that the method works on at once; the times are for one of them. May change in a pause.

    Attributes
    ----------
    wall_seconds : float
        host time, the device waited for at both ends of every segment.
    device_seconds : float
        time between events on the device; equals host time on the CPU.
    cpu_seconds : float
        processor time of this process and its ended children, all threads.
    quiet : bool
        no other thread of this process was at work when a segment began. Threads that are still awake, the
        method's own or a library's, are waited for; one that does not fall asleep is noted here.
    """

    def __init__(self, device: Device, share: int = 1) -> None:
        self.device, self.share = device, share
        self.wall_seconds = 0.0
        self.device_seconds = 0.0
        self.cpu_seconds = 0.0
        self.quiet = True

    def start(self) -> None:
        """Begin a segment, when the process is quiet."""
        self.device.synchronize()
        self.quiet = self.quiet and wait_until_quiet()
        self._cpu = _cpu_seconds()
        self._stamp = self.device.stamp()
        self._wall = time.perf_counter()

    def pause(self) -> float:
        """End the segment; return the wall time so far."""
        end = self.device.stamp()
        self.device.synchronize()
        self.wall_seconds += (time.perf_counter() - self._wall) / self.share
        self.cpu_seconds += (_cpu_seconds() - self._cpu) / self.share
        self.device_seconds += self._stamp.seconds_until(end) / self.share
        return self.wall_seconds


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
