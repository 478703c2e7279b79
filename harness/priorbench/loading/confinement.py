"""Undoes what loading a plugin does to the process that loads it, and says what that was.

The plugins are loaded into the process that plans a run. What one of them changes there, the environment of
workers or the import path, would change the results of all others.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from priorbench.loading.rejection import EndedProcessError

#: functions of `os` that end a process, or replace its program
_ENDINGS = ("_exit", "abort", "execv", "execve")
_STREAMS = ("stdin", "stdout", "stderr")


@contextmanager
def confined() -> Iterator[list[str]]:
    """Give a list that names, at the end of the block, what was changed and has been put back."""
    changes: list[str] = []
    process, end = os.getpid(), os._exit
    before = _State()
    try:
        with _no_ending():
            yield changes
    finally:
        if os.getpid() != process:
            end(1)  # a child that the plugin forked: it is not to run on as a second harness
        changes += before.put_back()


@contextmanager
def _no_ending() -> Iterator[None]:
    """Have what ends the process raise `EndedProcessError` in this thread of this process."""
    process, thread = os.getpid(), threading.get_ident()
    real = {name: getattr(os, name) for name in _ENDINGS}
    loading = True

    def standing_in(name: str) -> Any:
        def function(*arguments: Any, **options: Any) -> Any:
            if loading and (os.getpid(), threading.get_ident()) == (process, thread):
                raise EndedProcessError(f"it called os.{name}")
            return real[name](*arguments, **options)

        return function

    standing = {name: standing_in(name) for name in _ENDINGS}
    for name, function in standing.items():
        setattr(os, name, function)
    try:
        yield
    finally:
        loading = False
        for name, function in real.items():
            setattr(os, name, function)


class _State:
    """What loading a plugin has to leave alone, as it is now."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._path = list(sys.path)
        self._path_object = sys.path
        self._folder = _folder()
        self._streams = {name: getattr(sys, name) for name in _STREAMS}
        self._descriptors = {number: _identity(number) for number in (0, 1, 2)}
        self._copies = {number: os.dup(number) for number, there in self._descriptors.items() if there}
        self._handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._recursion = sys.getrecursionlimit()
        self._collects = gc.isenabled()
        self._threads = frozenset(threading.enumerate())

    def put_back(self) -> list[str]:
        """Put everything back; return what was changed, one phrase each."""
        return [
            *self._environment_back(),
            *self._path_back(),
            *self._folder_back(),
            *self._streams_back(),
            *self._handlers_back(),
            *self._interpreter_back(),
            *self._threads_left(),
        ]

    def _environment_back(self) -> Iterator[str]:
        now = dict(os.environ)
        changed = sorted(
            name for name in {*now, *self._environment} if now.get(name) != self._environment.get(name)
        )
        for name in changed:
            if name in self._environment:
                os.environ[name] = self._environment[name]
            else:
                del os.environ[name]
        if changed:
            yield f"the environment ({_some(changed)})"

    def _path_back(self) -> Iterator[str]:
        """Keep what was added, at the end, where it hides nothing."""
        now = [place for place in sys.path if isinstance(place, str)]
        if sys.path is self._path_object and now == self._path:
            return
        added = [place for place in dict.fromkeys(now) if place not in self._path]
        at_end = now == [*self._path, *added] and sys.path is self._path_object
        self._path_object[:] = [*self._path, *added]
        sys.path = self._path_object
        if not at_end:
            yield "the order of the import path (sys.path)"

    def _folder_back(self) -> Iterator[str]:
        if self._folder and _folder() != self._folder:
            with contextlib.suppress(OSError):
                os.chdir(self._folder)
            yield "the working folder"

    def _streams_back(self) -> Iterator[str]:
        for name, stream in self._streams.items():
            if getattr(sys, name, None) is not stream:
                setattr(sys, name, stream)
                yield f"sys.{name}"
        for number, copy in self._copies.items():
            if _identity(number) != self._descriptors[number]:
                os.dup2(copy, number)
                yield f"the file descriptor {number}"
            os.close(copy)

    def _handlers_back(self) -> Iterator[str]:
        changed = []
        for number, handler in self._handlers.items():
            if handler is None or signal.getsignal(number) is handler:
                continue
            with contextlib.suppress(OSError, ValueError, TypeError):  # or not the main thread
                signal.signal(number, handler)
            changed.append(signal.Signals(number).name)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ()) - self._mask
        changed += [signal.Signals(number).name for number in sorted(blocked)]
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        if changed:
            yield f"the handling of signals ({_some(changed)})"

    def _interpreter_back(self) -> Iterator[str]:
        if sys.getrecursionlimit() != self._recursion:
            sys.setrecursionlimit(self._recursion)
            yield "the recursion limit"
        if gc.isenabled() != self._collects:
            (gc.enable if self._collects else gc.disable)()
            yield "the garbage collection"

    def _threads_left(self) -> Iterator[str]:
        left = [thread.name for thread in threading.enumerate() if thread not in self._threads]
        if left:
            yield f"what runs: it left threads ({_some(left)}), which cannot be ended"


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text, compared and given back
    except OSError:  # it has been removed
        return ""


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        there = os.fstat(descriptor)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(str(name)[:60] for name in names[:3]) + more
