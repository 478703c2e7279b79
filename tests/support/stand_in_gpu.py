"""Stand-ins for what is not here: an accelerator that is really asynchronous, and NVIDIA's library."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace


class Moment:
    """A stamp: when the stream reached it."""

    def __init__(self) -> None:
        self.at = 0.0

    def seconds_until(self, later: Moment) -> float:
        """Return seconds of the stream's own time line."""
        return later.at - self.at


class Stream:
    """A device (`priorbench.protocol.clock.Device`) whose work is done, in order, by a thread of its own."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    def launch(self, work: Callable[[], None]) -> None:
        """Queue work and return at once."""
        self._work.put(work)

    def synchronize(self) -> None:
        """Wait for all that is queued."""
        done = threading.Event()
        self.launch(done.set)
        assert done.wait(30)

    def stamp(self) -> Moment:
        """Queue a time stamp."""
        moment = Moment()
        self.launch(lambda: setattr(moment, "at", time.perf_counter()))
        return moment

    def reset_peak_memory(self) -> None:
        """Nothing to reset."""

    def peak_memory(self) -> int:
        """Return 0."""
        return 0

    def _serve(self) -> None:
        while True:
            self._work.get()()


def management_library(*, mask: int = 0, pids: tuple[int, ...] = (), power: bool = True) -> SimpleNamespace:
    """Return a stand-in for the module pynvml with one device.

    Parameters
    ----------
    mask : int, default 0
        reasons for lower clocks.
    pids : tuple of int, optional
        processes on the device.
    power : bool, default True
        the device tells its power limit.
    """

    class NVMLError(Exception):
        pass

    def power_limit(_handle: object) -> int:
        if not power:
            raise NVMLError("not supported")
        return 700_000

    return SimpleNamespace(
        NVMLError=NVMLError,
        NVML_CLOCK_SM=1,
        NVML_CLOCK_MEM=2,
        nvmlClocksEventReasonSwPowerCap=4,
        nvmlClocksEventReasonHwSlowdown=8,
        nvmlClocksEventReasonSwThermalSlowdown=32,
        nvmlClocksThrottleReasonHwThermalSlowdown=64,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID={"GPU-a-b-c": "handle"}.__getitem__,
        nvmlSystemGetDriverVersion=lambda: b"580.1",
        nvmlDeviceGetMaxClockInfo=lambda handle, kind: {1: 1980, 2: 2619}[kind],
        nvmlDeviceGetPowerManagementLimit=power_limit,
        nvmlDeviceGetCurrentClocksEventReasons=lambda handle: mask,
        nvmlDeviceGetComputeRunningProcesses=lambda handle: [SimpleNamespace(pid=pid) for pid in pids],
    )
