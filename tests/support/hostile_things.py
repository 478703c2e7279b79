"""Methods that do what a method must not do."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch


def one_shot(function):
    """Return a class whose ``denoise`` is the function."""

    class Method:
        def denoise(self, observation):
            return function(observation)

    return Method


def _exit():
    sys.exit("enough")


def _segfault():
    print("last words before the crash", flush=True)
    ctypes.string_at(0)


def _hang_in_c():
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
    ctypes.CDLL(None).sleep(3600)


def _hog():
    hoard = []
    while True:
        hoard.append(np.ones(50_000_000))


def _print_megabytes(image):
    for _ in range(3000):
        print("x" * 1000)
    return image.clone()


def _leave_thread(image):
    threading.Thread(target=time.sleep, args=(600,), daemon=True, name="forgotten").start()
    return image.clone()


def _leave_child(image):
    subprocess.Popen(["sleep", "600"])
    tempfile.mkstemp(prefix="hostile-")
    return image.clone()


def _close_stdout(image):
    os.close(1)
    os.close(2)
    return image.clone()


def _recurse(depth=0):
    return _recurse(depth + 1) + 1


class _Unusual(BaseException):
    pass


def _raise(error):
    raise error


class _UnspeakableError(Exception):
    def __str__(self):
        raise ValueError("no message")


def _lines():
    """Return the pipes that this process has beside the three standard streams."""
    return [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if int(fd.name) > 2 and fd.is_fifo()]


def _close_lines():
    for line in _lines():
        os.close(line)
    time.sleep(30)


def _answer(text, times=1):
    """Answer the harness in the place of the worker."""
    for line in _lines():
        with contextlib.suppress(OSError):  # the one that is read from
            for _ in range(times):
                os.write(line, text)
    time.sleep(30)


_GOOD = {
    "status": "ok",
    "psnr": 99.0,
    "mse": 1e-9,
    "output_sha256": "0",
    "noisy_sha256": "0",
    "wall_seconds": 1e-9,
}
_FORGED = json.dumps({"records": [[_GOOD | {"key": "0" * 32, "denoiser": "mean", "image": "another"}] * 2]})

Interrupts = one_shot(lambda o: _raise(KeyboardInterrupt()))
Unspeakable = one_shot(lambda o: _raise(_UnspeakableError()))
ClosesLine = one_shot(lambda o: _close_lines())
AnswersNothing = one_shot(lambda o: _answer(b'{"records": []}\n'))
AnswersNonsense = one_shot(lambda o: _answer(b'{"done": {"seconds": NaN}}\n'))
AnswersDeeply = one_shot(lambda o: _answer(b"[" * 100_000 + b"\n"))
AnswersForAnother = one_shot(lambda o: _answer(_FORGED.encode() + b"\n"))
AnswersTwice = one_shot(lambda o: _answer(b'{"done": {"seconds": 0}}\n{"done": {"seconds": 0}}\n'))
AnswersWithoutEnd = one_shot(lambda o: _answer(b"x" * 65536, times=2000))
Raises = one_shot(lambda o: _raise(ValueError("on\ntwo lines")))
Exits = one_shot(lambda o: _exit())
ExitsHard = one_shot(lambda o: os._exit(7))
Segfaults = one_shot(lambda o: _segfault())
Killed = one_shot(lambda o: os.kill(os.getpid(), signal.SIGKILL))
Aborts = one_shot(lambda o: os.abort())
Hangs = one_shot(lambda o: time.sleep(3600))
HangsInC = one_shot(lambda o: _hang_in_c())
MemoryHog = one_shot(lambda o: _hog())
TorchMemoryHog = one_shot(lambda o: torch.ones(1_000_000_000_000))
Nan = one_shot(lambda o: torch.full_like(o.image, float("nan")))
Infinite = one_shot(lambda o: o.image / 0)
WrongShape = one_shot(lambda o: o.image[:1])
WrongType = one_shot(lambda o: o.image.numpy())
ReturnsNone = one_shot(lambda o: None)
ChangesInput = one_shot(lambda o: o.image.mul_(0.5).clone())
PrintsMegabytes = one_shot(lambda o: _print_megabytes(o.image))
LeavesThread = one_shot(lambda o: _leave_thread(o.image))
LeavesChild = one_shot(lambda o: _leave_child(o.image))
ClosesStdout = one_shot(lambda o: _close_stdout(o.image))
BaseException_ = one_shot(lambda o: _raise(_Unusual("neither error nor exit")))
Recursion = one_shot(lambda o: _recurse())
globals()["BaseException"] = BaseException_


class RaisesInSetup:
    """Cannot be made."""

    def __init__(self):
        raise RuntimeError("no weights")


class YieldsNan:
    """Every iterate is NaN."""

    def __init__(self, *, iterations: int = 5) -> None:
        self.iterations = iterations

    def iterate(self, observation):
        while True:
            yield observation.image * float("nan")


class YieldsNothing:
    """Ends before it begins."""

    def __init__(self, *, iterations: int = 5) -> None:
        self.iterations = iterations

    def iterate(self, observation):
        return iter(())


class RaisesLate:
    """Fails after some iterations."""

    def __init__(self, *, iterations: int = 50) -> None:
        self.iterations = iterations

    def iterate(self, observation):
        for _ in range(20):
            yield observation.image.clone()
        raise RuntimeError("diverged")
