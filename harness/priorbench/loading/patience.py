"""Limits the time that loading a plugin may take: says whose turn it is, and interrupts it.

Python code, and calls that wait, are interrupted by a signal, where plugins are loaded by the main thread.
What cannot be interrupted is named on standard error, again and again, so that a person knows what to leave
out.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from priorbench.errors import PriorbenchError
from priorbench.loading.rejection import TooLongError, place_in
from priorbench.words import visible

SECONDS_VARIABLE = "PRIORBENCH_PLUGIN_SECONDS"
#: seconds that loading one plugin may take; a cold network disk needs some
_LIMIT = 120.0
#: seconds after which a person is told for whom they wait
_TELL = 10.0
#: seconds from one interruption to the next
_AGAIN = 1.0
#: seconds after the first interruption that a person is told that it does not help; and from then on
_GRACE, _REMIND = 3.0, 60.0
#: signals whose handlers may raise KeyboardInterrupt, and ours
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def seconds_allowed() -> float:
    """Return the seconds that loading one plugin may take, as the environment has it.

    Raises
    ------
    PriorbenchError
        Where the variable is no number above 0.
    """
    text = os.environ.get(SECONDS_VARIABLE, "").strip()
    if not text:
        return _LIMIT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 1e6:
        raise PriorbenchError(f"{SECONDS_VARIABLE}={text}: write a number of seconds above 0")
    return seconds


class Patience:
    """Watches the loading of plugins, one after the other.

    Attributes
    ----------
    signalled : bool
        a signal came that has a handler of somebody else, such as Ctrl-C; so a KeyboardInterrupt is not the
        plugin's own.
    """

    def __init__(self) -> None:
        self.limit = seconds_allowed()
        self.signalled = False
        self._loader = threading.get_ident()
        self._turn = threading.Condition()
        self._name = ""
        self._since = 0.0
        self._inside = self._stopped = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Patience:
        """Begin to watch."""
        if threading.current_thread() is threading.main_thread():  # others cannot have handlers
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler) or (number == signal.SIGALRM and handler is not None):
                    self._before[number] = signal.signal(number, self._handle)
        self._thread = threading.Thread(target=self._watch, daemon=True, name="priorbench-patience")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Put every handler back."""
        with self._turn:
            self._stopped = True
            self._turn.notify()
        self._thread.join()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Watch one plugin; raise `TooLongError` in it when its time is over."""
        with self._turn:
            self._name, self._since = name, time.monotonic()
            self._turn.notify()
        try:
            try:
                self._inside = True
                yield
            finally:
                self._inside = False
        finally:
            self._inside = False  # an interruption may come inside the line above
            with self._turn:
                self._name = ""
                self._turn.notify()

    def _handle(self, number: int, frame: FrameType | None) -> Any:
        if number == signal.SIGALRM and self._inside and time.monotonic() - self._since >= self.limit:
            raise TooLongError(f"loading it takes more than {self.limit:g} s")
        before = self._before.get(number)
        if callable(before):
            self.signalled = True
            return before(number, frame)
        return None  # an alarm of a plugin, which would have ended this process

    def _watch(self) -> None:
        """Tell and interrupt, until everything is loaded."""
        since, tell, interrupt, stuck = 0.0, 0.0, 0.0, 0.0
        with self._turn:
            while not self._stopped:
                if not self._name:
                    self._turn.wait()
                    continue
                if self._since != since:
                    since = self._since
                    tell, interrupt = since + min(_TELL, self.limit / 2), since + self.limit
                    stuck = interrupt + _GRACE
                now = time.monotonic()
                if now >= tell:
                    self._tell(f"plugin '{self._name}' has been loading for {now - since:.1f} s")
                    tell = math.inf
                if now >= interrupt:
                    self._interrupt()
                    interrupt = now + _AGAIN
                if now >= stuck:
                    self._tell(_stuck(self._name, now - since))
                    stuck = now + _REMIND
                self._turn.wait(max(0.0, min(tell, interrupt, stuck) - time.monotonic()))

    def _interrupt(self) -> None:
        """Wake the loading thread up, whatever it waits for."""
        if signal.SIGALRM in self._before and self._inside:
            signal.pthread_kill(self._loader, signal.SIGALRM)

    def _tell(self, text: str) -> None:
        """Write to standard error itself: the plugin may hold the lock of the stream, or have replaced it."""
        place = place_in(sys._current_frames().get(self._loader))
        line = f"priorbench: {text}" + (f" (now at {place})" if place else "")
        with contextlib.suppress(OSError):
            os.write(2, visible(line).encode("utf-8", "backslashreplace") + b"\n")


def _stuck(name: str, seconds: float) -> str:
    return (
        f"plugin '{name}' has been loading for {seconds:.0f} s and cannot be interrupted: end this process "
        f"({os.getpid()}) and leave the plugin out, PRIORBENCH_BLOCK_PLUGINS={name}"
    )
