"""The order of the tests: long ones first, so that a run does not end with everybody waiting for one."""

from __future__ import annotations

from itertools import islice

import pytest


def seconds(item: pytest.Item) -> float:
    """Return about how long a test takes, as its marker ``slow(seconds)`` has it; 0 for those without."""
    mark = item.get_closest_marker("slow")
    if mark is None:
        return 0
    return mark.args[0] if mark.args else mark.kwargs.get("seconds", 10)


def long_ones_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Return the tests in an order in which each of several processes begins with its share of the long ones.

    pytest-xdist gives each process an equal and connected part of the list, and later moves tests from the
    end of one part to whoever has nothing left.
    """
    long = sorted(filter(seconds, items), key=seconds, reverse=True)
    short = iter([item for item in items if not seconds(item)])
    ordered: list[pytest.Item] = []
    for process in range(processes):
        end = len(items) * (process + 1) // processes
        ordered += long[process::processes]
        ordered += islice(short, max(0, end - len(ordered)))
    return ordered
