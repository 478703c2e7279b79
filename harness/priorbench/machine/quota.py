"""Processor quotas of control groups: what a container or a batch system leaves this process."""

from __future__ import annotations

import functools
from pathlib import PurePosixPath

from priorbench.machine.procfs import read_small

#: where control groups are, by version; the names of version 1 are links to each other, or one is missing
_ROOT = "/sys/fs/cgroup"
_FIRST_ROOTS = (f"{_ROOT}/cpu", f"{_ROOT}/cpu,cpuacct", f"{_ROOT}/cpuacct,cpu")


def quota_processors() -> float | None:
    """Return how many processors the tightest quota of this process's groups allows; None = no quota."""
    quotas = [quota for folder in group_folders() if (quota := _quota(folder)) is not None]
    return min(quotas, default=None)


def quota_stops() -> int | None:
    """Return how often the quotas of this process's groups stopped it; None = not told."""
    found = [
        int(line.split()[1])
        for folder in _counting(group_folders())
        for line in (read_small(f"{folder}/cpu.stat") or "").splitlines()
        if line.startswith("nr_throttled ")
    ]
    return sum(found) if found else None


def group_folders() -> tuple[str, ...]:
    """Return the folders of this process's groups that have a say about processors, and of all around them.

    A container often sees its own group as the root, whatever its path says: then only the root is there.
    """
    return _folders(read_small("/proc/self/cgroup") or "")


@functools.lru_cache(maxsize=8)
def _counting(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders that tell how often a quota stopped somebody: a group has that file for good."""
    return tuple(folder for folder in folders if read_small(f"{folder}/cpu.stat") is not None)


@functools.lru_cache(maxsize=8)
def _folders(told: str) -> tuple[str, ...]:
    """Return the folders of the groups that `/proc/self/cgroup` tells; worked out once for each text."""
    found: list[str] = []
    for line in told.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        roots: tuple[str, ...] = (_ROOT,) if number == "0" and not controllers else ()
        if "cpu" in controllers.split(","):
            roots = _FIRST_ROOTS
        group = PurePosixPath("/", path.lstrip("/"))
        for root in roots:
            places = (place for place in (group, *group.parents) if ".." not in place.parts)
            found += [root + str(place).rstrip("/") for place in places]
    return tuple(found)


def _quota(folder: str) -> float | None:
    second = (read_small(f"{folder}/cpu.max") or "").split()
    if len(second) == 2:
        return None if second[0] == "max" else int(second[0]) / int(second[1])
    limit = read_small(f"{folder}/cpu.cfs_quota_us")
    period = read_small(f"{folder}/cpu.cfs_period_us")
    if not limit or not period or int(limit) <= 0:
        return None
    return int(limit) / int(period)
