"""A plugin of one file whose methods end, hold or flood the process in which they are checked."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from priorbench import DenoiserSpec, hookimpl


def one_shot(function):
    """Return a class whose ``denoise`` calls the function, and returns the picture."""

    class Method:
        def denoise(self, observation):
            function()
            return observation.image.clone()

    return Method


def _family():
    """Start a daemon and a child, tell who they are, and hang."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Path(os.environ["PRIORBENCH_TEST_PIDS"]).write_text(f"{os.getpid()} {os.getppid()} {child.pid}\n")
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    time.sleep(600)


def _flood():
    while True:
        os.write(1, b"x" * 65536)


def _hoard():
    hoard = []
    while True:
        hoard.append(np.ones(20_000_000))


def _thread():
    threading.Thread(target=time.sleep, args=(600,), name="forgotten").start()


DEEDS = {
    "family": _family,
    "exit": lambda: os._exit(0),
    "exit-77": lambda: os._exit(77),
    "sys-exit": lambda: sys.exit("enough"),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
    "hang": lambda: time.sleep(600),
    "flood": _flood,
    "hoard": _hoard,
    "closes": lambda: os.closerange(0, 256),
    "thread": _thread,
}
for name, function in DEEDS.items():
    globals()[f"Method{name.title().replace('-', '')}"] = one_shot(function)


@hookimpl
def priorbench_denoisers():
    for name in DEEDS:
        factory = f"checked_badly:Method{name.title().replace('-', '')}"
        yield DenoiserSpec(
            name=f"badly-{name}",
            factory=factory,
            summary="does harm",
            licence="MIT",
            citation="unpublished",
            iterative=False,
            together=False,
        )
