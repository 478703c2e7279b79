# mypy: allow-untyped-defs, allow-untyped-calls
"""What a crew's threads need inside compiled code: their part of the work, a place to wait for each other.

Waking a sleeping thread takes longer than many a small layer. Threads that meet do not sleep: whoever waits
offers its processor to others and looks again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import llvmlite.binding
import numba
import numpy as np
from numba.extending import intrinsic

from priorbench.toolkit.fused.compiled import inner

#: a count of arrivals that no crew reaches: all waiting has ended
_ENDED = 1 << 62


class Place(NamedTuple):
    """A thread's place in a crew.

    Attributes
    ----------
    thread : from 0 to `threads` - 1.
    threads : that do the work.
    arrived : how often one of them has begun to wait, (1,).
    """

    thread: int
    threads: int
    arrived: Any


def places(threads: int) -> list[Place]:
    """Return the places of threads that are about to begin."""
    arrived = np.zeros(1, np.int64)
    return [Place(thread, threads, arrived) for thread in range(threads)]


def leave(place: Place) -> None:
    """Let nobody wait any longer: the thread has failed and will not come."""
    place.arrived[0] = _ENDED


@inner
def part(place: Place, number: int) -> tuple[int, int]:
    """Return the first of so many things that are the thread's, and the one after its last."""
    return place.thread * number // place.threads, (place.thread + 1) * number // place.threads


@inner
def meet(place):
    """Wait until all threads have come here; then each sees what the others have written before."""
    if place.threads == 1:
        return
    before: Any = _add(place.arrived, 1)  # type: ignore[call-arg]
    if before >= _ENDED:
        return
    all_of_them = (before // place.threads + 1) * place.threads
    while _add(place.arrived, 0) < all_of_them:
        _give_way()


@intrinsic
def _add(typing_context, counter, number):
    """Add a number to a counter at once for all threads, and return what it was."""
    signature = numba.types.int64(counter, numba.types.int64)

    def generate(context, builder, signature, arguments):
        counter, number = arguments
        address = context.make_array(signature.args[0])(context, builder, counter).data
        return builder.atomic_rmw("add", address, number, "seq_cst")

    return signature, generate


@inner
def _go_on():
    """Wait without giving way."""


_give_way: Any = _go_on
if llvmlite.binding.address_of_symbol("sched_yield"):
    _give_way = numba.types.ExternalFunction("sched_yield", numba.types.int32())
