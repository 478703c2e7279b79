"""Attacks in two turns: the first leaves something behind that shows the clean image to the second."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any

import numpy as np
import torch
from tricks import Book, Case

BOOK = Book("late", "late_attacks:Attacker")
#: what was seen since
SEEN: list[Any] = []


Attacker = BOOK.attacker("nothing")


def keep(values: Any) -> None:
    """Keep arrays of images; a few thousand at most."""
    for value in list(values):
        for one in (value, getattr(value, "clean", None), getattr(value, "pixels", None)):
            if isinstance(one, (np.ndarray, torch.Tensor)) and one.ndim == 3 and len(SEEN) < 5000:
                with contextlib.suppress(Exception):
                    SEEN.append(np.array(one))


@BOOK.attack(turns=2, alone=True)
def traced(case: Case):
    """Leave a trace function that looks at the local variables of whatever runs after the method."""
    if (found := case.cleanest(SEEN)) is not None:
        sys.settrace(None)
        return found

    def look(frame, event, argument):
        if "priorbench" in frame.f_code.co_filename:
            keep(frame.f_locals.values())
        return look

    frame = sys._getframe()
    while frame is not None:  # a trace function of a frame that runs already
        frame.f_trace = look
        frame = frame.f_back
    sys.settrace(look)
    threading.settrace(look)
    return None


@BOOK.attack(turns=2, alone=True)
def profiled(case: Case):
    """Leave a profiler that looks at the arguments of every call."""
    if (found := case.cleanest(SEEN)) is not None:
        sys.setprofile(None)
        return found
    sys.setprofile(lambda frame, event, argument: keep(frame.f_locals.values()))
    return None


@BOOK.attack(turns=2, alone=True)
def functions_replaced(case: Case):
    """Replace every function of the harness's protocol by one that keeps its arguments."""
    if (found := case.cleanest(SEEN)) is not None:
        return found
    for name, module in list(sys.modules.items()):
        if not name.startswith(("priorbench.protocol", "priorbench.contract", "priorbench.player")):
            continue
        for attribute, value in list(vars(module).items()):
            if type(value) is type(keep):
                setattr(module, attribute, _listening(value))
    return None


def _listening(function):
    def listening(*arguments, **named):
        keep([*arguments, *named.values()])
        result = function(*arguments, **named)
        keep([result, getattr(result, "problem", None)])
        return result

    return listening


@BOOK.attack(turns=2, alone=True)
def numpy_replaced(case: Case):
    """Replace the functions of numpy and torch that a score needs by ones that keep their arguments."""
    if (found := case.cleanest(SEEN)) is not None:
        return found
    for place, names in (
        (np, ("mean", "clip", "subtract", "square", "isfinite")),
        (torch, ("tensor", "from_numpy")),
    ):
        for name in names:
            setattr(place, name, _listening(getattr(place, name)))
    return None


@BOOK.attack(turns=2, alone=True)
def thread_that_waits(case: Case):
    """Leave a thread that looks at the frames of the main thread while it scores."""
    import _thread
    import time

    if (found := case.cleanest(SEEN)) is not None:
        return found

    def watch():
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for frame in sys._current_frames().values():
                while frame is not None:
                    if "priorbench" in frame.f_code.co_filename:
                        with contextlib.suppress(Exception):
                            keep(frame.f_locals.values())
                    frame = frame.f_back
            time.sleep(0.0005)

    _thread.start_new_thread(watch, ())
    return None


@BOOK.attack(
    goal="levels",
    right="stated",
    otherwise="broken",
    stated="a method may remember",
)
def two_levels(case: Case):
    """Keep y of one noise level: levels share their draw, so that two of them give the clean image."""
    own = (case.noisy.astype(np.float64), case.sigma)
    for noisy, sigma in BOOK.kept.setdefault("levels", []):
        if noisy.shape == own[0].shape and abs(sigma - own[1]) > 1e-9:
            clean = (sigma * own[0] - own[1] * noisy) / (sigma - own[1])
            if (own[0] - clean).std() < 1.2 * own[1]:
                return torch.from_numpy(clean.astype(np.float32))
    BOOK.kept["levels"].append(own)
    return None


@BOOK.attack(goal="draws", right="stated", otherwise="broken", stated="a method may remember")
def mean_of_draws(case: Case):
    """Keep y of every repetition, and return the mean of those that show one image."""
    noisy, kept = case.noisy.astype(np.float64), BOOK.kept.setdefault("draws", [])
    alike = [one for one in kept if one.shape == noisy.shape and (one - noisy).std() < 2 * case.sigma]
    kept.append(noisy)
    return torch.from_numpy(np.mean([noisy, *alike], axis=0).astype(np.float32))


@BOOK.attack(goal="draws", right="stated", otherwise="broken", stated="a method may remember")
def mean_of_draws_in_files(case: Case):
    """Do the same with files outside of the own temporary folder: what processes cannot keep, a disk can."""
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.gettempdir()).parent / "hostile-shared"
    folder.mkdir(exist_ok=True)
    noisy = case.noisy.astype(np.float64)
    kept = [np.load(path) for path in sorted(folder.glob("*.npy"))]
    alike = [one for one in kept if one.shape == noisy.shape and (one - noisy).std() < 2 * case.sigma]
    if not case.warms_up:
        np.save(folder / f"{len(kept)}.npy", noisy)
    return torch.from_numpy(np.mean([noisy, *alike], axis=0).astype(np.float32))


@BOOK.attack(turns=2, goal="cache", right="stated", stated="a method may remember")
def result_kept(case: Case):
    """Work for 0.3 s on the first trial, and give the result back at once for another parameter."""
    import time

    kept, mark = BOOK.kept.setdefault("results", {}), case.noisy.tobytes()
    if mark not in kept:
        end = time.perf_counter() + 0.3
        while time.perf_counter() < end:
            pass
        kept[mark] = case.observation.image.clone()
    return kept[mark].clone()
