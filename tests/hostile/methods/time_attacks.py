"""Attacks on the clock: one-shot methods that work for `WORK` seconds and would have it recorded as less.

Goals: "wall" (the wall time is at least that of the work, or it is marked, or the trial failed), "cpu"
(the processor time likewise; the work is done by somebody else), "cores" (more than the allowed thread is
marked), "left" (what is left running is told), "memory" (the peak has what was taken).
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import os
import resource
import signal
import sys
import threading
import time

import time_leftovers  # noqa: F401 (it writes its attacks down in the book)
import torch
from surroundings import harness
from time_book import BOOK, MUCH, WORK, Attacker, work, work_of_processor  # noqa: F401
from tricks import Case

_clock = time.perf_counter


@BOOK.attack(goal="wall")
def honest(case: Case):
    """Work, and hide nothing: to compare with."""
    work()


@BOOK.attack(goal="wall", alone=True)
def clock_replaced(case: Case):
    """Replace time.perf_counter by one that stands still."""
    now = _clock()
    BOOK.patch(time, "perf_counter", lambda: now + 1e-5)
    work()


@BOOK.attack(goal="wall", alone=True)
def all_clocks_replaced(case: Case):
    """Replace every clock of the module time by one that is a thousand times too slow."""
    for name in ("perf_counter", "monotonic", "time", "process_time", "thread_time"):
        real = getattr(time, name)
        start = real()
        BOOK.patch(time, name, lambda real=real, start=start: start + (real() - start) / 1000)
    for name in ("perf_counter_ns", "monotonic_ns", "time_ns"):
        BOOK.patch(time, name, lambda: 0)
    work()


@BOOK.attack(goal="wall", alone=True)
def clock_functions_replaced(case: Case):
    """Replace the functions of the harness that measure, where they are and where they were imported."""
    for module in [one for name, one in list(sys.modules.items()) if name.startswith("priorbench")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and name in ("Clock", "HostStamp"):
                with contextlib.suppress(Exception):
                    BOOK.patch(value, "pause" if name == "Clock" else "seconds_until", lambda *_: 0.0)
    work()


@BOOK.attack(goal="wall", alone=True)
def clock_objects_set_back(case: Case):
    """Find the clocks that run, and set them to a start that is just now."""
    work()
    for one in gc.get_objects():
        if type(one).__name__ in ("Clock", "HostStamp", "Stopwatch"):
            for name in ("_wall", "_start", "_began", "at", "started"):
                if isinstance(getattr(one, name, None), float):
                    setattr(one, name, _clock())


@BOOK.attack(goal="wall", alone=True)
def built_in_sums_replaced(case: Case):
    """Replace built-in functions by ones that make numbers small."""
    BOOK.patch(builtins, "round", lambda value, *digits: 0.0)
    BOOK.patch(
        builtins, "float", type("Nought", (float,), {"__new__": lambda cls, value=0: float.__new__(cls, 0)})
    )
    work()
    BOOK.begin()


@BOOK.attack(goal="cpu", alone=True)
def processor_clock_replaced(case: Case):
    """Replace time.process_time and resource.getrusage."""
    now, used = time.process_time(), {who: resource.getrusage(who) for who in (-1, 0)}
    BOOK.patch(time, "process_time", lambda: now)
    BOOK.patch(resource, "getrusage", lambda who: used[who])
    work_of_processor()


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


@BOOK.attack(goal="cores", right="detected", alone=True)
def more_threads(case: Case):
    """Set torch to all processors, after leaving the ones that it was bound to, and multiply."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    torch.set_num_threads(os.cpu_count() or 1)
    matrix, end = torch.rand(1500, 1500), _clock() + 2 * WORK
    while _clock() < end:
        matrix @ matrix
    torch.set_num_threads(1)


@BOOK.attack(goal="cores", right="detected", alone=True)
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
