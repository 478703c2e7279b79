# mypy: allow-untyped-defs, allow-untyped-calls
"""A barrier for the threads of a team inside compiled code, and each thread's part of the work.

Waking a sleeping thread takes longer than many small layers. A thread that waits at the barrier does not
sleep: it offers its processor to others and looks again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import llvmlite.binding
import numba
import numpy as np
from numba.extending import intrinsic

from priorbench.toolkit.fused.compiled import inner

#: a count of arrivals that no team reaches: nobody waits any longer
_ABORTED = 1 << 62


class Member(NamedTuple):
    """A thread's place in a team.

    Attributes
    ----------
    thread : int
        Number of the thread, from 0 to `threads` - 1.
    threads : int
        How many threads do the work.
    arrived : Any
        array How often one of them has begun to wait, (1,).
    """

    thread: int
    threads: int
    arrived: Any


def places(threads: int) -> list[Member]:
    """Return the places of threads that are about to begin."""
    arrived = np.zeros(1, np.int64)
    return [Member(thread, threads, arrived) for thread in range(threads)]


def abort(place: Member) -> None:
    """Let no thread wait any longer: this one has failed and will not arrive."""
    place.arrived[0] = _ABORTED


@inner
def part(place: Member, number: int) -> tuple[int, int]:
    """Return the thread's part of this many things: the first, and the one after the last."""
    return place.thread * number // place.threads, (place.thread + 1) * number // place.threads


@inner
def wait_for_all(place):
    """Wait until every thread has arrived; then each sees what the others have written before."""
    if place.threads == 1:
        return
    before: Any = _add(place.arrived, 1)  # type: ignore[call-arg]
    if before >= _ABORTED:
        return
    all_of_them = (before // place.threads + 1) * place.threads
    while _add(place.arrived, 0) < all_of_them:
        _yield_processor()


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
def _spin():
    """Go on waiting without a pause."""


_yield_processor: Any = _spin
if llvmlite.binding.address_of_symbol("sched_yield"):
    _yield_processor = numba.types.ExternalFunction("sched_yield", numba.types.int32())
