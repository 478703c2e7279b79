# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="call-arg"
"""A barrier for the threads of a team inside compiled code, and each thread's part of the work.

Waking a sleeping thread takes longer than many small layers. A thread that waits at the barrier does not
sleep: it looks again and again, and after a while offers its processor to others in between.

Threads tell each other how far they are by counters alone, with `add` and `look`. A thread adds to a counter
after it has written its results, and reads those of others after it has seen that they added. Neither LLVM
nor the processor may change this order (it is sequentially consistent), and a `look` is not taken out of its
loop. So all other memory is read and written plainly.
"""

from __future__ import annotations

import platform
from typing import Any, NamedTuple

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from priorbench.toolkit.fused.compiled import inner

#: a count of arrivals that no team reaches: nobody waits any longer
ABORTED = 1 << 62
_X86 = platform.machine() in ("x86_64", "AMD64")
#: how often a thread looks before it lets others have its processor: for a tenth of a millisecond
FEW_LOOKS = 5000


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


@inner
def part(place: Member, number: int) -> tuple[int, int]:
    """Return the thread's part of this many things: the first, and the one after the last."""
    return place.thread * number // place.threads, (place.thread + 1) * number // place.threads


@inner
def wait_for_all(place):
    """Wait until every thread has arrived; then each sees what the others have written before."""
    if place.threads == 1:
        return
    before: Any = add(place.arrived, 0, 1)
    if before >= ABORTED:
        return
    # the count only grows while there is work: who looks late, when others wait again, sees a larger one
    all_of_them = (before // place.threads + 1) * place.threads
    looked = 0
    while look(place.arrived, 0) < all_of_them:
        looked += 1
        if looked < FEW_LOOKS:
            pause()
        else:
            _yield_processor()


@intrinsic
def add(typing_context, counters, index, number):
    """Add a number to a counter at once for all threads, and return what it was."""
    signature = numba.types.int64(counters, numba.types.int64, numba.types.int64)

    def generate(context, builder, signature, arguments):
        counters, index, number = arguments
        first = context.make_array(signature.args[0])(context, builder, counters).data
        return builder.atomic_rmw("add", builder.gep(first, [index]), number, "seq_cst")

    return signature, generate


@intrinsic
def look(typing_context, counters, index):
    """Return a counter as all threads see it now."""
    signature = numba.types.int64(counters, numba.types.int64)

    def generate(context, builder, signature, arguments):
        counters, index = arguments
        first = context.make_array(signature.args[0])(context, builder, counters).data
        return builder.load_atomic(builder.gep(first, [index]), "seq_cst", 8)

    return signature, generate


@intrinsic
def pause(typing_context):
    """Tell the processor that this thread looks again and again."""

    def generate(context, builder, signature, arguments):
        if _X86:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return numba.types.void(), generate


@inner
def _spin():
    """Go on waiting without a pause."""


_yield_processor: Any = _spin
if llvmlite.binding.address_of_symbol("sched_yield"):
    _yield_processor = numba.types.ExternalFunction("sched_yield", numba.types.int32())
