"""Attacks on the answer: a record forged, another one's, one that vanishes, a line to choke on.

An attack of the goal "" must end with a failure that is recorded, or with the score of what came back.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import fcntl
import hashlib
import json
import os
import re
import sys
import time
from types import FrameType, FunctionType
from typing import Any

import numpy as np
import torch
from tricks import Book, Case, descriptors, harness, lines, memories, siblings

from priorbench import hookimpl

BOOK = Book("answer", "answer_attacks:Attacker")
FORGED = 99.0


Attacker = BOOK.attacker("nothing")


@hookimpl
def priorbench_denoisers():
    yield from BOOK.specs()


def result(case: Case) -> dict[str, Any]:
    """Return a result that is too good."""
    return {
        "status": "ok", "psnr": FORGED, "mse": 1e-9, "ssim": 1.0, "metrics": {}, "output_sha256": "0" * 64,
        "noisy_sha256": "0" * 64, "noisy_psnr": 20.0, "wall_seconds": 1e-6,
        "device_seconds": 1e-6, "cpu_seconds": 1e-6,
        "started_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


def forged(case: Case) -> bytes:
    """Return lines that a worker might say."""
    good = result(case)
    said = [
        {"records": [[good]]},
        {"result": good},
        {"results": [good]},
        {"done": good, "outcome": good},
        {"ready": True},
    ]
    return b"".join(json.dumps(one).encode() + b"\n" for one in said)


def say(text: bytes, *targets: int) -> None:
    """Write to lines, without waiting for anybody to read."""
    for fd in targets or lines():
        with contextlib.suppress(OSError):
            os.write(fd, text)


def harness_modules() -> list[Any]:
    return [one for name, one in list(sys.modules.items()) if name.startswith(("priorbench.", "__main__"))]


def replace(names: tuple[str, ...], value: Any) -> None:
    """Replace functions of the harness, where they are and where they were imported."""
    for module in harness_modules():
        for name in names:
            if isinstance(vars(module).get(name), FunctionType):
                BOOK.patch(module, name, value)


@BOOK.attack()
def nothing(case: Case):
    """Do nothing: to compare with."""


@BOOK.attack()
def psnr_replaced(case: Case):
    """Replace psnr, ssim and mse of the harness."""
    replace(("psnr", "ssim", "mse"), lambda *_: FORGED)


@BOOK.attack()
def score_replaced(case: Case):
    """Replace what makes the fields of a record."""
    replace(("score", "to_json", "trial_records"), lambda *_: result(case))


@BOOK.attack()
def clip_replaced(case: Case):
    """Replace the clipping before the score by one that gives what it is compared with."""
    frame, clean = sys._getframe(), None
    while frame is not None:
        for one in frame.f_locals.values():
            clean = getattr(getattr(one, "problem", one), "clean", clean)
        frame = frame.f_back
    replace(("clip01",), lambda *_: clean)


@BOOK.attack()
def json_replaced(case: Case):
    """Replace json.dumps by one that writes a better score."""
    real = json.dumps
    BOOK.patch(json, "dumps", lambda *a, **n: re.sub(r'"psnr": [\d.]+', '"psnr": 99.0', real(*a, **n)))


@BOOK.attack()
def write_replaced(case: Case):
    """Replace os.write by one that writes a better score."""
    real = os.write
    BOOK.patch(
        os, "write", lambda fd, data: real(fd, re.sub(rb'"psnr": [\d.]+', b'"psnr": 99.0', bytes(data)))
    )


@BOOK.attack()
def numpy_mean_replaced(case: Case):
    """Replace means of numpy by one that is nearly nothing."""
    BOOK.patch(np, "mean", lambda *_, **__: np.float64(1e-10))
    BOOK.patch(torch, "mean", lambda *_, **__: torch.tensor(1e-10))


@BOOK.attack()
def finite_replaced(case: Case):
    """Return NaN, and replace what finds it."""
    BOOK.patch(np, "isfinite", lambda value: np.ones(np.shape(value), bool))
    BOOK.patch(np, "count_nonzero", lambda value: np.size(value))
    BOOK.patch(torch, "isfinite", lambda value: torch.ones_like(value, dtype=torch.bool))
    return torch.full_like(case.observation.image, float("nan"))


@BOOK.attack(goal="digest", alone=True)
def digest_replaced(case: Case):
    """Replace hashlib.sha256, so that the digest of the output is another one."""
    real = hashlib.sha256
    BOOK.patch(hashlib, "sha256", lambda *_: real(b"another"))


@BOOK.attack(alone=True)
def clean_overwritten(case: Case):
    """Write the output over the clean image, wherever a caller has it."""
    output, frame = case.noisy, sys._getframe()
    for level in (frame, *_callers(frame)):
        for one in level.f_locals.values():
            for thing in (one, *(one if isinstance(one, (list, tuple)) else ())):
                clean = getattr(getattr(thing, "problem", thing), "clean", None)
                if isinstance(clean, np.ndarray) and clean.shape == output.shape:
                    with contextlib.suppress(ValueError):
                        np.copyto(clean, output)


def _callers(frame: FrameType) -> list[FrameType]:
    found = []
    while frame.f_back is not None:
        frame = frame.f_back
        found.append(frame)
    return found


@BOOK.attack()
def observation_replaced(case: Case):
    """Put another image and another shape into the observation, which is frozen."""
    other = torch.zeros(3, 2, 2)
    for name, value in {"image": other, "image_shape": (3, 2, 2), "seed": 7}.items():
        object.__setattr__(case.observation, name, value)
    return other


@BOOK.attack(alone=True)
def own_record(case: Case):
    """Write a record on every line that is open, and go to sleep."""
    if not case.warms_up:
        say(forged(case).split(b"\n")[0] + b"\n")
        time.sleep(2)


@BOOK.attack(alone=True)
def own_record_in_the_warm_up(case: Case):
    """Write a record on every line that is open before the call that counts."""
    say(forged(case))


@BOOK.attack(alone=True, turns=3)
def next_record(case: Case):
    """Leave a hidden thread that writes a record when the trial has ended, for the next one."""

    def later(text: bytes = forged(case).split(b"\n")[0] + b"\n") -> None:
        time.sleep(0.1)
        say(text)

    _thread.start_new_thread(later, ())


@BOOK.attack(alone=True, turns=2)
def two_of_it(case: Case):
    """Fork, and return in both."""
    if "forked" not in BOOK.kept and not case.warms_up:
        BOOK.kept["forked"] = True
        os.fork()


@BOOK.attack(alone=True)
def another_program_answers(case: Case):
    """Become another program that writes a record on every line."""
    if not case.warms_up:
        program = (
            "import os,sys\nfor fd in range(3,30):\n"
            " try: os.write(fd,sys.argv[1].encode())\n except OSError: pass\n"
        )
        for fd in lines():
            os.set_inheritable(fd, True)
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", program, forged(case).decode()])


@BOOK.attack(alone=True)
def record_at_exit(case: Case):
    """End, and write a record at the end."""
    atexit.register(lambda: say(forged(case)))
    os._exit if case.warms_up else sys.exit(0)


@BOOK.attack()
def facts_changed(case: Case):
    """Write facts that are not so."""
    say(json.dumps({"facts": {"sigma": 9.0, "noisy_psnr": -50.0, "noisy_sha256": "x"}}).encode() + b"\n")


@BOOK.attack()
def garbage(case: Case):
    """Write random bytes and an end of a line."""
    say(bytes(range(256)) * 8 + b"\n")


@BOOK.attack()
def half_a_line(case: Case):
    """Write the beginning of a line."""
    say(b'{"records": [[{"status": "ok", "psnr": ')


@BOOK.attack()
def deep_line(case: Case):
    """Write lists in lists in lists."""
    say(b'{"records": ' + b"[" * 30_000 + b"\n")


@BOOK.attack()
def huge_number(case: Case):
    """Write a number of fifty thousand digits."""
    say(b'{"records": ' + b"9" * 50_000 + b"}\n")


@BOOK.attack()
def empty_lines(case: Case):
    """Write ten thousand empty lines."""
    say(b"\n" * 10_000)


@BOOK.attack()
def wrong_types(case: Case):
    """Write messages whose parts are of other types."""
    said = [
        [],
        7,
        None,
        "x",
        {"records": 7},
        {"records": [[7]]},
        {"facts": 7},
        {"ready": {}},
        {"look": []},
        {"output": "x"},
    ]
    say(b"".join(json.dumps(one).encode() + b"\n" for one in said))


@BOOK.attack()
def lines_closed(case: Case):
    """Close every descriptor but the standard streams."""
    os.closerange(3, 4096)


@BOOK.attack()
def lines_swapped(case: Case):
    """Put the lines in the places of each other."""
    there = lines()
    for one, other in zip(there, there[1:] + there[:1], strict=True):
        os.dup2(other, one)


@BOOK.attack()
def memory_truncated(case: Case):
    """Cut the shared memory off, so that who reads it gets a signal."""
    for fd in memories():
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)


@BOOK.attack()
def memory_grown(case: Case):
    """Make the shared memory a terabyte."""
    for fd in memories():
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 2**40)


@BOOK.attack()
def memory_overwritten(case: Case):
    """Write NaN over the whole shared memory, and behind it."""
    for fd in memories():
        with contextlib.suppress(OSError):
            size = os.fstat(fd).st_size
            os.pwrite(fd, np.full(size // 4 + 1000, np.nan, np.float32).tobytes(), 0)


@BOOK.attack()
def memory_sealed(case: Case):
    """Seal the shared memory against writing."""
    for fd in memories():
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, 1033, 0xF)


@BOOK.attack(alone=True, right="detected")
def memory_changed_after_the_answer(case: Case):
    """Leave a thread that fills the shared memory with another image when the answer is given."""

    def later() -> None:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            for fd in memories():
                with contextlib.suppress(OSError):
                    os.pwrite(fd, bytes(case.noisy.nbytes), 0)

    _thread.start_new_thread(later, ())


@BOOK.attack(goal="raises")
def interrupt(case: Case):
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


@BOOK.attack(goal="raises")
def not_run(case: Case):
    """Raise what says that the machine failed, so that there would be no record."""
    from priorbench.protocol.failure import MachineError

    raise MachineError("the machine is to blame")


@BOOK.attack(goal="raises")
def refused(case: Case):
    """Raise what says that the method does not take the problem, which is no failure."""
    from priorbench.protocol.refusal import RefusedError

    raise RefusedError("not my kind of picture")


@BOOK.attack(goal="raises")
def message_that_raises(case: Case):
    """Raise an exception whose message cannot be read."""
    raise type("E", (Exception,), {"__str__": lambda self: 1 / 0, "__repr__": lambda self: 1 / 0})()


@BOOK.attack(goal="raises")
def message_that_exits(case: Case):
    """Raise an exception whose message ends the process."""
    raise type("E", (Exception,), {"__str__": lambda self: os._exit(0)})()


@BOOK.attack(goal="raises")
def message_of_codes(case: Case):
    """Raise an exception whose name and message move the cursor and ring the bell."""
    raise type("E\x1b[31m", (Exception,), {})("\x1b[2J\x07\u202eabc\x9b31m\r\nrow | row")


@BOOK.attack(goal="raises")
def message_without_end(case: Case):
    """Raise an exception with a message of 30 MB."""
    raise ValueError("x" * 30_000_000)


@BOOK.attack(goal="raises")
def causes_in_a_circle(case: Case):
    """Raise an exception that is its own cause, in ten thousand steps."""
    first = last = ValueError("0")
    for number in range(10_000):
        following = ValueError(str(number))
        last.__cause__, last = following, following
    last.__context__ = first
    raise first


@BOOK.attack(goal="raises")
def exit_code_that_lies(case: Case):
    """Exit with a code whose text is not to be had."""
    raise SystemExit(type("Code", (), {"__repr__": lambda self: 1 / 0, "__int__": lambda self: 0})())


@BOOK.attack(goal="raises")
def stop_iteration(case: Case):
    """Raise StopIteration."""
    raise StopIteration


@BOOK.attack(goal="raises")
def class_of_another(case: Case):
    """Raise what says that it is of another class."""
    raise type("E", (BaseException,), {"__class__": property(lambda self: SystemExit)})("code")


@BOOK.attack(goal="raises")
def ends_well(case: Case):
    """End the process with exit status 0."""
    os._exit(0)


@BOOK.attack(goal="raises")
def becomes_true(case: Case):
    """Become a program that ends well."""
    os.execv("/bin/true", ["true"])


@BOOK.attack(goal="rival", alone=True)
def rival_through_the_parent(case: Case):
    """Write a record into the lines of other workers, through the descriptors of a parent."""
    _into_others(case, harness())


@BOOK.attack(goal="rival", alone=True)
def rival_through_its_descriptors(case: Case):
    """Write a record into the lines of other workers, through their own descriptors."""
    _into_others(case, siblings())


def _into_others(case: Case, processes: list[int]) -> None:
    mine = set(descriptors().values())
    for process in processes:
        with contextlib.suppress(OSError):
            for fd, what in descriptors(process).items():
                if what.startswith("pipe:") and what not in mine:
                    with contextlib.suppress(OSError):
                        line = os.open(f"/proc/{process}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
                        say(forged(case).split(b"\n")[0] + b"\n", line)
                        os.close(line)
