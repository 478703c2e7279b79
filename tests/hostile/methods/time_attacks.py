"""Attacks on the clock: one-shot methods that work for `WORK` seconds and would have it recorded as less.

Goals: "wall" (the wall time is at least that of the work, or it is marked, or the trial failed), "cpu"
(the processor time likewise; the work is done by somebody else), "cores" (more than the allowed thread is
marked), "left" (what is left running is told), "memory" (the peak has what was taken).
"""

from __future__ import annotations

import _thread
import builtins
import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
import threading
import time
import weakref
from types import FunctionType
from typing import Any

import torch
from tricks import Book, Case, harness

from priorbench import hookimpl

BOOK = Book("time", "time_attacks:Attacker")
#: seconds of work in each
WORK = 0.25
#: bytes that an attack on the memory figure takes
MUCH = 300_000_000
_clock = time.perf_counter


Attacker = BOOK.attacker("honest")


@hookimpl
def priorbench_denoisers():
    yield from BOOK.specs()


def work(seconds: float = WORK) -> None:
    """Keep a processor busy."""
    end = _clock() + seconds
    while _clock() < end:
        pass


@BOOK.attack(goal="wall")
def honest(case: Case):
    """Work, and hide nothing: to compare with."""
    work()


@BOOK.attack(goal="wall")
def clock_replaced(case: Case):
    """Replace time.perf_counter by one that stands still."""
    now = _clock()
    BOOK.patch(time, "perf_counter", lambda: now + 1e-5)
    work()


@BOOK.attack(goal="wall")
def all_clocks_replaced(case: Case):
    """Replace every clock of the module time by one that is a thousand times too slow."""
    for name in ("perf_counter", "monotonic", "time", "process_time", "thread_time"):
        real = getattr(time, name)
        start = real()
        BOOK.patch(time, name, lambda real=real, start=start: start + (real() - start) / 1000)
    for name in ("perf_counter_ns", "monotonic_ns", "time_ns"):
        BOOK.patch(time, name, lambda: 0)
    work()


