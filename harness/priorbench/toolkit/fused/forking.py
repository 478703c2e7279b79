# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="call-arg"
"""Threads that wait for work inside compiled code, and how work is handed to them.

A thread that is woken by Python begins late: it needs the interpreter's lock, which the caller holds until
its own part begins. Here the caller enters compiled code once. There it leaves the address of the work on
the team's board, does its own part, and waits until the others have done theirs. They look at the board for
a while before they sleep.

The task is written before the round is advanced, and read after the new round was seen; results are written
before `_FINISHED` is advanced, and read after all have finished (see `priorbench.toolkit.fused.barrier`).
The arguments lie on the caller's stack. It stays there until all have finished, also when its own part
fails, and Python, which could interrupt it, does not run before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import signature
from types import FunctionType
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.callconv import excinfo_ptr_t
from numba.extending import intrinsic
from numpy.typing import NDArray

from priorbench.toolkit.fused.barrier import ABORTED, FEW_LOOKS, Member, add, look, pause
from priorbench.toolkit.fused.compiled import inner

# Places on the board. Those that several threads write to are a cache line and more apart.
_LINE = 16
_ROUND, _FINISHED, _ARRIVED, _ASLEEP, _TASK, _DATA, _DISMISSED, _MUTEX, _CONDITION = range(
    0, 9 * _LINE, _LINE
)
_FAILED = 9 * _LINE

_INT, _ADDRESS = ir.IntType(64), ir.IntType(8).as_pointer()
#: what a thread calls: nothing, where an exception is written to, the arguments, the number of the thread
_TASK_TYPE = ir.FunctionType(ir.IntType(32), [_ADDRESS, excinfo_ptr_t.as_pointer(), _ADDRESS, _INT])


def _external(name: str, number: int) -> Any:
    return numba.types.ExternalFunction(name, numba.types.int32(*(numba.types.int64,) * number))


_begin_mutex, _begin_condition = _external("pthread_mutex_init", 2), _external("pthread_cond_init", 2)
_lock, _unlock = _external("pthread_mutex_lock", 1), _external("pthread_mutex_unlock", 1)
_sleep, _wake = _external("pthread_cond_wait", 2), _external("pthread_cond_broadcast", 1)


def board(threads: int) -> NDArray[np.int64]:
    """Return the board of a team of so many threads, on which nothing is said yet."""
    made, ended = np.zeros((2, _FAILED + 2 * threads), np.int64)
    _begin_or_end(ended, False)
    _begin_or_end(ended, True)
    serve(ended, 0)  # returns at once: it is compiled here, where an error reaches the caller
    _begin_or_end(made, False)
    return made


def dismiss(shared: NDArray[np.int64]) -> None:
    """Let the threads end."""
    _begin_or_end(shared, True)


def members(shared: NDArray[np.int64], threads: int) -> tuple[Member, Member]:
    """Return the caller's place where all threads work, and where it is alone."""
    arrived = shared[_ARRIVED : _ARRIVED + 1]
    return Member(0, threads, arrived), Member(0, 1, arrived)


@inner
def _begin_or_end(board, end):
    """One function: when a team ends is no time to compile another one."""
    if end:
        board[_DISMISSED] = 1
        _advance(board, _ROUND)
    else:
        _begin_mutex(board.ctypes.data + 8 * _MUTEX, 0)
        _begin_condition(board.ctypes.data + 8 * _CONDITION, 0)


@inner
def serve(board, thread):
    """Do the work that is put on the board, until `dismiss`."""
    done = 0
    while True:
        _wait_until(board, _ROUND, done + 1)
        done += 1
        if board[_DISMISSED]:
            return
        _do(board, board[_TASK], board[_DATA], thread)
        _advance(board, _FINISHED)


@inner
def _wait_until(board, counter, number):
    """Wait until a counter has come so far: look for a while, then sleep."""
    for _ in range(FEW_LOOKS):
        if look(board, counter) >= number:
            return
        pause()
    mutex, condition = board.ctypes.data + 8 * _MUTEX, board.ctypes.data + 8 * _CONDITION
    _lock(mutex)
    add(board, _ASLEEP, 1)
    while look(board, counter) < number:
        _sleep(condition, mutex)
    add(board, _ASLEEP, -1)
    _unlock(mutex)


@inner
def _advance(board, counter):
    """Add one to a counter. Whoever falls asleep now has said so before, or sees the new number.

    A thread says that it falls asleep, then looks once more; here the number changes, then it is asked who is
    asleep. One of the two is first. The mutex is free when the thread sleeps, not between its look and that.
    """
    add(board, counter, 1)
    if add(board, _ASLEEP, 0) > 0:
        _lock(board.ctypes.data + 8 * _MUTEX)
        _wake(board.ctypes.data + 8 * _CONDITION)
        _unlock(board.ctypes.data + 8 * _MUTEX)


