"""A host whose forked processes do what a plugin must not do."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import Any

from priorbench.children.host import serve
from priorbench.children.line import Line


def main() -> None:
    """Serve."""
    serve(lambda: None, attend)


def attend(request: dict[str, Any], line: Line) -> None:
    """Do what is asked for, and say so where that is possible."""
    asked: dict[str, Any] | None = request
    while asked is not None:
        line.say(DEEDS[asked["do"]](line) or {"did": asked["do"]})
        asked = line.hear()


def daemon() -> int:
    """Start a process that is nobody's child and in a session of its own; return its number."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.setsid()
        if pid := os.fork():
            os.write(writing, str(pid).encode())
            os._exit(0)
        os.closerange(0, 256)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            time.sleep(60)
    os.waitpid(child, 0)
    return int(os.read(reading, 32))


def family() -> dict[str, Any]:
    """Start a daemon and a child; return the numbers of all."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    return {"processes": [os.getpid(), os.getppid(), child.pid, daemon()]}


def family_and_hang(line: Line) -> None:
    line.say(family())
    time.sleep(600)


def bomb(line: Line) -> dict[str, Any]:
    """Keep four processes that replace themselves all the time."""
    for _ in range(4):
        if not os.fork():
            os.setsid()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if os.fork():
                    os._exit(0)
    return {}


def flood(line: Line) -> None:
    while True:
        os.write(2, b"x" * 65536)


def endless(line: Line) -> None:
    while True:
        os.write(line.writing, b"x" * 65536)


def closes(line: Line) -> None:
    os.closerange(0, 256)


def forges(line: Line) -> None:
    """Write into everything that can be written to: as the host, and for whoever is next."""
    for descriptor in range(3, 256):
        try:
            os.write(descriptor, b'{"ended": 0}\n{"answer": "{\\"did\\": \\"forged\\"}"}\n')
        except OSError:
            continue


def deaf(line: Line) -> None:
    """Answer, and then never listen again."""
    line.say({"did": "deaf"})
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    ctypes.PyDLL(None).sleep(600)


def hog(line: Line) -> None:
    raise MemoryError


def raises(line: Line) -> None:
    raise RuntimeError("something specific")


def words(line: Line) -> None:
    print("famous last words", file=sys.stderr, flush=True)
    os._exit(5)


DEEDS = {
    "nothing": lambda line: None,
    "family": lambda line: family(),
    "family and hang": family_and_hang,
    "bomb": bomb,
    "exit": lambda line: os._exit(0),
    "exit 79": lambda line: os._exit(79),
    "words": words,
    "sys.exit": lambda line: sys.exit(4),
    "kill": lambda line: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda line: ctypes.string_at(0),
    "hang": lambda line: time.sleep(600),
    "hang in C": lambda line: ctypes.PyDLL(None).sleep(600),
    "flood": flood,
    "endless": endless,
    "garbage": lambda line: os.write(line.writing, b"this is \xff no JSON\n") and time.sleep(600),
    "deep": lambda line: os.write(line.writing, b"[" * 100_000 + b"\n") and time.sleep(600),
    "list": lambda line: [1, 2],
    "closes": closes,
    "forges": forges,
    "deaf": deaf,
    "hog": hog,
    "raises": raises,
    "interrupts": lambda line: os.kill(os.getpid(), signal.SIGINT),
    "kills its host": lambda line: os.kill(os.getppid(), signal.SIGKILL) or time.sleep(600),
    "stops its host": lambda line: os.kill(os.getppid(), signal.SIGSTOP) or time.sleep(600),
}
