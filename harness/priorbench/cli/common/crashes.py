"""Has a crash, or a hang that nothing interrupts, tell on standard error which line it happened in."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def crashes_told(seconds: float) -> Iterator[None]:
    """Print the stack, with the plugin's file, where C code ends the process or holds it for so long.

    Nothing is done where somebody else, such as a test runner, does this already.
    """
    ours = not faulthandler.is_enabled()
    if ours:
        with suppress(OSError, ValueError):  # standard error is closed
            faulthandler.enable(2)
            faulthandler.dump_traceback_later(seconds, file=2)
    try:
        yield
    finally:
        if ours:
            faulthandler.cancel_dump_traceback_later()
            faulthandler.disable()
