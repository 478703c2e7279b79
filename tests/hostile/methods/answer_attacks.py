"""Attacks on the answer: a record forged, another one's, one that vanishes, a line to choke on.

An attack of the goal "" must end with a failure that is recorded, or with the score of what came back.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import hashlib
import json
import os
import re
import sys
import time
from types import FrameType, FunctionType
from typing import Any

import answer_errors  # noqa: F401 (it writes its attacks down in the book)
import answer_lines  # noqa: F401
import numpy as np
import torch
from answer_book import BOOK, FORGED, Attacker, forged, result, say  # noqa: F401
from surroundings import lines
from tricks import Case


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
