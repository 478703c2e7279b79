"""What disturbs a timing: load from others, throttled clocks, a processor quota; such timings are marked."""

from __future__ import annotations

import functools
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from priorbench.machine import nvidia
from priorbench.machine.processes import cpu_seconds, ended_children_seconds
from priorbench.machine.procfs import read_small
from priorbench.machine.quota import quota_stops
from priorbench.machine.settings import BESIDE_VARIABLE, CPUS_VARIABLE, available_threads
from priorbench.machine.stops import stops

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_CPUS = Path("/sys/devices/system/cpu")
#: foreign processor seconds for each second, and at least, that mark a timing
FOREIGN_SHARE, FOREIGN_SECONDS = 0.1, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """Counters of this machine and this process at one moment; None where the system does not tell.

    Attributes
    ----------
    at : float
        host clock, seconds.
    busy : float or None
        processor seconds that all processes of the machine have used.
    own : float
        processor seconds that this process, the one that is timed, and their ended children have used.
    throttled : int or None
        times that a core was slowed down because it was too hot.
    quota : int or None
        times that the container's processor quota stopped it.
    gpu : nvidia.GpuState or None, optional
        state of the GPU that the method runs on.
    stops : int, default 0
        times that this process was stopped by a signal and went on.
    """

    at: float
    busy: float | None
    own: float
    throttled: int | None
    quota: int | None
    gpu: nvidia.GpuState | None = None
    stops: int = 0


def conditions(device: str = "cpu", timed: int | None = None) -> Conditions:
    """Read the counters; under a millisecond.

    Parameters
    ----------
    device : str, default 'cpu'
        torch device that is timed.
    timed : int or None, optional
        id of the process that is timed; None = this one.
    """
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    if timed is not None:
        own += (cpu_seconds(timed) or 0.0) + ended_children_seconds(timed)
    return Conditions(
        at=time.perf_counter(),
        busy=_busy_seconds(_own_processors(device)),
        own=own,
        throttled=_throttle_count(),
        quota=quota_stops(),
        gpu=nvidia.state(device, os.getpid() if timed is None else timed),
        stops=stops(),
    )


def disturbance(before: Conditions, after: Conditions) -> str | None:
    """Say in one line what disturbed a timing between two moments, or return None."""
    reasons = []
    seconds = after.at - before.at
    if before.busy is not None and after.busy is not None:
        foreign = (after.busy - before.busy) - (after.own - before.own)
        if foreign > max(FOREIGN_SECONDS, FOREIGN_SHARE * seconds):
            reasons.append(f"other processes used {foreign / seconds:.1f} cores")
    if (after.throttled or 0) > (before.throttled or 0):
        reasons.append("a core was too hot and slowed down")
    if (after.quota or 0) > (before.quota or 0):
        reasons.append("the container's processor quota was used up")
    if after.stops > before.stops:
        reasons.append("the worker was stopped and went on")
    reasons += _gpu_reasons([moment.gpu for moment in (before, after) if moment.gpu is not None])
    return "; ".join(reasons) or None


def _gpu_reasons(states: list[nvidia.GpuState]) -> list[str]:
    slowed = dict.fromkeys(reason for state in states for reason in state.slowed)
    others = max((state.others for state in states), default=0)
    reasons = [f"the GPU was slowed down ({', '.join(slowed)})"] if slowed else []
    if others:
        reasons.append(f"{others} other process{'' if others == 1 else 'es'} used the GPU")
    return reasons


def warnings_now(threads: int, device: str = "cpu", seconds: float = 1.0) -> list[str]:
    """Watch the machine for a while and return what would mark a timing that began now.

    Parameters
    ----------
    threads : int
        CPU threads that a worker would have.
    device : str, default 'cpu'
        torch device that would be timed.
    seconds : float, default 1.0
        how long to watch.
    """
    before = conditions(device)
    time.sleep(seconds)
    found = disturbance(before, conditions(device))
    lines = [found] if found else []
    there = available_threads()
    if threads > there:
        lines.append(f"{threads} threads are asked for, and this process may use {there} cores")
    if before.busy is None:
        lines.append("this system does not tell how busy it is: load from others would go unnoticed")
    if device.partition(":")[0] == "cuda" and before.gpu is None:
        lines.append("nobody tells who else uses the GPU or slows it down: pip install 'priorbench[cuda]'")
    governor = read_small(f"{_CPUS}/cpu0/cpufreq/scaling_governor")
    if governor not in (None, "performance"):
        lines.append(f"the processors' frequency governor is '{governor}', not 'performance'")
    return lines


def _own_processors(device: str) -> frozenset[str]:
    """Return the processors whose load counts, as the system names them; empty = all of them.

    Beside workers with devices of their own, these are the method's: what an accelerator does is launched
    from them, and others may be as busy as they like. A method that computes on the CPU shares caches and
    memory with everything else that runs, wherever it runs.
    """
    cpus = os.environ.get(CPUS_VARIABLE, "")
    if device.partition(":")[0] == "cpu" or not os.environ.get(BESIDE_VARIABLE) or not cpus:
        return frozenset()
    return frozenset(f"cpu{number}" for number in cpus.split(","))


def _busy_seconds(processors: frozenset[str]) -> float | None:
    """Return the seconds for which some processors have been busy, or all."""
    wanted = processors or {"cpu"}
    rows = [line.split() for line in (read_small("/proc/stat") or "").splitlines() if line.startswith("cpu")]
    found = [row for row in rows if row[0] in wanted]
    if len(found) < len(wanted) or any(len(row) < 9 for row in found):
        return None
    busy = 0
    for row in found:
        user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, row[1:9])
        busy += user + nice + system + interrupts + soft + stolen
    return busy / _TICK


@functools.cache
def _throttle_files() -> tuple[str, ...]:
    return tuple(map(str, _CPUS.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")))


def _throttle_count() -> int | None:
    counts = [read_small(path) for path in _throttle_files()]
    return sum(int(count) for count in counts if count) if counts else None
