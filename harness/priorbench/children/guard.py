"""The process above a host: when the host or its user ends, however that is, nothing of it lives on.

Started as ``python -m priorbench.children.guard MODULE [FOLDER]``. It forks a child that runs ``main()`` of
the module, with its own standard streams, and imports nothing of it. It notices by the pipe that is its
standard input, and on Linux by a signal too, that its user is gone, kills all that is below it, and removes
the folder.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from priorbench.children.descendants import end_all
from priorbench.children.own_folder import known_folder
from priorbench.machine.confinement import adopt_strays, signal_at_death_of_parent


def main() -> None:
    """Start the child, and stay above it until it or the user is gone."""
    module, *folders = sys.argv[1:]
    folder = known_folder(Path(folders[0])) if folders else None
    user, guard = os.getppid(), os.getpid()
    adopt_strays()
    child = os.fork()
    if not child:
        os.setsid()
        signal_at_death_of_parent(guard, signal.SIGKILL)
        importlib.import_module(module).main()
        os._exit(0)  # threads and handlers that a plugin left behind have no say
    code = _watch(child, user)
    end_all((child,))
    if folder is not None:
        folder.remove()
    os._exit(code)


def _watch(child: int, user: int) -> int:
    """Wait for the end of the child or of the user; return an exit status."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _noticed)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal_at_death_of_parent(user, signal.SIGUSR1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(null, standard)  # the child alone holds these pipes
    waiting = select.poll()
    waiting.register(0, 0)  # its other end is closed: the user is gone, or wants the end
    waiting.register(woken, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in waiting.poll()]
        signals = b""
        with contextlib.suppress(BlockingIOError):
            signals = os.read(woken, 1 << 12)
        code = _reaped(child)
        if code is not None:
            return code if code >= 0 else 128 - code
        if 0 in ready or os.getppid() != user or {signal.SIGTERM, signal.SIGHUP} & set(signals):
            return 0


def _noticed(number: int, frame: Any) -> None:
    """Do nothing: the number is in the pipe."""


def _reaped(child: int) -> int | None:
    """Take the status of whatever ended; return that of the child, None while it lives."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if ended == child:
            return os.waitstatus_to_exitcode(status)
        if not ended:
            return None


if __name__ == "__main__":
    main()
