"""The process that forks a fresh process for each thing that is asked about, and tells how that one ends.

It imports what is common and large once. A forked process is given one end of a line to its host, and holds
no other: so it can answer for itself alone. The host passes messages on and reads none of them.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from priorbench.children.descendants import end_all
from priorbench.children.line import ClosedError, Line, NoMessageError
from priorbench.machine.confinement import adopt_strays, signal_at_death_of_parent

#: exit status of a forked process that lost its line: the plugin closed it
LOST = 79
#: what a forked process does: its first message, and the line for further ones and for answers
Attend = Callable[[Any, Line], None]


def serve(prepare: Callable[[], None], attend: Attend) -> None:
    """Serve until the user closes the pipe.

    Parameters
    ----------
    prepare : callable
        imports what is common.
    attend : callable
        what a forked process does; it returns where the message is None.
    """
    user = Line(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    adopt_strays()
    woken = _woken_by_children()
    prepare()
    with contextlib.suppress(NoMessageError):  # the user is gone, and what is above ends the rest
        while True:
            message = user.hear()
            if "begin" in message:
                user.say({"ended": _host(user, woken, message["begin"], attend)})


def _host(user: Line, woken: int, first: Any, attend: Attend) -> int | str:
    """Fork a process and pass messages on until it ends; return its exit status, or what it did wrong."""
    ours, theirs = socket.socketpair()
    host, child = os.getpid(), os.fork()
    if not child:
        user.close()
        ours.close()
        _attend(host, first, Line(theirs.fileno(), theirs.fileno()), attend)
    theirs.close()
    line = Line(ours.fileno(), ours.fileno())
    end: int | str
    try:
        end = _pass_on(user, line, woken, child)
    except ClosedError:
        raise
    except NoMessageError as error:
        end = str(error)
    finally:
        end_all((child,))
    with ours, contextlib.suppress(NoMessageError):  # its last words, if it answered and ended at once
        while isinstance(end, int) and line.ready(0.0):
            line.more()
            _answer(user, line)
    return end


def _attend(host: int, first: Any, line: Line, attend: Attend) -> NoReturn:
    """Be the forked process: answer, and end."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # whoever ends this process ends all that it started
        signal_at_death_of_parent(host, signal.SIGKILL)
        with contextlib.suppress(OSError):  # where memory runs out, this one has to go
            Path("/proc/self/oom_score_adj").write_text("1000")
        attend(first, line)
        code = 0
    except NoMessageError:
        code = LOST
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)  # threads and handlers that a plugin left behind have no say


def _pass_on(user: Line, child: Line, woken: int, process: int) -> int:
    """Pass messages in both directions until the process has ended; return its exit status."""
    waiting = select.poll()
    for descriptor in (user.reading, child.reading, woken):
        waiting.register(descriptor, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in waiting.poll()]
        if child.reading in ready:
            try:
                child.more()
            except ClosedError:
                waiting.unregister(child.reading)  # it ends, or a plugin closed it: its status tells
            _answer(user, child)
        if user.reading in ready:
            message = user.hear()
            with contextlib.suppress(ClosedError):  # it has ended: its status tells
                child.say(message.get("ask"))
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 1 << 12)
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)


def _answer(user: Line, child: Line) -> None:
    while (text := child.take()) is not None:
        user.say({"answer": text.decode("utf-8", "backslashreplace")})


def _woken_by_children() -> int:
    """Return a descriptor that can be read whenever a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return woken
