"""Lets the threads of a team work one after the other between two barriers, each time in the same order.

What one of them reads there must not be what another one writes. Where it is, the result depends on who is
first: an even number of threads begins with the first one, an odd number with the last one. So a barrier that
is missing changes bits each time, and not once in a million. ``python in_turn.py NAME ...`` prints digests of
fits of `fit_bits` with 1 to 5 threads.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from priorbench.toolkit.fused import barrier, forking
from priorbench.toolkit.fused.compiled import inner

_do_at_once, _ARRIVED, _FAILED = forking._do, forking._ARRIVED, forking._FAILED
THREADS = (1, 2, 3, 4, 5)


@inner
def _wait_for_turn(arrived, stretch, thread, threads):
    """Wait until those before have come to the end of the stretch, and all to the end of the one before."""
    before = thread if threads % 2 == 0 else threads - 1 - thread
    while barrier.look(arrived, 0) < stretch * threads + before:
        barrier._yield_processor()


@inner
def wait_for_all(place):
    """Do what the barrier does, and wait for the thread's turn."""
    if place.threads > 1:
        before = barrier.add(place.arrived, 0, 1)
        _wait_for_turn(place.arrived, before // place.threads + 1, place.thread, place.threads)


@inner
def _do(board, task, data, thread):
    """Do a thread's part from its first turn on; its end is an arrival, too."""
    arrived, threads = board[_ARRIVED : _ARRIVED + 1], (len(board) - _FAILED) // 2
    _wait_for_turn(arrived, barrier.look(arrived, 0) // threads, thread, threads)
    _do_at_once(board, task, data, thread)
    barrier.add(arrived, 0, 1)


def install() -> None:
    """Have all teams work so, for good; before anything is imported that waits. Work is never done alone."""
    barrier.wait_for_all, forking._do = wait_for_all, _do
    from priorbench.toolkit.fused import team

    team.FEW = 0


def main(names: list[str]) -> None:
    """Print the digests of two iterations of each fit; one with "rounded" has factors in bfloat16."""
    install()
    import fit_bits

    from priorbench_deep_decoder.engine import program

    program.ALONE, found = 0, {}
    for name in names:
        known = name.removesuffix(", rounded")
        how = {} if name == known else {"precision": "bfloat16"}
        fit = replace(fit_bits.FITS[known], iterations=2)
        fit = replace(fit, how={**fit.how, **how})
        found[name] = [fit_bits.bits_of(fit, threads=threads) for threads in THREADS]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
