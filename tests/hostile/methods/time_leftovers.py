"""Attacks by what a method leaves behind: threads, processes, an output that works later, memory."""

from __future__ import annotations

import _thread
import ctypes
import gc
import os
import signal
import sys
import threading
import time
import weakref
from types import FunctionType
from typing import Any

import torch
from time_book import BOOK, MUCH, WORK, work
from tricks import Case


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
