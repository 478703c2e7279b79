"""Attacks on the clean image from the process that runs a method: objects, memory, other processes.

One succeeds if its output has a score that no method has, or is the one of `Case.reached`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import image_outside  # noqa: F401 (it writes its attacks down in the book)
import numpy as np
import torch
from image_book import BOOK, SECRET, Attacker, locks  # noqa: F401
from memory import search
from surroundings import descriptors
from tricks import Case

_DEEP = 5


def reachable(roots: list[Any], deep: int = _DEEP) -> Iterator[Any]:
    """Yield what objects lead to, the nearest first, without modules and classes."""
    seen, level = set(), list(roots)
    for _ in range(deep):
        following = []
        for one in level:
            if id(one) in seen or isinstance(one, (type, type(sys))) or len(seen) > 200_000:
                continue
            seen.add(id(one))
            yield one
            following += [one.f_locals] if isinstance(one, FrameType) else gc.get_referents(one)
        level = following


def callers() -> list[FrameType]:
    frame, found = sys._getframe(1), []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _is_of_the_harness(one: Any) -> bool:
    return str(type(one).__module__).startswith("priorbench")


@BOOK.attack()
def nothing(case: Case):
    """Do nothing: the score of the noisy image, to compare with."""


@BOOK.attack()
def calibrate(case: Case):
    """Say that a goal was reached, to compare with."""
    return case.reached()


@BOOK.attack()
def caller_frames(case: Case):
    """Look at the local variables of all callers."""
    return case.cleanest(reachable(list(callers())))


@BOOK.attack()
def thread_frames(case: Case):
    """Look at the local variables of all threads."""
    return case.cleanest(reachable(list(sys._current_frames().values())))


@BOOK.attack()
def gc_objects(case: Case):
    """Look at everything that the garbage collector knows, and what it leads to."""
    return case.cleanest(reachable(gc.get_objects(), 3))


@BOOK.attack()
def gc_frozen(case: Case):
    """Thaw what the harness froze, and look at what is of its own classes."""
    gc.unfreeze()
    own = [one for one in gc.get_objects() if _is_of_the_harness(one)]
    return case.cleanest(reachable(own, 4))


@BOOK.attack()
def named_objects(case: Case):
    """Ask every object for 'clean', 'pixels', 'problem', '_last_image', '_image_sets'."""
    found = []
    for one in gc.get_objects():
        if isinstance(one, type) or not _is_of_the_harness(one):
            continue
        for name in (
            "clean",
            "pixels",
            "problem",
            "_problem",
            "_clean",
            "_last_image",
            "_image_sets",
            "image",
        ):
            with contextlib.suppress(Exception):
                found.append(getattr(one, name))
    return case.cleanest(reachable(found, 4))


@BOOK.attack()
def module_globals(case: Case):
    """Look at the globals of every module of the harness."""
    named = [
        vars(one) for name, one in list(sys.modules.items()) if name.startswith(("priorbench", "__main__"))
    ]
    return case.cleanest(reachable(named, 4))


@BOOK.attack()
def observation_graph(case: Case):
    """Look at everything that the observation leads to: operator, descriptor, storage."""
    return case.cleanest(reachable([case.observation, case.observation.operator, case.observation.noise], 8))


@BOOK.attack()
def storage_of_y(case: Case):
    """Look at the whole storage behind y, beyond the part that is y."""
    image = case.observation.image
    whole = torch.tensor([], dtype=image.dtype).set_(image.untyped_storage())
    size = image.numel()
    return case.cleanest(
        [whole[at : at + size].reshape(image.shape) for at in range(0, len(whole) - size + 1, 4)]
    )


@BOOK.attack()
def own_memory(case: Case):
    """Look through this process's own memory."""
    return search(case, "self")


@BOOK.attack()
def own_environment(case: Case):
    """Look for secrets and the address of the store in the own environment, now and at the start."""
    text = Path("/proc/self/environ").read_bytes() + str(dict(os.environ)).encode()
    return case.reached() if SECRET.encode() in text or b"PRIORBENCH_STORE" in text else None


@BOOK.attack()
def own_arguments(case: Case):
    """Look for the names of set, image or store in the own arguments and environment."""
    text = Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/environ").read_bytes()
    return case.reached() if b"ramp" in text or b".db" in text else None


@BOOK.attack()
def store_in_the_working_folder(case: Case):
    """Find the store in the working folder and lock it for writing."""
    return case.reached() if locks(Path.cwd()) else None


@BOOK.attack()
def own_descriptors(case: Case):
    """Read everything that this process has open, from the beginning."""
    return case.cleanest(
        _inside(case, [f"/proc/self/fd/{fd}" for fd, what in descriptors().items() if "/" in what])
    )


@BOOK.attack()
def shared_memory_files(case: Case):
    """Read everything in /dev/shm, and the nameless memory of every process that can be opened."""
    paths = [str(path) for path in Path("/dev/shm").glob("*")]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            paths += [f"{entry}/fd/{fd}" for fd, what in descriptors(entry.name).items() if "memfd" in what]
    return case.cleanest(_inside(case, [one for one in paths if f"/{os.getpid()}/" not in one]))


@BOOK.attack()
def temporary_files(case: Case):
    """Read every small file in the folders for temporary files, the own and those of others."""
    folder = Path(tempfile.gettempdir())
    paths = [str(path) for place in (folder, folder.parent) for path in place.rglob("*") if path.is_file()]
    return case.cleanest(_inside(case, paths[:500]))


def _inside(case: Case, paths: list[str]) -> Iterator[np.ndarray]:
    noisy = case.noisy
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            data = os.pread(handle, 2**24, 0)
            os.close(handle)
            for start in range(0, min(len(data) - noisy.nbytes, 2**16) + 1, 16):
                yield np.frombuffer(data, np.float32, noisy.size, start).reshape(noisy.shape)


@BOOK.attack()
def requests_read(case: Case):
    """Read what waits on the lines: the description of the next trial."""
    for fd, what in descriptors().items():
        if what.startswith(("pipe:", "socket:")) and select.select([fd], [], [], 0)[0]:
            with contextlib.suppress(OSError):
                if b"image" in os.read(fd, 10_000):
                    return case.reached()
    return None


@BOOK.attack()
def trial_in_memory(case: Case):
    """Find the name of the image in the own memory."""
    words = [
        one
        for one in reachable(gc.get_objects(), 2)
        if isinstance(one, str) and one.startswith("ramp-") and one[5:].isdigit()
    ]
    return case.reached() if words else None
