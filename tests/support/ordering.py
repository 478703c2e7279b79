"""The order of the tests: files that take long first, so that a run does not end with everybody waiting."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

import pytest


def seconds(item: pytest.Item) -> float:
    """Return about how long a test takes, as its marker ``slow(seconds)`` has it; 0 for those without."""
    mark = item.get_closest_marker("slow")
    if mark is None:
        return 0
    return mark.args[0] if mark.args else mark.kwargs.get("seconds", 10)


def first(item: pytest.Item) -> bool:
    """Return whether others wait for what a test makes, as its ``slow(seconds, first=True)`` has it."""
    mark = item.get_closest_marker("slow")
    return mark is not None and mark.kwargs.get("first", False)


def long_files_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Return the tests in an order in which each of several processes begins with its share of long files.

    The tests of a file stay together: they share what is made once for each process. pytest-xdist gives
    each process an equal and connected part of the list, and later moves tests from the end of one part to
    whoever has nothing left.
    """
    shares = _shared_out(_long_files(items), processes)
    long = {id(item) for share in shares for item in share}
    short = iter([item for item in items if id(item) not in long])
    ordered: list[pytest.Item] = []
    for process, share in enumerate(shares, 1):
        ordered += share
        ordered += islice(short, max(0, len(items) * process // processes - len(ordered)))
    return ordered


def _long_files(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the tests of each file that has long ones: those that others wait for, then the longest."""
    files: dict[object, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.path].append(item)
    long = [file for file in files.values() if _sum(file)]
    return sorted(long, key=lambda file: (any(map(first, file)), _sum(file)), reverse=True)


def _shared_out(files: list[list[pytest.Item]], processes: int) -> list[list[pytest.Item]]:
    """Give each file to the process that has least to do so far."""
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for file in files:
        min(shares, key=_sum).extend(file)
    return shares


def _sum(items: list[pytest.Item]) -> float:
    return sum(map(seconds, items))