@inner
def _do(board, task, data, thread):
    """Do a thread's part. If it fails, nobody waits for it any longer."""
    status: Any = _call(task, data, thread, board.ctypes.data + 8 * (_FAILED + 2 * thread + 1))
    board[_FAILED + 2 * thread] = status
    if status != 0:
        board[_ARRIVED] = ABORTED  # arrivals that this overwrites, or that follow, change nothing


@inner
def _do_together(board, threads, task, data):
    """Do the work on all threads; return when all have ended."""
    if threads == 1:
        _do(board, task, data, 0)
        return
    # nobody else is here: all have finished the round before, or it is the first
    board[_TASK], board[_DATA], board[_FINISHED] = task, data, 0
    _advance(board, _ROUND)
    _do(board, task, data, 0)
    _wait_until(board, _FINISHED, threads - 1)


@inner
def _raise_failure(board, threads):
    """Raise the exception of the first thread that has failed."""
    for thread in range(threads):
        status = board[_FAILED + 2 * thread]
        if status != 0:
            board[_ARRIVED] = 0  # all have finished: nobody waits
            _propagate(status, board[_FAILED + 2 * thread + 1])


_SHARED = """
def {name}(board, place, {names}):
    task, data = _task_of(place, work, ({given}))
    _do_together(board, place.threads, task, data)
    _raise_failure(board, place.threads)
"""


@cache
def shared(work: Any) -> Callable[..., None]:
    """Return a compiled function that does some work on all threads of a team.

    Parameters
    ----------
    work : callable
        A compiled function. It does the ``part(place, ...)`` of its thread, and ``wait_for_all(place)`` is
        its barrier.

    Returns
    -------
    callable
        It takes the board, the caller's place, and the rest of the work's arguments.
    """
    function = work.py_func
    names = [f"given_{number}" for number, _ in enumerate(signature(function).parameters)][1:]
    name = f"{function.__name__}_shared"
    source = _SHARED.format(name=name, names=", ".join(names), given="".join(f"{one}, " for one in names))
    own = function.__code__
    made: dict[str, Any] = {}
    exec(compile(source, own.co_filename, "exec"), made)
    code = made[name].__code__.replace(co_firstlineno=own.co_firstlineno)
    seen = {"work": work, **{each.__name__: each for each in (_do_together, _raise_failure)}}
    driver = FunctionType(code, {**seen, "_task_of": _task_of, "__builtins__": __builtins__}, name)
    driver.__module__ = function.__module__
    return inner(driver)


@intrinsic
def _task_of(typing_context, place, work, given):
    """Return the addresses of a function that does a thread's part, and of the arguments of all."""
    pair = numba.types.Tuple((numba.types.int64, numba.types.int64))
    called = work.get_call_type(typing_context, (place, *given.types), {})

    def generate(context, builder, signature, arguments):
        kept = cgutils.alloca_once_value(builder, cgutils.pack_struct(builder, [arguments[0], arguments[2]]))
        task = ir.Function(builder.module, _TASK_TYPE, builder.function.name + ".part")
        task.linkage = "internal"
        inside = ir.IRBuilder(task.append_basic_block("entry"))
        _, _, data, thread = task.args
        place, given = cgutils.unpack_tuple(inside, inside.load(inside.bitcast(data, kept.type)), 2)
        place = inside.insert_value(place, thread, 0)
        call = context.get_function(work, called)
        call(inside, [place, *cgutils.unpack_tuple(inside, given)])
        inside.ret(ir.IntType(32)(0))
        addresses = builder.ptrtoint(task, _INT), builder.ptrtoint(kept, _INT)
        return context.make_tuple(builder, signature.return_type, addresses)

    return pair(place, work, given), generate


@intrinsic
def _call(typing_context, task, data, thread, failure):
    """Call what `_task_of` gives for a thread; return zero, or a status with the exception at `failure`."""
    number = numba.types.int64

    def generate(context, builder, signature, arguments):
        task, data, thread, failure = arguments
        function = builder.inttoptr(task, _TASK_TYPE.as_pointer())
        where = builder.inttoptr(failure, excinfo_ptr_t.as_pointer())
        given = _ADDRESS(None), where, builder.inttoptr(data, _ADDRESS), thread
        return builder.sext(builder.call(function, given), _INT)

    return number(number, number, number, number), generate


@intrinsic
def _propagate(typing_context, status, failure):
    """Leave the function that is being compiled with an exception."""
    signature = numba.types.void(numba.types.int64, numba.types.int64)

    def generate(context, builder, signature, arguments):
        status, failure = arguments
        builder.store(builder.inttoptr(failure, excinfo_ptr_t), builder.function.args[1])
        failed = builder.icmp_signed("!=", status, _INT(0))
        with builder.if_then(failed):
            builder.ret(builder.trunc(status, ir.IntType(32)))
        return context.get_dummy_value()

    return signature, generate