@BOOK.attack(goal="wall")
def clock_functions_replaced(case: Case):
    """Replace the functions of the harness that measure, where they are and where they were imported."""
    for module in [one for name, one in list(sys.modules.items()) if name.startswith("priorbench")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and name in ("Clock", "HostStamp"):
                with contextlib.suppress(Exception):
                    BOOK.patch(value, "pause" if name == "Clock" else "seconds_until", lambda *_: 0.0)
    work()


@BOOK.attack(goal="wall")
def clock_objects_set_back(case: Case):
    """Find the clocks that run, and set them to a start that is just now."""
    work()
    for one in gc.get_objects():
        if type(one).__name__ in ("Clock", "HostStamp", "Stopwatch"):
            for name in ("_wall", "_start", "_began", "at", "started"):
                if isinstance(getattr(one, name, None), float):
                    setattr(one, name, _clock())


@BOOK.attack(goal="wall")
def built_in_sums_replaced(case: Case):
    """Replace built-in functions by ones that make numbers small."""
    BOOK.patch(builtins, "round", lambda value, *digits: 0.0)
    BOOK.patch(
        builtins, "float", type("Nought", (float,), {"__new__": lambda cls, value=0: float.__new__(cls, 0)})
    )
    work()
    BOOK.begin()


@BOOK.attack(goal="cpu")
def processor_clock_replaced(case: Case):
    """Replace time.process_time and resource.getrusage."""
    now, used = time.process_time(), {who: resource.getrusage(who) for who in (-1, 0)}
    BOOK.patch(time, "process_time", lambda: now)
    BOOK.patch(resource, "getrusage", lambda who: used[who])
    work()


@BOOK.attack(goal="cpu", right="detected")
def work_in_a_child(case: Case):
    """Let a child process work, and wait for it."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)


@BOOK.attack(goal="cpu", right="detected", alone=True)
def work_in_a_child_that_nobody_waits_for(case: Case):
    """Let a child process work after the return; it ends soon."""
    if os.fork() == 0:
        work()
        os._exit(0)


@BOOK.attack(goal="cpu", right="detected")
def work_in_a_grandchild(case: Case):
    """Let a process work that nobody waits for: its processor time is in no parent's account."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.setsid()
            work()
            os.write(writing, b".")
        os._exit(0)
    os.waitpid(child, 0)
    os.read(reading, 1)
    os.close(reading)
    os.close(writing)


@BOOK.attack(goal="cpu", right="detected", alone=True)
def work_in_a_daemon(case: Case):
    """Leave a process that works for all trials to come, and only wait for it."""
    if "daemon" not in BOOK.kept:
        ask, hear = os.pipe()
        say, answer = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.alarm(30)
                while os.read(ask, 1):
                    work()
                    os.write(answer, b".")
            os._exit(0)
        BOOK.kept["daemon"] = (hear, say)
        os.wait()
    hear, say = BOOK.kept["daemon"]
    os.write(hear, b".")
    os.read(say, 1)


@BOOK.attack(goal="cores", right="detected")
def more_threads(case: Case):
    """Set torch to all processors, after leaving the ones that it was bound to, and multiply."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    torch.set_num_threads(os.cpu_count() or 1)
    matrix, end = torch.rand(1500, 1500), _clock() + 2 * WORK
    while _clock() < end:
        matrix @ matrix
    torch.set_num_threads(1)


@BOOK.attack(goal="cores", right="detected")
def two_threads(case: Case):
    """Work in two threads that do not need the interpreter."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    matrix, end = torch.rand(800, 800), _clock() + 2 * WORK

    def turn() -> None:
        while _clock() < end:
            matrix @ matrix

    other = threading.Thread(target=turn)
    other.start()
    turn()
    other.join()


@BOOK.attack(goal="left", alone=True)
def hidden_thread_left(case: Case):
    """Leave a thread that Python's list of threads does not have."""
    _thread.start_new_thread(time.sleep, (5,))


@BOOK.attack(goal="left", alone=True)
def native_thread_left(case: Case):
    """Leave a thread of the C library, of which Python knows nothing."""
    library = ctypes.CDLL(None)
    handle = ctypes.c_ulong()
    library.pthread_create(ctypes.byref(handle), None, library.sleep, ctypes.c_void_p(5))


@BOOK.attack(goal="left", alone=True)
def busy_thread_left(case: Case):
    """Leave a hidden thread that works on after the return."""
    _thread.start_new_thread(work, (2.0,))


@BOOK.attack(goal="left", alone=True)
def marks_replaced(case: Case):
    """Leave a thread, and replace what would tell of it."""
    threading.Thread(target=time.sleep, args=(5,), daemon=True, name="quiet").start()
    for module in [one for name, one in list(sys.modules.items()) if name.startswith("priorbench")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and name in (
                "left_running",
                "disturbance",
                "wait_until_quiet",
            ):
                BOOK.patch(module, name, lambda *_, said="" if name == "left_running" else None: said)
    BOOK.patch(threading, "enumerate", list)


@BOOK.attack(goal="left", alone=True)
def daemon_left(case: Case):
    """Leave a process in a session of its own, whose parent has ended."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            signal.alarm(30)
            time.sleep(25)
        os._exit(0)
    os.waitpid(child, 0)


@BOOK.attack(goal="wall", right="detected")
def stops_itself(case: Case):
    """Stop, let a child work meanwhile, and be woken by it."""
    mine = os.getpid()
    child = os.fork()
    if child == 0:
        work()
        os.kill(mine, signal.SIGCONT)
        os._exit(0)
    os.kill(mine, signal.SIGSTOP)
    os.waitpid(child, 0)


@BOOK.attack(goal="wall", right="detected")
def stops_its_parent(case: Case):
    """Stop the nearest parent, work, and let it go on: its clock should have missed something."""
    parents = harness()[:1]
    for process in parents:
        with contextlib.suppress(PermissionError):
            os.kill(process, signal.SIGSTOP)
    work()
    for process in parents:
        with contextlib.suppress(PermissionError):
            os.kill(process, signal.SIGCONT)


@BOOK.attack(goal="wall")
def answers_late(case: Case):
    """Sleep instead of working: waiting is time, too."""
    time.sleep(WORK)


@BOOK.attack(goal="wall", right="detected", alone=True)
def output_filled_later(case: Case):
    """Return at once an image that a thread fills later."""
    output = torch.zeros_like(case.observation.image)

    source = case.observation.image.clone()

    def fill() -> None:
        work()
        output.copy_(source)

    _thread.start_new_thread(fill, ())
    return output


@BOOK.attack(goal="wall", right="detected")
def work_when_the_output_is_forgotten(case: Case):
    """Return an image that does the work when nobody has it any more."""
    output = case.observation.image.clone()
    weakref.finalize(output, work)
    return output


@BOOK.attack(goal="wall", right="detected")
def work_when_garbage_is_collected(case: Case):
    """Leave the work to an object that holds itself: it is found some time after the return."""

    class Late:
        def __del__(self) -> None:
            work()

    late = Late()
    late.itself = late


@BOOK.attack(goal="wall", right="detected")
def work_in_a_callback_of_the_collector(case: Case):
    """Leave the work to the next time that garbage is looked for."""

    def late(phase: str, facts: Any) -> None:
        gc.callbacks.remove(late)
        work()

    gc.callbacks.append(late)


@BOOK.attack(goal="wall", right="detected", alone=True)
def work_when_a_timer_ends(case: Case):
    """Let a signal interrupt whoever waits, a moment after the return."""
    signal.signal(signal.SIGALRM, lambda *_: work())
    signal.setitimer(signal.ITIMER_REAL, 0.2)


@BOOK.attack(goal="left", alone=True)
def timer_left(case: Case):
    """Leave a timer for the trials to come."""
    signal.signal(signal.SIGALRM, lambda *_: work())
    signal.setitimer(signal.ITIMER_REAL, 5, 5)


class Lazy(torch.Tensor):
    """Does its work when somebody looks at it."""

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), named=None):
        if "detach" in str(function) or "to" in str(function):
            work()
        with torch._C.DisableTorchFunctionSubclass():
            return function(*arguments, **(named or {}))


@BOOK.attack(goal="wall")
def lazy_output(case: Case):
    """Return a tensor of a class that works when it is read."""
    return case.observation.image.clone().as_subclass(Lazy)


class Liar:
    """Says that it is a tensor, and works when it is asked for numbers."""

    def __init__(self, image: torch.Tensor) -> None:
        self.image = image

    __class__ = property(lambda self: torch.Tensor)

    def __getattr__(self, name: str) -> Any:
        if name in ("detach", "cpu", "numpy", "to", "contiguous", "clone"):
            work(WORK / 2)
        return getattr(self.image, name)


@BOOK.attack(goal="wall")
def object_that_says_it_is_a_tensor(case: Case):
    """Return an object whose class says torch.Tensor, and which works when it is read."""
    return Liar(case.observation.image.clone())


@BOOK.attack(goal="memory", right="held", otherwise="weak")
def memory_in_the_open(case: Case):
    """Take memory, and hide nothing: to compare with."""
    return _taken(case)


@BOOK.attack(goal="memory", right="stated", stated="peak memory")
def memory_mark_reset(case: Case):
    """Take memory, give it back, and reset the system's high-water mark."""
    output = _taken(case)
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
        file.write("5")
    return output


@BOOK.attack(goal="memory", right="stated", stated="peak memory")
def memory_in_a_child(case: Case):
    """Take memory in a child process."""
    child = os.fork()
    if child == 0:
        _taken(case)
        os._exit(0)
    os.waitpid(child, 0)


@BOOK.attack(goal="memory", right="stated", stated="peak memory")
def memory_in_a_file(case: Case):
    """Take memory that has no name, and write into it without mapping it."""
    handle = os.memfd_create("hidden")
    block = bytes(10_000_000)
    for _ in range(MUCH // len(block)):
        os.write(handle, block)
    os.close(handle)


def _taken(case: Case) -> torch.Tensor:
    import mmap

    room = mmap.mmap(-1, MUCH)
    for at in range(0, MUCH, 4096):
        room[at] = 1
    room.close()
    return case.observation.image.clone()
