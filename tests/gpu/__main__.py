"""What only a GPU can show, in one go: the tests of this folder, then a table of iteration times.

    python -m tests.gpu

It takes less than eight minutes: each test has its own limit, and the table ends when the time is up. Where
there is no device, it says so and ends well.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from tests.gpu import machine

#: seconds: for all, and for one cell of the table
_ALL, _CELL = 460.0, 6.0
#: iterations that are not timed, and that are timed at once
_WARM_UP, _BLOCK = 8, 10
_SIDES = (64, 256, 512)


def main() -> int:
    """Run the tests, print the table; return the exit status."""
    began = time.monotonic()
    device = machine.device()
    if device is None:
        print("no device: torch finds no GPU here, so there is nothing to test")
        return 0
    print(f"device: {device}, {_name(device)}, torch {torch.__version__}", flush=True)
    # what says whether a number may be believed comes first; the table has a third of the time in any case
    here = Path(__file__).parent
    tests = [str(here / name) for name in ("test_protocol.py", "test_networks.py")]
    arguments = [*tests, "-v", "-p", "no:cacheprovider", "--durations=0", "-ra"]
    limit = _ALL * machine.patience()
    status = pytest.main(arguments, plugins=[_Deadline(began + 0.7 * limit)])
    _table(device, began + limit)
    return int(status)


class _Deadline:
    """Fails the tests that come after a moment, and says why."""

    def __init__(self, at: float) -> None:
        self._at = at

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if time.monotonic() > self._at:
            pytest.fail(f"{item.name} was not run: the time of all tests is up")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties if report.when == "call" else ():
            print(f"\n    {name}: {value}", flush=True)


def _name(device: str) -> str:
    return "the processor" if device == "cpu" else torch.cuda.get_device_name(torch.device(device))


def _table(device: str, deadline: float) -> None:
    """Print milliseconds of one iteration of each network, as steps are written and as graphs."""
    print(
        f"\nmilliseconds of one iteration on {_name(device)} (median of blocks of {_BLOCK}), plain / graph\n"
    )
    print(f"| network | {' | '.join(f'{side} x {side}' for side in _SIDES)} |")
    print(f"|---|{'---|' * len(_SIDES)}")
    for network in machine.networks():
        cells = []
        for side in _SIDES:
            late = time.monotonic() > deadline - 2 * _CELL
            cells.append("no time" if late else " / ".join(_cell(network, side, on) for on in (False, True)))
        print(f"| {network} | {' | '.join(cells)} |", flush=True)


def _cell(network: str, side: int, recorded: bool) -> str:
    """Return the milliseconds of an iteration, or why there are none."""
    patch = pytest.MonkeyPatch()
    end = time.monotonic() + _CELL
    try:
        with machine.steps(patch, recorded=recorded):
            iterates = iter(machine.method(network).iterate(machine.problem(network, side).present()))
            times = _times(iterates, end)
    except pytest.skip.Exception:
        return "refused"
    except torch.OutOfMemoryError:
        return "no memory"
    except Exception as error:  # the table goes on
        return type(error).__name__
    finally:
        patch.undo()
        if machine.device() != "cpu":
            torch.cuda.empty_cache()
    return f"{statistics.median(times) * 1e3:.2f}" if times else "too slow"


def _times(steps: Iterator[object], end: float) -> list[float]:
    for _ in islice(steps, _WARM_UP):
        if time.monotonic() > end:
            return []
    found: list[float] = []
    while time.monotonic() < end and len(found) < 10:
        machine.synchronize()
        start, made = time.perf_counter(), sum(1 for _ in islice(steps, _BLOCK))
        machine.synchronize()
        if made < _BLOCK:
            break
        found.append((time.perf_counter() - start) / _BLOCK)
    return found


if __name__ == "__main__":
    sys.exit(main())
